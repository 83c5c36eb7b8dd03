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
}

// OutboundOptions of an Outbound; all but PINs and Budget are required.
type OutboundOptions struct {
	Link    session.Link
	Framing frame.Framing
	Limits  frame.Limits
	Scheme  Scheme
	Pool    *hsm.Pool
	Op      hsm.Op                   // how metrics name the calls
	PINs    func([]byte) (PIN, bool) // takes a block out of the vault; nil: there is none
	Budget  *Budget
}

// Outbound is a link whose messages are protected before they leave. Safe for
// concurrent use.
type Outbound struct {
	session.Link
	o    OutboundOptions
	line *Line[posted, sealed]
}

// posted is a message of a Parcel.
type posted struct {
	*Parcel
	index int
}

// message is its bytes.
func (p posted) message() []byte {
	from := 0
	if p.index > 0 {
		from = p.Messages[p.index-1].End
	}
	return p.Bytes[from:p.Messages[p.index].End]
}

// lost tells that it does not leave.
func (p posted) lost(why error) {
	if p.Lost != nil {
		p.Lost(p.index, why)
	}
}

// sealed is what has become of a message: a frame, or why there is none.
type sealed struct {
	frame []byte
	err   error
}

// NewOutbound makes one for a link.
func NewOutbound(o OutboundOptions) *Outbound {
	out := &Outbound{Link: o.Link, o: o}
	exempt := exempts(o.Scheme)
	out.line = NewLine(LineOptions[posted, sealed]{
		Pool: o.Pool, Op: o.Op, Scheme: o.Scheme, Work: out.seal, Done: out.leave, Size: func(p posted) int { return len(p.message()) },
		Exempt: func(p posted) bool { return exempt(p.message()) }, Budget: o.Budget,
	})
	return out
}

// Post takes a parcel over. An error means that nothing of it leaves, and Lost is not
// called; its messages leave in the order of the calls.
func (o *Outbound) Post(p Parcel) error {
	items := make([]posted, len(p.Messages))
	for i := range items {
		items[i] = posted{&p, i}
	}
	if !o.line.Add(items...) {
		return ErrFull
	}
	return nil
}

// seal protects and frames messages. A block that was taken is wiped, whatever comes of
// its message.
func (o *Outbound) seal(ctx context.Context, m hsm.Module, g Guard, batch []posted) []sealed {
	all := make([]sealed, len(batch))
	latest := o.Link.AppendHeader(nil)
	for i, p := range batch {
		message, what := p.message(), &p.Messages[p.index]
		if what.late(o.o.Pool.Now()) { // and its PIN block stays where it is
			all[i].err = ErrLate
			continue
		}
		header := what.Header
		if header == nil {
			header = latest
		}
		all[i].frame, all[i].err = o.sealOne(ctx, m, g, make([]byte, 0, len(message)+64), header, message, what.Token)
	}
	return all
}

func (o *Outbound) sealOne(ctx context.Context, m hsm.Module, g Guard, dst, header, message, token []byte) ([]byte, error) {
	var pin *PIN
	if len(token) > 0 {
		if o.o.PINs == nil {
			return dst, ErrPIN
		}
		p, ok := o.o.PINs(token)
		if !ok {
			return dst, ErrPIN
		}
		defer p.Wipe()
		pin = &p
	}
	start := len(dst)
	b, err := o.o.Framing.BeginHeader(dst, header)
	if err == nil {
		b, err = g.Protect(ctx, m, b, message, pin)
	}
	if err == nil {
		b, err = o.o.Framing.End(b, start, o.o.Limits)
	}
	if err != nil {
		return dst, err
	}
	return b, nil
}

// leave hands what is protected to the link, as one hand-over. What is too late by now
// is not sent: the switch may have undone it already.
func (o *Outbound) leave(batch []posted, all []sealed, err error) {
	var frames []byte
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
			p.lost(err)
		case all[i].err != nil:
			p.lost(all[i].err)
		}
	}
}
