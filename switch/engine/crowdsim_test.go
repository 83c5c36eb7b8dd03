package engine

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// shop is a switch of which only the queue is real: so many events are taken in each
// tick of a millisecond, and each payment is four of them, the request and three
// answers, which the banks give 2 ms after they were asked.
type shop struct {
	t      *testing.T
	q      *queue
	chance *rand.Rand

	now    int64
	rate   int // events that it can do in a second
	refuse int // refusals that cost as much as an event; 0: none do

	credit  int // what it could do and has not done yet, in 1/1000 of an event
	batch   *batch
	at      int // next of batch
	banks   [3][]payment.Event
	offered float64

	done, came, refused int
	shed                int // looks at which enquiries and collects find no room
	by                  [9]struct{ came, refused int }
	longest             int64 // wait of an event in the queue
	crowded             bool
}

const shopTick = int64(time.Millisecond)

func newShop(t *testing.T, size, rate int) *shop {
	return &shop{t: t, q: newQueue(size, 512, 18), chance: rand.New(rand.NewPCG(5, 6)), now: int64(time.Hour), rate: rate}
}

// open lets payments come, so many in a second, from those whom from names.
func (s *shop) open(d time.Duration, rate float64, from func() route.Participant) {
	for end := s.now + int64(d); s.now < end; s.now += shopTick {
		for s.offered += rate / 1000; s.offered >= 1; s.offered-- {
			s.ask(from())
		}
		s.answers()
		seen := s.q.look(s.now)
		if s.crowded = seen.crowded; seen.sheds {
			s.shed++
		}
		s.work()
	}
}

func (s *shop) ask(n route.Participant) {
	s.came++
	s.by[n].came++
	if _, err := s.q.put(s.now, []payment.Event{{Kind: payment.RequestArrived, From: n, At: s.now}}, false); err != nil {
		s.refused++
		s.by[n].refused++
		if s.refuse > 0 {
			s.credit -= 1000 / s.refuse
		}
	}
}

// answers puts what the banks have answered by now.
func (s *shop) answers() {
	last := len(s.banks) - 1
	due := s.banks[last]
	copy(s.banks[1:], s.banks[:last])
	for i := range due {
		due[i].At = s.now
		if _, err := s.q.put(s.now, due[i:i+1], false); err != nil {
			s.t.Fatalf("an answer is lost: %v", err)
		}
	}
	s.banks[0] = due[:0]
}

// work takes what can be done in a tick.
func (s *shop) work() {
	for s.credit = min(s.credit+s.rate, 64_000); s.credit >= 1000; s.credit -= 1000 {
		if s.batch == nil {
			if s.batch = s.q.swap(); s.batch == nil {
				return
			}
		}
		ev := s.batch.events[s.at]
		s.longest = max(s.longest, s.now-ev.At)
		if ev.Seq++; ev.Seq == 4 {
			s.done++
		} else {
			ev.Kind, ev.From = payment.AnswerArrived, route.Participant(s.chance.IntN(8))
			s.banks[0] = append(s.banks[0], ev)
		}
		if s.at++; s.at == len(s.batch.events) {
			s.q.give(s.batch)
			s.batch, s.at = nil, 0
		}
	}
}

// room is how many requests may wait.
func (s *shop) room() int {
	_, most := s.q.requests()
	return most
}

// count starts counting anew.
func (s *shop) count() {
	s.done, s.came, s.refused, s.shed, s.longest = 0, 0, 0, 0, 0
	clear(s.by[:])
}

// eight are participants of which the first sends 30 % of the payments.
func (s *shop) eight() route.Participant {
	if s.chance.IntN(10) < 3 {
		return 0
	}
	return route.Participant(1 + s.chance.IntN(7))
}

