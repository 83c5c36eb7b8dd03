package engine

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// TestOneSenderHasItsShare: who floods is told "busy" while the others have room, and
// what is taken out gives room again.
func TestOneSenderHasItsShare(t *testing.T) {
	const room = 750
	q := newQueue(1000, 64, 4)
	fill := func(from route.Participant, kind payment.Kind) (taken int) {
		for {
			if n, _ := q.put(0, []payment.Event{{Kind: kind, From: from}}, false); n == 0 {
				return taken
			}
			taken++
		}
	}
	if n := fill(7, payment.RequestArrived); n != room*2/5 {
		t.Errorf("one sender has %d of %d", n, room)
	}
	if n := fill(3, payment.RequestArrived); n != room*2/5 {
		t.Errorf("the second one has %d of %d", n, room)
	}
	if n := fill(200, payment.RequestArrived); n != room-2*(room*2/5) {
		t.Errorf("the third one has %d of %d, want the rest", n, room)
	}
	if n := fill(7, payment.EnquiryArrived); n != 0 {
		t.Errorf("who has its share of requests has %d enquiries as well", n)
	}
	if n, _ := q.put(0, []payment.Event{{Kind: payment.AnswerArrived, From: 7}}, false); n != 1 {
		t.Error("an answer of the greedy one is refused")
	}
	drain(t, q)
	if q.askers != 0 {
		t.Errorf("an empty queue has events of %d senders", q.askers)
	}
	if n := fill(7, payment.RequestArrived); n != room*2/5 {
		t.Errorf("after all were taken one sender has %d of %d", n, room)
	}
}

// TestAnswersTakeNoRoomOfRequests: what one sender's requests bring back is no reason to
// turn others away, or to shed anything, unless the queue is deep indeed.
func TestAnswersTakeNoRoomOfRequests(t *testing.T) {
	const room = 750
	q := newQueue(1000, 64, 4)
	put := func(n int, from route.Participant, kind payment.Kind) int {
		taken, _ := putMany(q, n, from, kind)
		return taken
	}
	taken := put(room, 7, payment.RequestArrived)
	before := q.fill()
	put(3*taken, 8, payment.AnswerArrived)
	if before != 40 || q.fill() != 40 {
		t.Errorf("one sender fills %d %%, its answers make it %d %%", before, q.fill())
	}
	if n := put(100, 3, payment.RequestArrived); n != 100 {
		t.Errorf("behind the answers %d requests of another sender have room", n)
	}
	put(4000, 8, payment.AnswerArrived)
	if n := put(1, 3, payment.RequestArrived); n != 0 || q.fill() < 100 {
		t.Errorf("a queue that is %d %% full takes requests", q.fill())
	}
	drain(t, q)
	if q.fill() != 0 {
		t.Errorf("an empty queue is %d %% full", q.fill())
	}
}

