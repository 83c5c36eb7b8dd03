package console

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"switchd/switch/access"
	"switchd/switch/view"
)

// fake is a switch in trouble, from its tables alone: one participant degraded, one down,
// one drained, a reversal, a dead letter, an order that waits. Its time moves by one second
// with each look at the whole, so that pages have something to keep up with.
type fake struct {
	mu        sync.Mutex // guards what follows
	calls     map[string]int
	at        time.Time
	fail      map[string]error // by method
	drained   map[string]bool
	done      []view.Order
	changes   []view.Change
	approvals []view.Approval
	secured   bool
	empty     bool // nothing has happened yet

	capsInFile bool // the file on disk has other caps
}

var fakeNow = time.Date(2026, 11, 23, 10, 53, 12, 0, time.UTC)

func newFake() *fake {
	f := &fake{calls: map[string]int{}, at: fakeNow, fail: map[string]error{}, drained: map[string]bool{"CREDITU": true}, secured: true}
	f.changes = []view.Change{
		{Seq: 90312, At: ago(3 * time.Minute), Kind: "drain", Operator: "meera", Reason: "their data centre moves tonight", Participant: "CREDITU", Text: "CREDITU takes no new payments"},
		{Seq: 90120, At: ago(41 * time.Minute), Kind: "write-off", Operator: "meera", Approver: "anders", Reason: "paid out by hand, ticket 4411", Payment: 1002, Text: "The dead letter of payment 1002 is written off"},
		{Seq: 88001, At: ago(3 * time.Hour), Kind: "set-cap", Operator: "joe", Reason: "typo", Participant: "BANKB", Text: "The cap of BANKB stays as it is: below what is reserved", Refused: true},
		{Seq: 12, At: ago(26 * time.Hour), Kind: "config", Operator: "root", Reason: "first start", Text: "The configuration is in force"},
	}
	f.approvals = []view.Approval{
		{ID: 7, Order: view.Order{Command: "set-cap", Participant: "BANKB", Amount: "9000000.00", Reason: "collateral has come"}, Text: "Set the cap of BANKB to 9,000,000.00 INR",
			By: "meera", At: ago(2 * time.Minute), Expires: fakeNow.Add(13 * time.Minute).Format(time.RFC3339), Roles: []string{"security-officer"}},
		{ID: 8, Order: view.Order{Command: "settle", Payment: "1001", Reason: "paid back by wire"}, Text: "Settle the dead letter of payment 1001",
			By: "anders", At: ago(time.Minute), Expires: fakeNow.Add(14 * time.Minute).Format(time.RFC3339), Roles: []string{"operator", "security-officer"}, Mine: true},
	}
	return f
}

func ago(d time.Duration) string { return fakeNow.Add(-d).Format(time.RFC3339Nano) }

// called counts a call, and is the error that it ends with.
func (f *fake) called(method string) error {
	f.calls[method]++
	return f.fail[method]
}

func (f *fake) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

func (f *fake) Overview(context.Context, access.Caller) (view.Overview, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Overview"); err != nil {
		return view.Overview{}, err
	}
	f.at = f.at.Add(time.Second)
	o := view.Overview{
		At: f.at.Format(time.RFC3339Nano), StartedAt: ago(26 * time.Hour), Version: "0.9.0", Commit: "ef08e8e7a1b2", Currency: "INR", Exponent: 2,
		Ready: true, Secured: f.secured, TwoPerson: f.secured, LinksWanted: 14, Latest: sampleAt(f.at),
	}
	if f.empty {
		o.Latest = view.Sample{Success: 1, Seconds: 5, At: f.at.Unix()}
		return o, nil
	}
	o.Checks = []view.Check{{Name: "journal", OK: true}, {Name: "disk", OK: true, Warning: "11.2 GiB are free, less than disk.warning (20 GiB)"}, {Name: "links", OK: true}, {Name: "clock-jump", OK: true}}
	o.LinksUp, o.LoadStep, o.LoadSheds = 11, 1, "enquiries are told to try again"
	o.Open, o.InDoubt, o.InDoubtMinor, o.OldestInDoubt, o.DeadLetters = 184, 3, 4_810_050, 341.4, 2
	o.Objectives = []view.Burn{
		{Name: "success", Goal: 0.99, Fast: 16.2, Slow: 2.4, Budget: 0.31, Seconds: 3600, Enough: true},
		{Name: "latency", Goal: 0.99, Fast: 0.4, Slow: 0.6, Budget: 0.92, Seconds: 3600, Enough: true},
		{Name: "availability", Goal: 0.999, Fast: 0, Slow: 0, Budget: 1, Seconds: 3600, Enough: true},
		{Name: "money safety", Goal: 1, Fast: 0, Slow: 0, Budget: 1, Seconds: 3600, Enough: false},
	}
	o.Alerts = fakeAlerts()
	return o, nil
}

