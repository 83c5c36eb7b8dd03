package payment

import (
	"testing"

	"switchd/switch/route"
)

// TestNearest: what an answer without a match is nearest to, and by what it differs.
func TestNearest(t *testing.T) {
	all := Match{Reference: true, Transmitted: true, STAN: true}
	s := newStepper()
	for n := range 30 { // ten debits wait at each bank
		s.request(n)
	}
	debit := func(bank route.Participant, k int) (*Payment, Answer) {
		t.Helper()
		for id := range ID(s.seq + 1) {
			p := s.m.open[id]
			if p == nil || p.State != DebitSent || p.PayerBank != bank {
				continue
			}
			if k--; k < 0 {
				l := &p.Legs[LegDebit]
				return p, Answer{Payment: p.ID, Leg: LegDebit, STAN: l.STAN, Transmitted: l.Transmitted}
			}
		}
		t.Fatalf("bank %d has no such debit", bank)
		return nil, Answer{}
	}
	third, echo := debit(1, 3)
	change := func(f func(a *Answer)) Answer {
		a := echo
		f(&a)
		return a
	}
	other, _ := debit(0, 0)
	answers := []Answer{
		change(func(a *Answer) { a.STAN = 999_999 }),
		change(func(a *Answer) { a.Payment = 0 }),                   // a reference of its own
		change(func(a *Answer) { a.Payment, a.Transmitted = 0, 1 }), // and a time of its own
		change(func(a *Answer) { a.Payment, a.STAN = 0, 999_999 }),  // the time alone is no key
		change(func(a *Answer) { a.Payment = other.ID; a.STAN = 999_999 }),
		change(func(a *Answer) { a.Leg = LegCredit; a.STAN = 999_999 }), // not sent to it, nor to anybody
		change(func(a *Answer) { a.Payment = 1 << 40; a.STAN = 0 }),
	}
	want := []Near{
		{third.ID, LegDebit, third.Legs[LegDebit].SentAt, 1, Match{Reference: true, Transmitted: true}, Match{STAN: true}},
		{third.ID, LegDebit, third.Legs[LegDebit].SentAt, 1, Match{Transmitted: true, STAN: true}, Match{Reference: true}},
		{third.ID, LegDebit, third.Legs[LegDebit].SentAt, 1, Match{STAN: true}, Match{Transmitted: true, Reference: true}},
		{},
		{other.ID, LegDebit, other.Legs[LegDebit].SentAt, 0, Match{Reference: true, Transmitted: true}, Match{STAN: true}},
		{third.ID, LegCredit, 0, third.PayeeBank, Match{Reference: true}, Match{STAN: true, Transmitted: true}},
		{},
	}
	for range 5 { // in whatever order the payments come
		for i, got := range s.m.Nearest(1, answers, 1000) {
			if got != want[i] {
				t.Errorf("answer %d: %+v, want %+v", i, got, want[i])
			}
		}
	}
	if got := s.m.Nearest(1, answers[1:2], 0); got[0] != (Near{}) {
		t.Errorf("without looking at a payment: %+v", got[0])
	}
	// What was answered already waits for nothing; a participant without a reference
	// in its key is compared by the rest.
	s.step(&Event{Kind: AnswerArrived, From: 1, Answer: Answer{Payment: third.ID, Leg: LegDebit, STAN: echo.STAN, Transmitted: echo.Transmitted, Outcome: InsufficientFunds}})
	if got := s.m.Nearest(1, answers[1:2], 1000); got[0] != (Near{}) {
		t.Errorf("after the answer: %+v", got[0])
	}
	fourth, echo := debit(1, 3)
	s.m.at(1).profile.Match = Match{Transmitted: true, STAN: true}
	near := s.m.Nearest(1, []Answer{{Leg: LegRequest, STAN: echo.STAN, Transmitted: 1}}, 1000)[0]
	if near.Payment != fourth.ID || near.Agrees != (Match{STAN: true}) || near.Differs != (Match{Transmitted: true}) {
		t.Errorf("by trace: %+v", near)
	}
	if all != s.m.matchOf(0) {
		t.Error("the default is all three")
	}
}
