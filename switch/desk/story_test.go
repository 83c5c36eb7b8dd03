package desk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// tells is a timeline as people read it: state, kind, leg and sentence of each moment.
func tells(v *view.Timeline) string {
	var b strings.Builder
	fmt.Fprintf(&b, "whole %v %s\n", v.Whole, v.Why)
	for _, m := range v.Moments {
		fmt.Fprintf(&b, "%s|%s|%s|%s\n", m.State, m.Kind, m.Leg, m.Text)
	}
	for _, t := range v.Timers {
		fmt.Fprintf(&b, "timer %s|%s|%s\n", t.Name, t.Leg, t.Ends)
	}
	return b.String()
}

// has wants moments in a timeline, one after the other.
func has(t *testing.T, v *view.Timeline, want ...string) {
	t.Helper()
	got := tells(v)
	rest := got
	for _, line := range want {
		_, after, found := strings.Cut(rest, line+"\n")
		if !found {
			t.Fatalf("no %q there in\n%s", line, got)
		}
		rest = after
	}
}

// reversed is a payment whose debit nobody has answered: its reversal is out.
func (r *rig) reversed(stan uint32) payment.ID {
	r.t.Helper()
	id := r.open(stan)
	r.late(time.Minute)
	r.expect(payment.LegReversal)
	r.expect(payment.LegRequest)
	return id
}

// TestTimersAreNamed: which has ended, and after what time; and the state at each moment is
// that of then.
func TestTimersAreNamed(t *testing.T) {
	r := newRig(t)
	id := r.reversed(1)
	r.late(time.Minute)
	r.expect(payment.LegReversal)
	v := r.timeline(omar, id)
	has(t, &v, "whole true ", "|request|request|BANKA asks for a push of 123.45 INR.", "RECEIVED|moved||The request is taken: it was not seen before.",
		"DEBIT_SENT|timer|debit|The wait for the answer to the debit has ended, after 1 min.",
		"DEBIT_REV_SENT|timer|reversal|The wait for an answer to the reversal of the debit has ended, after 1 min.",
		"|repeat|reversal|Again: BANKA is sent the reversal of the debit.", "timer sent again|reversal|2026-11-23T12:04:00.000Z")
	if strings.Count(tells(&v), "timer wait") != 0 {
		t.Errorf("the state has no time of its own:\n%s", tells(&v))
	}
	open := r.open(2)
	v = r.timeline(omar, open)
	has(t, &v, "timer wait for the answer to the debit||2026-11-23T12:03:00.000Z")
}

// TestTimelineOfADeadLetter: a reversal that nobody answers until it is given up, and what
// two persons have decided.
func TestTimelineOfADeadLetter(t *testing.T) {
	r := newRig(t)
	id := r.reversed(1)
	r.late(49 * time.Hour)
	r.settle()
	dead := func() (dead bool) {
		r.inspect(func(m *payment.Machine) { m.Look(id, func(p *payment.Payment) { dead = p.DeadLetter }) })
		return dead
	}
	for range 5 { // it is sent a last time first
		if !dead() {
			r.late(2 * time.Hour)
			r.settle()
		}
	}
	if !dead() {
		v := r.timeline(omar, id)
		t.Fatalf("no dead letter:\n%s", tells(&v))
	}
	stale := r.do(omar, view.Order{Command: "settle", Payment: fmt.Sprint(id), Reason: "before"})
	again := r.do(omar, view.Order{Command: "retry", Payment: fmt.Sprint(id), Reason: "it is back"})
	r.do(olga, view.Order{Command: "approve", Approval: again.Approval})
	r.refused(olga, view.Order{Command: "approve", Approval: stale.Approval}, view.ErrConflict)
	for range 8 { // nobody answers the retry either
		if !dead() {
			r.late(49 * time.Hour)
			r.settle()
		}
	}
	order := r.do(omar, view.Order{Command: "settle", Payment: fmt.Sprint(id), Reason: "by phone"})
	r.do(olga, view.Order{Command: "approve", Approval: order.Approval, Reason: "ticket 312"})
	v := r.timeline(omar, id)
	text := fmt.Sprintf("Settle payment %d: what its dead letter asked for has been done outside.", id)
	has(t, &v, "whole true ", "REVERSAL_STUCK|decision||"+text+" By omar: by phone", "REVERSAL_STUCK|decision||"+text+" By omar, approved by olga: ticket 312",
		"REVERSAL_STUCK|decision||"+text+" By omar, approved by olga: by phone")
	if v.Payment.DeadLetter || v.Operator != "omar" || v.Reason != "by phone" || len(v.Timers) != 0 {
		t.Errorf("%+v", v)
	}
	seen := r.timeline(viewer, id)
	if got := tells(&seen); strings.Contains(got, "by phone") || strings.Contains(got, "ticket") || !strings.Contains(got, "approved by olga: "+Hidden) {
		t.Errorf("a viewer reads\n%s", got)
	}
}