func fakeAlerts() []view.Alert {
	return []view.Alert{
		{Name: "ParticipantDown", Severity: "page", Participant: "PAYCO", Since: ago(11*time.Minute + 4*time.Second), Summary: "PAYCO has no link that is signed on.",
			Todo: "Call PAYCO's operations: ask whether their connection is up.", Runbook: "participant-down"},
		{Name: "SuccessBurnsFast", Severity: "page", Since: ago(4 * time.Minute), Summary: "The budget of the success objective burns 16 times too fast.",
			Todo: "Look at Participants, sorted by failed: one bank or all?", Runbook: "success-burn"},
		{Name: "DiskWarning", Severity: "ticket", Since: ago(5 * time.Hour), Summary: "11.2 GiB are free on the disk of data_dir.", Todo: "Move archives away.", Runbook: "disk"},
	}
}

func sampleAt(at time.Time) view.Sample {
	t := float64(at.Unix() % 86400)
	wave := math.Sin(t/97) + math.Sin(t/31)/2
	failed := 0.012 + 0.01*math.Max(0, math.Sin(t/140))
	declined := 0.061 + 0.008*math.Cos(t/57)
	return view.Sample{
		At: at.Unix(), Seconds: 5, PerSecond: 1240 + 180*wave, Success: 1 - failed - declined, Declined: declined, Failed: failed,
		P50: 31.5 + 4*wave, P99: 412 + 90*wave, Open: 184 + int(20*wave), InDoubt: 3, InFlight: 12_345_678_90, CommitP99: 2.4, LoadStep: 1,
	}
}

func (f *fake) Series(_ context.Context, seconds int) (view.Series, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Series"); err != nil {
		return view.Series{}, err
	}
	s := view.Series{EverySeconds: 5, Samples: []view.Sample{}}
	for back := seconds; back > 0 && !f.empty; back -= 5 {
		s.Samples = append(s.Samples, sampleAt(f.at.Add(-time.Duration(back)*time.Second)))
	}
	return s, nil
}

func (f *fake) Participants(context.Context) (view.Participants, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Participants"); err != nil {
		return view.Participants{}, err
	}
	all := view.Participants{At: f.at.Format(time.RFC3339Nano), Participants: []view.Participant{}}
	if f.empty {
		return all, nil
	}
	for i, id := range []string{"BANKA", "BANKB", "BANKC", "CREDITU", "FIRSTB", "GRAMIN", "NATIONAL", "PAYCO", "POSTBANK", "UNITED"} {
		all.Participants = append(all.Participants, f.participant(i, id))
	}
	return all, nil
}

