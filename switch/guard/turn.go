package guard

import (
	"errors"
	"sync"
)

// ErrClosed says that the link of a message is gone.
var ErrClosed = errors.New("guard: the link is gone")

// How much may wait for a link.
const (
	itemsMax = 16_384  // messages
	bytesMax = 8 << 20 // of them
)

// turnBytes is after how much a turn leaves the rest to the next one: other links of the
// goroutine come in between.
const turnBytes = 64 << 10

// spareMax is how many empty parcels a link keeps.
const spareMax = 8

// turns is what waits to be protected on the goroutine of the link, because the module
// is prompt: nobody else is woken for it than who has to write it anyway.
type turns struct {
	mu      sync.Mutex // guards what follows
	waiting []*kept    // from next on, in order
	next    int
	items   int  // in waiting
	bytes   int  // of them
	closed  bool // the link has no turns any more
	spare   []*kept

	// The goroutine's own.
	seal   seal
	header []byte
	frames []byte  // of a parcel
	whys   []error // of its messages: nil of one that is among the frames
}

// add keeps a copy of a parcel until its turn.
func (t *turns) add(p *Parcel, b *Budget) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return ErrClosed
	case t.items+len(p.Messages) > itemsMax || t.bytes+len(p.Bytes) > bytesMax || !b.take(len(p.Bytes)):
		return ErrFull
	}
	k := t.empty()
	k.keep(p)
	t.items += len(k.Messages)
	t.bytes += len(k.Bytes)
	t.waiting = append(t.waiting, k)
	return nil
}

// empty is a parcel to be filled. t.mu is held.
func (t *turns) empty() *kept {
	n := len(t.spare)
	if n == 0 {
		return new(kept)
	}
	k := t.spare[n-1]
	t.spare[n-1] = nil
	t.spare = t.spare[:n-1]
	return k
}

// first is the parcel whose turn it is, nil if there is none. It stays where it is until
// done.
func (t *turns) first() *kept {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == len(t.waiting) {
		return nil
	}
	return t.waiting[t.next]
}

// done takes the first parcel out.
func (t *turns) done(b *Budget) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.waiting[t.next]
	t.waiting[t.next] = nil
	t.items -= len(k.Messages)
	t.bytes -= len(k.Bytes)
	b.give(len(k.Bytes))
	if t.next++; 2*t.next >= len(t.waiting) { // half of it is behind us: moving the rest costs each parcel one step
		rest := copy(t.waiting, t.waiting[t.next:])
		clear(t.waiting[rest:])
		t.waiting, t.next = t.waiting[:rest], 0
	}
	if k.clear() && len(t.spare) < spareMax {
		t.spare = append(t.spare, k)
	}
}

// Turn protects what waits, and hands it to the link. It is called on the link's
// goroutine, after a Ring of the options and whenever else it suits; it has nothing to do
// where the pool's goroutines protect.
func (o *Outbound) Turn() {
	t := o.turns
	if t == nil {
		return
	}
	for room := turnBytes; room > 0; {
		k := t.first()
		if k == nil {
			return
		}
		room -= len(k.Bytes)
		o.depart(k)
		t.done(o.o.Budget)
	}
	if t.first() != nil {
		o.o.Ring()
	}
}

// Close says that the link is gone, and with it its turns: what waits is lost, and no
// parcel is taken any more. It is called on the link's goroutine.
func (o *Outbound) Close() {
	t := o.turns
	if t == nil {
		return
	}
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	for k := t.first(); k != nil; k = t.first() {
		for i := range k.Messages {
			k.lost(i, ErrClosed)
		}
		k.gone()
		t.done(o.o.Budget)
	}
}

// depart protects a parcel and hands it to the link, as one hand-over.
func (o *Outbound) depart(k *kept) {
	t, now := o.turns, o.o.Pool.Now()
	t.header = o.Link.AppendHeader(t.header[:0])
	ctx, m, down := o.o.Pool.Here(o.o.Op)
	t.seal.ctx = ctx
	for i := range k.Messages {
		what, message := &k.Messages[i], k.message(i)
		why := down
		switch t.seal.m = m; {
		case what.late(now): // and its PIN block stays where it is
			why = ErrLate
		case o.exempt(message):
			t.seal.m, why = nil, nil
		}
		if why == nil {
			t.frames, why = o.sealOne(&t.seal, t.frames, t.header, message, what)
		}
		t.whys = append(t.whys, why)
	}
	var why error
	if len(t.frames) > 0 {
		if why = o.Link.Queue(t.frames); why == nil {
			o.Link.Wake()
		}
	}
	for i, lost := range t.whys {
		if lost == nil {
			lost = why
		}
		if lost != nil {
			k.lost(i, lost)
		}
	}
	k.gone()
	clear(t.whys)
	if t.frames, t.whys = t.frames[:0], t.whys[:0]; cap(t.frames) > keptMax {
		t.frames = nil
	}
}
