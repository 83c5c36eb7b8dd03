package verdict

import (
	"testing"

	"switchd/switch/view"
)

// TestJudge: whose fault it is.
func TestJudge(t *testing.T) {
	t.Parallel()
	up := []view.Participant{{ID: "A", State: "up"}}
	for _, c := range []struct {
		o     view.Overview
		all   []view.Participant
		whose string
		text  string
	}{
		{view.Overview{Ready: true}, []view.Participant{{ID: "A", State: "up"}, {ID: "B", State: "drained"}, {ID: "C", State: "removed"}}, "nobody", "Nothing is wrong."},
		{view.Overview{Checks: []view.Check{{Name: "links", Error: "no participant is signed on"}}}, []view.Participant{{ID: "A", State: "down"}}, "participant", "It is A: down."},
		{view.Overview{Checks: []view.Check{{Name: "disk", Error: "full"}}}, nil, "switch", "It is the switch: disk: full."},
		{view.Overview{PositionsSum: 1}, []view.Participant{{ID: "A", State: "degraded", Why: "slow."}, {ID: "B", State: "down"}, {ID: "C", State: "degraded"}}, "both", "It is the switch: the positions do not sum up to 0. And B: down; and 2 more."},
		{view.Overview{Minute: view.Minute{Payments: 50, Failed: 0.8, Ours: 0.8}, Alerts: []view.Alert{{Name: "SwitchdModuleDown", Severity: "page", Summary: "The security module does not answer", Since: "2026-11-23T09:57:30Z"}}},
			[]view.Participant{{ID: "A", State: "up"}}, "switch",
			"It is the switch: 80.0% of the payments of the last minute failed by its own fault; The security module does not answer since 2026-11-23 09:57:30 UTC."},
		{view.Overview{Minute: view.Minute{Payments: 50, Failed: 0.8}}, []view.Participant{{ID: "A", State: "up", Latest: view.Sample{PerSecond: 9, Failed: 0.01}}, {ID: "B", State: "up", Latest: view.Sample{PerSecond: 2, Failed: 0.9}}}, "participant",
			"It is B: 90.0% of the messages to it fail, and 80.0% of the payments of the last minute failed."},
		{view.Overview{Minute: view.Minute{Payments: 50, Failed: 0.8}}, []view.Participant{{ID: "A", State: "drained"}}, "participant", "It is participants, none of which stands out: 80.0% of the payments of the last minute failed, and not by the switch."},
		{view.Overview{Minute: view.Minute{Payments: 50, Failed: 0.8}}, []view.Participant{{ID: "A", State: "down", Since: "2026-11-23T09:57:30Z", Why: "no link"}}, "participant", "It is A: down since 2026-11-23 09:57:30 UTC, no link."},
		{view.Overview{Minute: view.Minute{Payments: 5, Failed: 0.8}}, up, "nobody", "Nothing is wrong."},
		{view.Overview{Minute: view.Minute{Payments: 50, Failed: 0.009, Ours: 0.009}}, up, "nobody", "Nothing is wrong."},
		{view.Overview{Minute: view.Minute{Payments: 50, Declined: 1}}, up, "nobody", "Nothing has failed, and 100.0% of the payments of the last minute were declined for a reason."},
		{view.Overview{Alerts: []view.Alert{{Name: "SwitchdParticipantFailing", Severity: "ticket", Participant: "B", Summary: "it does not answer", Since: "2026-11-23T09:57:30Z"}, {Name: "SwitchdParticipantDown", Severity: "ticket", Participant: "C", Summary: "it is not there"}}},
			[]view.Participant{{ID: "B", State: "up"}, {ID: "C", State: "drained"}}, "participant", "It is B: it does not answer since 2026-11-23 09:57:30 UTC."},
		{view.Overview{Alerts: []view.Alert{{Name: "SwitchdBackupOld", Severity: "ticket", Summary: "there has been no backup"}, {Name: "SwitchdLimitNear", Severity: "info", Summary: "near"}}}, up, "nobody", "Payments go well. For the working day: there has been no backup."},
		{view.Overview{Checks: []view.Check{{Name: "disk", Error: "full"}}, Alerts: []view.Alert{{Name: "SwitchdNotReady", Severity: "page", Summary: "not ready", Since: "2026-11-23T09:57:30Z"}}}, nil, "switch", "It is the switch: disk: full since 2026-11-23 09:57:30 UTC."},
		{view.Overview{Checks: []view.Check{{Name: "disk", Error: "10 MiB are left"}}, Alerts: []view.Alert{{Name: "SwitchdDiskBelowReserve", Severity: "page", Summary: "below its reserve", Since: "2026-11-23T09:57:30Z"}}}, up, "switch",
			"It is the switch: disk: 10 MiB are left since 2026-11-23 09:57:30 UTC."},
		{view.Overview{Checks: []view.Check{{Name: "disk", OK: true, Warning: "90 MiB are left"}}}, up, "nobody", "Payments go well. For the working day: disk: 90 MiB are left."},
		{view.Overview{Checks: []view.Check{{Name: "disk", OK: true, Warning: "90 MiB are left"}}, Alerts: []view.Alert{{Name: "SwitchdDiskLow", Severity: "ticket", Summary: "near its reserve", Since: "2026-11-23T09:57:30Z"}, {Name: "SwitchdBackupOld", Severity: "ticket", Summary: "there has been no backup"}}}, up, "nobody",
			"Payments go well. For the working day: disk: 90 MiB are left since 2026-11-23 09:57:30 UTC; there has been no backup."},
		{view.Overview{Checks: []view.Check{{Name: "module", OK: true, Warning: "1 of 2 needs it"}}, Alerts: []view.Alert{{Name: "SwitchdModuleDown", Severity: "page", Summary: "The security module does not answer"}}}, up, "switch",
			"It is the switch: The security module does not answer."},
		{view.Overview{}, nil, "nobody", "No participant is configured: add one to the configuration file, and reload."},
	} {
		if v := Judge(&c.o, c.all); v.Whose != c.whose || v.Text != c.text {
			t.Errorf("%+v, want %s: %s", v, c.whose, c.text)
		}
	}
}

