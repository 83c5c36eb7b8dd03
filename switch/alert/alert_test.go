package alert

import (
	"slices"
	"testing"
	"time"

	"switchd/switch/view"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// calm is a switch for which nothing holds, with something in every part.
func calm() Input {
	busy := view.Sample{PerSecond: 10, Success: 0.97, Declined: 0.02, Failed: 0.01, P50: 20, P99: 200, CommitP99: 4}
	return Input{
		Now: noon,
		Overview: view.Overview{
			StartedAt: noon.Add(-time.Hour).Format(time.RFC3339), Ready: true, Checks: []view.Check{{Name: "writer", OK: true}}, Latest: busy,
			Objectives: []view.Burn{{Name: "success", Goal: 0.99, Fast: 1, Slow: 1, Enough: true}, {Name: "latency", Enough: true}, {Name: "availability", Enough: true}},
		},
		Participants: []view.Participant{
			{ID: "BANKA", State: "up", LinksUp: 2, LinksWanted: 2, Latest: busy, Breakers: []view.Breaker{{Class: "debit", State: "closed"}}, Position: view.Position{Used: 0.4}},
			{ID: "BANKB", State: "up", LinksUp: 1, Latest: busy},
		},
		Limits:       []view.Limit{{Name: "queue", Used: 10, Max: 100}, {Name: "unbounded", Used: 10}},
		Certificates: []Certificate{{Whose: "BANKA", Expires: noon.Add(31 * day)}},
		Legs: []Legs{
			{Participant: "BANKA", All: 2000, Failed: 40, Declined: 60, Slow: 40},
			{Participant: "BANKB", All: 2000, Failed: 60, Declined: 60, Slow: 40},
		},
		Disk:   Disk{FreeBytes: 10 << 30, ReserveBytes: 1 << 30},
		Backup: Backup{Last: noon.Add(-47 * time.Hour)},
		Module: &Module{Up: true, Waiting: 1, Silent: time.Second},
		Canary: &Canary{LastSuccess: noon.Add(-time.Second)},
		Clock:  Clock{Known: true, Synced: true, Offset: -20 * time.Millisecond},
	}
}

// causes is for every row that the process knows what makes it hold, and of whom.
var causes = map[string]struct {
	who string
	of  func(in *Input)
}{
	"SwitchdMoneyNotBalanced":        {"", func(in *Input) { in.Overview.PositionsSum = -1 }},
	"SwitchdMoneyException":          {"", func(in *Input) { in.Lately.MoneyExceptions = 1 }},
	"SwitchdDeadLetters":             {"", func(in *Input) { in.Overview.DeadLetters = 1 }},
	"SwitchdOutcomeUnknown":          {"", func(in *Input) { in.Overview.OldestInDoubt = 61 }},
	"SwitchdOutcomeUnknownLong":      {"", func(in *Input) { in.Overview.OldestInDoubt = 901 }},
	"SwitchdSuccessBurnFast":         {"", burning("success")},
	"SwitchdLatencyBurnFast":         {"", burning("latency")},
	"SwitchdAvailabilityBurnFast":    {"", burning("availability")},
	"SwitchdParticipantDown":         {"BANKB", func(in *Input) { in.Participants[1].LinksUp = 0 }},
	"SwitchdAllParticipantsDown":     {"", func(in *Input) { in.Participants[0].LinksUp, in.Participants[1].LinksUp = 0, 0 }},
	"SwitchdParticipantFailing":      {"BANKA", func(in *Input) { in.Legs[0].Failed = 201 }},
	"SwitchdManyParticipantsFailing": {"", func(in *Input) { in.Legs[0].Failed, in.Legs[1].Failed = 201, 201 }},
	"SwitchdParticipantSlow":         {"BANKA", func(in *Input) { in.Legs[0].Slow = 101 }},
	"SwitchdParticipantDeclines":     {"BANKA", func(in *Input) { in.Legs[0].Declined = 1001 }},
	"SwitchdBreakerOpen":             {"BANKA", func(in *Input) { in.Participants[0].Breakers[0].State = "open" }},
	"SwitchdPositionNearCap":         {"BANKA", func(in *Input) { in.Participants[0].Position.Used = 0.95 }},
	"SwitchdParticipantDrained":      {"BANKB", func(in *Input) { in.Participants[1].Drained = true }},
	"SwitchdNotReady": {"", func(in *Input) {
		in.Overview.Ready = false
		in.Overview.Checks[0] = view.Check{Name: "writer", Error: "stuck"}
	}},
	"SwitchdCommitSlow":              {"", func(in *Input) { in.Overview.Latest.CommitP99 = 51 }},
	"SwitchdLoadShed":                {"", func(in *Input) { in.Overview.LoadStep = 3 }},
	"SwitchdAllPaymentsShed":         {"", func(in *Input) { in.Overview.LoadStep = 4 }},
	"SwitchdPaymentsRefused":         {"", func(in *Input) { in.Lately.Refused = 1 }},
	"SwitchdLimitNear":               {"", func(in *Input) { in.Limits[0].Used = 90 }},
	"SwitchdCanaryFailing":           {"", func(in *Input) { in.Canary.LastSuccess = noon.Add(-61 * time.Second) }},
	"SwitchdDiskLow":                 {"", func(in *Input) { in.Disk.State = 1 }},
	"SwitchdDiskBelowReserve":        {"", func(in *Input) { in.Disk.State = 2 }},
	"SwitchdJournalOnSecondDisk":     {"", func(in *Input) { in.SecondDisk = true }},
	"SwitchdJournalOnSecondDiskLong": {"", func(in *Input) { in.SecondDisk = true }},
	"SwitchdSecondDiskLow":           {"", func(in *Input) { in.SecondRoom = 1 }},
	"SwitchdSecondDiskFull":          {"", func(in *Input) { in.SecondDisk, in.SecondRoom = true, 2 }},
	"SwitchdDiskErrors":              {"", func(in *Input) { in.Lately.DiskErrors = 1 }},
	"SwitchdBackupOld":               {"", func(in *Input) { in.Backup.Last = noon.Add(-49 * time.Hour) }},
	"SwitchdBackupFailed":            {"", func(in *Input) { in.Lately.BackupsFailed = 1 }},
	"SwitchdRetentionFailed":         {"", func(in *Input) { in.Lately.RetentionFailed = 1 }},
	"SwitchdCertificateMonth":        {"", func(in *Input) { in.Certificates[0].Expires = noon.Add(30 * day) }},
	"SwitchdCertificateWeek":         {"", func(in *Input) { in.Certificates[0].Expires = noon.Add(7 * day) }},
	"SwitchdCertificateDay":          {"", func(in *Input) { in.Certificates[0].Expires = noon.Add(-9 * day) }},
	"SwitchdModuleDown":              {"", func(in *Input) { in.Module.Up = false }},
	"SwitchdModuleHangs":             {"", func(in *Input) { in.Module.Silent = time.Minute }},
	"SwitchdLinksRefused":            {"", func(in *Input) { in.Lately.LinksRefused = 301 }},
	"SwitchdLoginsRefused":           {"", func(in *Input) { in.Lately.LoginsRefused = 11 }},
	"SwitchdClock":                   {"", func(in *Input) { in.Clock.Synced = false }},
	"SwitchdNothingCommitted":        {"", func(in *Input) { in.Stalled = time.Second }},
	"SwitchdFeedBehind":              {"", func(in *Input) { in.FeedLag = 100_001 }},
	"SwitchdParticipantOverLimit":    {"BANKB", func(in *Input) { in.Legs[1].Limited = 101 }},
	"SwitchdMessagesNotProven":       {"BANKB", func(in *Input) { in.Legs[1].Unproven = 11 }},
	"SwitchdKeyOfferRefused":         {"", func(in *Input) { in.Lately.KeysRefused = 1 }},
	"SwitchdModuleErrors":            {"", func(in *Input) { in.Lately.ModuleErrors = 11 }},
	"SwitchdModuleRefusesKey":        {"", func(in *Input) { in.Lately.ModuleRefused = 1 }},
	"SwitchdCertificateFileRefused":  {"", func(in *Input) { in.FilesBad = 1 }},
	"SwitchdAdminFilesRefused":       {"", func(in *Input) { in.AdminBad = true }},
	"SwitchdConfigFallback":          {"", func(in *Input) { in.Config.Fallback = true }},
	"SwitchdReloadRefused":           {"", func(in *Input) { in.Config.Refused = true }},
}

func burning(objective string) func(*Input) {
	return func(in *Input) {
		for i := range in.Overview.Objectives {
			if b := &in.Overview.Objectives[i]; b.Name == objective {
				b.Fast, b.Slow = 20, 15
			}
		}
	}
}

// companions hold as well, by their meaning.
var companions = map[string][]string{
	"SwitchdOutcomeUnknownLong":      {"SwitchdOutcomeUnknown"},
	"SwitchdAllParticipantsDown":     {"SwitchdParticipantDown"},
	"SwitchdManyParticipantsFailing": {"SwitchdParticipantFailing"},
	"SwitchdJournalOnSecondDisk":     {"SwitchdJournalOnSecondDiskLong"},
	"SwitchdJournalOnSecondDiskLong": {"SwitchdJournalOnSecondDisk"},
	"SwitchdSecondDiskFull":          {"SwitchdJournalOnSecondDisk", "SwitchdJournalOnSecondDiskLong", "SwitchdSecondDiskLow"},
}

func TestNothingHoldsOfACalmSwitchNorOfAnUnknownOne(t *testing.T) {
	for name, in := range map[string]Input{"calm": calm(), "unknown": {}, "unknown, with a clock": {Now: noon}} {
		if got := Evaluate(in); len(got) != 0 || got == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestEachRowHoldsForItsCause(t *testing.T) {
	for _, r := range Rules() {
		cause, known := causes[r.Name]
		if known != (r.Holds != nil) {
			t.Errorf("%s: the process knows it: %v, and a cause is here: %v", r.Name, r.Holds != nil, known)
		}
		if !known {
			continue
		}
		in := calm()
		cause.of(&in)
		all := Evaluate(in)
		if !slices.ContainsFunc(all, func(a view.Alert) bool {
			return a.Name == r.Name && a.Participant == cause.who && a.Severity == string(r.Severity) && a.Todo == r.Todo && a.Runbook == r.Runbook
		}) {
			t.Errorf("%s does not hold: %+v", r.Name, all)
		}
		for _, a := range all {
			if a.Name != r.Name && !slices.Contains(companions[r.Name], a.Name) {
				t.Errorf("%s: %s holds as well", r.Name, a.Name)
			}
		}
	}
}

// TestASlowBurnThatOneParticipantExplainsIsItsOwn: of latency. Of success each payment says
// whose fault it was, and no participant's messages explain it.
func TestASlowBurnThatOneParticipantExplainsIsItsOwn(t *testing.T) {
	in := calm()
	burning(Latency)(&in)
	in.Legs[0].Slow = 1000
	got := Evaluate(in)
	if len(got) != 1 || got[0].Name != "SwitchdParticipantSlow" || got[0].Participant != "BANKA" {
		t.Errorf("one participant is slow: %+v", got)
	}
	in.Legs[1].Slow = 1000
	if got = Evaluate(in); len(got) != 3 || got[0].Name != "SwitchdLatencyBurnFast" {
		t.Errorf("both are slow: %+v", got)
	}
	in.Legs = []Legs{{Participant: "BANKA", All: 2000, Slow: 9}, {Participant: "BANKB", All: 2000}}
	if got := Evaluate(in); len(got) != 1 || got[0].Name != "SwitchdLatencyBurnFast" {
		t.Errorf("nine slow answers explain nothing: %+v", got)
	}
	in = calm()
	burning(Success)(&in)
	in.Legs[0].Failed = 1000
	if got = Evaluate(in); len(got) != 2 || got[0].Name != "SwitchdSuccessBurnFast" || got[1].Name != "SwitchdParticipantFailing" {
		t.Errorf("we fail, and one participant: %+v", got)
	}
}

// TestOneAlertForACondition: what one row tells no other tells again.
func TestOneAlertForACondition(t *testing.T) {
	in := calm()
	in.Participants[0].Position.Used = 0.95
	in.Limits = append(in.Limits, view.Limit{Name: "net debit cap", Participant: "BANKA", Unit: view.UnitMinor, Used: 95, Max: 100})
	if got := Evaluate(in); len(got) != 1 || got[0].Name != "SwitchdPositionNearCap" {
		t.Errorf("near its cap: %+v", got)
	}
}

// TestDrained: of one that is drained its health is nobody's concern, and what it sends is.
func TestDrained(t *testing.T) {
	in := calm()
	b := &in.Participants[1]
	b.Drained, b.LinksUp, b.Position.Used = true, 0, 0.95
	in.Legs[1] = Legs{Participant: "BANKB", All: 100, Failed: 90, Slow: 90, Unproven: 11}
	got := Evaluate(in)
	if len(got) != 2 || got[0].Name != "SwitchdMessagesNotProven" || got[1].Name != "SwitchdParticipantDrained" {
		t.Errorf("%+v", got)
	}
}

func TestTooLittleTrafficSaysNothing(t *testing.T) {
	in := calm()
	burning(Success)(&in)
	in.Overview.Objectives[0].Enough = false
	in.Legs[0] = Legs{Participant: "BANKA", All: 19, Failed: 19, Declined: 19, Slow: 19}
	if got := Evaluate(in); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestTheRowsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Name] {
			t.Errorf("%s twice", r.Name)
		}
		seen[r.Name] = true
		if rank(r.Severity) < 0 || r.Group == "" || r.Summary == "" || r.Todo == "" || r.Runbook == "" || r.For < 0 {
			t.Errorf("%s lacks something: %+v", r.Name, r)
		}
		if r.Expr == "" && r.Holds == nil {
			t.Errorf("%s: nobody knows it", r.Name)
		}
		if (r.Holds == nil) != (r.Unknown != "") {
			t.Errorf("%s: the process knows it: %v, and it does not for: %q", r.Name, r.Holds != nil, r.Unknown)
		}
	}
}

func TestWatchWaitsRemembersAndEnds(t *testing.T) {
	w := NewWatch(2)
	look := func(after time.Duration, change func(in *Input)) view.Alerts {
		in := calm()
		in.Now = noon.Add(after)
		in.Canary.LastSuccess, in.Backup.Last = in.Now, in.Now
		change(&in)
		return w.Look(in)
	}
	ill := func(free int64) func(in *Input) {
		return func(in *Input) { in.Disk.State, in.Disk.FreeBytes = 1, free<<20 }
	}
	well := func(*Input) {}
	if a := look(0, ill(500)); len(a.Firing) != 0 || a.Firing == nil || a.Ended == nil {
		t.Fatalf("at once: %+v", a)
	}
	if a := look(30*time.Second, well); len(a.Ended) != 0 {
		t.Fatalf("what was too short has not been: %+v", a)
	}
	look(60*time.Second, ill(400))
	a := look(120*time.Second, ill(300))
	if len(a.Firing) != 1 || a.Firing[0].Since != "2026-05-01T12:01:00Z" || a.Firing[0].Summary != diskRules[0].Summary+" (300 MiB free, the reserve is 1024 MiB)" {
		t.Fatalf("after a minute: %+v", a)
	}
	if a = look(121*time.Second, well); len(a.Firing) != 0 || len(a.Ended) != 1 || a.Ended[0].Until != "2026-05-01T12:02:01Z" {
		t.Fatalf("it has ended: %+v", a)
	}
	for i := range 3 {
		look(time.Duration(130+2*i)*time.Second, func(in *Input) { in.Disk.State = 2 })
		a = look(time.Duration(131+2*i)*time.Second, well)
	}
	if len(a.Ended) != 2 || a.Ended[0].Until != "2026-05-01T12:02:15Z" {
		t.Errorf("the latest two: %+v", a.Ended)
	}
}