func (f *fake) participant(i int, id string) view.Participant {
	wave := math.Sin(float64(f.at.Unix())/9 + float64(i))
	p := view.Participant{
		ID: id, Institution: fmt.Sprintf("60%04d", 1100+i), Dialect: []string{"iso87-npci", "iso87-binary", "iso20022"}[i%3], Roles: []string{"psp", "bank"},
		State: "up", Since: ago(time.Duration(i+1) * 3 * time.Hour), LinksUp: 2, LinksWanted: 2, Certificate: "2027-02-11T00:00:00Z",
		Latest:   view.Sample{PerSecond: 320 / float64(i+1) * (1 + wave/5), Success: 0.94, Declined: 0.056, Failed: 0.004, P50: 24 + float64(i), P99: 210 + 30*wave, Open: 30 / (i + 1)},
		Position: view.Position{Participant: id, Posted: int64(1-2*(i%2)) * 1_234_567_89 * int64(i+1), Reserved: 4_500_00, Cap: 50_000_000_00, Used: 0.11 * float64(i%9)},
	}
	for n := range 90 {
		share := 0.97 + 0.02*math.Sin(float64(n+7*i)/6)
		if i == 1 && n > 60 {
			share = 0.8 + 0.1*math.Sin(float64(n))
		}
		p.Trend, p.TrendTPS = append(p.Trend, share), append(p.TrendTPS, 100+40*math.Sin(float64(n+11*i)/9))
	}
	for j, class := range []string{"resolve", "debit", "credit", "reversal", "advice", "check"} {
		p.Breakers = append(p.Breakers, view.Breaker{Participant: id, Class: class, State: "closed", InFlight: 3 * j, Limit: 512,
			Asked: uint64(100000 * (j + 1)), Approved: uint64(96000 * (j + 1)), Declined: 3600, Failed: 400})
	}
	switch id {
	case "BANKB":
		p.State, p.Why, p.Since = "degraded", "its core times out: the breaker of credits is open", ago(6*time.Minute+2*time.Second)
		p.Latest.Success, p.Latest.Failed, p.Latest.P99 = 0.781, 0.16, 4310
		p.Breakers[2].State, p.Breakers[1].State = "open", "half-open"
		p.Position.Used = 0.93
		p.Latest.InDoubt, p.InDoubtMinor = 111, 48_100_50
	case "PAYCO":
		p.State, p.Why, p.Since, p.LinksUp = "down", "no link is signed on", ago(11*time.Minute+4*time.Second), 0
		p.Latest = view.Sample{Success: 1}
		for n := 60; n < 90; n++ {
			p.Trend[n], p.TrendTPS[n] = -1, 0
		}
	}
	if f.drained[id] {
		p.State, p.Why, p.Since, p.Drained = "drained", "an operator has drained it", ago(3*time.Minute), true
	}
	return p
}

func (f *fake) Links(_ context.Context, participant string) (view.Links, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Links"); err != nil {
		return view.Links{}, err
	}
	list := view.Links{Links: []view.Link{}}
	if participant == "PAYCO" || f.empty {
		return list, nil
	}
	for i := range 2 {
		list.Links = append(list.Links, view.Link{ID: uint64(41 + i), Participant: participant, State: "signed on", Direction: "in", Group: i, Remote: fmt.Sprintf("10.4.1.%d:50412", 7+i),
			Since: ago(2 * time.Hour), TLS: "TLS 1.3, TLS_AES_128_GCM_SHA256", Expires: "2027-02-11T00:00:00Z", LastIn: f.at.Format(time.RFC3339Nano), MessagesIn: 1_204_112, MessagesOut: 1_204_300, OutboxBytes: 2048 * i})
	}
	list.Links[1].State = "connected"
	return list, nil
}

func (f *fake) Limits(context.Context) (view.Limits, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Limits"); err != nil {
		return view.Limits{}, err
	}
	return view.Limits{Currency: "INR", Exponent: 2, Limits: []view.Limit{
		{Name: "net debit cap", Participant: "BANKB", Unit: view.UnitMinor, Used: 1_234_567, Max: 90_000_000}, {Name: "queue", Used: 120, Max: 8192}, {Name: "requests per second", Participant: "BANKB", Used: 470, Max: 500, Reached: 1203}, {Name: "requests that wait", Participant: "BANKB", Used: 12, Max: 4096},
	}}, nil
}

func (f *fake) Positions(context.Context) (view.Positions, error) { return view.Positions{}, nil }

// fakeHeads are the payments there are, newest first.
func fakeHeads() []view.Head {
	heads := []view.Head{
		{ID: 1004, State: "CREDIT_SENT", Outcome: "NONE", Minor: 25_000_00, PayerBank: "BANKA", PayeeBank: "BANKB", CreatedAt: ago(2 * time.Second)},
		{ID: 1003, State: "FAILED_REVERSED", Outcome: "REVERSED", BankCode: "68", Minor: 1_250_50, PayerBank: "BANKA", PayeeBank: "BANKB", CreatedAt: ago(6 * time.Minute), ClosedAt: ago(5*time.Minute + 30*time.Second)},
		{ID: 1002, State: "DEEMED", Outcome: "TIMEOUT_CREDIT", Minor: 99_00, PayerBank: "GRAMIN", PayeeBank: "BANKB", CreatedAt: ago(40 * time.Minute), ClosedAt: ago(39 * time.Minute), Exceptions: []string{"late answer"}},
		{ID: 1001, State: "REVERSAL_STUCK", Outcome: "REVERSAL_FAILED", BankCode: "96", Minor: 48_100_50, PayerBank: "PAYCO", PayeeBank: "BANKC", CreatedAt: ago(50 * time.Hour), ClosedAt: ago(49 * time.Hour), DeadLetter: true, Exceptions: []string{"reversal refused"}},
		{ID: 1000, State: "SUCCESS", Outcome: "OK", Minor: 1_00, PayerBank: "BANKA", PayeeBank: "UNITED", CreatedAt: ago(51 * time.Hour), ClosedAt: ago(51*time.Hour - 40*time.Millisecond)},
	}
	for i := range heads {
		h := &heads[i]
		h.Type, h.Currency, h.Sender = "push", 356, h.PayerBank
		h.SwitchID = fmt.Sprintf("SWD%032x", h.ID)
		h.Payer, h.Payee = "••••••4411", "a••••@"+h.PayeeBank
		h.References = view.References{RRN: fmt.Sprintf("63271900%04d", h.ID), EndToEndID: fmt.Sprintf("E2E-%d", h.ID), UETR: fmt.Sprintf("8a562c67-ca16-48ba-b074-65581be6%04d", h.ID)}
	}
	return heads
}

