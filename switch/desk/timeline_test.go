package desk

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// story is a timeline in a few words.
func story(v *view.Timeline) (all []string) {
	for _, m := range v.Moments {
		s := m.Kind
		if m.Leg != "" {
			s += " " + m.Leg
		}
		if m.Kind == momentMoved {
			s += " " + m.State
		}
		all = append(all, s)
	}
	return all
}

// TestTimelineOfASuccess: what came, what the switch did, and how it went from state to
// state, with the messages of both banks.
func TestTimelineOfASuccess(t *testing.T) {
	r := newRig(t)
	v := r.timeline(omar, r.pay(1))
	want := []string{
		"request request", "moved RECEIVED", "moved RESOLVED", "moved DEBIT_SENT", "message debit",
		"answer debit", "moved DEBITED", "moved CREDIT_SENT", "message credit",
		"answer credit", "moved SUCCESS", "answer request",
	}
	if got := story(&v); !slices.Equal(got, want) || !v.Whole {
		t.Errorf("whole %v %q: %q\nwant %q", v.Whole, v.Why, got, want)
	}
	names := []string{}
	for _, m := range v.Moments {
		if m.Message != nil {
			names = append(names, m.Message.Name)
		}
	}
	if want := []string{"0200", "0200", "0210", "pacs.008.001.08", "pacs.002", "0210"}; !slices.Equal(names, want) {
		t.Errorf("messages %q, want %q", names, want)
	}
	if len(v.Legs) != 2 || v.Legs[0].EndMicros != 3000 || v.Payment.State != "SUCCESS" || len(v.Timers) != 0 {
		t.Errorf("legs %+v, payment %+v, timers %v", v.Legs, v.Payment, v.Timers)
	}
}

// TestTimelineOfAReversal: a debit that nobody answers is reversed when its time is over,
// and an answer that comes then is late.
func TestTimelineOfAReversal(t *testing.T) {
	r := newRig(t)
	id := r.open(1)
	r.pass(2 * time.Minute)
	r.submit(payment.Event{Kind: payment.LinkUp, From: 1}) // has the sequencer look at the clock
	r.expect(payment.LegReversal)
	r.expect(payment.LegRequest)
	v := r.timeline(omar, id)
	if got := strings.Join(story(&v), ", "); !strings.Contains(got, "timer debit, moved DEBIT_REV_SENT, message reversal") || !v.Whole {
		t.Errorf("whole %v: %s", v.Whole, got)
	}
	if len(v.Timers) == 0 {
		t.Error("no timer runs, yet the reversal is to be sent again")
	}
	r.submit(answer(0, id, payment.LegDebit, payment.OK, "00"), answer(0, id, payment.LegReversal, payment.OK, "00"))
	r.settle()
	v = r.timeline(omar, id)
	if got := strings.Join(story(&v), ", "); !strings.Contains(got, "answer debit, late") || v.Payment.State != "FAILED_REVERSED" {
		t.Errorf("%s: %s", v.Payment.State, got)
	}
}

// TestNobodySeesCanaries: what tells of persons is in no answer as it is, and in none of a
// viewer's at all.
func TestNobodySeesCanaries(t *testing.T) {
	r := newRig(t)
	id := r.pay(1)
	secrets := []string{payerAccount, payeeAccount, payerName, payeeName, "Canarina", "Zweistein", "Quirinus", "Oberhuber", "canarinavpa", note, "xylophone", pinToken}
	for _, c := range []access.Caller{viewer, omar, sam, auditor} {
		v := r.timeline(c, id)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if strings.Contains(strings.ToLower(string(text)), strings.ToLower(s)) {
				t.Errorf("%s sees %q", c.Roles, s)
			}
		}
		if shows := strings.Contains(string(text), payerAccount[:6]); shows != Personal(c.Roles) {
			t.Errorf("%s sees the first digits of an account: %v", c.Roles, shows)
		}
		messages := 0
		for _, m := range v.Moments {
			if m.Message != nil && len(m.Message.Fields) > 0 {
				messages++
			}
		}
		if messages != 6 {
			t.Errorf("%s sees %d messages", c.Roles, messages)
		}
	}
}

// TestTimelineWithoutItsWorld: what a machine of its own makes otherwise is not shown.
func TestTimelineWithoutItsWorld(t *testing.T) {
	r := newRig(t)
	id := r.pay(1)
	p, err := r.lookAt(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	h, err := r.read(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	p.State = payment.Declined
	if _, same := r.replay(p, &h, nil); same {
		t.Error("a payment that has ended in another way is taken for the same")
	}
	v := r.tell(t.Context(), omar, p, &h)
	if v.Whole || v.Why == "" || slices.Contains(story(&v), "moved SUCCESS") {
		t.Errorf("whole %v, why %q, %q", v.Whole, v.Why, story(&v))
	}
}