// TestTimelineOfDoubt: a credit that nobody answers is asked about several times and then
// deemed.
func TestTimelineOfDoubt(t *testing.T) {
	r := newRig(t)
	r.profiles(func(p *payment.Profile) { p.Checks = true })
	id := r.open(1)
	r.submit(answer(0, id, payment.LegDebit, payment.OK, "00"))
	r.expect(payment.LegCredit)
	r.late(time.Minute)
	r.expect(payment.LegRequest)
	for i, wait := range []time.Duration{9 * time.Minute, 9 * time.Minute, 42 * time.Minute} {
		r.late(wait)
		r.expect(payment.LegStatus)
		if i < 2 {
			r.submit(answer(1, id, payment.LegStatus, payment.Busy, "PDNG"))
			r.settle()
		}
	}
	v := r.timeline(omar, id)
	has(t, &v, "timer wait for what became of the credit||2026-11-23T13:02:00.000Z")
	r.late(time.Minute)
	r.expect(payment.LegAdvice)
	v = r.timeline(omar, id)
	has(t, &v, "whole true ",
		"CREDIT_SENT|timer|credit|The wait for the answer to the credit has ended, after 1 min.", "CREDIT_UNKNOWN|moved||Nobody knows whether the payee was credited: no answer came in time.",
		"CREDIT_UNKNOWN|timer|status|The wait for what became of the credit has ended, after 9 min.", "|message|status|BANKB is sent the question what became of the credit.",
		"CREDIT_UNKNOWN|timer|status|The wait for what became of the credit has ended, after 9 min.", "|message|status|BANKB is sent the question what became of the credit.",
		"CREDIT_UNKNOWN|timer|status|The wait for what became of the credit has ended, after 42 min.", "|message|status|BANKB is sent the question what became of the credit.",
		"CREDIT_UNKNOWN|timer|status|The wait for what became of the credit has ended, after 1 min.", "DEEMED|moved||The payment counts as done, and the payee's bank has not confirmed it: no answer came in time.",
		"|message|advice|BANKB is sent the advice of the credit.")
	checks, answers := 0, 0
	for _, m := range v.Moments {
		if m.Leg == payment.LegStatus.String() && m.Message != nil {
			switch m.Kind {
			case momentMessage:
				checks++
			case momentAnswer:
				answers++
			}
		}
	}
	if checks != 3 || answers != 2 {
		t.Errorf("%d checks, %d answers:\n%s", checks, answers, tells(&v))
	}
}

// collect is a request of BANKA for money of a customer of BANKB.
func collect(stan uint32) payment.Event {
	e := request(stan)
	e.Request.Type = payment.Collect
	e.Text = payment.Text{}
	for f, v := range map[payment.TextField]string{
		payment.PayerVPA: "canarinavpa@bankb", payment.PayeeAccount: payeeAccount, payment.PayeeIFSC: "BNKA0000001", payment.PayeeName: payeeName, payment.Note: note,
	} {
		e.Text.Set(f, []byte(v))
	}
	return e
}

