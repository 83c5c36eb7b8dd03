package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"switchd/session/faultline"
	"switchd/switch/simbank"
)

// pairs are so many payers of text and payees of packed digits. One participant alone
// cannot lose its line hundreds of times: who signs on more than 60 times in a minute
// is held off.
func pairs(n int) (all []schemeParticipant) {
	for i := range n {
		payer, payee := demoParticipants[0], demoParticipants[1]
		payer.ID, payer.Institution, payer.Handle, payer.IFSC = fmt.Sprintf("PAYER%02d", i), fmt.Sprintf("1010%02d", i), fmt.Sprintf("payer%02d", i), fmt.Sprintf("PA%c%c", 'A'+i/26, 'A'+i%26)
		payee.ID, payee.Institution, payee.Handle, payee.IFSC = fmt.Sprintf("PAYEE%02d", i), fmt.Sprintf("1020%02d", i), fmt.Sprintf("payee%02d", i), fmt.Sprintf("PE%c%c", 'A'+i/26, 'A'+i%26)
		all = append(all, schemeParticipant{demoParticipant: payer, Extra: "breaker: off"}, schemeParticipant{demoParticipant: payee, Extra: "breaker: off"})
	}
	return all
}

// TestCutAtEveryByteOfAPayment (reliability, row 14): the line of the payer's or of the
// payee's bank is reset after each byte of each message of a payment, in both
// directions. Whatever was lost, the payment ends, its sender is told one thing only,
// and at the end all books agree to the unit.
func TestCutAtEveryByteOfAPayment(t *testing.T) {
	of, step := int64(32), int64(32)
	if testing.Short() || raced {
		of, step = 3, 60
	}
	in := newInside(t, quickTimers, pairs(int(of)), func(o *simbank.Options) { o.AnswerTimeout = 60 * time.Millisecond })
	var all errgroup.Group
	all.SetLimit(10)  // or the machine is what is slow
	var mu sync.Mutex // guards outcomes
	outcomes := map[string]int{}
	for i := range of {
		all.Go(func() error {
			p := &cutPair{in: in, payer: in.members[fmt.Sprintf("PAYER%02d", i)], payee: in.members[fmt.Sprintf("PAYEE%02d", i)]}
			for _, m := range []*member{p.payer, p.payee} {
				for _, way := range []faultline.Direction{faultline.Up, faultline.Down} {
					for outcome, n := range p.cuts(m, way, i*step/of, step) {
						mu.Lock()
						outcomes[outcome] += n
						mu.Unlock()
					}
				}
			}
			return nil
		})
	}
	_ = all.Wait() // none of them fails
	r := in.balanced()
	t.Logf("%v; %+v", outcomes, r)
	for _, m := range in.members {
		if s := m.Stats(); s.Mismatches+s.Malformed+s.Conflicts != 0 {
			t.Errorf("%s: %+v", m.first.ID, s)
		}
	}
	paid := outcomes["success"] + outcomes["declined"] + outcomes["deemed"]
	if outcomes["cut"] < outcomes["bytes"]*95/100 || outcomes["success"] < paid/4 || outcomes["declined"] == 0 || outcomes["deemed"] == 0 || r.Reversed == 0 {
		t.Errorf("%d payments, %v: not all have been cut", paid, outcomes)
	}
}

// cutPair are a payer and a payee whose lines are cut.
type cutPair struct {
	in           *inside
	payer, payee *member
}

// paid sends one payment and says what became of it.
func (p *cutPair) paid() string {
	ctx, cancel := context.WithTimeout(p.in.t.Context(), patience)
	defer cancel()
	r, err := p.payer.Send(ctx, p.payee.to(100))
	for errors.Is(err, simbank.ErrNotReady) { // the line of before was still there, and is cut now
		p.in.up(p.payer)
		r, err = p.payer.Send(ctx, p.payee.to(100))
	}
	if err != nil {
		p.in.t.Errorf("%s: %v", p.payer.first.ID, err)
	}
	return r.Outcome
}

// measured is how many bytes a payment without a fault has on a line. On a busy machine
// a timer may strike all the same, and then it is tried again.
func (p *cutPair) measured(m *member, way faultline.Direction) int64 {
	for range 20 {
		p.in.afresh(m)
		before := p.in.up(m).Passed(way)
		if p.paid() == "success" {
			return p.in.up(m).Passed(way) - before
		}
	}
	p.in.t.Errorf("%s: nothing can be paid", m.first.ID)
	return 0
}

// cuts has a payment for every step-th byte of what a payment says on a line, from the
// first-th on, and cuts the line there. It counts what became of them, and
// the cuts.
func (p *cutPair) cuts(m *member, way faultline.Direction, first, step int64) map[string]int {
	outcomes := map[string]int{}
	bytes := min(p.measured(m, way), p.measured(m, way)) // one may have a repair in it
	for offset := first; offset <= bytes; offset += step {
		outcomes["bytes"]++
		for range 5 { // a payment that is declined may not come as far
			p.in.up(p.payer)
			p.in.up(p.payee)
			l := p.in.up(m)
			l.Change(way, faultline.Way{After: offset, Then: faultline.Reset})
			if offset == 0 {
				<-l.Ended()
				p.in.up(m)
			}
			outcomes[p.paid()]++
			if isClosed(l.Ended()) {
				outcomes["cut"]++
				break
			}
			l.End(faultline.Reset)
			outcomes["in vain"]++
		}
	}
	return outcomes
}

// TestHalfOpenLine (reliability, row 14): a line goes silent in both directions and no
// end is seen. Both sides find out by their echoes, the participant comes back on
// another line, nothing is lost, and others never notice.
func TestHalfOpenLine(t *testing.T) {
	timers := strings.Replace(quickTimers, "idle: 5s, echo: 1s", "idle: 300ms, echo: 200ms", 1)
	in := newInside(t, timers, pairs(2), func(o *simbank.Options) { o.AnswerTimeout = 200 * time.Millisecond })
	others := &cutPair{in: in, payer: in.members["PAYER00"], payee: in.members["PAYEE00"]}
	p := &cutPair{in: in, payer: in.members["PAYER01"], payee: in.members["PAYEE01"]}
	for _, m := range []*member{p.payee, p.payer} {
		for p.paid() != "success" {
		}
		l, before := in.up(m), m.Stats().SignOns
		l.End(faultline.Silence)
		told := p.paid() // into the silence, or out of it
		until(t, patience, "it is back on another line", func() bool { return m.Stats().SignOns > before })
		until(t, patience, "the switch has given up the old one", func() bool { return in.node.egress.Links(m.number) == 1 && len(m.line.Lines()) == 1 })
		<-l.Ended()
		until(t, patience, "it pays again", func() bool { return p.paid() == "success" })
		t.Logf("%s: told %s", m.first.ID, told)
	}
	for _, m := range []*member{others.payer, others.payee} {
		if s := m.Stats(); s.SignOns != 1 {
			t.Errorf("%s has signed on %d times", m.first.ID, s.SignOns)
		}
	}
	until(t, patience, "others pay", func() bool { return others.paid() == "success" })
	if r := in.balanced(); r.Success < 5 {
		t.Errorf("%+v", r)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
