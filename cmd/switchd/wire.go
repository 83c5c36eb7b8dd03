package main

import (
	"errors"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"switchd/certs"
	"switchd/codec/frame"
	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/session/gnetio"
	"switchd/switch/admin"
	"switchd/switch/backup"
	"switchd/switch/canary"
	"switchd/switch/config"
	"switchd/switch/desk"
	"switchd/switch/disk"
	"switchd/switch/egress"
	"switchd/switch/engine"
	"switchd/switch/feed"
	"switchd/switch/ingress"
	"switchd/switch/logline"
	"switchd/switch/payment"
	"switchd/switch/retention"
	message8583 "switchd/switch/translate/iso8583"
)

// clock is the only real clock of the program: UTC nanoseconds at the start, and
// from there on the monotonic clock, so that nobody who sets the time can stop or
// fire the timers of open payments.
func clock() int64 { return started.UnixNano() + int64(time.Since(started)) }

var started = time.Now()

// clockSet is by how much somebody has set the system's clock since the start: forward,
// or backward if it is below zero.
func clockSet() time.Duration { return time.Duration(time.Now().UnixNano() - clock()) }

// clockJump is by how many seconds the time was set since the start.
func clockJump() float64 {
	now := time.Now()
	return (now.Round(0).Sub(started.Round(0)) - now.Sub(started)).Seconds() // Round drops the monotonic clock
}

// known are the names that a configuration may use.
func known() config.Names {
	return config.Names{
		Dialects: append(dialects(), dialect20022), Framings: frame.Names(), CheckWire: checkWire,
		Profiles: iso20022.BuiltinNames(), Versions: versions(),
		DuplicateFields: message8583.DuplicateFields(), MatchFields: message8583.MatchFields(), CheckKeys: message8583.CheckKeys,
	}
}

