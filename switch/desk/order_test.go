package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/ledger"
	"switchd/switch/access"
	"switchd/switch/alert"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/view"
)

// do gives an order, which must go well.
func (r *rig) do(c access.Caller, o view.Order) view.Done {
	r.t.Helper()
	if o.Reason == "" {
		o.Reason = "a test"
	}
	v, err := r.Do(context.Background(), c, o)
	if err != nil {
		r.t.Fatalf("%s by %s: %v", o.Command, c.Name, err)
	}
	return v
}

// refused gives an order that must not go well, and gives why.
func (r *rig) refused(c access.Caller, o view.Order, want error) string {
	r.t.Helper()
	if o.Reason == "" {
		o.Reason = "a test"
	}
	v, err := r.Do(context.Background(), c, o)
	if !errors.Is(err, want) {
		r.t.Fatalf("%s by %s: %+v, %v; want %v", o.Command, c.Name, v, err, want)
	}
	return err.Error()
}

func (r *rig) cap(n route.Participant) (limit int64) {
	r.inspect(func(m *payment.Machine) { limit = m.Position(n).Cap })
	return limit
}

// changes are the deeds that are known, the latest first, in a few words each.
func (r *rig) changes(c access.Caller) (all []string) {
	r.t.Helper()
	v, err := r.Changes(context.Background(), c, 0, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range v.Changes {
		if d.Kind != "config" {
			all = append(all, fmt.Sprintf("%s|%s|%s|%s|%s", d.Kind, d.Operator, d.Approver, d.Reason, d.Text))
		}
	}
	return all
}

// TestTwoPersons: a cap changes only when a second person has approved it, who is another
// one and has the role; each step is a record.
func TestTwoPersons(t *testing.T) {
	r := newRig(t)
	before := r.cap(0)
	order := view.Order{Command: "set-cap", Participant: "BANKA", Amount: "500.00", Operator: "somebody else"}
	v := r.do(omar, order)
	if v.Done || v.Approval == 0 || r.cap(0) != before {
		t.Fatalf("%+v, the cap is %d", v, r.cap(0))
	}
	waits, _ := r.Approvals(context.Background(), omar)
	if len(waits.Approvals) != 1 || !waits.Approvals[0].Mine || waits.Approvals[0].By != "omar" {
		t.Errorf("waits %+v", waits)
	}
	approve := view.Order{Command: "approve", Approval: v.Approval}
	r.refused(omar, approve, view.ErrForbidden)
	r.refused(olga, approve, view.ErrForbidden) // a cap is for a security officer
	r.refused(viewer, approve, view.ErrForbidden)
	if r.cap(0) != before {
		t.Fatal("the cap has changed without a second person")
	}
	approve.Reason = "asked BANKA"
	if v = r.do(sam, approve); !v.Done || r.cap(0) != 50_000 || v.Position == nil || v.Position.Cap != 50_000 {
		t.Errorf("%+v, the cap is %d", v, r.cap(0))
	}
	r.refused(sara, approve, view.ErrNotFound) // once
	v = r.do(sam, order)
	r.refused(sam, view.Order{Command: "approve", Approval: v.Approval}, view.ErrForbidden)
	r.do(sara, view.Order{Command: "reject", Approval: v.Approval, Reason: "too low"})
	v = r.do(sam, order)
	r.pass(approvalLife)
	r.refused(sara, view.Order{Command: "approve", Approval: v.Approval}, view.ErrNotFound)
	r.expire()
	const text = "Set the net debit cap of BANKA to 500.00 INR."
	want := []string{
		"expired|sam||nobody has approved it in time|" + text, "proposed|sam||a test|" + text,
		"rejected|sara||too low|" + text, "proposed|sam||a test|" + text,
		"set-cap|omar|sam|a test|" + text, "approved|omar|sam|asked BANKA|" + text, "proposed|omar||a test|" + text,
	}
	if got := r.changes(auditor); !slices.Equal(got, want) {
		t.Errorf("changes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := r.changes(viewer); !strings.Contains(got[0], "|"+Hidden+"|") {
		t.Errorf("a viewer sees %q", got[0])
	}
}

// TestApprovalsAreBounded: the one over the bound is refused, and those that wait at the
// end are dropped, with a record each.
func TestApprovalsAreBounded(t *testing.T) {
	r := newRig(t)
	order := view.Order{Command: "set-cap", Participant: "BANKA", Amount: "1.00"}
	for i := range approvalsMax / approvalsByOne {
		c := access.Caller{Name: fmt.Sprint("o", i), Roles: access.Operator, Secured: true}
		for range approvalsByOne {
			r.do(c, order)
		}
		if said := r.refused(c, order, view.ErrConflict); i == 0 && !strings.Contains(said, "16 of your orders") {
			t.Error(said)
		}
	}
	r.refused(omar, order, view.ErrConflict)
	r.dropAll()
	expired := 0
	for _, c := range r.changes(auditor) {
		if strings.HasPrefix(c, "expired|") {
			expired++
		}
	}
	if waits, _ := r.Approvals(context.Background(), sam); expired != approvalsMax || len(waits.Approvals) != 0 {
		t.Errorf("%d expired, %d wait", expired, len(waits.Approvals))
	}
}

// TestApprovalIsOfWhatWasSeen: what has changed since it was ordered, and what somebody has
// ordered who may not any more, is not carried out, and waits no more.
func TestApprovalIsOfWhatWasSeen(t *testing.T) {
	gone := ""
	r := newRig(t, func(o *Options) {
		o.Roles = func(then access.Caller) access.Roles {
			if then.Name == gone {
				return access.Viewer
			}
			return then.Roles
		}
	})
	id := r.pay(1)
	order := view.Order{Command: "set-cap", Participant: "BANKA", Amount: "500.00"}
	approve := func(v view.Done) view.Order { return view.Order{Command: "approve", Approval: v.Approval} }
	v, other := r.do(omar, order), r.do(olga, view.Order{Command: "set-cap", Participant: "BANKA", Amount: "7.00"})
	r.do(sam, approve(other))
	if said := r.refused(sam, approve(v), view.ErrConflict); !strings.Contains(said, "what it is about has changed") || r.cap(0) != 700 {
		t.Errorf("%s; the cap is %d", said, r.cap(0))
	}
	r.refused(sam, approve(v), view.ErrNotFound)
	v = r.do(omar, order)
	gone = "omar"
	if said := r.refused(sam, approve(v), view.ErrConflict); !strings.Contains(said, "may not order it any more") || r.cap(0) != 700 {
		t.Errorf("%s; the cap is %d", said, r.cap(0))
	}
	if got := r.changes(auditor); !strings.HasPrefix(got[0], "expired|omar||who has ordered it may not order it any more|") {
		t.Errorf("%q", got)
	}
	v = r.do(olga, view.Order{Command: "settle", Payment: fmt.Sprint(id)})
	r.submit(answer(1, id, payment.LegCredit, payment.InsufficientFunds, "AM04")) // the bank takes its word back
	r.settle()
	if said := r.refused(sam, approve(v), view.ErrConflict); !strings.Contains(said, "what it is about has changed") {
		t.Error(said)
	}
}

// TestBusyKeepsApproval: an engine that takes nothing now leaves the order waiting.
func TestBusyKeepsApproval(t *testing.T) {
	full := false
	r := newRig(t, func(o *Options) { o.Engine = &fullEngine{o.Engine, &full} })
	v := r.do(omar, view.Order{Command: "set-cap", Participant: "BANKA", Amount: "500.00"})
	approve := view.Order{Command: "approve", Approval: v.Approval}
	full = true
	r.refused(sam, approve, view.ErrBusy)
	full = false
	if r.do(sam, approve); r.cap(0) != 50_000 {
		t.Errorf("the cap is %d", r.cap(0))
	}
}

// fullEngine takes no order while it is full.
type fullEngine struct {
	Engine
	full *bool
}

func (e *fullEngine) Command(o engine.Order) (uint64, bool, error) {
	if *e.full {
		return 0, false, engine.ErrBusy
	}
	return e.Engine.Command(o)
}

// TestNoFaultOfTheSwitch: what others cannot do now is told as that.
func TestNoFaultOfTheSwitch(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Debug = func(string, int64) error { return errors.New("too many participants are watched") }
		o.KeyList = func(context.Context) (view.Keys, error) { return view.Keys{}, errors.New("no module answers") }
	})
	r.refused(omar, view.Order{Command: "debug", Participant: "BANKA", For: "10m"}, view.ErrConflict)
	if _, err := r.KeyList(t.Context(), sam); !errors.Is(err, view.ErrBusy) {
		t.Error(err)
	}
}