// TestSeveral: of several that are equally bad none is named more than the others.
func TestSeveral(t *testing.T) {
	t.Parallel()
	bank := func(id string, failed float64) view.Participant {
		return view.Participant{ID: id, State: "up", Latest: view.Sample{PerSecond: 100, Failed: failed}}
	}
	minute := view.Overview{Minute: view.Minute{Payments: 5000, Failed: 0.015}}
	for _, c := range []struct {
		all  []view.Participant
		text string
	}{
		{[]view.Participant{bank("C", 0.016), bank("A", 0.014), bank("B", 0.015), bank("D", 0.001)}, "It is several participants: A, B, C: 1.5% of the payments of the last minute failed. Look for what they share."},
		{[]view.Participant{bank("C", 0.014), bank("A", 0.014), bank("B", 0.017), bank("D", 0)}, "It is several participants: A, B, C: 1.5% of the payments of the last minute failed. Look for what they share."},
		{[]view.Participant{bank("C", 0.04), bank("A", 0.004), bank("B", 0.004)}, "It is C: 4.0% of the messages to it fail, and 1.5% of the payments of the last minute failed."},
		{[]view.Participant{{ID: "C", State: "degraded", Why: "c", Since: "2026-11-23T09:57:30Z"}, {ID: "A", State: "degraded", Why: "a"}, {ID: "B", State: "degraded"}, bank("D", 0)}, "It is several participants: C, A, B: degraded. Look for what they share."},
		{[]view.Participant{{ID: "A", State: "down"}, {ID: "B", State: "down"}, {ID: "C", State: "down"}, {ID: "D", State: "degraded"}}, "It is several participants: A, B, C: down; and 1 more. Look for what they share."},
		{[]view.Participant{{ID: "A", State: "down"}, {ID: "B", State: "down"}}, "It is A: down; and B: down."},
	} {
		if v := Judge(&minute, c.all); v.Whose != "participant" || v.Text != c.text {
			t.Errorf("%+v, want %s", v, c.text)
		}
	}
}

// TestJudgeOfAStart: nobody is blamed for not being there a moment after a start, nor a
// single participant while nobody has come at all.
func TestJudgeOfAStart(t *testing.T) {
	t.Parallel()
	const began, soon, later = "2026-11-23T10:00:00.5Z", "2026-11-23T10:00:00.7Z", "2026-11-23T10:01:00Z"
	down := func(id string) view.Participant {
		return view.Participant{ID: id, State: "down", Why: "no link is signed on", Since: began}
	}
	here, left := view.Participant{ID: "C", State: "up", Since: began, LinksUp: 1}, down("D")
	left.Since = soon
	all := view.Alert{Name: "SwitchdAllParticipantsDown", Severity: "page", Summary: "No participant at all is signed on"}
	for _, c := range []struct {
		now    string
		minute view.Minute
		alerts []view.Alert
		all    []view.Participant
		level  string
		text   string
	}{
		{soon, view.Minute{Payments: 50, Failed: 1}, nil, []view.Participant{down("A"), down("B")}, "warn", "The switch has just started, at 2026-11-23 10:00:00 UTC. Not there yet: A, B."},
		{soon, view.Minute{}, nil, []view.Participant{down("A"), here}, "warn", "The switch has just started, at 2026-11-23 10:00:00 UTC. Not there yet: A."},
		{soon, view.Minute{}, nil, []view.Participant{down("A"), left}, "bad", "It is D: down since 2026-11-23 10:00:00 UTC, no link is signed on."},
		{soon, view.Minute{}, nil, []view.Participant{down("A"), down("B"), down("E")}, "warn", "The switch has just started, at 2026-11-23 10:00:00 UTC. Not there yet: A, B, E."},
		{soon, view.Minute{}, nil, []view.Participant{here}, "ok", "Nothing is wrong."},
		{later, view.Minute{}, nil, []view.Participant{down("A"), down("B"), down("E"), down("F"), down("G"), down("H")}, "warn", "Nobody has signed on since the start at 2026-11-23 10:00:00 UTC. Awaited: A, B, E, F, G and 1 more."},
		{later, view.Minute{}, nil, []view.Participant{down("A"), here}, "bad", "It is A: down since 2026-11-23 10:00:00 UTC, no link is signed on."},
		{later, view.Minute{}, []view.Alert{all, {Name: "SwitchdParticipantDown", Severity: "ticket", Participant: "A", Summary: "it is not there"}}, []view.Participant{down("A")}, "bad", "It is the switch: No participant at all is signed on."},
	} {
		if v := Judge(&view.Overview{At: c.now, StartedAt: began, Alerts: c.alerts, Minute: c.minute}, c.all); v.Level != c.level || v.Text != c.text {
			t.Errorf("%+v, want %s: %s", v, c.level, c.text)
		}
	}
}