// dialects are the built-in specs that have the messages of a payment: the 1993
// table has others, which switch/translate does not speak.
func dialects() []string {
	var names []string
	for _, name := range iso8583.BuiltinNames() {
		if spec, err := builtinSpec(name); err == nil && len(spec.Mandatory(0x0200)) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// node is one switch, wired and not yet running.
type node struct {
	cfg      *config.Config // of the start: what needs a restart is as it says
	conf     configuration  // in force
	log      *slog.Logger
	lines    *logline.Handler // of log
	tracing  tracing
	quiet    bool // warnings and errors only, whatever the configuration says
	registry *prometheus.Registry
	data     *dataFolder // open until run has ended
	engine   *engine.Engine
	rim      *rim // how participants are spoken with now
	egress   *egress.Egress
	ingress  *ingress.Ingress
	disk     *disk.Watch
	trust    *certs.Trust
	security *security
	server   *gnetio.Server // set by run, after recovery
	open     chan struct{}  // closed when it is
	admin    *admin.Server
	people   *adminAccess // who may use it
	desk     *desk.Desk
	backups  *backup.Online
	retainer *retention.Job
	feed     *feed.Feed
	canary   *canary.Canary // nil: none pays
	readers  readers
	rising   rising // how far the start is
	lastSeen heartbeat
	stall    stall
	manager  *notifier
	leaving  atomic.Bool // readyz says so: the switch is about to drain
}

// newNode opens the data folder, and what needs no machine. It holds the folder until run,
// which recovers the machine, has ended. acceptClock goes on with a clock that is far
// behind the journal.
func newNode(cfg *config.Config, log *slog.Logger, acceptClock bool) (*node, error) {
	n := &node{cfg: cfg, log: log, lines: handlerOf(log), registry: prometheus.NewRegistry(), manager: &notifier{log: log}, open: make(chan struct{})}
	n.registry.MustRegister(goCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(), n.readyMetric())
	n.lines.Register(n.registry)
	n.showProcess()
	n.conf.metrics = newReloadMetrics(n.registry)
	n.conf.file = cfg.Sources()[0].File
	n.conf.inForce.Store(&accepted{cfg, newKept(cfg, clock(), "switchd", "start")})
	if err := folderFree(cfg.DataDir); err != nil {
		return nil, err
	}
	trust, err := trustOf(cfg)
	if err != nil {
		return nil, err
	}
	trust.Log, trust.Registry = log, n.registry
	if n.trust, err = certs.New(trust); err != nil {
		return nil, usageError{err}
	}
	if n.security, err = openSecurity(cfg, log, n.registry); err != nil {
		return nil, err
	}
	// Only now, since a start without a module leaves no folder behind.
	var f *dataFolder
	if err = errors.Join(n.newTracing(cfg), n.watchDisk()); err == nil {
		f, err = openDataFolder(cfg, log, n.security, n.registry)
	}
	if err != nil {
		return nil, errors.Join(err, n.security.close())
	}
	n.data = f
	n.backups = backup.NewOnline(backup.Source{Dir: cfg.DataDir, Journal: f.journal, State: f.state}, backup.Options{
		Build: build(), Clock: clock, Keys: f.keys, Reserve: cfg.Disk.Reserve, Log: log, Fatal: storageFailed(),
	}, n.registry)
	n.rising.acceptClock = acceptClock
	return n, nil
}

// stopReaders ends everything that reads the stores beside the engine.
func (n *node) stopReaders() {
	n.backups.Stop()
	n.retainer.Stop()
	n.readers.stop()
}

// machineConfig is what the payment machine needs of a configuration.
func machineConfig(cfg *config.Config) payment.Config {
	c := payment.Config{
		Currency: ledger.Currency(cfg.Money().Numeric), OpenMax: cfg.Limits.OpenPayments,
		Limits: paymentLimits(cfg), BrownOut: cfg.BrownOut.SmallAmount,
	}
	if cfg.Canary.Every > 0 {
		c.Participants = canary.Profiles()
	}
	for _, p := range cfg.Participants {
		t := p.Timers
		profile := payment.Profile{
			ID: p.ID, Institution: p.Institution, Handles: p.Handles, IFSCPrefixes: p.IFSCPrefixes,
			Match:       matchOf(&p),
			NetDebitCap: p.NetDebitCap, AmbiguousDebit: codes(ambiguousDebit(&p), neverClear), AmbiguousCredit: codes(ambiguousCredit, neverClear),
			Timers: payment.Timers{
				Total: t.Total, Resolve: t.Resolve, Debit: t.Debit, Credit: t.Credit, CreditUnknown: t.CreditUnknown,
				Reversal: t.Reversal, BackoffMin: t.BackoffMin, BackoffMax: t.BackoffMax, GiveUp: t.GiveUp,
			},
		}
		enable(&profile, &p)
		reach(&profile, &p)
		bound(&profile, &p)
		c.Participants = append(c.Participants, profile)
	}
	return c
}

// ambiguousCredit are the codes of a credit answer that prove nothing. Every
// other decline binds the payee's bank (domain reference 7.3).
var ambiguousCredit = []string{"09", "68"}

// neverClear are codes that no profile can make a clear no: approvals of another
// kind (08, 10, 11, 16 post on card networks) and "completed partially" (32).
var neverClear = []string{"08", "10", "11", "16", "32"}

func codes(lists ...[]string) []payment.Code {
	var out []payment.Code
	for _, list := range lists {
		for _, c := range list {
			out = append(out, payment.CodeOf(c))
		}
	}
	return out
}

// listen opens the doors: only after recovery is complete.
func (n *node) listen() error {
	var err error
	n.server, err = gnetio.Listen(gnetio.Options{
		Address: n.cfg.Listen, TLS: n.trust.Server(), DialTLS: n.trust.Dial, Access: accessOf(n.cfg),
		LinksMax: n.cfg.Limits.Links, HandshakesMax: n.cfg.Limits.Handshakes, HalfOpenMax: n.cfg.Limits.HalfOpen,
		HandshakeRate: n.cfg.Limits.HandshakesPerAddress, HandshakeBurst: n.cfg.Limits.HandshakeBurst, AddressesMax: n.cfg.Limits.Addresses,
		DialsMax: n.cfg.Limits.Dials, OutboxBytesMax: int(n.cfg.Limits.Outbox),
		Clock: clock, Log: n.log, Registry: n.registry, DialectOf: dialectsByLook(), Diagnosed: n.ingress.Diagnosed,
	}, n.ingress)
	return err
}

func buildInfo() prometheus.Collector {
	v := readVersion()
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "switchd_build_info", Help: "1, labelled with what was built.",
		ConstLabels: prometheus.Labels{"version": v.Version, "commit": v.Commit, "go": v.Go},
	})
	g.Set(1)
	return g
}

// version says what this binary is.
type version struct {
	Version  string            `json:"version"`
	Commit   string            `json:"commit"`
	Go       string            `json:"go"`
	Settings map[string]string `json:"settings"`
}

func readVersion() version {
	v := version{Version: releaseVersion, Commit: "unknown", Settings: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Go = info.GoVersion
	for _, s := range info.Settings {
		v.Settings[s.Key] = s.Value
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	if builtCommit != "" {
		v.Commit = builtCommit
	}
	return v
}
