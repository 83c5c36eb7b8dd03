package guard

import "sync"

// Message is one without a frame, on its way out.
type Message struct {
	End   int    // in the bytes of its Parcel
	Token []byte // of the vault, for its PIN block; empty: it has none
	// Header of its frame, which stays as it is; nil: that of the link when it is protected.
	Header []byte
	// NotAfter is when it must not leave any more, UTC nanoseconds; 0: it always may.
	NotAfter int64
}

// late says that it must not leave any more.
func (m *Message) late(now int64) bool { return m.NotAfter != 0 && now >= m.NotAfter }

// Parcel is messages that leave a link together, in order.
type Parcel struct {
	Bytes    []byte
	Messages []Message
	// Lost is told of each message of which not one byte leaves, by its index, and why:
	// ErrPIN, what the module said, or what the link said. It must not block. nil: nobody
	// wants to know.
	Lost func(index int, why error)
	// Gone is told once when Lost is not called any more. It must not block. nil: nobody
	// wants to know.
	Gone func()
}

// message is the bytes of one of them.
func (p *Parcel) message(index int) []byte {
	from := 0
	if index > 0 {
		from = p.Messages[index-1].End
	}
	return p.Bytes[from:p.Messages[index].End]
}

// lost tells that a message does not leave.
func (p *Parcel) lost(index int, why error) {
	if p.Lost != nil {
		p.Lost(index, why)
	}
}

// gone tells that all has been told.
func (p *Parcel) gone() {
	if p.Gone != nil {
		p.Gone()
	}
}

// kept is a Parcel with all that it names in rooms of its own, which are used again.
type kept struct {
	Parcel
	named  []byte  // tokens and headers
	next   int     // of its messages, to be protected
	frames []byte  // of those at hand
	whys   []error // of those at hand: nil of one that is among the frames
}

// spare has empty ones for all links: an idle link keeps none. Safe for any goroutine;
// what is not used goes with the garbage.
var spare = sync.Pool{New: func() any { return new(kept) }}

// keep copies a parcel.
func (k *kept) keep(p *Parcel) {
	k.Bytes = append(k.Bytes[:0], p.Bytes...)
	k.Messages = append(k.Messages[:0], p.Messages...)
	k.Lost, k.Gone = p.Lost, p.Gone
	k.named = k.named[:0]
	for i := range k.Messages {
		m := &k.Messages[i]
		m.Token, m.Header = k.name(m.Token), k.name(m.Header)
	}
}

// name is a copy of what a message names; nil stays nil.
func (k *kept) name(b []byte) []byte {
	if b == nil {
		return nil
	}
	from := len(k.named)
	k.named = append(k.named, b...) // what was named before stays where it is, also when this moves
	return k.named[from:len(k.named):len(k.named)]
}

// The largest rooms that wait for use.
const (
	keptMax   = 256 << 10 // bytes
	keptItems = 4096      // messages
)

// free gives the rooms back, unless they are too large, and forgets the parcel.
func (k *kept) free() {
	clear(k.Messages)
	k.Parcel, k.next = Parcel{Bytes: k.Bytes[:0], Messages: k.Messages[:0]}, 0
	if k.small() {
		spare.Put(k)
	}
}

// small says that none of its rooms is too large to be kept; those of whys are for a
// stretch at most.
func (k *kept) small() bool {
	return cap(k.Bytes) <= keptMax && cap(k.named) <= keptMax && cap(k.frames) <= keptMax && cap(k.Messages) <= keptItems
}
