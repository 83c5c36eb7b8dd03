package payment

import (
	"fmt"
	"slices"
	"testing"

	"switchd/switch/route"
)

// TestExchanges: with whom, from when to when, and what came of it; what waits has no end,
// and what is sent at the end does not end before it began.
func TestExchanges(t *testing.T) {
	const ms = 1_000_000
	p := &Payment{
		State: FailedReversed, Reply: TimeoutDebit, CreatedAt: 10 * ms, ClosedAt: 90 * ms,
		Key: RequestKey{From: 1}, PayerBank: 2, PayeeBank: 3, PayeePSP: 4, PayerPSP: route.Nobody,
	}
	p.Legs[LegRequest] = LegState{SentAt: 50 * ms}
	p.Legs[LegResolve] = LegState{SentAt: 11 * ms, AnsweredIn: 4, Answer: OK}
	p.Legs[LegDebit] = LegState{SentAt: 20 * ms}
	p.Legs[LegReversal] = LegState{SentAt: 50 * ms, Tries: 2, owed: isOwed}
	p.Legs[LegUpdate] = LegState{SentAt: 91 * ms}
	told := func() (all []string) {
		for _, x := range p.Exchanges(nil) {
			all = append(all, fmt.Sprintf("%v with %d %d-%d %v %v %d %v", x.Leg, x.With, x.SentAt/ms, x.EndedAt/ms, x.Answered, x.Answer, x.Tries, x.Owed))
		}
		return all
	}
	want := []string{
		fmt.Sprintf("request with 1 10-50 true %v 0 false", TimeoutDebit), "resolve with 4 11-15 true OK 0 false",
		fmt.Sprintf("debit with 2 20-90 false %v 0 false", NoOutcome), fmt.Sprintf("reversal with 2 50-0 false %v 2 true", NoOutcome),
		fmt.Sprintf("update with 1 91-91 false %v 0 false", NoOutcome),
	}
	slices.Sort(want)
	if got := told(); !slices.Equal(sorted(got), want) {
		t.Errorf("%q, want %q", got, want)
	}
	p.Type, p.PayerPSP, p.State = Collect, 5, DebitRevSent
	if x := p.Exchanges(nil); x[1].With != 5 || x[2].EndedAt != 0 {
		t.Errorf("of a collect: %+v; its debit waits: %+v", x[1], x[2])
	}
	var room [LegCount]Exchange
	if n := testing.AllocsPerRun(10, func() { p.Exchanges(room[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func sorted(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}