func (f *fake) Search(_ context.Context, c access.Caller, q url.Values) (view.Found, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Search"); err != nil {
		return view.Found{}, err
	}
	found := view.Found{Payments: []view.Head{}, Examined: 5}
	if q.Get("min") == "nonsense" {
		return found, fmt.Errorf("%w: min is \"nonsense\"", view.ErrQuestion)
	}
	if q.Has("account") && !c.Roles.Any(access.Operator|access.Auditor) {
		return found, fmt.Errorf("%w: an account is for operators", view.ErrForbidden)
	}
	for _, h := range fakeHeads() {
		if !f.empty && fits(h, q) {
			found.Payments = append(found.Payments, h)
		}
	}
	if limit, _ := strconv.Atoi(q.Get("limit")); limit > 0 && len(found.Payments) > limit {
		found.Payments, found.Next = found.Payments[:limit], "token+/2"
	}
	return found, nil
}

func fits(h view.Head, q url.Values) bool {
	states := q.Get("state")
	return (!q.Has("id") || q.Get("id") == strconv.FormatUint(h.ID, 10) || q.Get("id") == h.SwitchID) &&
		(!q.Has("rrn") || q.Get("rrn") == h.References.RRN) && (!q.Has("uetr") || q.Get("uetr") == h.References.UETR) &&
		(!q.Has("reference") || q.Get("reference") == h.References.EndToEndID) && (!q.Has("account") || q.Get("account") == "asha@banka" && h.PayerBank == "BANKA") &&
		(!q.Has("participant") || h.PayerBank == q.Get("participant") || h.PayeeBank == q.Get("participant")) &&
		(states == "" || slices.Contains(strings.Split(states, ","), h.State)) && (!q.Has("dead_letters") || h.DeadLetter) && (!q.Has("exceptions") || len(h.Exceptions) > 0) &&
		(!q.Has("min") || q.Get("min") == fmt.Sprintf("%d.%02d", h.Minor/100, h.Minor%100)) && !q.Has("from")
}

func (f *fake) Timeline(_ context.Context, _ access.Caller, id string) (view.Timeline, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Timeline"); err != nil {
		return view.Timeline{}, err
	}
	for _, h := range fakeHeads() {
		if id == strconv.FormatUint(h.ID, 10) || id == h.SwitchID {
			return fakeTimeline(h), nil
		}
	}
	return view.Timeline{}, fmt.Errorf("%w: no payment is %s", view.ErrNotFound, id)
}

