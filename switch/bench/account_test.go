package bench

import (
	"crypto/tls"
	"errors"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// accounted is a run of which only the network is missing: payments are sent and answered
// at times that the test says. Its warm-up is the second from 10 s on, its window the one
// after that, and 100 payments are due in each.
type accounted struct {
	*run
	t    *testing.T
	f    *facts
	send sender

	takers []*link // that take the answers, when it is not the links
}

const (
	accountedWarm = 100   // payments of the warm-up
	accountedAll  = 200   // with those of the window
	accountedFrom = 11000 // ms, the begin of the window
)

func newAccounted(t *testing.T) *accounted {
	o := options(t, 2)
	o.Rate, o.Warmup, o.Duration, o.AmountMin = 100, time.Second, time.Second, 8
	r := newLinks(o)
	for _, l := range r.links {
		l.conn = tls.Client(nil, &tls.Config{}) // it is asked for its version
	}
	a := &accounted{run: r, t: t, f: r.begin(10_000 * ms)}
	a.f.unsent, a.f.drained = accountedAll, 20_000*ms
	a.send = sender{run: r, dealer: newDealer(r.o)}
	for _, at := range r.stations {
		a.send.speakers = append(a.send.speakers, newSpeaker(at))
	}
	return a
}

// leaves sends the payments from one to before another, each so long after it was due.
func (a *accounted) leaves(from, to int64, late time.Duration) {
	for n := from; n < to; n++ {
		due := a.f.plan.due(n)
		a.send.send(n, due, due+int64(late))
	}
}

// answers has the payments from one to before another answered, each so long after it was
// due.
func (a *accounted) answers(from, to int64, after time.Duration, code string) {
	a.t.Helper()
	takers := a.takers
	if takers == nil {
		takers = a.links
	}
	for n := from; n < to; n++ {
		s := &a.open.slots[(n+1)&a.open.mask]
		l := takers[s.sides.Load()>>32]
		b := compose(a.t, l.at.Dialect, mtiPosting.Response(), map[int]string{
			4: string(digits(nil, uint64(s.amount.Load()), 12)), 11: string(digits(nil, stanOf(n+1), 6)), 37: a.tag + string(digits(nil, uint64(n+1), referenceDigits)), 39: code,
		}, nil)
		l.take(b, a.f.plan.due(n)+int64(after))
	}
}

// agree makes books and positions what customers were told, and amount of doubt.
func (a *accounted) agree() {
	a.f.before, a.f.after = summaryOf(a.t, 0, 0), summaryOf(a.t, 0, 0)
	for i, s := range a.stations {
		for _, l := range a.links {
			s.book.net += l.tally.told[i]
		}
		a.f.after.Participants[i].Position.Posted = s.book.net
	}
}

// ends is the report.
func (a *accounted) ends() *Report {
	a.agree()
	a.f.first, a.f.last = Sample{At: a.from.Load()}, Sample{At: a.to.Load(), Answered: 100}
	return a.report(a.f)
}

// TestReportOfTheWindow: what is due in the window is reported, and nothing else: a
// latency from the due time on, also for what is never answered or never sent.
func TestReportOfTheWindow(t *testing.T) {
	a := newAccounted(t)
	if a.f.measured != 100 || a.from.Load() != accountedFrom*ms || a.to.Load() != (accountedFrom+1000)*ms {
		t.Fatalf("%d payments are measured, from %d to %d", a.f.measured, a.from.Load(), a.to.Load())
	}
	a.leaves(0, 195, 5*time.Millisecond)
	a.f.unsent = 195
	a.answers(0, accountedWarm-1, time.Minute, "00") // and one of the warm-up never
	a.answers(100, 160, 30*time.Millisecond, "00")
	a.answers(160, 190, 50*time.Millisecond, "00")
	a.answers(190, 192, 40*time.Millisecond, "91")
	r := a.ends()
	if r.Payments != 100 || r.Success != 90 || r.Declined != 2 || r.Unanswered != 8 || r.SuccessRatio != 0.9 || !slices.Equal(r.Declines, []CodeCount{{"91", 2}}) {
		t.Errorf("%d payments, %d well, %d declined (%v), %d never answered: %g", r.Payments, r.Success, r.Declined, r.Declines, r.Unanswered, r.SuccessRatio)
	}
	if near := func(got, want float64) bool { return math.Abs(got-want) < want/500 }; !near(r.P50, 30) || !near(r.P99, 8070) || !near(r.P999, 8080) || r.Max != 8080 {
		t.Errorf("p50 %g, p99 %g, p99.9 %g, max %g ms", r.P50, r.P99, r.P999, r.Max)
	}
	if r.GeneratorLateP99 < 4.9 || r.GeneratorLateMax != 5 {
		t.Errorf("the generator was %g ms late, %g at most", r.GeneratorLateP99, r.GeneratorLateMax)
	}
	if a.sent.Load() != 195 || r.Valid || !r.BooksBalanced || len(r.Reasons) != 2 || !strings.HasPrefix(r.Reasons[0], "90.000 %") || !strings.HasPrefix(r.Reasons[1], "5 payments were not sent") {
		t.Errorf("%d sent, balanced %t, %q", a.sent.Load(), r.BooksBalanced, r.Reasons)
	}
}

// TestReportOfAGoodRun: it is valid, whichever link saw what; one thing that is wrong makes
// it not valid, on whichever link that was.
func TestReportOfAGoodRun(t *testing.T) {
	for want, bend := range map[string]func(a *accounted){
		"":                              func(*accounted) {},
		"run ended before its time: x":  func(a *accounted) { a.f.failure = errors.New("x") },
		"1 payments were not sent":      func(a *accounted) { a.overrun++ },
		"1 messages could not be read":  func(a *accounted) { a.links[1].take([]byte("?"), 0) },
		"1 messages are not in the":     func(a *accounted) { a.links[1].take(legWithoutKey(a), 0) },
		"1 messages have a wrong code":  func(a *accounted) { a.links[1].tally.unproven++ },
		"1 answers match no open":       func(a *accounted) { a.answers(150, 151, 0, "00") },
		"1 answers have another amount": func(a *accounted) { a.links[1].tally.changed++ },
		"a console saw nothing: gone":   func(a *accounted) { a.f.watched = &WatchCost{Fault: "gone"} },
	} {
		a := newAccounted(t)
		a.leaves(0, accountedAll, time.Millisecond)
		a.answers(0, accountedAll, 10*time.Millisecond, "00")
		bend(a)
		r := a.ends()
		if want == "" && (!r.Valid || r.Success != 100 || r.SuccessRatio != 1 || r.Unanswered != 0 || r.Declined != 0 || len(r.Declines) != 0) {
			t.Errorf("%+v", r)
		}
		if want != "" && (r.Valid || len(r.Reasons) != 1 || !strings.Contains(r.Reasons[0], want)) {
			t.Errorf("want %q, got %q", want, r.Reasons)
		}
	}
}

// legWithoutKey is a debit that names no leg.
func legWithoutKey(a *accounted) []byte {
	return compose(a.t, a.links[1].at.Dialect, mtiPosting, map[int]string{3: "401000", 4: "000000012345", 7: "0203040506", 11: "000042"}, nil)
}

// TestReportOfAKill: what was in flight is no payment of the window any more, and neither
// is what nobody could be sent; the books may differ by what was in flight, and by no more.
func TestReportOfAKill(t *testing.T) {
	for name, c := range map[string]struct {
		off  int64 // what a book differs by, of the doubt of 1
		want bool
	}{"within the doubt": {1, true}, "below": {-1, true}, "beyond": {2, false}, "beyond below": {-2, false}} {
		a := newAccounted(t)
		a.leaves(0, 140, time.Millisecond)
		a.answers(0, 95, 10*time.Millisecond, "00")
		a.answers(100, 132, 10*time.Millisecond, "00")
		if a.last != 140 {
			t.Fatalf("the last payment is %d", a.last)
		}
		// Killed with five of the warm-up and eight of the window in flight.
		a.lastBefore.Store(a.last)
		a.out.gone, a.out.report.InFlight, a.out.inWindow = true, 13, 8
		a.sent.Add(-13)
		a.skip(a.f.plan.due(99)) // is not of the window
		a.leaves(140, 160, time.Millisecond)
		a.out.gone = false
		a.moved.Store(&Admin{})
		a.answers(132, 135, 5*time.Second, "00") // by the switch that was started again
		a.leaves(160, accountedAll, time.Millisecond)
		a.answers(160, accountedAll, 10*time.Millisecond, "00")
		a.o.Kill = killing()
		a.out.at = interval{accountedFrom*ms + 400*ms, accountedFrom*ms + 600*ms}
		doubt := a.doubt()
		if doubt[0] == 0 || doubt[0] != doubt[1] {
			t.Fatalf("doubt %v, want the amounts of ten payments", doubt)
		}
		var sum int64
		a.open.each(func(p opened) { sum += p.amount })
		if doubt[0] != sum {
			t.Errorf("doubt %v, want %d", doubt, sum)
		}
		a.agree()
		a.stations[0].book.net = 0
		for _, l := range a.links {
			a.stations[0].book.net += l.tally.told[0]
		}
		off := doubt[0]
		if c.off == 2 || c.off == -2 {
			off++
		}
		if c.off < 0 {
			off = -off
		}
		a.stations[0].book.net += off
		a.f.after.Participants[0].Position.Posted = a.stations[0].book.net
		a.f.first, a.f.last = Sample{At: a.from.Load(), Switch: usage{known: true}, Metrics: map[string]float64{"x": 1}}, Sample{At: a.to.Load(), Answered: 67, Switch: usage{known: true, cpu: time.Second}}
		r := a.report(a.f)
		if r.Payments != 72 || r.Success != 72 || r.Unanswered != 0 || r.Max != 10 || r.Achieved != 100 || r.CPUPerPayment != nil {
			t.Errorf("%s: %d payments, %d well, %d never answered, at most %g ms, %g a second", name, r.Payments, r.Success, r.Unanswered, r.Max, r.Achieved)
		}
		if k := r.Kill; k == nil || k.InFlight != 13 || k.Later != 3 || k.NotSent != 20 || k.Balanced != c.want || r.Valid != c.want {
			t.Errorf("%s: %+v, valid %t %q", name, k, r.Valid, r.Reasons)
		}
	}
}

// TestMergedTallies: what two links saw is what the run saw.
func TestMergedTallies(t *testing.T) {
	one := func() tally {
		t := newTally(2)
		t.answered, t.before, t.measured, t.measuredSuccess, t.declined, t.silent = 1, 2, 3, 4, 5, 6
		t.malformed, t.strange, t.unmatched, t.unproven, t.changed = 7, 8, 9, 10, 11
		t.told[1], t.codes[endCode{'9', '1'}] = 12, 13
		t.latency.record(14 * ms)
		return t
	}
	all, other := one(), one()
	all.merge(&other)
	got := []int64{all.answered, all.before, all.measured, all.measuredSuccess, all.declined, all.silent, all.malformed, all.strange, all.unmatched, all.unproven, all.changed, all.told[1], all.codes[endCode{'9', '1'}]}
	for i, v := range got {
		if v != 2*int64(i+1) {
			t.Errorf("count %d is %d, want %d", i+1, v, 2*(i+1))
		}
	}
	if all.latency.TotalCount() != 2 {
		t.Errorf("%d latencies", all.latency.TotalCount())
	}
}

// TestAnswersThatAreNot: an answer with the number, amount or payer of another payment, or
// of another run, is noticed.
func TestAnswersThatAreNot(t *testing.T) {
	for name, c := range map[string]struct {
		fields             map[int]string
		link               int
		changed, unmatched int64
	}{
		"right":         {nil, 0, 0, 0},
		"amount":        {map[int]string{4: "000000000801"}, 0, 1, 0},
		"STAN":          {map[int]string{11: "000002"}, 0, 1, 0},
		"payer":         {nil, 1, 1, 0},
		"another run":   {map[int]string{37: "ABD000000001"}, 0, 0, 1},
		"never sent":    {map[int]string{37: "ABC000000009"}, 0, 0, 1},
		"no number":     {map[int]string{37: "ABCABCABCABC"}, 0, 0, 1},
		"number of all": {map[int]string{37: "ABC000000000"}, 0, 0, 1},
	} {
		r := newLink(t, 2, 0).run
		r.open.open(1, 1, &order{payer: 0, payee: 1, amount: 800})
		fields := map[int]string{4: "000000000800", 11: "000001", 37: "ABC000000001", 39: "00"}
		for de, v := range c.fields {
			fields[de] = v
		}
		l := r.links[c.link]
		l.take(compose(t, l.at.Dialect, mtiPosting.Response(), fields, nil), 2)
		if l.tally.changed != c.changed || l.tally.unmatched != c.unmatched || l.tally.answered != 1-c.unmatched {
			t.Errorf("%s: %d changed, %d match nothing, %d answered", name, l.tally.changed, l.tally.unmatched, l.tally.answered)
		}
	}
}

// TestPacerStops: a row of late payments ends when it is told to, though more are due.
func TestPacerStops(t *testing.T) {
	stop, sent := make(chan struct{}), atomic.Int64{}
	p := pacer{schedule: schedule{rate: 1e6, count: 1e6}, clock: func() int64 { return int64(time.Hour) }, stopped: stop, send: func(n, _, _ int64) {
		if sent.Add(1); n == 100 {
			close(stop)
		}
	}}
	if _, done := p.step(); done || sent.Load() < 101 || sent.Load() > 101+lookEvery || p.next != sent.Load() {
		t.Errorf("%d payments left, the next is %d, done %t", sent.Load(), p.next, done)
	}
}
