package payment

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"switchd/switch/route"
)

// TestLegNotes: what is asked of a participant, and what becomes of it, is told once.
func TestLegNotes(t *testing.T) {
	s := newStepper()
	for n := range s.m.participants {
		s.m.participants[n].profile.Checks = true
	}
	var got []string
	step := func(e *Event) {
		s.step(e)
		for _, n := range s.m.LegNotes() {
			got = append(got, fmt.Sprintf("%d %v %v", n.To, n.Class, n.Result))
			if timed := n.Took > 0; timed != (n.Class != ClassReversal && n.Result != LegAsked && n.Result != LegUnanswered) { // the reversal goes out twice
				t.Errorf("%+v", n)
			}
		}
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		got = nil
	}
	var p *Payment
	request := func() {
		s.request(0)
		p = s.m.open[ID(s.seq)]
		for _, n := range s.m.LegNotes() {
			got = append(got, fmt.Sprintf("%d %v %v", n.To, n.Class, n.Result))
		}
	}
	answer := func(leg Leg, o Outcome) {
		step(&Event{Kind: AnswerArrived, From: p.Target(leg), Answer: Answer{
			Payment: p.ID, Leg: leg, STAN: p.Legs[leg].STAN, Transmitted: p.Legs[leg].Transmitted, Minor: p.Amount.Minor, Outcome: o}})
	}
	wait := func(d time.Duration) {
		s.at += int64(d)
		step(&Event{Kind: Tick, From: route.Nobody})
	}
	request()
	answer(LegDebit, OK)
	answer(LegCredit, OK)
	expect("a success", "0 debit asked", "0 debit approved", "1 credit asked", "1 credit approved")
	answer(LegCredit, OK)
	expect("a late answer")
	request()
	answer(LegDebit, InsufficientFunds)
	expect("no money", "0 debit asked", "0 debit declined")
	request()
	answer(LegDebit, ErrBank)
	expect("an ill bank", "0 debit asked", "0 debit failed")
	request()
	wait(15 * time.Second)
	wait(20 * time.Second)
	answer(LegReversal, OK)
	expect("no answer", "0 debit asked", "0 debit unanswered", "0 reversal asked", "0 reversal unanswered", "0 reversal asked", "0 reversal approved")
}
