package guard

import (
	"context"
	"errors"

	"switchd/codec/frame"
	"switchd/hsm"
	"switchd/session"
)

// ErrFull says that too many messages wait for the security module.
var ErrFull = errors.New("guard: too many messages wait for the security module")

// ErrLate says that a message was not protected before it must not leave any more.
var ErrLate = errors.New("guard: too late to be sent")

// OutboundOptions of an Outbound; all but PINs, Budget and Ring are required.
type OutboundOptions struct {
	Link    session.Link
	Framing frame.Framing
	Limits  frame.Limits
	Scheme  Scheme
	Pool    *hsm.Pool
	Op      hsm.Op                   // how metrics name the calls
	PINs    func([]byte) (PIN, bool) // takes a block out of the vault; nil: there is none
	Budget  *Budget
	// Ring has Turn called on the goroutine that the link belongs to, soon and once for
	// many calls. With it, and a module that is prompt, messages are protected there, else
	// on goroutines of the pool.
	Ring func()
}

// Outbound is a link whose messages are protected before they leave. Safe for
// concurrent use, but for Turn and Close.
type Outbound struct {
	session.Link
	o      OutboundOptions
	exempt func([]byte) bool
	line   *Line[posted, sealed]
	turns  *turns // nil: the line is used
}

// posted is a message of a Parcel.
type posted struct {
	*Parcel
	index int
}

// bytes are those of the message.
func (p posted) bytes() []byte { return p.message(p.index) }

// sealed is what has become of a message: a frame, or why there is none.
type sealed struct {
	frame []byte
	err   error
}

// NewOutbound makes one for a link.
func NewOutbound(o OutboundOptions) *Outbound {
	out := &Outbound{Link: o.Link, o: o, exempt: exempts(o.Scheme)}
	if o.Ring != nil && o.Pool.Prompt(o.Op, hsm.OpTranslatePIN) {
		out.turns = &turns{seal: seal{g: o.Scheme.Open()}}
		return out
	}
	out.line = NewLine(LineOptions[posted, sealed]{
		Pool: o.Pool, Op: o.Op, Scheme: o.Scheme, Work: out.sealAll, Done: out.leave, Size: func(p posted) int { return len(p.bytes()) },
		Exempt: func(p posted) bool { return out.exempt(p.bytes()) }, Budget: o.Budget, ItemsMax: itemsMax, BytesMax: bytesMax,
	})
	return out
}

// Post takes a copy of a parcel. An error means that nothing of it leaves, and neither
// Lost nor Gone is called; its messages leave in the order of the calls.
func (o *Outbound) Post(p Parcel) error {
	if o.turns != nil {
		if err := o.turns.add(&p, o.o.Budget); err != nil {
			return err
		}
		o.o.Ring()
		return nil
	}
	k := new(kept)
	k.keep(&p)
	items := make([]posted, len(k.Messages))
	for i := range items {
		items[i] = posted{&k.Parcel, i}
	}
	if !o.line.Add(items...) {
		return ErrFull
	}
	return nil
}

// sealAll protects and frames messages.
func (o *Outbound) sealAll(ctx context.Context, m hsm.Module, g Guard, batch []posted) []sealed {
	all, s, size := make([]sealed, len(batch)), &seal{ctx: ctx, m: m, g: g}, 0
	latest := o.Link.AppendHeader(nil)
	for _, p := range batch {
		size += len(p.bytes()) + 64
	}
	room := make([]byte, 0, size)
	for i, p := range batch {
		message, what := p.bytes(), &p.Messages[p.index]
		if what.late(o.o.Pool.Now()) { // and its PIN block stays where it is
			all[i].err = ErrLate
			continue
		}
		start := len(room)
		room, all[i].err = o.sealOne(s, room, latest, message, what)
		all[i].frame = room[start:]
	}
	return all
}

// seal is what messages are protected with.
type seal struct {
	ctx context.Context
	m   hsm.Module
	g   Guard
	pin PIN // of the message at hand
}

// sealOne appends a message, protected and framed. A block that was taken is wiped,
// whatever comes of its message.
func (o *Outbound) sealOne(s *seal, dst, latest, message []byte, what *Message) ([]byte, error) {
	var pin *PIN
	if len(what.Token) > 0 {
		if o.o.PINs == nil {
			return dst, ErrPIN
		}
		var ok bool
		if s.pin, ok = o.o.PINs(what.Token); !ok {
			return dst, ErrPIN
		}
		defer s.wipe()
		pin = &s.pin
	}
	header := what.Header
	if header == nil {
		header = latest
	}
	start := len(dst)
	b, err := o.o.Framing.BeginHeader(dst, header)
	if err == nil {
		b, err = s.g.Protect(s.ctx, s.m, b, message, pin)
	}
	if err == nil {
		b, err = o.o.Framing.End(b, start, o.o.Limits)
	}
	if err != nil {
		return dst, err
	}
	return b, nil
}

func (s *seal) wipe() {
	s.pin.Wipe()
	s.pin = PIN{}
}

// leave hands what is protected to the link, as one hand-over. What is too late by now
// is not sent: the switch may have undone it already.
func (o *Outbound) leave(batch []posted, all []sealed, err error) {
	frames := make([]byte, 0, sizeOf(all))
	now := o.o.Pool.Now()
	for i := range all {
		s := &all[i]
		if batch[i].Messages[batch[i].index].late(now) {
			s.err = ErrLate
		}
		if s.err == nil {
			frames = append(frames, s.frame...)
		}
	}
	if err == nil && len(frames) > 0 {
		if err = o.Link.Queue(frames); err == nil {
			o.Link.Wake()
		}
	}
	for i, p := range batch {
		switch {
		case err != nil:
			p.lost(p.index, err)
		case all[i].err != nil:
			p.lost(p.index, all[i].err)
		}
		if p.index == len(p.Messages)-1 {
			p.gone()
		}
	}
}

// sizeOf is how many bytes frames have together.
func sizeOf(all []sealed) (n int) {
	for i := range all {
		n += len(all[i].frame)
	}
	return n
}
