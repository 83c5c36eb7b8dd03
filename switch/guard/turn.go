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

// stretch is how many messages of a parcel are protected and handed over together. What
// is not too late at its beginning leaves so soon after that it is not too late then.
const stretch = 64

// waitingKept is the largest room for what waits that an idle link keeps.
const waitingKept = 64

// turns is what waits to be protected on the goroutine of the link, because the module
// is prompt: nobody else is woken for it than who has to write it anyway.
type turns struct {
	mu      sync.Mutex // guards what follows
	waiting []*kept    // from next on, in order
	next    int
	items   int  // in waiting
	bytes   int  // of them
	closed  bool // the link has no turns any more

	// The goroutine's own.
	seal   seal
	header []byte
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
	k := spare.Get().(*kept)
	k.keep(p)
	t.items += len(k.Messages)
	t.bytes += len(k.Bytes)
	t.waiting = append(t.waiting, k)
	return nil
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
	if len(t.waiting) == 0 && cap(t.waiting) > waitingKept {
		t.waiting = nil
	}
	k.free()
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
		room -= o.depart(k)
		if k.next == len(k.Messages) {
			k.gone()
			t.done(o.o.Budget)
		}
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
		for ; k.next < len(k.Messages); k.next++ {
			k.lost(k.next, ErrClosed)
		}
		k.gone()
		t.done(o.o.Budget)
	}
}

// depart protects the next stretch of a parcel and hands it to the link, as one
// hand-over. It says how many bytes that was.
func (o *Outbound) depart(k *kept) (size int) {
	t, now := o.turns, o.o.Pool.Now()
	t.header = o.Link.AppendHeader(t.header[:0])
	ctx, m, down := o.o.Pool.Here(o.o.Op)
	t.seal.ctx = ctx
	from := k.next
	k.next = min(from+stretch, len(k.Messages))
	for i := from; i < k.next; i++ {
		what, message := &k.Messages[i], k.message(i)
		size += len(message)
		why := down
		switch t.seal.m = m; {
		case what.late(now): // and its PIN block stays where it is
			why = ErrLate
		case o.exempt(message):
			t.seal.m, why = nil, nil
		}
		if why == nil {
			k.frames, why = o.sealOne(&t.seal, k.frames, t.header, message, what)
		}
		k.whys = append(k.whys, why)
	}
	o.handOver(k, from)
	return size
}

// handOver hands the frames of a stretch to the link, and tells what is lost of its
// messages, the first of which is from.
func (o *Outbound) handOver(k *kept, from int) {
	var why error
	if len(k.frames) > 0 {
		if why = o.Link.Queue(k.frames); why == nil {
			o.Link.Wake()
		}
	}
	for i, lost := range k.whys {
		if lost == nil {
			lost = why
		}
		if lost != nil {
			k.lost(from+i, lost)
		}
	}
	clear(k.whys)
	k.frames, k.whys = k.frames[:0], k.whys[:0]
}
