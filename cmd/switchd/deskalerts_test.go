package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"switchd/switch/alert"
	"switchd/switch/view"
)

// shown is a series in the place of those that a metric has.
type shown struct {
	metric string
	value  float64
	labels []string // name, value, ...
}

// over has some metrics show other values than they have; counters rise by theirs each time.
func over(families []*dto.MetricFamily, all []shown) prometheus.Gatherer {
	families = slices.DeleteFunc(slices.Clone(families), func(f *dto.MetricFamily) bool {
		return slices.ContainsFunc(all, func(s shown) bool { return s.metric == f.GetName() })
	})
	times := 0.0
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families := slices.Clone(families)
		times++
		for _, s := range all {
			if strings.HasSuffix(s.metric, "_total") {
				s.value *= times
			}
			m := &dto.Metric{Gauge: &dto.Gauge{Value: new(s.value)}}
			for i := 0; i < len(s.labels); i += 2 {
				m.Label = append(m.Label, &dto.LabelPair{Name: new(s.labels[i]), Value: new(s.labels[i+1])})
			}
			families = append(families, &dto.MetricFamily{Name: new(s.metric), Metric: []*dto.Metric{m}})
		}
		return families, nil
	})
}

// situated is what an alert is looked for in.
type situated struct {
	overview view.Overview
	all      []view.Participant
	limits   []view.Limit
}

// occasion is what makes an alert fire: what metrics show, what the desk sees, or what was
// done to the switch.
type occasion struct {
	shows []shown
	sees  func(s *situated)
	after time.Duration // from now to the first look
	does  func(t *testing.T, a *alerting, now int64)
}

func gauged(metric string, value float64, labels ...string) occasion {
	return occasion{shows: []shown{{metric, value, labels}}}
}

func seen(f func(s *situated)) occasion { return occasion{sees: f} }

// of is what a participant of the demo has.
func of(f func(p *view.Participant)) occasion { return seen(func(s *situated) { f(&s.all[0]) }) }

// burnt is an objective that is used up fast, and slow answers of more than one participant.
func burnt(name string) occasion {
	o := seen(func(s *situated) {
		s.overview.Objectives = []view.Burn{{Name: name, Fast: 20, Slow: 20, Enough: true}}
	})
	for _, id := range []string{"BANKA", "BANKB"} {
		o.shows = append(o.shows, shown{"switchd_legs_total", 30, []string{"participant", id, "class", "debit", "result", "unanswered"}},
			shown{"switchd_legs_slow_total", 30, []string{"participant", id, "class", "debit"}})
	}
	return o
}

// legs are so many messages to a participant, of which a part is otherwise.
func legs(result string, n float64) occasion {
	return occasion{shows: []shown{
		{"switchd_legs_total", 100 - n, []string{"participant", "BANKA", "class", "debit", "result", "approved"}},
		{"switchd_legs_total", n, []string{"participant", "BANKA", "class", "debit", "result", result}},
	}}
}

