package main

import (
	"slices"
	"sync"
	"testing"
	"time"

	"switchd/session/faultline"
	"switchd/switch/payment"
	"switchd/switch/simbank"
)

// calmTimers leave time to a busy machine: nothing but what a test spoils is late.
const calmTimers = "resolve: 10s, debit: 10s, credit: 10s, total: 30s, reversal: 5s, backoff_min: 100ms, backoff_max: 1s, give_up: 1m, credit_unknown: 300ms, idle: 30s, echo: 10s"

// atOnce sends n payments at the same time and counts what becomes of them.
func atOnce(t *testing.T, n int, from *member, order func(i int) simbank.Order) map[string]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex // guards outcomes
	outcomes := map[string]int{}
	for i := range n {
		all.Go(func() {
			r, err := from.Send(t.Context(), order(i))
			mu.Lock()
			defer mu.Unlock()
			what := r.Outcome
			if what == "declined" {
				what += " " + r.UPI
			}
			if outcomes[what]++; err != nil {
				t.Errorf("%s: %v", from.first.ID, err)
			}
		})
	}
	all.Wait()
	return outcomes
}

// TestSlowBank (reliability, row 23): a bank that gets slow gets fewer messages at a
// time; one that answers when its timer is over gets none, and its payers are told so
// before they are debited. When it is well it is paid again. Payments of others succeed
// all the while, each of them.
func TestSlowBank(t *testing.T) {
	all := pairs(2)
	slow := &all[3]
	slow.Extra = "in_flight: {min: 4, max: 64}, breaker: {in_row: 5, open_for: 300ms}, timers: {credit: 1s}"
	in := newInside(t, calmTimers, all, func(*simbank.Options) {})
	payer, payee := in.members["PAYER01"], in.members["PAYEE01"]
	pays := func(int) simbank.Order { return payee.to(100) }
	stop := in.trickle(in.members["PAYER00"], in.members["PAYEE00"])

	for range 10 {
		if got := atOnce(t, 4, payer, pays); got["success"] != 4 {
			t.Fatalf("well, and yet %v", got)
		}
	}
	line := in.up(payee)
	// Slow, but in time: a sixth of the timer, and much more than it has ever taken.
	before := in.health(payee, payment.ClassCredit)
	line.Change(faultline.Up, faultline.Way{Delay: 160 * time.Millisecond})
	for range 4 {
		atOnce(t, before.Limit, payer, pays)
	}
	after := in.health(payee, payment.ClassCredit)
	t.Logf("slow, in time: limit %d -> %d", before.Limit, after.Limit)
	if after.Limit > 8 || after.InFlight != 0 || after.Breaker != payment.BreakerClosed {
		t.Errorf("health was %+v, is %+v", before, after)
	}
	// With as many under way as may be, more are told so before anything is debited.
	line.Change(faultline.Up, faultline.Way{Delay: 400 * time.Millisecond})
	enough, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for !isClosed(enough) {
			atOnce(t, 2*after.Limit, in.members["PAYER00"], pays)
		}
	}()
	until(t, patience, "more are turned away", func() bool {
		debits := payer.Stats().Debits // which has nothing else to do
		return atOnce(t, 1, payer, pays)["declined U89"] == 1 && payer.Stats().Debits == debits
	})
	close(enough)
	<-over

	// Too slow: 1.4 times its timer, as 14 s are for one of 10 s.
	line.Change(faultline.Up, faultline.Way{Delay: 1400 * time.Millisecond})
	for in.health(payee, payment.ClassCredit).Breaker == payment.BreakerClosed {
		atOnce(t, 3, payer, pays)
	}
	if got := in.metric(`switchd_breaker_state{class="credit",participant="PAYEE01"}`); got == 0 {
		t.Error("the breaker is open, and the metric does not say so")
	}
	until(t, patience, "what was under way is over", func() bool {
		return said(t, in.node).Open <= 1 // the others'
	})
	debits, shut := payer.Stats().Debits, 0
	for in.health(payee, payment.ClassCredit).Breaker == payment.BreakerOpen && shut < 20 {
		if got := atOnce(t, 1, payer, pays); got["success"]+got["deemed"] == 0 {
			shut++
		}
	}
	// A breaker that has become half-open meanwhile lets a few through.
	if went := payer.Stats().Debits - debits; shut == 0 || went > 3 {
		t.Errorf("%d payments were turned away, %d debited", shut, went)
	}

	line.Change(faultline.Up, faultline.Way{})
	until(t, patience, "its breaker closes", func() bool {
		atOnce(t, 1, payer, pays)
		return in.health(payee, payment.ClassCredit).Breaker == payment.BreakerClosed
	})
	if got := atOnce(t, 4, payer, pays); got["success"] != 4 {
		t.Errorf("well again, and yet %v", got)
	}
	paid, wrong, took := stop()
	t.Logf("others: %d payments, p50 %v, p99 %v; turned away by the breaker: %d", paid, took.at(50), took.at(99), shut)
	if len(wrong) != 0 || paid < 20 {
		t.Errorf("others: %d payments, of which %d did not succeed: %v", paid, len(wrong), wrong)
	}
	for _, c := range payment.Classes() {
		for _, id := range []string{"PAYER00", "PAYEE00", "PAYER01"} {
			if h := in.health(in.members[id], c); h.Breaker != payment.BreakerClosed {
				t.Errorf("%s: %v is %v", id, c, h.Breaker)
			}
		}
	}
	in.balanced()
}

