package guard

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"switchd/hsm"
)

// LineOptions of a Line; all without a default are required.
type LineOptions[T, R any] struct {
	Pool   *hsm.Pool
	Op     hsm.Op // how metrics name the calls
	Scheme Scheme

	// Work does the items of a batch, on a goroutine of the pool, and gives a result for
	// each. An Exempt item comes alone, with m nil, on whatever goroutine the Line is.
	// The pool may give a call up while Work is in it: its results are dropped then. So
	// it writes to nothing that it is given but g.
	Work func(ctx context.Context, m hsm.Module, g Guard, batch []T) []R

	// Done takes the batches back, in the order in which their items came, one batch at
	// a time. results is nil when there are none: err says why, and hsm.NotDone whether
	// the module may have done it. It must not block.
	Done func(batch []T, results []R, err error)

	// Size is the bytes of an item, for BytesMax.
	Size func(T) int
	// Exempt says that Work needs no module for an item: it is done here, in its turn.
	// Default: none is.
	Exempt func(T) bool

	BatchMax  int // items of one call to a quick module, see batchTime; default 8
	FlyingMax int // calls at once; default 32
	ItemsMax  int // items in the Line; default 16,384
	BytesMax  int // bytes of them; default 8 MiB

	Budget *Budget // of all Lines of a participant; nil: none
}

// Budget bounds the bytes in several Lines together. Safe for concurrent use; its zero
// value has no room.
type Budget struct {
	Max  int64
	used atomic.Int64
}

// take takes room, or says that there is none. No budget has no end.
func (b *Budget) take(n int) bool {
	if b == nil || b.used.Add(int64(n)) <= b.Max {
		return true
	}
	b.give(n)
	return false
}

func (b *Budget) give(n int) {
	if b != nil {
		b.used.Add(-int64(n))
	}
}

// Line takes what goes one way on one link through the module: in batches, several at
// once, and back in order. Safe for concurrent use.
type Line[T, R any] struct {
	o LineOptions[T, R]

	mu      sync.Mutex // guards the rest
	waiting []T
	flying  []*flight[T, R] // in order
	items   int             // in waiting and flying
	bytes   int             // of them
	idle    []Guard
	handing bool  // somebody is giving batches back
	blocked bool  // the pool is full, and none of our calls will say when it is not
	each    int64 // how long an item has taken of late, ns
}

// flight is one call.
type flight[T, R any] struct {
	guard   Guard
	batch   []T
	results []R
	err     error
	landed  bool
	refused bool         // the pool had no room
	each    atomic.Int64 // what an item took; Work may end after it was given up
}

// NewLine makes a Line. It needs no end: what is in it is answered by the pool.
func NewLine[T, R any](o LineOptions[T, R]) *Line[T, R] {
	if o.Exempt == nil {
		o.Exempt = func(T) bool { return false }
	}
	if o.BatchMax <= 0 {
		o.BatchMax = 8
	}
	if o.FlyingMax <= 0 {
		o.FlyingMax = 32
	}
	if o.ItemsMax <= 0 {
		o.ItemsMax = 16_384
	}
	if o.BytesMax <= 0 {
		o.BytesMax = 8 << 20
	}
	return &Line[T, R]{o: o, each: batchTime / 4}
}

// Add takes items over, all of them or, when there are too many, none. It never
// blocks; Done may be called before it returns.
func (l *Line[T, R]) Add(items ...T) bool {
	size := 0
	for _, item := range items {
		size += l.o.Size(item)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.items+len(items) > l.o.ItemsMax || l.bytes+size > l.o.BytesMax || !l.o.Budget.take(size) {
		return false
	}
	l.items += len(items)
	l.bytes += size
	l.waiting = append(l.waiting, items...)
	if !l.handing {
		l.launch()
		l.hand()
	}
	return true
}

// behind says that there are as many items as can be in calls at once, or that no call
// can begin.
func (l *Line[T, R]) behind() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blocked || len(l.flying) >= l.o.FlyingMax
}

// launch begins calls while there is something to do. l.mu is held, but for the time
// of asking the pool.
func (l *Line[T, R]) launch() {
	for len(l.waiting) > 0 && len(l.flying) < l.o.FlyingMax {
		n := l.next()
		if n == 0 {
			f := l.takeOff(1)
			f.results, f.landed = l.o.Work(context.Background(), nil, f.guard, f.batch), true
			continue
		}
		if l.blocked {
			return
		}
		f := l.takeOff(n)
		if l.call(f); f.refused {
			l.takeBack(f)
			if !l.aloft() {
				l.awaitRoom(f.err)
			}
			return
		}
	}
}

