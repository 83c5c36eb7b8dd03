package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/certs"
	"switchd/switch/access"
	"switchd/switch/admin"
	"switchd/switch/config"
	"switchd/switch/desk"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// A reload is all or nothing: a file that is not good changes nothing, and nor does
// one with a change that needs a restart, even if its other changes do not. What is
// in force is then always one file that somebody has written and this binary has
// checked, never a mixture of two: a new CA beside the pins of its certificates, or
// caps in another currency, must not arrive apart.

// errReloading refuses a second reload while one is under way.
var errReloading = errors.New("another reload is under way")

// configuration is the one that is in force.
type configuration struct {
	file     string // that is read again
	inForce  atomic.Pointer[accepted]
	fallback atomic.Bool // it is what was in force last, because the file was not good

	mu      sync.Mutex // held by a reload
	metrics *reloadMetrics
}

// accepted is a configuration with how it came to be in force.
type accepted struct {
	*config.Config
	kept kept
}

// order is who wants a reload, and why.
type reloadOrder struct {
	Reason   string `json:"reason"`
	Operator string `json:"operator"`
	DryRun   bool   `json:"dry_run"`
}

// reloading is an order with who stands behind it.
type reloading struct {
	reloadOrder
	caller   access.Caller
	signal   bool   // whoever may send it may do anything to the process: no second person is asked
	approver string // the second person
	basis    string // what he has approved; empty: there is none
}

// reloaded is what a reload has changed, or would change.
type reloaded struct {
	Applied bool `json:"applied"`
	DryRun  bool `json:"dry_run,omitempty"`
	// TwoPerson says that caps change and a second person has to approve it, Approval by
	// which number he does.
	TwoPerson bool     `json:"two_person,omitempty"`
	Approval  uint64   `json:"approval,omitempty"`
	Changes   []string `json:"changes"`
	More      int      `json:"more,omitempty"` // that are not listed
	Notes     []string `json:"notes,omitempty"`
}