// TestThreeTimesTheKnee (issue 10): offered for 30 s, the queue lets in what can be
// done, that is done soon, and when it is over all is as before. Nothing but what the
// refusals cost is lost. What has come before the queue was known to be crowded takes its
// time; so much is let in of it.
func TestThreeTimesTheKnee(t *testing.T) {
	const surge, first = 30 * time.Second, 6 * time.Second
	for name, c := range map[string]struct {
		knee, size, refuse int
		slower             float64 // what the machine can do while it is overloaded
		equal              int     // so many send as much as each other; 0: eight, one of them more
	}{
		"a large machine":            {knee: 5000, size: 32_768, slower: 1},
		"a small one":                {knee: 500, size: 2048, slower: 1},
		"a short queue":              {knee: 5000, size: 2048, slower: 1},
		"the largest queue":          {knee: 5000, size: 65_536, slower: 1},
		"refusals that cost":         {knee: 5000, size: 32_768, refuse: 20, slower: 1},
		"a machine that gets slower": {knee: 5000, size: 4096, slower: 0.5},
		"three alike":                {knee: 500, size: 2048, slower: 1, equal: 3},
		"seven alike":                {knee: 500, size: 2048, slower: 1, equal: 7},
	} {
		s := newShop(t, c.size, 4*c.knee)
		from := s.eight
		if c.equal > 0 {
			from = func() route.Participant { return route.Participant(s.came % c.equal) }
		}
		normal := 0.7 * float64(c.knee)
		if s.open(5*time.Second, normal, from); s.refused > 0 || s.crowded {
			t.Fatalf("%s: at 70 %% of the knee %d are refused", name, s.refused)
		}
		s.rate, s.refuse = int(float64(s.rate)*c.slower), c.refuse
		can := float64(c.knee) * c.slower
		s.count()
		s.open(first, 3*float64(c.knee), from)
		s.longest = 0
		s.open(surge-first, 3*float64(c.knee), from)
		kept := float64(s.done) / (surge.Seconds() * can)
		t.Logf("%s: %.1f %% of the knee kept, waits up to %v, room for %d", name, 100*kept, time.Duration(s.longest), s.room())
		if kept < 0.9 || s.came-s.refused < s.done/2 {
			t.Errorf("%s: %.1f %% of the knee are kept", name, 100*kept)
		}
		// Its own room, and what a few more have on top; the least room of a small machine.
		longest := max(crowdRoom, int64(crowdLeast/can*float64(time.Second))) * 3 / 2
		if !s.crowded || s.longest > longest || s.shed < 27_000 {
			t.Errorf("%s: crowded %t (collects shed at %d looks), and an event waits for %v, want up to %v", name, s.crowded, s.shed, time.Duration(s.longest), time.Duration(longest))
		}
		s.rate, s.refuse = 4*c.knee, 0
		s.open(5*time.Second, normal, from)
		s.count()
		if s.open(5*time.Second, normal, from); s.crowded || s.shed > 0 || s.refused > 0 || s.longest > int64(20*time.Millisecond) || s.room() < min(crowdBurst, s.q.limit(payment.RequestArrived)) {
			t.Errorf("%s: 5 s after it was over: crowded %t, %d refused, a wait of %v, room for %d", name, s.crowded, s.refused, time.Duration(s.longest), s.room())
		}
	}
}

// TestBurstsAndStallsAreNoCrowd: what a queue is for is let in. Half as much again as
// can be done comes for a second, and then a disk stalls for 600 ms again and again.
func TestBurstsAndStallsAreNoCrowd(t *testing.T) {
	s := newShop(t, 32_768, 4*5000)
	s.open(3*time.Second, 2500, s.eight)
	s.open(time.Second, 8000, s.eight)
	s.open(5*time.Second, 2500, s.eight)
	for range 5 {
		rate := s.rate
		s.rate = 0
		s.open(600*time.Millisecond, 3500, s.eight)
		s.rate = rate
		s.open(5*time.Second, 3500, s.eight)
	}
	if s.refused > 0 || s.crowded || s.longest < crowdWait {
		t.Errorf("%d of %d are refused, crowded %t, waits up to %v", s.refused, s.came, s.crowded, time.Duration(s.longest))
	}
}

