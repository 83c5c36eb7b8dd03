package engine

import (
	"errors"
	"sync"
	"testing"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// drain takes all that waits; only the last batch may have room left.
func drain(t *testing.T, q *queue) (events []payment.Event) {
	t.Helper()
	room := false
	for b := q.swap(); b != nil; b = q.swap() {
		if room || len(b.events) > q.batchMax {
			t.Fatalf("a batch of %d events, behind one with room: %v", len(b.events), room)
		}
		room = len(b.events) < q.batchMax
		events = append(events, b.events...)
	}
	return events
}

// TestWakesWhenEnoughWait: not before, and not for one that is awake.
func TestWakesWhenEnoughWait(t *testing.T) {
	q := newQueue(1000, 64, 4)
	put := func(n int) (woken bool) {
		if _, err := q.put(make([]payment.Event, n)); err != nil {
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

// TestFullQueueKeepsRoomForAnswers: requests are refused first, answers later,
// link events last.
func TestFullQueueKeepsRoomForAnswers(t *testing.T) {
	q := newQueue(100, 64, 4)
	fill := func(kind payment.Kind) (n int) {
		for {
			if _, err := q.put([]payment.Event{{Kind: kind, From: route.Participant(n % 5)}}); err != nil {
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
	if n := fill(payment.SendFailed); n != controlReserve {
		t.Errorf("%d failed sends fit behind them, want %d", n, controlReserve)
	}
	if n := fill(payment.LinkDown); n != controlReserve {
		t.Errorf("%d link events fit behind them, want %d", n, controlReserve)
	}
	const all = 100 + answerReserve + 2*controlReserve
	if n := q.len(); n != all {
		t.Errorf("%d events wait, want %d", n, all)
	}
	if n := len(drain(t, q)); n != all || q.len() != 0 {
		t.Errorf("swap gives %d events, %d are left; want %d", n, q.len(), all)
	}
	q.close()
	if _, err := q.put([]payment.Event{{Kind: payment.LinkUp}}); !errors.Is(err, ErrStopped) {
		t.Errorf("after close: %v", err)
	}
}

// TestOneSenderHasItsShare: who floods is told "busy" while the others have room, and
// what is taken out gives room again.
func TestOneSenderHasItsShare(t *testing.T) {
	const room = 750
	q := newQueue(1000, 64, 4)
	fill := func(from route.Participant, kind payment.Kind) (taken int) {
		for {
			if n, _ := q.put([]payment.Event{{Kind: kind, From: from}}); n == 0 {
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
	if n, _ := q.put([]payment.Event{{Kind: payment.AnswerArrived, From: 7}}); n != 1 {
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
	put := func(n int, from route.Participant, kind payment.Kind) (taken int) {
		for range n {
			one, _ := q.put([]payment.Event{{Kind: kind, From: from}})
			taken += one
		}
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
		if _, err := q.put([]payment.Event{ev}); err != nil {
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
				if _, err := q.put([]payment.Event{{Kind: payment.LinkUp, Seq: uint64(p), At: int64(i)}}); err != nil {
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