// TestNoteIsRecorded: what the journal has not taken as done, must not be done.
func TestNoteIsRecorded(t *testing.T) {
	r := newRig(t)
	for _, o := range []view.Order{
		{Reason: "", Operator: "omar"}, {Reason: strings.Repeat("x", ReasonBytesMax+1), Operator: "omar"},
		{Reason: "two\nlines", Operator: "omar"}, {Reason: "a test", Operator: strings.Repeat("x", OperatorBytesMax+1)}, {Reason: "a test"},
	} {
		if err := r.Note("backup", "Make a backup", o.Reason, o.Operator); !errors.Is(err, view.ErrRefused) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	const why = "its record has at most 132 bytes of plain text"
	for _, text := range []string{"Make a backup in /" + strings.Repeat("x", deedBytesMax), "Make a backup in /a\nb", "Make a backup in /\xff"} {
		if err := r.Note("backup", text, "a test", "omar"); !errors.Is(err, view.ErrRefused) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got := r.changes(auditor); len(got) != 0 {
		t.Errorf("%q", got)
	}
	text := "Make a backup in /" + strings.Repeat("x", 132-18)
	if err := r.Note("backup", text, "a test", "omar"); err != nil || r.changes(auditor)[0] != "backup|omar||a test|"+text+"." {
		t.Errorf("%v: %q", err, r.changes(auditor))
	}
}

// TestOrders: who may give them, what they must say, and what they do.
func TestOrders(t *testing.T) {
	var watched string
	r := newRig(t, func(o *Options) {
		o.Debug = func(participant string, until int64) error {
			watched = fmt.Sprint(participant, " ", until != 0)
			return nil
		}
		o.LinkEnds = 25 * time.Second
	})
	drain := view.Order{Command: "drain", Participant: "BANKB"}
	for _, c := range []access.Caller{viewer, auditor} {
		r.refused(c, drain, view.ErrForbidden)
	}
	for _, reason := range []string{" ", strings.Repeat("x", 141), "two\nlines"} {
		r.refused(omar, view.Order{Command: "drain", Participant: "BANKB", Reason: reason}, view.ErrRefused)
	}
	if _, err := r.Do(t.Context(), omar, drain); !errors.Is(err, view.ErrRefused) {
		t.Errorf("without a reason: %v", err)
	}
	r.refused(omar, view.Order{Command: "drain", Participant: "NOBODY"}, view.ErrNotFound)
	r.refused(omar, view.Order{Command: "explode"}, view.ErrRefused)
	r.refused(omar, view.Order{Command: "settle", Payment: "x"}, view.ErrRefused)
	if v := r.do(omar, drain); !v.Done || v.Seq == 0 || v.Text != "Drain BANKB: it takes part in no new payment." {
		t.Errorf("%+v", v)
	}
	r.refused(omar, drain, view.ErrConflict)
	r.watch.look(t.Context())
	if p, err := r.Participant(t.Context(), "BANKB"); err != nil || p.State != stateDrained || !p.Drained {
		t.Errorf("%+v %v", p, err)
	}
	r.do(sam, view.Order{Command: "resume", Participant: "BANKB"})

	r.refused(omar, view.Order{Command: "debug", Participant: "BANKA", For: "2h"}, view.ErrRefused)
	r.do(omar, view.Order{Command: "debug", Participant: "BANKA", For: "10m"})
	r.watch.look(t.Context())
	if p, _ := r.Participant(t.Context(), "BANKA"); watched != "BANKA true" || p.DebugUntil == "" {
		t.Errorf("watched %q, until %q", watched, p.DebugUntil)
	}
	r.refused(omar, view.Order{Command: "close-link", Link: 8}, view.ErrNotFound)
	if done := r.do(omar, view.Order{Command: "close-link", Link: 7}); !strings.HasSuffix(done.Text, "(10.0.0.1:5000). It is closing: up to 25s for what is under way on it.") {
		t.Errorf("it said %q", done.Text)
	}
	if !slices.Equal(r.links.dismissed, []uint64{7}) {
		t.Errorf("dismissed %v", r.links.dismissed)
	}
	if got := r.changes(auditor); !strings.HasPrefix(got[0], "close-link|omar||a test|Close link 7 of BANKA (10.0.0.1:5000)") {
		t.Errorf("%q", got)
	}
}

// TestDecisionNeedsTwo: a dead letter is settled by an operator and another one.
func TestDecisionNeedsTwo(t *testing.T) {
	r := newRig(t)
	id := r.pay(1)
	order := view.Order{Command: "settle", Payment: fmt.Sprint(id)}
	r.refused(sam, order, view.ErrForbidden) // officers approve
	v := r.do(omar, order)
	if said := r.refused(olga, view.Order{Command: "approve", Approval: v.Approval}, view.ErrRefused); !strings.Contains(said, "does not fit payment") {
		t.Error(said)
	}
	open := access.Caller{Name: "somebody", Roles: access.Anyone}
	if said := r.refused(open, order, view.ErrRefused); !strings.Contains(said, "does not fit payment") { // nobody shows who he is: at once
		t.Error(said)
	}
}

// TestMoneyOfAPayment: each is in its own currency, with the decimals of that.
func TestMoneyOfAPayment(t *testing.T) {
	for currency, want := range map[ledger.Currency]string{
		356: "INR 2", 392: "JPY 0", 48: "BHD 3", 0: "minor units 0", 998: "minor units of currency 998 0",
	} {
		p := &payment.Payment{ID: 1, State: payment.Declined, Amount: ledger.Amount{Minor: 1234, Currency: currency}}
		if h := headOf(p, func(route.Participant) string { return "" }, access.Viewer); fmt.Sprint(h.Code, " ", h.Exponent) != want {
			t.Errorf("%d: %s %d, want %s", currency, h.Code, h.Exponent, want)
		}
	}
}

// TestPictureIsShared: a look is one for all who ask, and says what happened since the
// last one.
func TestPictureIsShared(t *testing.T) {
	r := newRig(t)
	if _, err := r.Overview(t.Context(), viewer); !errors.Is(err, view.ErrBusy) {
		t.Error(err)
	}
	r.watch.look(t.Context())
	for stan := range uint32(3) {
		r.pay(stan + 1)
	}
	r.open(9)
	r.pass(time.Second)
	r.watch.look(t.Context())
	o, err := r.Overview(t.Context(), viewer)
	if err != nil || o.Latest.Success != 1 || o.Latest.PerSecond < 2 || o.Open != 1 || o.Latest.InFlight != 12_345 || !o.Ready || o.PositionsSum != 0 {
		t.Errorf("%+v %v", o, err)
	}
	if s, err := r.Series(t.Context(), 900); err != nil || len(s.Samples) != 2 {
		t.Errorf("%+v %v", s, err)
	}
	all, _ := r.Participants(t.Context())
	if p := all.Participants[0]; p.State != stateUp || p.Latest.Success != 1 || len(p.Breakers) != len(payment.Classes()) || p.Breakers[1].Approved != 3 {
		t.Errorf("%+v", p)
	}
	if cost := testing.AllocsPerRun(100, func() { _, _ = r.Overview(t.Context(), viewer) }); cost > 0 {
		t.Errorf("a reader costs %v allocations", cost)
	}
}

// TestQuantile: between the bounds of a bucket.
func TestQuantile(t *testing.T) {
	var counts latency
	if quantile(&counts, 0.5) != 0 {
		t.Error("of nothing")
	}
	counts[20] = 100
	low, high := quantile(&counts, 0.001), quantile(&counts, 1)
	if middle := quantile(&counts, 0.5); middle <= low || middle >= high || (high-low)/2+low-middle > 0.001*high {
		t.Errorf("%v %v %v", low, middle, high)
	}
	if slow, all := above(&counts, alert.SlowPayment); slow != 0 || all != 100 {
		t.Error(slow, all)
	}
	counts[len(counts)-1] = 7
	if slow, all := above(&counts, alert.SlowPayment); slow != 7 || all != 107 {
		t.Error(slow, all)
	}
}