// TestOneWhoFloodsMakesTheCrowd: it is refused, those who have little there are not, and
// one with a payment now and then, such as a canary, finds room every time.
func TestOneWhoFloodsMakesTheCrowd(t *testing.T) {
	s := newShop(t, 32_768, 4*5000)
	n := 0
	from := func() route.Participant {
		switch n++; {
		case n%1000 == 0:
			return 8
		case n%10 == 0:
			return route.Participant(1 + s.chance.IntN(7))
		}
		return 0
	}
	s.open(8*time.Second, 15_000, from)
	s.count()
	s.open(10*time.Second, 15_000, from)
	others := 0
	for i := 1; i < 8; i++ {
		others += s.by[i].refused
	}
	if !s.crowded || s.by[0].refused == 0 || others > 0 || s.by[8].refused > 0 || s.by[8].came == 0 {
		t.Errorf("crowded %t; of the one who floods %+v are refused, of the others %d, of the one with few %+v", s.crowded, s.by[0], others, s.by[8])
	}
	if s.shed > 0 {
		t.Errorf("at %d looks enquiries and collects of all are refused, since one floods", s.shed)
	}
	if kept := float64(s.done) / (10 * 5000); kept < 0.9 {
		t.Errorf("%.1f %% of the knee are kept", 100*kept)
	}
}

// TestFewFindRoomInAFullCrowd: when everybody asks for more than there is, who has
// little in the queue is let in, up to a fourth on top of the room.
func TestFewFindRoomInAFullCrowd(t *testing.T) {
	q := newQueue(32_768, 512, 4)
	q.crowd.on, q.crowd.calm = true, 1
	q.room = 1024
	for n := range route.Participant(6) {
		putMany(q, 200, n, payment.RequestArrived)
	}
	if q.asks != q.room {
		t.Fatalf("%d requests are in a room for %d", q.asks, q.room)
	}
	all := 0
	for n := route.Participant(100); n < 200; n++ {
		taken, _ := putMany(q, 200, n, payment.RequestArrived)
		if all += taken; taken > q.room/crowdFew {
			t.Errorf("participant %d has %d, which are not few", n, taken)
		}
	}
	if all != q.room/4 {
		t.Errorf("%d requests find room on top of %d", all, q.room)
	}
	if taken, why := putMany(q, 8192, 7, payment.AnswerArrived); taken != 8192 {
		t.Errorf("of answers only %d find room in a crowd: %v", taken, why)
	}
	if _, why := putMany(q, 1, 201, payment.RequestArrived); why == nil {
		t.Error("a request finds room behind so many answers")
	}
}

// TestCrowdComesAndGoes: a wait must last, and a calm must; neither is interrupted by
// one look, and a queue that nobody looks at for long is not crowded for that.
func TestCrowdComesAndGoes(t *testing.T) {
	var c crowding
	now := int64(time.Hour)
	look := func(after, wait time.Duration, want bool) {
		t.Helper()
		now += int64(after)
		if c.look(now, int64(wait)); c.on != want {
			t.Errorf("crowded %t, want %t", c.on, want)
		}
	}
	const tick = 125 * time.Millisecond
	for range 8 {
		look(tick, time.Duration(crowdWait), false)
	}
	look(tick, time.Duration(crowdWait)-1, false) // it is begun anew
	for range 8 {
		look(tick, time.Second, false)
	}
	look(tick, time.Duration(crowdWait), true)
	for range 7 {
		look(tick, 0, true)
	}
	c.turnedAway(false)
	for range 8 {
		look(tick, 0, true)
	}
	look(tick, time.Duration(crowdCalm), true)
	for range 7 {
		look(tick, time.Duration(crowdCalm)-1, true)
	}
	look(tick, 0, false)
	look(time.Hour, time.Minute, false)
}

