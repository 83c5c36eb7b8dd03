package engine

import (
	"errors"
	"sync"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// ErrBusy means that the queue is full: nothing was taken, answer at once.
var ErrBusy = errors.New("engine: queue is full")

// ErrStopped means that the engine takes no more events.
var ErrStopped = errors.New("engine: stopped")

// answerReserve is the room above QueueMax for answers: an answer that is lost
// costs a reversal or a doubt, and makes the overload worse that lost it. Requests
// are what overload is turned away by. Above it controlReserve is the room for
// failed sends, and as much again for link events: losing one of those would
// leave the machine with a wrong picture of who is there.
const (
	answerReserve  = 65_536
	controlReserve = 1024
)

// batch is a run of events with the text they view.
type batch struct {
	events []payment.Event
	arena  []byte
}

func (b *batch) reset() {
	b.events, b.arena = b.events[:0], b.arena[:0]
}

// add copies ev and its text.
func (b *batch) add(ev *payment.Event) {
	b.events = append(b.events, *ev)
	b.arena = b.events[len(b.events)-1].Text.MoveTo(b.arena)
}

// queue is the bounded hand-over from the event loops to the sequencer: the
// producers fill one batch while the sequencer works on another, so that a
// hand-over is one lock and one copy however many events it has.
type queue struct {
	mu     sync.Mutex // guards what follows up to closed
	full   []*batch   // before cur, oldest first
	cur    *batch
	n      int     // events in full and cur
	asks   int     // of them requests and enquiries
	by     []int32 // those by participant
	askers int     // participants that have some
	enough int     // so many of them wake the sequencer
	spare  []*batch
	closed bool

	max      int
	batchMax int           // events of one batch, which becomes one group
	spareMax int           // batches kept for reuse
	wake     chan struct{} // holds a token when enough may wait
}

func newQueue(limit, batchMax, spareMax int) *queue {
	return &queue{cur: &batch{}, enough: 1, max: limit, batchMax: batchMax, spareMax: spareMax, wake: make(chan struct{}, 1)}
}

// limit is how full the queue may be for an event of this kind.
func (q *queue) limit(kind payment.Kind) int {
	switch kind {
	case payment.RequestArrived:
		return q.max * 3 / 4
	case payment.EnquiryArrived: // never more than a tenth of what there is room for
		return q.max / 10
	case payment.AnswerArrived:
		return q.max + answerReserve
	}
	if kind == payment.LinkUp || kind == payment.LinkDown {
		return q.max + answerReserve + 2*controlReserve
	}
	return q.max + answerReserve + controlReserve
}

// deep is how many times its limit a queue may hold before requests wait for answers: a
// request of each of those that have room brings three.
const deep = 4

// fits says that there is room for an event. Requests are counted by themselves: the
// answers to those of one sender must not take the room of others.
func (q *queue) fits(ev *payment.Event) bool {
	if ev.Kind == payment.RequestArrived {
		return q.asks < q.limit(ev.Kind) && q.n < deep*q.max
	}
	return q.n < q.limit(ev.Kind)
}

// put copies events in. It stops at the first that does not fit and reports how
// many were taken.
func (q *queue) put(events []payment.Event) (taken int, err error) {
	q.mu.Lock()
	for taken < len(events) && err == nil {
		switch ev := &events[taken]; {
		case q.closed:
			err = ErrStopped
		case !q.fits(ev) || q.greedy(ev):
			err = ErrBusy
		default:
			q.count(ev, 1)
			if len(q.cur.events) >= q.batchMax {
				q.full = append(q.full, q.cur)
				q.cur = q.fresh()
			}
			q.cur.add(ev)
			q.n++
			taken++
		}
	}
	wake := taken > 0 && q.n >= q.enough
	q.mu.Unlock()
	if wake {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return taken, err
}

// limited says that an event starts something: a participant may have as many of
// them in the queue as it likes only while there is room for those of others.
func limited(ev *payment.Event) bool {
	return ev.From != route.Nobody && (ev.Kind == payment.RequestArrived || ev.Kind == payment.EnquiryArrived)
}

// greedy says that the sender of an event has its share of the queue already. A
// queue that is short has room for everyone; in a longer one nobody has more than
// two fifths, so that one alone does not make the switch shed the work of others.
func (q *queue) greedy(ev *payment.Event) bool {
	room := q.limit(payment.RequestArrived)
	if q.asks < room/4 || !limited(ev) || int(ev.From) >= len(q.by) {
		return false
	}
	share := min(room*2/5, room/max(q.askers, 1))
	return int(q.by[ev.From]) >= share
}

// count takes note of an event that comes or goes.
func (q *queue) count(ev *payment.Event, by int32) {
	if !limited(ev) {
		return
	}
	for int(ev.From) >= len(q.by) { // at most route.Nobody: participants are numbered from 0
		q.by = append(q.by, 0)
	}
	q.asks += int(by)
	was := q.by[ev.From]
	q.by[ev.From] = was + by
	switch {
	case was == 0:
		q.askers++
	case was+by == 0:
		q.askers--
	}
}

// fresh is an empty batch. The caller holds mu.
func (q *queue) fresh() *batch {
	n := len(q.spare)
	if n == 0 {
		return &batch{}
	}
	b := q.spare[n-1]
	q.spare = q.spare[:n-1]
	return b
}

// swap takes the oldest batch of what is waiting; nil when nothing is. give
// returns it for reuse.
func (q *queue) swap() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.enough = never // the sequencer is awake
	b := q.cur
	switch {
	case len(q.full) > 0:
		b = q.full[0]
		q.full = append(q.full[:0], q.full[1:]...)
	case len(b.events) > 0:
		q.cur = q.fresh()
	default:
		return nil
	}
	q.n -= len(b.events)
	for i := range b.events {
		q.count(&b.events[i], -1)
	}
	return b
}

// give takes a batch back.
func (q *queue) give(b *batch) {
	b.reset()
	q.mu.Lock()
	if len(q.spare) < q.spareMax {
		q.spare = append(q.spare, b)
	}
	q.mu.Unlock()
}

// await arms wake for so many waiting events, and says whether they are there.
func (q *queue) await(enough int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.enough = enough
	return q.n >= enough
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

// fill is how full the room for requests is, in percent. What answers there are is no
// sign of overload: each ends work.
func (q *queue) fill() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(q.asks*100/q.limit(payment.RequestArrived), q.n*100/(deep*q.max))
}

// close refuses all further events; what is waiting is still taken.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}