// serveReload carries out a reload that came to the admin port.
func (n *node) serveReload(c *admin.Call) (any, error) {
	var o reloadOrder
	if err := c.Decode(&o); err != nil {
		return nil, err
	}
	r, err := n.orderReload(c.Context, c.Caller, o)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// pageReload carries out a reload that a page of the console has ordered.
func (n *node) pageReload(ctx context.Context, c access.Caller, o view.Order) (view.Done, error) {
	if !c.Roles.Any(orderer) {
		return view.Done{}, fmt.Errorf("%w: a reload takes one of the roles %s", view.ErrForbidden, orderer)
	}
	r, err := n.orderReload(ctx, c, reloadOrder{Reason: o.Reason, Operator: o.Operator})
	if err != nil {
		return view.Done{}, err
	}
	return view.Done{Done: r.Approval == 0, Approval: r.Approval}, nil
}

// orderReload carries out a reload for who may order one.
func (n *node) orderReload(ctx context.Context, c access.Caller, o reloadOrder) (*reloaded, error) {
	if o.Operator = orderedBy(c, o.Operator); o.Reason == "" || o.Operator == "" || len(o.Reason) > desk.ReasonBytesMax || len(o.Operator) > desk.OperatorBytesMax {
		return nil, fmt.Errorf("%w: a reload has a reason of 1 to %d bytes and an operator of 1 to %d", view.ErrRefused, desk.ReasonBytesMax, desk.OperatorBytesMax)
	}
	r, err := n.reload(ctx, reloading{reloadOrder: o, caller: c})
	if err != nil {
		return nil, reloadFault{err}
	}
	return r, nil
}

// reloadFault is a refusal in the words of check-config, which begin with the place in the
// file.
type reloadFault struct{ error }

// Unwrap gives the error of package view, and what is wrong.
func (f reloadFault) Unwrap() []error { return []error{view.ErrRefused, f.error} }

// orderedBy is who orders something: who has shown who he is, else whom he names.
func orderedBy(c access.Caller, named string) string {
	if c.Secured || named == "" {
		return c.Name
	}
	return named
}

// reload reads the configuration again and has it take effect. Safe for concurrent
// use; one at a time.
func (n *node) reload(ctx context.Context, o reloading) (r *reloaded, err error) {
	if !n.conf.mu.TryLock() {
		return nil, errReloading
	}
	defer n.conf.mu.Unlock()
	defer func() {
		if !o.DryRun && (err != nil || r.Approval == 0) {
			n.conf.metrics.count(r, err)
			n.tellReload(r, err, o.reloadOrder)
		}
	}()
	switch {
	case !n.isOpen():
		return nil, errors.New("the switch is starting")
	case n.leaving.Load() || n.ingress.Draining():
		return nil, errors.New("the switch is stopping")
	}
	next, err := config.Load(n.conf.file, known())
	if err != nil {
		return nil, err
	}
	old := n.conf.inForce.Load()
	changes := config.Diff(old.Config, next)
	if changes.Restarts > 0 {
		return nil, needsRestart(&changes)
	}
	p, err := n.plan(next)
	if err != nil {
		return nil, err
	}
	r = &reloaded{DryRun: o.DryRun, Changes: []string{}, More: changes.More}
	for _, c := range changes.List {
		r.Changes = append(r.Changes, c.String())
	}
	r.Notes = n.openOf(ctx, old.Config, next)
	if err := n.decideReload(ctx, p, &o, r); err != nil {
		return nil, err
	}
	return r, nil
}

// carryReload notes a reload, and has it take effect.
func (n *node) carryReload(ctx context.Context, p *plan, o *reloading, deeds []string) error {
	by := engine.Author{Reason: o.Reason, Operator: o.Operator, Approver: o.approver}
	note := func(kind, text string) error { return n.desk.NoteApproved(kind, text, by) }
	err := takeNoted(note, deeds, n.people.reload, func() error { return n.apply(ctx, p, by) })
	if err != nil {
		return err
	}
	n.conf.fallback.Store(false)
	n.keep(&accepted{p.cfg, newKept(p.cfg, clock(), o.Operator, o.Reason)})
	return nil
}

// needsRestart names the changes for which a file is refused.
func needsRestart(changes *config.Changes) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "nothing was changed: %d of the changes cannot be made without a restart; restart the switch, or take them back and reload the others:", changes.Restarts)
	for _, c := range changes.List {
		if c.Restart {
			fmt.Fprintf(&b, "\n%s", c)
		}
	}
	return errors.New(b.String())
}

// plan is all that a configuration changes, checked.
type plan struct {
	cfg     *config.Config
	machine payment.Config
	tables  *tables
	peers   map[string]certs.Peer
}

func (n *node) plan(next *config.Config) (*plan, error) {
	p := &plan{cfg: next, machine: machineConfig(next)}
	numbered, err := n.engine.Preview(p.machine)
	if err != nil {
		return nil, err
	}
	if p.tables, err = n.rim.build(next, numbered, len(n.engine.Config().Participants)); err != nil {
		return nil, err
	}
	trust, err := trustOf(next)
	if err == nil {
		p.peers = trust.Peers
		err = certs.CheckPeers(p.peers)
	}
	return p, errors.Join(err, n.server.CheckAccess(accessOf(next)))
}

// apply has a plan take effect: first where it is logged, then where messages are
// read and written, and then who is let in and dialled. So nobody comes whom the
// machine and the rim do not know; who is removed is signed off by the rim, and its
// certificate and addresses count no more behind that.
func (n *node) apply(ctx context.Context, p *plan, by engine.Author) error {
	ctx = context.WithoutCancel(ctx) // who asked may go away, and a disk may hang: half of it must not stay
	if _, err := n.engine.Reconfigure(ctx, p.machine, by); err != nil {
		return err
	}
	n.lines.SetLevel(levelOf(p.cfg.Log, n.quiet))
	n.rim.take(p.tables)
	n.trust.Watch(p.tables.watched)
	n.ingress.SetTable(p.tables.ingress, func() { n.egress.SetLanes(p.tables.lanes) })
	return errors.Join(n.trust.SetPeers(p.peers), n.server.SetAccess(accessOf(p.cfg)))
}