// TestCrowdHasRoomToWork: a rate that was measured too low, when the machine stood still,
// goes up when the queue runs empty while requests are refused; one that was measured
// too high comes down; and what comes is not what can be done.
func TestCrowdHasRoomToWork(t *testing.T) {
	c := crowding{window: 1, rate: 1000, on: true}
	now := int64(time.Hour)
	after := func(windows, taken int, ran, short bool) int64 {
		for range windows {
			c.taken, c.ran, c.short = taken, ran, short
			now += crowdWindow
			c.measure(now)
		}
		return c.rate
	}
	after(1, 0, true, false)
	before := c.rate
	if got := after(20, 10, true, false); got != before {
		t.Errorf("a queue that is empty now and then has the rate %d become %d", before, got)
	}
	if got := after(20, 10, true, true); got < 10*before {
		t.Errorf("where requests are refused and the queue is empty the rate %d becomes %d", before, got)
	}
	if got := after(100, 100, false, true); got < 950 || got > 1100 {
		t.Errorf("1000 are taken in a second, measured as %d", got)
	}
	if got := after(4, 1000, false, true); got < 9000 || got > 10_000 {
		t.Errorf("10,000 are taken in a second, measured as %d", got)
	}
	if c.on = false; c.room(24_576) != int(c.rate) || c.room(2000) != 2000 || (&crowding{}).room(24_576) != crowdBurst {
		t.Errorf("rooms of %d and %d at %d in a second, and %d when nothing is known", c.room(24_576), c.room(2000), c.rate, (&crowding{}).room(24_576))
	}
	c.on = true
	if got := c.room(24_576); got != int(c.rate/10) {
		t.Errorf("a room of %d at %d in a second", got, c.rate)
	}
	after(100, 0, false, true)
	if got := c.room(24_576); got != crowdLeast {
		t.Errorf("a machine that stands still has a room of %d", got)
	}
	if after(1, 1<<30, false, true); c.rate != crowdRateMax || c.room(24_576) != 24_576 {
		t.Errorf("a rate of %d", c.rate)
	}
}

// TestCrowdAmongGoroutines: loops put in until all is taken, a sequencer takes out and
// looks. The crowd comes and goes meanwhile, the room is what it may be, and in the end
// everything has come out. The rest of the test is what the race detector says.
func TestCrowdAmongGoroutines(t *testing.T) {
	q := newQueue(1024, 64, 4)
	const loops, each, tick = 4, 1000, int64(600 * time.Millisecond)
	ask := func(p int) bool {
		n, _ := q.put(0, []payment.Event{{Kind: payment.RequestArrived, From: route.Participant(p)}}, false)
		return n == 1
	}
	now, turns, limit := int64(time.Hour), 0, q.limit(payment.RequestArrived)
	look := func() bool {
		now += tick
		s := q.look(now)
		if s.turned {
			turns++
		}
		if s.room > limit || s.room < crowdLeast || !s.crowded && s.room != limit {
			t.Errorf("crowded %t, room for %d of %d", s.crowded, s.room, limit)
		}
		return s.crowded
	}
	ask(0)
	for !look() {
		if turns > 0 || now > int64(2*time.Hour) {
			t.Fatal("a queue of which nothing is taken is not crowded")
		}
	}
	var refused atomic.Int64
	var wg sync.WaitGroup
	for p := range loops {
		wg.Go(func() {
			for range each {
				for !ask(p) {
					refused.Add(1)
					runtime.Gosched()
				}
			}
		})
	}
	over := make(chan struct{})
	go func() { wg.Wait(); close(over) }()
	for out, done := 0, false; !done || look() || out < 1+loops*each; {
		look()
		if b := q.swap(); b != nil {
			out += len(b.events)
			q.give(b)
		}
		select {
		case <-over:
			done = true
		default:
		}
	}
	if q.len() != 0 || turns < 2 || refused.Load() == 0 {
		t.Errorf("%d are left; the crowd has turned %d times, %d were refused", q.len(), turns, refused.Load())
	}
}

// TestCrowdIsToldByLoad: the rim hears of a crowd, and not of one that is made only by those
// that have their share already.
func TestCrowdIsToldByLoad(t *testing.T) {
	e := openOn(t, vfs.NewMem(), testConfig(time.Minute))
	now := int64(time.Hour)
	e.q.crowd.on, e.q.crowd.calm, e.q.crowd.nobody = true, now, true
	if e.crowd(now); e.Load() != payment.LoadNoCollects {
		t.Errorf("in a crowd the load is %v", e.Load())
	}
	now += crowdLeave
	e.q.crowd.refused = true
	if e.crowd(now); !e.q.crowd.on || e.Load() != payment.LoadNormal {
		t.Errorf("where only those with their share are refused the load is %v, crowded %t", e.Load(), e.q.crowd.on)
	}
}
