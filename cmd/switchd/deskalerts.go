package main

import (
	"time"

	"switchd/switch/alert"
	"switchd/switch/desk"
	"switchd/switch/view"
)

// alertsEndedMax is how many alerts that have ended are remembered.
const alertsEndedMax = 100

// The counters that alerts look back at, by what they count.
const (
	countRefused   = "refused"
	countLinks     = "links"
	countLogins    = "logins"
	countDisk      = "disk"
	countMoney     = "money"
	countModule    = "module"
	countUnkeyed   = "unkeyed"
	countKeys      = "keys"
	countBackups   = "backups"
	countRetention = "retention"
	// Of the messages to or from a participant, whose id follows.
	countLegs     = "legs "
	countFailed   = "failed "
	countDeclined = "declined "
	countSlow     = "slow "
	countLimited  = "limited "
	countUnproven = "unproven "
)

// refused is how many new payments the switch itself has refused since its start: for want
// of room in its queue or on its disk, while it drains, or for its load.
func (f *figures) refused() float64 {
	return f.sum("switchd_messages_shed_total") + f.sum("switchd_requests_held_total") +
		f.sum("switchd_messages_limited_total", is("class", "requests"), is("why", "load"))
}

func countedInMinutes(f *figures) map[string]float64 {
	counts := map[string]float64{
		countRefused: f.refused(),
		countLinks: f.sum("switchd_links_closed_total", is("reason", "address", "handshake_rate", "half_open")) +
			f.sum("switchd_handshakes_total", not("result", "ok", "closed")),
		countLogins: f.sum("switchd_admin_logins_refused_total", not("why", "missing", "role")),
		countDisk:   f.sum("switchd_disk_errors_total"),
		countMoney:  f.sum("switchd_exceptions_total", is("kind", alert.MoneyKinds...)),
		countModule: f.sum("switchd_hsm_calls_total", is("outcome", "down", "timeout", "error")) +
			f.sum("switchd_hsm_requests_total", is("outcome", "full", "given_up")),
		countUnkeyed: f.sum("switchd_messages_unprotected_total", is("reason", "key")),
	}
	add := func(what, metric string, fit ...func(map[string]string) bool) {
		for id, n := range f.byParticipant(metric, fit...) {
			counts[what+id] = n
		}
	}
	add(countLegs, "switchd_legs_total")
	add(countFailed, "switchd_legs_total", is("result", "failed", "unanswered"))
	add(countDeclined, "switchd_legs_total", is("result", "declined"))
	add(countSlow, "switchd_legs_slow_total")
	add(countLimited, "switchd_messages_limited_total", is("why", "rate", "gap", "share"))
	add(countUnproven, "switchd_messages_unproven_total", is("why", "wrong"))
	return counts
}

func countedInHour(f *figures) map[string]float64 {
	return map[string]float64{countKeys: f.sum("switchd_key_offers_total", is("result", "refused", "failed", "later"))}
}

func countedInDay(f *figures) map[string]float64 {
	return map[string]float64{
		countBackups:   f.sum("switchd_backups_total", is("result", "failed")),
		countRetention: f.sum("switchd_retention_runs_total", is("outcome", "failed")),
	}
}

// alerting is what the desk's alerts are made of. The desk's goroutine alone uses it.
type alerting struct {
	n       *node
	figures *figures
	watch   *alert.Watch
	stall   *stall

	opened   int64   // when participants were first seen to be able to connect; 0: not yet
	answered float64 // requests that the security module had answered at the latest look
	silent   int64   // since when it answers none while some wait; 0: it does not
}

func (n *node) newAlerting(now int64) *alerting {
	return &alerting{n: n, figures: newFigures(n.registry, now), watch: alert.NewWatch(alertsEndedMax), stall: &n.stall}
}

// look says what fires.
func (a *alerting) look(now int64, v *view.Overview, all []view.Participant, limits []view.Limit) view.Alerts {
	return a.watch.Look(a.input(now, v, all, limits))
}

// refused is for the objective of availability.
func (a *alerting) refused() uint64 {
	a.figures.look(clock())
	return uint64(a.figures.refused())
}