// next is how many items the next call has; 0: the first needs no call.
func (l *Line[T, R]) next() int {
	n := min(len(l.waiting), l.batchMax())
	if i := slices.IndexFunc(l.waiting[:n], l.o.Exempt); i >= 0 {
		return i
	}
	return n
}

// takeOff makes a flight of the first n items.
func (l *Line[T, R]) takeOff(n int) *flight[T, R] {
	f := &flight[T, R]{batch: append([]T(nil), l.waiting[:n]...), guard: l.guard()}
	rest := copy(l.waiting, l.waiting[n:])
	clear(l.waiting[rest:])
	l.waiting = l.waiting[:rest]
	l.flying = append(l.flying, f)
	return f
}

// aloft says that a call is under way, which goes on with what waits when it lands.
func (l *Line[T, R]) aloft() bool {
	return slices.ContainsFunc(l.flying, func(f *flight[T, R]) bool { return !f.landed })
}

// awaitRoom goes on when the pool has room again, or gives up what waits: as long as a
// call may take, no call of anybody has left it.
func (l *Line[T, R]) awaitRoom(why error) {
	l.blocked = true
	l.o.Pool.AwaitRoom(func(room bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.blocked = false
		if !room {
			l.flying = append(l.flying, &flight[T, R]{batch: l.waiting, err: why, landed: true})
			l.waiting = nil
		}
		if !l.handing {
			l.launch()
			l.hand()
		}
	})
}

// takeBack has the items of a call that the pool had no room for wait again, before the
// others. It was the last one.
func (l *Line[T, R]) takeBack(f *flight[T, R]) {
	l.waiting = slices.Insert(l.waiting, 0, f.batch...) // where takeOff has just made room
	l.flying[len(l.flying)-1] = nil
	l.flying = l.flying[:len(l.flying)-1]
	l.idle = append(l.idle, f.guard)
}

// batchTime is how long a call may take by its items: with a module that is far away
// each of them is a call, and many are made at once; with one that answers in
// microseconds it is the calls that cost.
const batchTime = int64(2 * time.Millisecond)

// batchMax is how many items the next call has.
func (l *Line[T, R]) batchMax() int {
	return int(min(max(batchTime/max(l.each, 1), 1), int64(l.o.BatchMax)))
}

// guard is one that nobody uses.
func (l *Line[T, R]) guard() Guard {
	n := len(l.idle)
	if n == 0 {
		return l.o.Scheme.Open()
	}
	g := l.idle[n-1]
	l.idle = l.idle[:n-1]
	return g
}

// call asks the pool, which may answer on its goroutine before it returns here: so the
// lock is not held meanwhile, and handing keeps others from launching out of order.
func (l *Line[T, R]) call(f *flight[T, R]) {
	was := l.handing
	l.handing = true
	l.mu.Unlock()
	err := hsm.Call(l.o.Pool, l.o.Op, func(ctx context.Context, m hsm.Module) ([]R, error) {
		begun := l.o.Pool.Now()
		results := l.o.Work(ctx, m, f.guard, f.batch)
		f.each.Store((l.o.Pool.Now() - begun) / int64(len(f.batch)))
		return results, nil
	}, func(results []R, err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.each += (f.each.Load() - l.each) / 4; err != nil {
			l.each = batchTime // one by one, until it is known better
		}
		f.results, f.err, f.landed = results, err, true
		if !l.handing {
			l.hand()
		}
	})
	l.mu.Lock()
	l.handing = was
	if err != nil {
		f.err, f.landed, f.refused = err, true, true
	}
}

// hand gives back what has landed, in order, and begins what waits for that. l.mu is
// held, but for the time of Done.
func (l *Line[T, R]) hand() {
	l.handing = true
	for len(l.flying) > 0 && l.flying[0].landed {
		f := l.flying[0]
		l.flying[0] = nil
		l.flying = l.flying[1:]
		if f.err == nil { // else Work may still be using it
			l.idle = append(l.idle, f.guard)
		}
		l.items -= len(f.batch)
		for _, item := range f.batch {
			size := l.o.Size(item)
			l.bytes -= size
			l.o.Budget.give(size)
		}
		l.mu.Unlock()
		l.o.Done(f.batch, f.results, f.err)
		l.mu.Lock()
		l.launch()
	}
	l.handing = false
}