// occasions are those of all alerts that the process itself can know.
var occasions = map[string]occasion{
	"SwitchdMoneyNotBalanced":     seen(func(s *situated) { s.overview.PositionsSum = 1 }),
	"SwitchdMoneyException":       gauged("switchd_exceptions_total", 1, "kind", "credit after fail"),
	"SwitchdDeadLetters":          seen(func(s *situated) { s.overview.DeadLetters = 1 }),
	"SwitchdOutcomeUnknown":       seen(func(s *situated) { s.overview.OldestInDoubt = 100 }),
	"SwitchdOutcomeUnknownLong":   seen(func(s *situated) { s.overview.OldestInDoubt = 1000 }),
	"SwitchdSuccessBurnFast":      burnt("success"),
	"SwitchdLatencyBurnFast":      burnt("latency"),
	"SwitchdAvailabilityBurnFast": burnt("availability"),
	"SwitchdParticipantDown":      of(func(p *view.Participant) { p.LinksUp = 0 }),
	"SwitchdAllParticipantsDown": seen(func(s *situated) {
		for i := range s.all {
			s.all[i].LinksUp = 0
		}
	}),
	"SwitchdParticipantFailing": legs("unanswered", 20),
	"SwitchdManyParticipantsFailing": {shows: []shown{
		{"switchd_legs_total", 30, []string{"participant", "BANKA", "class", "debit", "result", "unanswered"}},
		{"switchd_legs_total", 30, []string{"participant", "BANKB", "class", "debit", "result", "failed"}},
	}},
	"SwitchdParticipantDeclines": legs("declined", 60),
	"SwitchdParticipantSlow": {shows: []shown{
		{"switchd_legs_total", 100, []string{"participant", "BANKA", "class", "debit", "result", "approved"}},
		{"switchd_legs_slow_total", 10, []string{"participant", "BANKA", "class", "debit"}},
	}},
	"SwitchdBreakerOpen":             of(func(p *view.Participant) { p.Breakers = []view.Breaker{{Class: "debit", State: "open"}} }),
	"SwitchdPositionNearCap":         of(func(p *view.Participant) { p.Position.Used = 0.95 }),
	"SwitchdParticipantDrained":      of(func(p *view.Participant) { p.Drained = true }),
	"SwitchdParticipantOverLimit":    gauged("switchd_messages_limited_total", 200, "participant", "BANKA", "class", "requests", "why", "rate"),
	"SwitchdMessagesNotProven":       gauged("switchd_messages_unproven_total", 20, "participant", "BANKA", "why", "wrong"),
	"SwitchdKeyOfferRefused":         gauged("switchd_key_offers_total", 1, "result", "refused"),
	"SwitchdNotReady":                seen(func(s *situated) { s.overview.Ready = false }),
	"SwitchdNothingCommitted":        {does: stands},
	"SwitchdCommitSlow":              seen(func(s *situated) { s.overview.Latest.CommitP99 = 80 }),
	"SwitchdLoadShed":                seen(func(s *situated) { s.overview.LoadStep = 2 }),
	"SwitchdAllPaymentsShed":         seen(func(s *situated) { s.overview.LoadStep = 4 }),
	"SwitchdPaymentsRefused":         gauged("switchd_requests_held_total", 1, "reason", "disk"),
	"SwitchdLimitNear":               seen(func(s *situated) { s.limits = append(s.limits, view.Limit{Name: "queue", Used: 95, Max: 100}) }),
	"SwitchdCanaryFailing":           {after: 10 * time.Minute},
	"SwitchdFeedBehind":              gauged("switchd_feed_lag_records", 200_000),
	"SwitchdDiskLow":                 gauged("switchd_disk_state", 1),
	"SwitchdDiskBelowReserve":        gauged("switchd_disk_state", 2),
	"SwitchdJournalOnSecondDisk":     gauged("switchd_wal_failover_active", 1),
	"SwitchdJournalOnSecondDiskLong": gauged("switchd_wal_failover_active", 1),
	"SwitchdSecondDiskLow":           gauged("switchd_wal_failover_room_state", 1),
	"SwitchdSecondDiskFull":          {shows: []shown{{"switchd_wal_failover_room_state", 2, nil}, {"switchd_wal_failover_active", 1, nil}}},
	"SwitchdDiskErrors":              gauged("switchd_disk_errors_total", 1, "what", "look"),
	"SwitchdBackupOld":               gauged("switchd_backup_last_timestamp_seconds", 1),
	"SwitchdBackupFailed":            gauged("switchd_backups_total", 1, "result", "failed"),
	"SwitchdRetentionFailed":         gauged("switchd_retention_runs_total", 1, "outcome", "failed"),
	"SwitchdCertificateMonth":        gauged("switchd_cert_expiry_timestamp_seconds", inDays(20), "certificate", "crl"),
	"SwitchdCertificateWeek":         gauged("switchd_admin_cert_expiry_timestamp_seconds", inDays(5)),
	"SwitchdCertificateDay":          gauged("switchd_hsm_payshield_cert_expiry_timestamp_seconds", inDays(0.5), "whose", "module"),
	"SwitchdCertificateFileRefused":  gauged("switchd_cert_files_refused", 1),
	"SwitchdAdminFilesRefused":       gauged("switchd_admin_files_bad", 1),
	"SwitchdModuleDown":              gauged("switchd_hsm_up", 0),
	"SwitchdModuleHangs":             {shows: []shown{{"switchd_hsm_waiting", 3, nil}, {"switchd_hsm_request_duration_seconds", 70, nil}}},
	"SwitchdModuleErrors":            gauged("switchd_hsm_calls_total", 20, "op", "mac", "outcome", "timeout"),
	"SwitchdModuleRefusesKey":        gauged("switchd_messages_unprotected_total", 1, "reason", "key"),
	"SwitchdLinksRefused":            gauged("switchd_handshakes_total", 400, "result", "expired"),
	"SwitchdLoginsRefused":           gauged("switchd_admin_logins_refused_total", 20, "why", "token"),
	"SwitchdClock":                   gauged("switchd_clock_synchronized", 0),
	"SwitchdConfigFallback":          {does: func(_ *testing.T, a *alerting, _ int64) { a.n.conf.fallback.Store(true) }},
	"SwitchdReloadRefused":           gauged("switchd_config_reload_refused", 1),
}

func inDays(days float64) float64 { return float64(clock())/1e9 + days*86400 }

// stands has a writer of its own stand still since a minute.
func stands(_ *testing.T, a *alerting, now int64) {
	a.stall = new(stall)
	a.stall.look(now-int64(2*time.Minute), 3, 1) // sees that something was committed
	a.stall.look(now-int64(time.Minute), 3, 1)
}