// input is what the process knows of itself; what it does not know fires nothing.
func (a *alerting) input(now int64, v *view.Overview, all []view.Participant, limits []view.Limit) alert.Input {
	f, n := a.figures, a.n
	f.look(now)
	if a.opened == 0 && n.isOpen() {
		a.opened = now
	}
	return alert.Input{
		Now: time.Unix(0, now), Overview: *v, Participants: all, Limits: limits, Legs: f.legs(all), Certificates: f.certificates(),
		Disk: alert.Disk{
			State: int(f.sum("switchd_disk_state")), FreeBytes: int64(f.sum("switchd_disk_free_bytes")), ReserveBytes: int64(f.sum("switchd_disk_reserve_bytes")),
		},
		Backup: alert.Backup{Last: timeOf(f.sum("switchd_backup_last_timestamp_seconds"))},
		Module: a.module(now), Canary: a.canary(),
		Config: alert.Config{Fallback: n.conf.fallback.Load(), Refused: f.sum("switchd_config_reload_refused") > 0},
		Clock: alert.Clock{
			Known: f.has("switchd_clock_synchronized"), Synced: f.sum("switchd_clock_synchronized") > 0,
			Offset: time.Duration(f.sum("switchd_clock_offset_seconds") * 1e9), Behind: time.Duration(f.sum("switchd_clock_behind_seconds") * 1e9),
		},
		SecondDisk: f.sum("switchd_wal_failover_active") > 0, SecondRoom: int(f.sum("switchd_wal_failover_room_state")),
		FeedLag: int64(f.sum("switchd_feed_lag_records")), Stalled: a.stall.lasts(now, n.health().CommitAge),
		FilesBad: int(f.sum("switchd_cert_files_refused")), AdminBad: f.sum("switchd_admin_files_bad") > 0,
		Lately: alert.Lately{
			MoneyExceptions: f.minutes.of(countMoney), Refused: f.minutes.of(countRefused), LinksRefused: f.minutes.of(countLinks),
			LoginsRefused: f.minutes.of(countLogins), DiskErrors: f.minutes.of(countDisk), ModuleErrors: f.minutes.of(countModule),
			ModuleRefused: f.minutes.of(countUnkeyed), KeysRefused: f.hour.of(countKeys),
			RetentionFailed: f.day.of(countRetention), BackupsFailed: f.day.of(countBackups),
		},
	}
}

// timeOf is a time of a metric; 0 is none.
func timeOf(seconds float64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// legs is what became of the messages to and from the participants.
func (f *figures) legs(participants []view.Participant) []alert.Legs {
	var all []alert.Legs
	for i := range participants {
		id := participants[i].ID
		all = append(all, alert.Legs{
			Participant: id, All: f.minutes.of(countLegs + id), Failed: f.minutes.of(countFailed + id), Declined: f.minutes.of(countDeclined + id),
			Slow: f.minutes.of(countSlow + id), Limited: f.minutes.of(countLimited + id), Unproven: f.minutes.of(countUnproven + id),
		})
	}
	return all
}

// certificates are all of which the process knows when they end.
func (f *figures) certificates() []alert.Certificate {
	var all []alert.Certificate
	for _, v := range f.all["switchd_cert_expiry_timestamp_seconds"] {
		all = append(all, alert.Certificate{Whose: v.labels["certificate"], Expires: timeOf(v.value)})
	}
	for _, v := range f.all["switchd_admin_cert_expiry_timestamp_seconds"] {
		all = append(all, alert.Certificate{Whose: "admin", Expires: timeOf(v.value)})
	}
	for _, v := range f.all["switchd_hsm_payshield_cert_expiry_timestamp_seconds"] {
		if v.value > 0 { // none was shown yet
			all = append(all, alert.Certificate{Whose: "hsm/" + v.labels["whose"], Expires: timeOf(v.value)})
		}
	}
	return all
}

// module is the security module, if there is one.
func (a *alerting) module(now int64) *alert.Module {
	f := a.figures
	if !f.has("switchd_hsm_up") {
		return nil
	}
	waiting, answered := f.sum("switchd_hsm_waiting"), f.sum("switchd_hsm_request_duration_seconds")
	if waiting == 0 || answered != a.answered {
		a.answered, a.silent = answered, 0
	} else if a.silent == 0 {
		a.silent = now
	}
	m := &alert.Module{Up: f.sum("switchd_hsm_up") > 0, Waiting: int(waiting)}
	if a.silent != 0 {
		m.Silent = time.Duration(now - a.silent)
	}
	return m
}

// canary is the payment that the switch makes with itself, while it makes them.
func (a *alerting) canary() *alert.Canary {
	n := a.n
	if n.canary == nil || a.opened == 0 || n.leaving.Load() || n.ingress.Draining() {
		return nil
	}
	c := &alert.Canary{Since: time.Unix(0, a.opened)}
	if at := n.canary.Good(); at != 0 {
		c.LastSuccess = time.Unix(0, at)
	}
	return c
}

// limits are those that the desk does not know by itself.
func (a *alerting) limits() []view.Limit {
	f, n := a.figures, a.n
	f.look(clock())
	wait, most := n.engine.Requests()
	all := []view.Limit{
		{Name: "queue", Unit: view.UnitMessages, Used: int64(wait), Max: int64(most), Reached: uint64(f.sum("switchd_messages_shed_total"))},
	}
	if used, most := n.feed.Usage(); most > 0 {
		all = append(all, view.Limit{Name: "readers of events", Unit: view.UnitReaders, Used: int64(used), Max: int64(most), Reached: uint64(f.sum("switchd_feed_refused_total"))})
	}
	if n.admin != nil {
		used, most := n.admin.Usage()
		all = append(all, view.Limit{
			Name: "connections to the admin port", Unit: view.UnitConnections, Used: int64(used), Max: int64(most), Reached: uint64(f.sum("switchd_admin_connections_refused_total")),
		})
	}
	return all
}

// reached is how often the limits of the rim turned something away.
func (a *alerting) reached() desk.Reached {
	f := a.figures
	f.look(clock())
	return desk.Reached{
		Links:    uint64(f.sum("switchd_handshakes_total", is("result", "links_max"))),
		HalfOpen: uint64(f.sum("switchd_links_closed_total", is("reason", "half_open"))),
	}
}