// putMany puts so many events in, one by one, up to the first that is refused, and says
// how many were taken and why not the others.
func putMany(q *queue, n int, from route.Participant, kind payment.Kind, stray ...bool) (taken int, why error) {
	for range n {
		one, err := q.put(0, []payment.Event{{Kind: kind, From: from}}, len(stray) > 0)
		if taken += one; err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// TestAnswersOfOneHaveTheirShare: one who floods has a fourth of the room for answers,
// or half with those that messages wait for; two leave the last eighth to those who
// have few. No request waits for stray ones.
func TestAnswersOfOneHaveTheirShare(t *testing.T) {
	const size, room = 8192, 8192 + answerReserve
	q := newQueue(size, 512, 4)
	put := func(want int, why error, from route.Participant, kind payment.Kind, stray ...bool) {
		t.Helper()
		taken, got := putMany(q, room, from, kind, stray...)
		if taken != want || got != why || !errors.Is(got, ErrBusy) {
			t.Errorf("participant %d has %d events of kind %v in the queue, %v; want %d, %v", from, taken, kind, got, want, why)
		}
	}
	put(strayShare, ErrShare, 7, payment.AnswerArrived, true)
	put(strayShare, ErrShare, 8, payment.AnswerArrived, true)
	put(size*3/4*2/5, ErrBusy, 3, payment.RequestArrived)
	put(size/10/2, ErrBusy, 4, payment.EnquiryArrived)
	if got := q.fill(); got != 46 {
		t.Errorf("the requests of one sender and the enquiries of another fill %d %%, want 46", got)
	}
	put(answerShare-strayShare, ErrShare, 7, payment.AnswerArrived)
	put(room-answerLast-q.len(), ErrBusy, 8, payment.AnswerArrived)
	put(answerFew, ErrBusy, 9, payment.AnswerArrived)
	put(answerFew, ErrBusy, 5, payment.AnswerArrived, true)
	if n, _ := putMany(q, 1, 7, payment.LinkDown); n != 1 {
		t.Error("who has its share of answers cannot say that its link is gone")
	}
	drain(t, q)
	if n, why := putMany(q, 1, 7, payment.AnswerArrived, true); n != 1 {
		t.Errorf("when all are taken there is no room: %v", why)
	}
}

// TestFloodOfAnswers: one participant is at the queue's limit all the time. What the
// others send gets in and is taken as soon as ever, the load stays normal, and of what
// waits behind them at least a part is taken.
func TestFloodOfAnswers(t *testing.T) {
	const (
		ticks    = 1000
		batches  = 2  // of 64, that are taken in one tick
		requests = 10 // of each of the others in one tick, and three times as many answers
		waitMax  = 1  // ticks, once what was in front of the first is gone
	)
	q := newQueue(1024, 64, 4)
	meter := loadMeter{steps: fillSteps()}
	came, took, flood, longest := 0, 0, 0, int64(0)
	put := func(ev payment.Event) {
		came++
		if _, err := q.put(0, []payment.Event{ev}, false); err != nil {
			t.Fatalf("event of kind %v of participant %d at tick %d: %v", ev.Kind, ev.From, ev.At, err)
		}
	}
	for now := range int64(ticks) {
		if _, why := putMany(q, 2000, 9, payment.AnswerArrived, true); now > 100 && why != ErrShare {
			t.Fatalf("tick %d: the one who floods is not at its limit: %v", now, why)
		}
		for i := range requests {
			from := route.Participant(i % 3)
			put(payment.Event{Kind: payment.RequestArrived, From: from, At: now})
			for range 3 {
				put(payment.Event{Kind: payment.AnswerArrived, From: from, At: now})
			}
		}
		for range batches {
			b := q.swap()
			for i := range b.events {
				if b.events[i].From == 9 {
					flood++
					continue
				}
				if took++; now > 100 {
					longest = max(longest, now-b.events[i].At)
				}
			}
			q.give(b)
		}
		if step := meter.look(now*int64(loadClimb), q.fill(), 0); step != payment.LoadNormal {
			t.Fatalf("tick %d: the load is %v, the queue %d %% full", now, step, q.fill())
		}
	}
	if took < came-(waitMax+1)*4*requests || longest > waitMax {
		t.Errorf("%d of %d events of the others were taken, one after %d ticks", took, came, longest)
	}
	if flood < ticks*batches*64/behindTurn {
		t.Errorf("%d events of the one who floods were taken: a bank with a backlog would never get rid of it", flood)
	}
}

// TestEnquiriesHaveATenth, of which one participant has half; neither answers nor the
// requests of one that floods keep others from asking, and a queue that is full of
// requests does.
func TestEnquiriesHaveATenth(t *testing.T) {
	q := newQueue(1000, 64, 4)
	put := func(want, n int, from route.Participant, kind payment.Kind) {
		t.Helper()
		if got, _ := putMany(q, n, from, kind); got != want {
			t.Errorf("participant %d has %d events of kind %v in the queue, want %d", from, got, kind, want)
		}
	}
	put(300, 1000, 7, payment.RequestArrived)
	put(2000, 2000, 8, payment.AnswerArrived)
	put(0, 100, 7, payment.EnquiryArrived)
	put(50, 100, 1, payment.EnquiryArrived)
	put(40, 40, 2, payment.EnquiryArrived)
	put(10, 100, 3, payment.EnquiryArrived)
	put(0, 1, 4, payment.EnquiryArrived)
	drain(t, q)
	for n := range route.Participant(10) {
		put(75, 75, 10+n, payment.RequestArrived)
	}
	put(0, 1, 5, payment.EnquiryArrived)
}

// TestSubmitStray: those of an engine's SubmitStray are the ones that come behind.
func TestSubmitStray(t *testing.T) {
	e := openWith(t, vfs.NewMem(), Options{Config: testConfig(time.Minute), Clock: clockOf, QueueMax: 16})
	answers := make([]payment.Event, 20)
	for i := range answers {
		answers[i] = payment.Event{Kind: payment.AnswerArrived, From: 1}
	}
	if n, err := e.SubmitStray(answers); n != 20 || err != nil || e.q.behind.n != 12 {
		t.Errorf("%d of 20 taken, %v, %d of them behind, want 12", n, err, e.q.behind.n)
	}
	stop := start(e, &sink{})
	if err := stop(); err != nil { // also those are taken by the end
		t.Fatal(err)
	}
	if e.q.len() != 0 {
		t.Errorf("%d answers are left", e.q.len())
	}
}

// TestBacklogHasItsTurn: stray answers, say receipts, that a stall has dammed up are
// taken although there is always something in front of them.
func TestBacklogHasItsTurn(t *testing.T) {
	q := newQueue(64, 16, 4)
	if n, why := putMany(q, 32+10*16, 7, payment.AnswerArrived, true); why != nil {
		t.Fatalf("%d answers have room: %v", n, why)
	}
	for range 10 * behindTurn {
		putMany(q, 16, 3, payment.LinkUp)
		q.give(q.swap())
	}
	if q.behind.n != 0 || q.front.n == 0 {
		t.Errorf("%d answers are left behind %d events", q.behind.n, q.front.n)
	}
}

// TestOverloadLosesNoAnswers: there are always more requests than there is room for,
// and each brings three answers. However many banks give them, the requests wait for
// the answers, and none is lost.
func TestOverloadLosesNoAnswers(t *testing.T) {
	const ticks = 1500
	for name, banks := range map[string][]route.Participant{ // of each three answers
		"one bank":         {1, 1, 1},
		"two banks":        {1, 2, 1, 2, 1, 2},
		"a large one":      {1, 2, 1, 3, 4, 1, 5, 1, 6, 1, 7, 1},
		"as many as there": {1, 2, 3, 4, 5, 6, 7, 8, 9},
	} {
		q := newQueue(1024, 64, 4)
		next, asked, longest := 0, 0, 0
		var answers []payment.Event // that come next
		for tick := range ticks {
			if n, err := q.put(0, answers, false); err != nil {
				t.Fatalf("%s: tick %d: %d of %d answers have room: %v", name, tick, n, len(answers), err)
			}
			answers = answers[:0]
			for n := range route.Participant(8) {
				putMany(q, 20, 20+n, payment.RequestArrived)
			}
			for range 2 {
				b := q.swap()
				for i := range b.events {
					if b.events[i].Kind != payment.RequestArrived {
						continue
					}
					asked++
					for range 3 {
						answers = append(answers, payment.Event{Kind: payment.AnswerArrived, From: banks[next%len(banks)]})
						next++
					}
				}
				q.give(b)
			}
			longest = max(longest, q.len())
		}
		if most := answerShare + deep*1024; longest > most {
			t.Errorf("%s: up to %d events wait, want at most %d", name, longest, most)
		}
		if least := ticks * 2 * 64 / 4 * 9 / 10; asked < least {
			t.Errorf("%s: %d requests were taken, want %d, a fourth of what is taken", name, asked, least)
		}
	}
}

// TestCountersOfTheQueue: whatever comes and goes, they say what is there, and nobody
// has more than its share.
func TestCountersOfTheQueue(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	q := newQueue(64, 16, 4)
	from := []route.Participant{0, 1, 2, 2, 2, 2, 40, route.Nobody}
	kinds := append(payment.Kinds(), payment.AnswerArrived, payment.AnswerArrived, payment.AnswerArrived, payment.RequestArrived)
	for round := range 4000 {
		events := make([]payment.Event, 1+rng.IntN(40))
		for i := range events {
			events[i] = payment.Event{Kind: kinds[rng.IntN(len(kinds))], From: from[rng.IntN(len(from))]}
		}
		_, _ = q.put(0, events, round%2 == 0)
		for range rng.IntN(5) {
			if b := q.swap(); b != nil {
				q.give(b)
			}
		}
		if round%512 == 511 {
			for b := q.swap(); b != nil; b = q.swap() {
				q.give(b)
			}
		}
		if checkCounters(t, q); t.Failed() {
			t.Fatalf("after round %d", round)
		}
	}
}

// checkCounters counts what is in a queue.
func checkCounters(t *testing.T, q *queue) {
	t.Helper()
	by := make([]stake, len(q.by))
	asks, enquiries, askers := 0, 0, 0
	for i, r := range []*row{&q.front, &q.behind} {
		n := 0
		for _, b := range append(r.full[:len(r.full):len(r.full)], r.cur) {
			n += len(b.events)
			for _, ev := range b.events {
				switch {
				case ev.From == route.Nobody:
				case starts(ev.Kind):
					asks++
					if ev.Kind == payment.EnquiryArrived {
						enquiries++
						by[ev.From].enquiries++
					}
					if by[ev.From].asks++; by[ev.From].asks == 1 {
						askers++
					}
				case ev.Kind != payment.AnswerArrived && i == 1:
					t.Errorf("an event of kind %v waits behind the others", ev.Kind)
				case ev.Kind != payment.AnswerArrived:
				case i == 0:
					by[ev.From].front++
				default:
					by[ev.From].behind++
				}
			}
		}
		if n != r.n {
			t.Errorf("row %d has %d events and says %d", i, n, r.n)
		}
	}
	if asks != q.asks || enquiries != q.enquiries || askers != q.askers {
		t.Errorf("%d requests, %d enquiries among them, of %d, counted as %d, %d of %d", asks, enquiries, askers, q.asks, q.enquiries, q.askers)
	}
	for n := range by {
		if by[n] != q.by[n] {
			t.Errorf("participant %d has %+v, counted as %+v", n, by[n], q.by[n])
		}
	}
}
