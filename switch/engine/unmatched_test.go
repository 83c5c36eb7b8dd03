package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// TestUseOfAnswersIsTold: an answer that does not echo its leg and one about no payment
// are told as such; one that does echo it is of use once, and not again, be it the same
// or another.
func TestUseOfAnswersIsTold(t *testing.T) {
	var told, useful []string
	e := openWith(t, vfs.NewMem(), Options{
		Config: testConfig(time.Minute), Clock: clockOf,
		Unmatched: func(from route.Participant, a *payment.Answer) {
			told = append(told, fmt.Sprintf("%d %d %v", from, a.Payment, a.Leg))
		},
		Useful: func(from route.Participant) { useful = append(useful, fmt.Sprintf("%d, after %d", from, len(told))) },
	})
	stop := start(e, &sink{})
	submit(t, e, append(links(), push(1))...)
	var p payment.Payment
	for p.ID == 0 {
		if err := e.Inspect(t.Context(), func(m *payment.Machine) { m.OpenPayments(func(q *payment.Payment) { p = *q }) }); err != nil {
			t.Fatal(err)
		}
	}
	l := &p.Legs[payment.LegDebit]
	answer := func(id payment.ID, stan uint32) payment.Event {
		return payment.Event{Kind: payment.AnswerArrived, Answer: payment.Answer{
			Payment: id, Leg: payment.LegDebit, STAN: stan, Transmitted: l.Transmitted, Outcome: payment.InsufficientFunds,
		}}
	}
	yes := answer(p.ID, l.STAN)
	yes.Answer.Outcome, yes.Answer.Minor = payment.OK, payment.AmountNotStated
	submit(t, e, answer(p.ID, l.STAN+1), answer(1<<40, l.STAN), answer(p.ID, l.STAN), answer(p.ID, l.STAN), yes, yes)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if want := []string{fmt.Sprintf("0 %d debit", p.ID), fmt.Sprintf("0 %d debit", uint64(1)<<40)}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if want := []string{"0, after 2"}; !slices.Equal(useful, want) {
		t.Errorf("of use are %q, want %q", useful, want)
	}
}