// fakeTimeline is a payment whose credit times out and whose debit is taken back, with a
// long wait before that.
func fakeTimeline(h view.Head) view.Timeline {
	t := view.Timeline{Payment: h, Told: "68 to BANKA", Model: "A", Whole: h.ID != 1001, Related: []view.Head{}}
	if !t.Whole {
		t.Why = "retention has moved the first records to the archive"
	}
	if h.ID == 1003 {
		t.Related = fakeHeads()[4:]
	}
	steps := []struct {
		us                                   int64
		kind, leg, from, to, state, code, is string
		message                              bool
	}{
		{0, "request", "request", "BANKA", "", "RECEIVED", "", "BANKA asks for a payment", true},
		{180, "moved", "", "", "", "RESOLVED", "", "checked and routed; the amount is reserved", false},
		{900, "message", "debit", "", "BANKA", "DEBIT_SENT", "", "the debit is sent", true},
		{14_200, "answer", "debit", "BANKA", "", "DEBITED", "00", "the debit is approved", true},
		{15_100, "message", "credit", "", "BANKB", "CREDIT_SENT", "", "the credit is sent", true},
		{5_015_100, "timer", "credit", "", "", "CREDIT_UNKNOWN", "", "no answer in 5 s", false},
		{5_016_000, "message", "status", "", "BANKB", "", "", "BANKB is asked what became of it", true},
		{5_300_000, "answer", "status", "BANKB", "", "DEBIT_REV_SENT", "25", "it has never seen it", true},
		{5_301_000, "message", "reversal", "", "BANKA", "", "", "the debit is taken back", true},
		{20_301_000, "repeat", "reversal", "", "BANKA", "", "", "the reversal is repeated", false},
		{20_330_400, "answer", "reversal", "BANKA", "", "FAILED_REVERSED", "00", "the reversal is approved", true},
		{29_330_400, "late", "credit", "BANKB", "", "", "00", "a late answer: it contradicts what was decided", true},
		{29_331_000, "exception", "credit", "", "", "", "", "BANKB has posted what was taken back", false},
	}
	last := int64(0)
	for i, s := range steps {
		m := view.Moment{Seq: uint64(90000 + i), At: moment(h.CreatedAt).Add(time.Duration(s.us) * time.Microsecond).Format(time.RFC3339Nano), AfterMicros: s.us, GapMicros: s.us - last,
			Kind: s.kind, Leg: s.leg, From: s.from, To: s.to, State: s.state, Code: s.code, Text: s.is}
		if s.message {
			m.Message = &view.Message{Name: "0200", Dialect: "iso87-npci", Rebuilt: true, Fields: []view.Field{
				{Path: "004", Name: "amount", Value: "000000125050", Means: "1,250.50 INR"}, {Path: "037", Name: "RRN", Value: h.References.RRN}, {Path: "039", Name: "response code", Value: s.code, Means: "approved"}, {Path: "102", Name: "account of the payer", Value: "••••••4411"}}}
		}
		t.Moments = append(t.Moments, m)
		last = s.us
	}
	t.Legs = []view.Leg{
		{Leg: "debit", Participant: "BANKA", StartMicros: 900, EndMicros: 14_200, Tries: 1, Outcome: "OK"},
		{Leg: "credit", Participant: "BANKB", StartMicros: 15_100, EndMicros: 5_015_100, Tries: 1, Outcome: "TIMEOUT_CREDIT"},
		{Leg: "status", Participant: "BANKB", StartMicros: 5_016_000, EndMicros: 5_300_000, Tries: 1, Outcome: "OK"},
		{Leg: "reversal", Participant: "BANKA", StartMicros: 5_301_000, EndMicros: 20_330_400, Tries: 2, Outcome: "OK"},
	}
	if h.ClosedAt == "" {
		t.Legs = t.Legs[:2]
		t.Legs[1].EndMicros, t.Legs[1].Outcome = 0, ""
		t.Moments = t.Moments[:5]
		t.Timers = []view.Timer{{Name: "answer", Leg: "credit", Ends: fakeNow.Add(9 * time.Second).Format(time.RFC3339)}}
	}
	return t
}

func (f *fake) Changes(_ context.Context, _ access.Caller, before uint64, limit int) (view.Changes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Changes"); err != nil {
		return view.Changes{}, err
	}
	list := view.Changes{Changes: []view.Change{}}
	for _, change := range f.changes {
		if f.empty || before != 0 && change.Seq >= before {
			continue
		}
		if len(list.Changes) == limit {
			list.Next = list.Changes[limit-1].Seq
			break
		}
		list.Changes = append(list.Changes, change)
	}
	return list, nil
}

func (f *fake) Approvals(_ context.Context, c access.Caller) (view.Approvals, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Approvals"); err != nil {
		return view.Approvals{}, err
	}
	if f.empty {
		return view.Approvals{Approvals: []view.Approval{}}, nil
	}
	return view.Approvals{Approvals: slices.Clone(f.approvals)}, nil
}