// repairGap is the pace at which a participant that was away gets what it is owed: 20 a
// second.
const repairGap = 50 * time.Millisecond

// TestAbsentBank (reliability, row 23): a bank goes away with many debits under way.
// Its payments are declined at once, the reversals wait; when it comes back they go out
// at their pace, new payments go on beside them, and others have noticed nothing.
func TestAbsentBank(t *testing.T) {
	const owed = 30
	all := pairs(2)
	all[2].Extra = "breaker: off, timers: {debit: 500ms}" // it is its absence that is tested
	in := newInside(t, calmTimers, all, func(o *simbank.Options) { o.AnswerTimeout = 300 * time.Millisecond })
	away, payee := in.members["PAYER01"], in.members["PAYEE01"]
	stop := in.trickle(in.members["PAYER00"], payee)

	in.up(away).Change(faultline.Down, faultline.Way{Delay: time.Hour})
	outcomes := make(chan map[string]int, 1)
	go func() {
		outcomes <- atOnce(t, owed, away, func(i int) simbank.Order {
			o := payee.to(100)
			o.PayerAccount = away.account(i + 1) // reversals of one account go one behind the other
			return o
		})
	}()
	until(t, patience, "its debits are in doubt", func() bool {
		return said(t, in.node).States["DEBIT_REV_SENT"] == owed
	})
	away.line.Plan(faultline.Way{Then: faultline.Reset}, faultline.Way{}) // nobody comes through
	for _, l := range away.line.Lines() {
		l.End(faultline.Reset)
	}
	until(t, patience, "the switch knows that it is away", func() bool { return in.linksOf(away) == 0 })
	held := in.reversals(away)
	toIt := away.to(100)
	if got := atOnce(t, 5, in.members["PAYER00"], func(int) simbank.Order { return toIt }); got["declined U78"] != 5 {
		t.Errorf("payments to a bank that is away: %v", got)
	}
	seen := away.Stats().Reversals
	if len(held) != owed || seen != 0 {
		t.Fatalf("%d reversals wait, %d were heard", len(held), seen)
	}

	began := time.Now()
	away.line.Plan(faultline.Way{}, faultline.Way{})
	until(t, patience, "the switch knows that it is back", func() bool { return in.linksOf(away) == 1 })
	due := in.reversals(away)
	for i := 1; i < len(due); i++ {
		if gap := time.Duration(due[i] - due[i-1]); gap < repairGap {
			t.Errorf("reversal %d is due %v behind the one before it", i, gap)
		}
	}
	until(t, patience, "it pays again", func() bool {
		r, err := away.Send(t.Context(), payee.to(100))
		return err == nil && r.Outcome == "success"
	})
	resumed, still := time.Since(began), len(in.reversals(away))
	until(t, patience, "all is repaired", func() bool { return len(in.reversals(away)) == 0 })
	drained := time.Since(began)
	if least := (owed - 1) * repairGap; drained < least {
		t.Errorf("%d reversals within %v, which is faster than %v", owed, drained, least)
	}
	got := <-outcomes
	paid, wrong, took := stop()
	t.Logf("paid again after %v, when %d of %d reversals were still owed; all repaired after %v; told %v", resumed, still, owed, drained, got)
	t.Logf("others: %d payments, p50 %v, p99 %v", paid, took.at(50), took.at(99))
	if len(wrong) != 0 || paid < 20 {
		t.Errorf("others: %d payments, of which %d did not succeed: %v", paid, len(wrong), wrong)
	}
	if r := in.balanced(); r.Reversed < owed {
		t.Errorf("%+v", r)
	}
}

// linksOf is how many links the machine knows of.
func (in *inside) linksOf(m *member) (n int) {
	in.t.Helper()
	if err := in.node.engine.Inspect(in.t.Context(), func(machine *payment.Machine) { n = machine.LinkCount(m.number) }); err != nil {
		in.t.Fatal(err)
	}
	return n
}

// reversals is when the reversals are due that a participant has not answered.
func (in *inside) reversals(of *member) (due []int64) {
	in.t.Helper()
	if err := in.node.engine.Inspect(in.t.Context(), func(m *payment.Machine) {
		m.OpenPayments(func(p *payment.Payment) {
			if p.State == payment.DebitRevSent && p.PayerBank == of.number {
				due = append(due, p.Legs[payment.LegReversal].Due)
			}
		})
	}); err != nil {
		in.t.Fatal(err)
	}
	slices.Sort(due)
	return due
}
