package engine

import (
	"errors"
	"sync"
	"testing"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// drain takes all that waits; only the last batch of a row may have room left.
func drain(t *testing.T, q *queue) (events []payment.Event) {
	t.Helper()
	var room [2]bool
	behind := q.behind.n
	for b := q.swap(); b != nil; b = q.swap() {
		row := 0
		if q.behind.n != behind {
			row, behind = 1, q.behind.n
		}
		if room[row] || len(b.events) > q.batchMax {
			t.Fatalf("row %d: a batch of %d events, behind one with room: %v", row, len(b.events), room[row])
		}
		room[row] = len(b.events) < q.batchMax
		events = append(events, b.events...)
	}
	return events
}

// TestWakesWhenEnoughWait: not before, and not for one that is awake.
func TestWakesWhenEnoughWait(t *testing.T) {
	q := newQueue(1000, 64, 4)
	put := func(n int) (woken bool) {
		if _, err := q.put(0, make([]payment.Event, n), false); err != nil {
			t.Fatal(err)
		}
		select {
		case <-q.wake:
			return true
		default:
			return false
		}
	}
	if !put(1) {
		t.Error("the first event does not wake")
	}
	q.swap()
	if put(10) {
		t.Error("events wake one who has not said that it sleeps")
	}
	if q.await(12) {
		t.Error("10 of 12 are enough")
	}
	if put(1) || !put(1) {
		t.Error("the 12th event does not wake, or the 11th does")
	}
	if !q.await(12) {
		t.Error("12 of 12 are not enough")
	}
}

// TestRequestsOnTopOfAnswers: requests do not wait for stray answers, so they come on
// top of a room that is full of those, and what ends a message or a link still fits.
func TestRequestsOnTopOfAnswers(t *testing.T) {
	q := newQueue(8192, 256, 4)
	put := func(kind payment.Kind, from int, stray bool) bool {
		_, err := q.put(0, []payment.Event{{Kind: kind, From: route.Participant(from)}}, stray)
		return err == nil
	}
	for from := range 4 {
		for put(payment.AnswerArrived, from, true) {
		}
	}
	for from := 4; from < 12; from++ {
		for range answerFew - 1 {
			put(payment.AnswerArrived, from, false)
		}
	}
	requests := 0
	for ; put(payment.RequestArrived, requests, false); requests++ {
	}
	if requests == 0 {
		t.Fatal("no request fits: the test shows nothing")
	}
	for _, kind := range []payment.Kind{payment.SendFailed, payment.LinkDown} {
		for n := range controlReserve {
			if !put(kind, 0, false) {
				t.Fatalf("behind %d requests on top of answers only %d events of kind %v fit", requests, n, kind)
			}
		}
	}
}

// TestFullQueueKeepsRoomForAnswers: requests are refused first, answers later,
// link events last.
func TestFullQueueKeepsRoomForAnswers(t *testing.T) {
	q := newQueue(100, 64, 4)
	fill := func(kind payment.Kind) (n int) {
		for {
			if _, err := q.put(0, []payment.Event{{Kind: kind, From: route.Participant(n % 100)}}, kind == payment.AnswerArrived); err != nil {
				if !errors.Is(err, ErrBusy) {
					t.Fatal(err)
				}
				return n
			}
			n++
		}
	}
	if n := fill(payment.RequestArrived); n != 75 {
		t.Errorf("%d requests fit, want 75", n)
	}
	if n := fill(payment.AnswerArrived); n != 25+answerReserve {
		t.Errorf("%d answers fit behind them, want %d", n, 25+answerReserve)
	}
	const begun = 75 + 10 // requests and enquiries, which may come on top of answers
	if n := fill(payment.SendFailed); n != begun+controlReserve {
		t.Errorf("%d failed sends fit behind them, want %d", n, begun+controlReserve)
	}
	if n := fill(payment.LinkDown); n != controlReserve {
		t.Errorf("%d link events fit behind them, want %d", n, controlReserve)
	}
	const all = 100 + answerReserve + begun + 2*controlReserve
	if n := q.len(); n != all {
		t.Errorf("%d events wait, want %d", n, all)
	}
	if n := len(drain(t, q)); n != all || q.len() != 0 {
		t.Errorf("swap gives %d events, %d are left; want %d", n, q.len(), all)
	}
	q.close()
	if _, err := q.put(0, []payment.Event{{Kind: payment.LinkUp}}, false); !errors.Is(err, ErrStopped) {
		t.Errorf("after close: %v", err)
	}
}

// TestFillIsOfTheRoomThereIs: in a large queue, which has less room than its limit, and
// in a crowded one, which has far less.
func TestFillIsOfTheRoomThereIs(t *testing.T) {
	q := newQueue(32_768, 512, 4)
	q.look(1)
	for q.fill() < 50 {
		if _, err := q.put(1, []payment.Event{{Kind: payment.RequestArrived, From: route.Participant(q.asks % 64)}}, false); err != nil {
			t.Fatalf("%d wait: %v", q.asks, err)
		}
	}
	if wait, most := q.requests(); most != crowdBurst || wait != most/2 {
		t.Errorf("%d of %d requests are half of the room", wait, most)
	}
	for now := crowdWait + 1; !q.crowd.on; now += crowdAfter {
		q.look(now)
	}
	if wait, most := q.requests(); most != crowdLeast || q.fill() != 100*wait/most {
		t.Errorf("crowded: %d of %d requests are %d %%", wait, most, q.fill())
	}
	for q.swap() != nil {
	}
	if q.fill() != 0 {
		t.Errorf("an empty queue is %d %% full", q.fill())
	}
	for range crowdDeep * crowdLeast { // requests wait for these
		if _, err := q.put(1, []payment.Event{{Kind: payment.AnswerArrived}}, false); err != nil {
			t.Fatal(err)
		}
	}
	if q.fill() != 100 || !q.full(1) {
		t.Errorf("with the answers before which no request comes it is %d %% full", q.fill())
	}
}

// TestSparesAreBounded: batches that come from elsewhere do not pile up.
func TestSparesAreBounded(t *testing.T) {
	q := newQueue(100, 64, 4)
	for range 100 {
		q.give(&batch{})
	}
	if len(q.spare) > 4 {
		t.Errorf("%d spare batches", len(q.spare))
	}
}

// TestEventsOwnTheirText: what a producer does with its buffer after put, and
// what later events do to the arena, changes nothing in the queue.
func TestEventsOwnTheirText(t *testing.T) {
	q := newQueue(1000, 64, 4)
	ev := payment.Event{Kind: payment.AnswerArrived}
	for i := range 300 {
		ev.Text.Reset()
		ev.Text.Set(payment.Note, []byte{byte(i), byte(i), byte(i)})
		if _, err := q.put(0, []payment.Event{ev}, false); err != nil {
			t.Fatal(err)
		}
	}
	for i, got := range drain(t, q) {
		if v := got.Text.Get(payment.Note); len(v) != 3 || v[0] != byte(i) || v[2] != byte(i) {
			t.Fatalf("event %d holds %v", i, v)
		}
	}
}

// TestOrderOfOneProducer: whatever other producers do, each one's events keep
// their order.
func TestOrderOfOneProducer(t *testing.T) {
	q := newQueue(1<<13, 64, 4)
	const producers, each = 4, 1000
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				if _, err := q.put(0, []payment.Event{{Kind: payment.LinkUp, Seq: uint64(p), At: int64(i)}}, false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var last [producers]int64
	for _, ev := range drain(t, q) {
		if ev.At < last[ev.Seq] {
			t.Fatalf("producer %d: %d after %d", ev.Seq, ev.At, last[ev.Seq])
		}
		last[ev.Seq] = ev.At
	}
}