// calmly are the metrics that depend on the machine of the test.
var calmly = []shown{
	{"switchd_clock_synchronized", 1, nil}, {"switchd_clock_offset_seconds", 0, nil}, {"switchd_disk_state", 0, nil}, {"switchd_hsm_waiting", 0, nil},
	{"switchd_clock_behind_seconds", 0, nil},
}

// slowBefore is what a slow machine had the traffic of the test do: it is over.
var slowBefore = []shown{
	{"switchd_legs_total", 300, []string{"participant", "BANKA", "class", "debit", "result", "unanswered"}},
	{"switchd_legs_total", 300, []string{"participant", "BANKB", "class", "debit", "result", "unanswered"}},
}

// wellNow is a switch for which nothing is wrong: its canary has just paid, however long the
// looks of a test take by their own time.
var wellNow = occasion{after: -10 * time.Minute}

// firing: whatever the process can know of itself has its alert fire, by the wiring of the
// desk and the names that the metrics really have.
func firing(t *testing.T, d *demo, known map[string]*seenMetric) {
	t.Helper()
	families, err := d.node.registry.Gather()
	if err == nil {
		families, err = over(families, slowBefore).Gather()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range alert.Rules() {
		o, there := occasions[r.Name]
		if there != (r.Holds != nil) {
			t.Errorf("%s: there is an occasion: %v, and the process can know it: %v", r.Name, there, r.Holds != nil)
		}
		if !there {
			continue
		}
		for _, s := range o.shows {
			if why := unfitShown(known, s); why != "" {
				t.Errorf("%s: %s %s", r.Name, s.metric, why)
			}
		}
		if fires(t, d.node, families, &r, wellNow) {
			t.Errorf("%s fires of a switch that is well", r.Name)
		}
		if !fires(t, d.node, families, &r, o) {
			t.Errorf("%s does not fire", r.Name)
		}
		d.node.conf.fallback.Store(false)
	}
}

// unfitShown says what a series has that its metric has not.
func unfitShown(known map[string]*seenMetric, s shown) string {
	m := known[s.metric]
	if m == nil && !slices.Contains(conditional, s.metric) {
		return "is no metric"
	}
	for i := 0; m != nil && i < len(s.labels); i += 2 {
		if !slices.Contains(m.labels, s.labels[i]) {
			return "has no label " + s.labels[i]
		}
		if label := s.labels[i]; label != "result" || len(m.values[label]) == 0 || slices.Contains(m.values[label], s.labels[i+1]) {
			continue
		}
		return "has no " + s.labels[i] + " " + s.labels[i+1]
	}
	return ""
}

// begin has the counters begin with what the traffic of the test has counted, but for those
// that are shown otherwise: on a slow machine payments run out of their time.
func (f *figures) begin(families []*dto.MetricFamily, shows []shown, now int64) {
	g := newFigures(over(slices.DeleteFunc(slices.Clone(families), func(m *dto.MetricFamily) bool {
		return slices.ContainsFunc(shows, func(s shown) bool { return s.metric == m.GetName() })
	}), nil), now)
	g.look(now)
	for _, r := range [...]struct{ to, from *recent }{{&f.minutes, &g.minutes}, {&f.hour, &g.hour}, {&f.day, &g.day}} {
		r.to.marks = []mark{{at: now, counts: r.from.now}}
	}
}

// fires says whether an alert fires on an occasion, as soon as it has lasted long enough.
func fires(t *testing.T, n *node, families []*dto.MetricFamily, r *alert.Rule, o occasion) bool {
	t.Helper()
	now := clock()
	a := n.newAlerting(now)
	a.stall = new(stall) // time runs ahead here: what only just waits for the disk would have waited for long
	look := func(at int64) view.Alerts {
		s := situated{overview: view.Overview{StartedAt: time.Unix(0, now).UTC().Format(time.RFC3339), Ready: true, Checks: []view.Check{{Name: "writer", OK: true}}}}
		for _, p := range demoParticipants {
			s.all = append(s.all, view.Participant{ID: p.ID, State: "up", LinksUp: 1})
		}
		if o.sees != nil {
			o.sees(&s)
		}
		return a.look(at, &s.overview, s.all, s.limits)
	}
	if o.does != nil {
		o.does(t, a, now)
	}
	shows := slices.DeleteFunc(slices.Clone(calmly), func(c shown) bool {
		return slices.ContainsFunc(o.shows, func(s shown) bool { return s.metric == c.metric })
	})
	a.figures.from = over(families, append(shows, o.shows...))
	a.figures.begin(families, o.shows, now)
	at := now + int64(o.after)
	for range 3 {
		look(at)
		at += int64(35 * time.Second)
	}
	alerts := look(at + int64(r.For))
	return slices.ContainsFunc(alerts.Firing, func(v view.Alert) bool { return v.Name == r.Name })
}