// TestTimelineOfACollect: one that is approved, and one that nobody approves in time.
func TestTimelineOfACollect(t *testing.T) {
	r := newRig(t)
	begin := func(stan uint32) (id payment.ID) {
		r.submit(collect(stan))
		r.expect(payment.LegResolve)
		r.inspect(func(m *payment.Machine) {
			m.OpenPayments(func(p *payment.Payment) { id = max(id, p.ID) })
		})
		return id
	}
	id := begin(1)
	r.pass(time.Minute)
	approval := answer(1, id, payment.LegResolve, payment.OK, "00")
	approval.Text.Set(payment.PayerAccount, []byte(payerAccount))
	approval.Text.Set(payment.PayerIFSC, []byte("BNKB0000001"))
	r.submit(approval)
	r.expect(payment.LegDebit)
	r.submit(answer(1, id, payment.LegDebit, payment.OK, "00"))
	r.expect(payment.LegCredit)
	r.submit(answer(0, id, payment.LegCredit, payment.OK, "00"))
	r.expect(payment.LegRequest)
	v := r.timeline(omar, id)
	has(t, &v, "whole true ", "|request|request|BANKA asks for a collect of 123.45 INR.", "AWAIT_AUTH|moved||The payer is asked to approve: it is a collect.",
		"AWAIT_AUTH|answer|resolve|BANKB answers to the question whether the payer approves: approved (code 00).", "SUCCESS|moved||The payment has succeeded: the answer was yes.")
	if v.Legs[0].Participant != "BANKB" || v.Legs[0].EndMicros-v.Legs[0].StartMicros != int64(time.Minute/time.Microsecond) {
		t.Errorf("%+v", v.Legs)
	}
	id = begin(2)
	v = r.timeline(omar, id)
	has(t, &v, "timer wait for the payer's approval||2026-11-23T12:31:00.000Z")
	r.late(30 * time.Minute)
	r.expect(payment.LegRequest)
	v = r.timeline(omar, id)
	has(t, &v, "whole true ", "AWAIT_AUTH|timer|resolve|The wait for the payer's approval has ended, after 30 min.", "EXPIRED|moved||The payer has not approved in time: no answer came in time.")
}

// TestTimelineOfARefund: it is told whole, and leads to what it gives back, which leads to it.
func TestTimelineOfARefund(t *testing.T) {
	r := newRig(t)
	paid := r.pay(1)
	back := func(stan uint32, minor int64) payment.ID {
		e := payment.Event{Kind: payment.RequestArrived, From: 1}
		e.Request = payment.Request{
			Type: payment.Refund, Key: payment.RequestKey{From: 1, STAN: stan, Transmitted: 1123120000, Acquirer: 100002}, Hash: uint64(stan),
			Original: payment.Reference{Payment: paid},
		}
		e.Request.Amount.Minor, e.Request.Amount.Currency = minor, 356
		r.submit(e)
		r.expect(payment.LegDebit)
		id := payment.ID(0)
		r.inspect(func(m *payment.Machine) { m.OpenPayments(func(p *payment.Payment) { id = max(id, p.ID) }) })
		r.submit(answer(1, id, payment.LegDebit, payment.OK, "00"))
		r.expect(payment.LegCredit)
		r.submit(answer(0, id, payment.LegCredit, payment.OK, "00"))
		r.expect(payment.LegRequest)
		return id
	}
	first, rest := back(2, 12_000), back(3, 345) // together all of it
	for _, c := range []access.Caller{omar, viewer} {
		for id, amount := range map[payment.ID]string{first: "120.00", rest: "3.45"} {
			v := r.timeline(c, id)
			has(t, &v, "whole true ", "|request|request|BANKB asks for a refund of "+amount+" INR.", "DEBIT_SENT|answer|debit|BANKB answers to the debit: approved (code 00).",
				"SUCCESS|moved||The payment has succeeded: the answer was yes.")
			if len(v.Related) != 1 || v.Related[0].ID != uint64(paid) || v.Payment.Type != "refund" || v.Payment.PayeeBank != "BANKA" {
				t.Errorf("%+v", v)
			}
			if text := fmt.Sprint(v); strings.Contains(text, payerAccount) || strings.Contains(text, payeeAccount) {
				t.Errorf("%s reads an account in %s", c.Name, text)
			}
		}
	}
	v := r.timeline(omar, paid)
	has(t, &v, "whole true ", "SUCCESS|moved||The payment has succeeded: the answer was yes.", fmt.Sprintf("SUCCESS|request|request|BANKB asks for a refund of 120.00 INR: payment %d.", first))
	related := []uint64{}
	for _, h := range v.Related {
		related = append(related, h.ID)
	}
	if !slices.Equal(related, []uint64{uint64(first), uint64(rest)}) {
		t.Errorf("related %v, want %d and %d", related, first, rest)
	}
}
