package engine

import (
	"errors"
	"sync"

	"switchd/switch/payment"
)

// ErrBusy means that the queue is full: nothing was taken, answer at once.
var ErrBusy = errors.New("engine: queue is full")

// ErrStopped means that the engine takes no more events.
var ErrStopped = errors.New("engine: stopped")

// batch is a run of events with the text they view.
type batch struct {
	events []payment.Event
	arena  []byte
	at     int64 // when the first of them came
}

func (b *batch) reset() {
	b.events, b.arena = b.events[:0], b.arena[:0]
}

// add copies ev, which comes now, and its text.
func (b *batch) add(now int64, ev *payment.Event) {
	if len(b.events) == 0 {
		b.at = now
	}
	b.events = append(b.events, *ev)
	b.arena = b.events[len(b.events)-1].Text.MoveTo(b.arena)
}

// row is a run of batches, oldest first.
type row struct {
	full []*batch // before cur
	cur  *batch
	n    int // events
}

// since is when its oldest batch began; now, if there is nothing in it.
func (r *row) since(now int64) int64 {
	switch {
	case len(r.full) > 0:
		return r.full[0].at
	case len(r.cur.events) > 0:
		return r.cur.at
	}
	return now
}

// queue is the bounded hand-over from the event loops to the sequencer: the
// producers fill one batch while the sequencer works on another, so that a
// hand-over is one lock and one copy however many events it has.
type queue struct {
	mu     sync.Mutex // guards what follows up to closed
	front  row
	behind row  // stray answers of those that have many in front (share.go)
	turn   uint // batches that were taken

	by        []stake // what waits, by participant
	asks      int     // requests and enquiries that wait
	enquiries int     // of them
	askers    int     // participants that have some
	room      int     // requests and enquiries that may wait: crowd's word, of limit(RequestArrived)
	crowd     crowding

	enough int // so many events wake the sequencer
	spare  []*batch
	closed bool

	max      int
	batchMax int           // events of one batch, which becomes one group
	spareMax int           // batches kept for reuse
	wake     chan struct{} // holds a token when enough may wait
}

func newQueue(limit, batchMax, spareMax int) *queue {
	q := &queue{
		front: row{cur: &batch{}}, behind: row{cur: &batch{}}, enough: 1,
		max: limit, batchMax: batchMax, spareMax: spareMax, wake: make(chan struct{}, 1),
	}
	q.room = q.limit(payment.RequestArrived)
	return q
}

// put copies events in that come now; stray says that no message waits for them. It
// stops at the first that does not fit and reports how many were taken.
func (q *queue) put(now int64, events []payment.Event, stray bool) (taken int, err error) {
	q.mu.Lock()
	for taken < len(events) {
		ev := &events[taken]
		if err = q.refuses(ev, stray); err != nil {
			if ev.Kind == payment.RequestArrived {
				q.crowd.turnedAway(q.filled())
			}
			break
		}
		r := q.come(ev, stray)
		if len(r.cur.events) >= q.batchMax {
			r.full = append(r.full, r.cur)
			r.cur = q.fresh()
		}
		r.cur.add(now, ev)
		r.n++
		taken++
	}
	wake := taken > 0 && q.waiting() >= q.enough
	q.mu.Unlock()
	if wake {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return taken, err
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
	r := q.next()
	b := r.cur
	switch {
	case len(r.full) > 0:
		b = r.full[0]
		r.full = append(r.full[:0], r.full[1:]...)
	case len(b.events) > 0:
		r.cur = q.fresh()
	default:
		return nil
	}
	q.leave(r, b.events)
	q.crowd.ran = q.crowd.ran || q.front.n == 0
	return b
}

// next is the row whose turn it is.
func (q *queue) next() *row {
	q.turn++
	if q.behind.n > 0 && (q.front.n == 0 || q.turn%behindTurn == 0) {
		return &q.behind
	}
	return &q.front
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
	return q.waiting() >= enough
}

// waiting is how many events wait. The caller holds mu.
func (q *queue) waiting() int { return q.front.n + q.behind.n }

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting()
}

// fill is how full the room for requests is, in percent of what there is now: less in a
// crowded queue, and above 100 when some have found room on top. What answers there are
// is no sign of overload, up to where requests wait for them: each ends work. What waits
// behind even less.
func (q *queue) fill() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(q.asks*100/q.room, q.front.n*100/q.frontMost())
}

// requests is how many requests and enquiries wait, and how many may.
func (q *queue) requests() (wait, most int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.asks, q.room
}

// sight is what a look at the queue finds.
type sight struct {
	crowded bool
	turned  bool // it was not so at the last look, or is not any more
	sheds   bool // enquiries and collects are to leave their room to payments
	room    int
}

// look has the crowd looked at, and says what came of it. Sequencer only.
func (q *queue) look(now int64) sight {
	q.mu.Lock()
	defer q.mu.Unlock()
	turned := q.crowd.look(now, now-q.front.since(now))
	q.room = q.crowd.room(q.limit(payment.RequestArrived))
	return sight{crowded: q.crowd.on, turned: turned, sheds: q.crowd.sheds(now), room: q.room}
}

// close refuses all further events; what is waiting is still taken.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}