func (f *fake) Alerts(context.Context) (view.Alerts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Alerts"); err != nil || f.empty {
		return view.Alerts{}, err
	}
	return view.Alerts{Firing: fakeAlerts(), Ended: []view.Ended{{Alert: view.Alert{Name: "CommitSlow", Severity: "ticket", Since: ago(2 * time.Hour), Summary: "Commits took longer than 50 ms.", Todo: "Look at the disk.", Runbook: "commit"}, Until: ago(110 * time.Minute)}}}, nil
}

func (f *fake) Config(context.Context, access.Caller) (view.Config, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Config"); err != nil {
		return view.Config{}, err
	}
	c := view.Config{At: ago(26 * time.Hour), By: "root", Reason: "first start", File: "/etc/switchd/switchd.yml", Hash: "9f2a7c31d0b1a6ce1f0d8fd4b4b3c6b5f1de3ad2f2ef0d6c2c50d5a1a7e3f6b9",
		Text: "data_dir: /var/lib/switchd\ncurrency: INR\nparticipants:\n  - id: BANKA\n    dialect: iso87-npci\n    cap: 50000000.00\n"}
	if !f.empty {
		c.Pending = []string{"participants.BANKB.cap: 50000000.00 -> 9000000.00", "participants.NEWBANK: added"}
		c.Restart = []string{"limits.queue: 8192 -> 16384"}
	}
	c.TwoPerson = f.capsInFile
	return c, nil
}

func (f *fake) KeyList(_ context.Context, c access.Caller) (view.Keys, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("KeyList"); err != nil {
		return view.Keys{}, err
	}
	if !c.Roles.Any(keyReaders) {
		return view.Keys{}, fmt.Errorf("%w: keys are for security officers and auditors", view.ErrForbidden)
	}
	if f.empty {
		return view.Keys{Keys: []view.Key{}}, nil
	}
	in := func(days int) string { return fakeNow.AddDate(0, 0, days).Format(time.RFC3339) }
	return view.Keys{Keys: []view.Key{
		{Name: "zpk-banka", Purpose: "PIN encryption", Participant: "BANKA", Algorithm: "AES", Check: "5DB4A1", Expires: in(200), State: "active"},
		{Name: "zpk-bankb", Purpose: "PIN encryption", Participant: "BANKB", Algorithm: "TDEA", Check: "08D7B4", Expires: in(12), State: "active"},
		{Name: "mac-bankc", Purpose: "MAC", Participant: "BANKC", Algorithm: "AES", Check: "77A0C2", Expires: in(-1), State: "active"},
		{Name: "mac-bankb", Purpose: "MAC", Participant: "BANKB", Algorithm: "AES", Check: "19F3E0", Expires: in(-1), State: "old"},
		{Name: "seal", Purpose: "sealing of records", Algorithm: "AES", Check: "C4E001", State: "active"},
	}}, nil
}

// reload is an order as others.
func (f *fake) reload(ctx context.Context, c access.Caller, o view.Order) (view.Done, error) {
	if f.capsInFile {
		return view.Done{Approval: 9}, nil
	}
	return f.Do(ctx, c, o)
}

func (f *fake) Do(_ context.Context, c access.Caller, o view.Order) (view.Done, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("Do"); err != nil {
		return view.Done{}, err
	}
	if !c.Roles.Any(access.Operator | access.SecurityOfficer) {
		return view.Done{}, fmt.Errorf("%w: it takes the role operator", view.ErrForbidden)
	}
	if o.Reason == "" {
		return view.Done{}, fmt.Errorf("%w: a reason is required", view.ErrRefused)
	}
	f.done = append(f.done, o)
	if twoPersons[o.Command] && f.secured {
		f.approvals = append(f.approvals, view.Approval{ID: 9, Order: o, Text: o.Command, By: c.Name, At: ago(0), Expires: fakeNow.Add(time.Hour).Format(time.RFC3339), Mine: true})
		return view.Done{Approval: 9, Text: "waits"}, nil
	}
	switch o.Command {
	case "drain", "resume":
		f.drained[o.Participant] = o.Command == "drain"
	}
	seq := f.changes[0].Seq + 5
	f.changes = append([]view.Change{{Seq: seq, At: f.at.Format(time.RFC3339), Kind: o.Command, Operator: c.Name + o.Operator, Reason: o.Reason, Participant: o.Participant, Text: o.Command + " " + o.Participant + " is done"}}, f.changes...)
	return view.Done{Done: true, Seq: seq, Text: "done"}, nil
}