// openOf names the participants that are to be removed and are part of payments that
// are open.
func (n *node) openOf(ctx context.Context, old, next *config.Config) (notes []string) {
	gone := map[string]bool{}
	for i := range old.Participants {
		gone[old.Participants[i].ID] = true
	}
	for i := range next.Participants {
		delete(gone, next.Participants[i].ID)
	}
	if len(gone) == 0 {
		return nil
	}
	open := map[string]int{}
	err := n.engine.Inspect(ctx, func(m *payment.Machine) {
		var leaving []*payment.Profile
		for i := range m.Config().Participants {
			if p := &m.Config().Participants[i]; gone[p.ID] {
				leaving = append(leaving, p)
			}
		}
		m.OpenPayments(func(p *payment.Payment) {
			for _, q := range leaving {
				if p.Open() && p.Concerns(q.Number) {
					open[q.ID]++
				}
			}
		})
	})
	if err != nil {
		return []string{"the machine does not answer: whether removed participants have open payments is not known"}
	}
	for _, id := range slices.Sorted(maps.Keys(open)) {
		notes = append(notes, fmt.Sprintf("participant %s: removed with %d open payments; what it owes and is owed waits until it is configured again, or is given up", id, open[id]))
	}
	return notes
}

// keep publishes the configuration in force and keeps it in the data folder.
func (n *node) keep(a *accepted) {
	n.conf.inForce.Store(a)
	if err := a.kept.write(n.cfg.DataDir); err != nil {
		n.log.Error("the configuration is in force and could not be kept in the data folder", "event", "config.unkept", "error", err)
	}
}

// keepStart keeps the configuration of a start, unless the data folder has it: with
// whoever brought it in.
func (n *node) keepStart() {
	a := n.conf.inForce.Load()
	if was, err := readKept(n.cfg.DataDir); err == nil && was.SHA256 == a.kept.SHA256 {
		n.conf.inForce.Store(&accepted{a.Config, *was})
		return
	}
	n.keep(a)
}

// tellReload writes what has become of a reload, with who wanted it and why.
func (n *node) tellReload(r *reloaded, err error, o reloadOrder) {
	log := n.log.With("operator", o.Operator, "reason", o.Reason)
	if err != nil {
		log.Error("configuration not reloaded, the one before stays", "event", "config.refused", "file", n.conf.file, "error", err)
		return
	}
	for _, c := range r.Changes {
		log.Info("configuration changed", "event", "config.changed", "change", c)
	}
	for _, note := range r.Notes {
		log.Warn("configuration changed", "event", "config.note", "note", note)
	}
	log.Info("configuration reloaded", "event", "config.reloaded", "file", n.conf.file, "changes", len(r.Changes)+r.More)
}

// reloadMetrics count reloads.
type reloadMetrics struct {
	reloads  *prometheus.CounterVec
	last     prometheus.Gauge
	fallback prometheus.Gauge
	refused  prometheus.Gauge
}

func newReloadMetrics(reg prometheus.Registerer) *reloadMetrics {
	m := &reloadMetrics{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_config_reloads_total", Help: "Reloads of the configuration: applied, unchanged, refused.",
		}, []string{"result"}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "switchd_config_last_reload_success_timestamp_seconds", Help: "When the configuration in force was accepted.",
		}),
	}
	m.fallback = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "switchd_config_last_good", Help: "1 after a start by the configuration that was in force last, because the file was not good; until a reload.",
	})
	m.refused = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "switchd_config_reload_refused", Help: "1 if the latest reload was refused, until one is not.",
	})
	for _, result := range []string{"applied", "unchanged", "refused"} {
		m.reloads.WithLabelValues(result)
	}
	reg.MustRegister(m.reloads, m.last, m.fallback, m.refused)
	return m
}

func (m *reloadMetrics) count(r *reloaded, err error) {
	switch {
	case err != nil:
		m.reloads.WithLabelValues("refused").Inc()
		m.refused.Set(1)
		return
	case len(r.Changes) == 0:
		m.reloads.WithLabelValues("unchanged").Inc()
	default:
		m.reloads.WithLabelValues("applied").Inc()
	}
	m.accepted(clock())
	m.fallback.Set(0)
	m.refused.Set(0)
}

func (m *reloadMetrics) accepted(now int64) { m.last.Set(float64(now) / 1e9) }
