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

// Message is one without a frame, on its way out.
type Message struct {
	End   int    // in the bytes of its Parcel
	Token []byte // of the vault, for its PIN block; empty: it has none
}

// Parcel is messages that leave a link together, in order.
type Parcel struct {
	Bytes    []byte
	Messages []Message
	// Lost is told of each message of which not one byte leaves, by its index, and why:
	// ErrPIN, what the module said, or what the link said. It must not block. nil: nobody
	// wants to know.
	Lost func(index int, why error)
}

// OutboundOptions of an Outbound; all but PINs are required.
type OutboundOptions struct {
	Link    session.Link
	Framing frame.Framing
	Limits  frame.Limits
	Scheme  Scheme
	Pool    *hsm.Pool
	Op      hsm.Op                   // how metrics name the calls
	PINs    func([]byte) (PIN, bool) // takes a block out of the vault; nil: there is none
}

// Outbound is a link whose messages are protected before they leave. Safe for
// concurrent use.
type Outbound struct {
	session.Link
	o    OutboundOptions
	line *Line[Parcel, sealed]
}

// sealed is what has become of a Parcel.
type sealed struct {
	frames []byte
	lost   []loss
}

// loss is a message that does not leave.
type loss struct {
	index int
	why   error
}

// NewOutbound makes one for a link.
func NewOutbound(o OutboundOptions) *Outbound {
	out := &Outbound{Link: o.Link, o: o}
	out.line = NewLine(LineOptions[Parcel, sealed]{Pool: o.Pool, Op: o.Op, Scheme: o.Scheme, Work: out.seal, Done: out.leave,
		Size: func(p Parcel) int { return len(p.Bytes) }})
	return out
}

// Post takes a parcel over. An error means that nothing of it leaves, and Lost is not
// called; its messages leave in the order of the calls.
func (o *Outbound) Post(p Parcel) error {
	if !o.line.Add(p) {
		return ErrFull
	}
	return nil
}

// seal protects and frames the messages of parcels. A block that was taken is wiped,
// whatever comes of its message.
func (o *Outbound) seal(ctx context.Context, m hsm.Module, g Guard, parcels []Parcel) []sealed {
	all := make([]sealed, len(parcels))
	var header []byte
	for i, p := range parcels {
		s, from := &all[i], 0
		header = o.Link.AppendHeader(header[:0])
		s.frames = make([]byte, 0, len(p.Bytes)+64*len(p.Messages))
		for j, message := range p.Messages {
			frames, err := o.sealOne(ctx, m, g, s.frames, header, p.Bytes[from:message.End], message.Token)
			if err != nil {
				s.lost = append(s.lost, loss{j, err})
			} else {
				s.frames = frames
			}
			from = message.End
		}
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

// leave hands what is protected to the link.
func (o *Outbound) leave(parcels []Parcel, all []sealed, err error) {
	sent := false
	for i, p := range parcels {
		why := err
		if why == nil && len(all[i].frames) > 0 {
			why = o.Link.Queue(all[i].frames)
			sent = sent || why == nil
		}
		switch {
		case p.Lost == nil:
		case why != nil:
			for j := range p.Messages {
				p.Lost(j, why)
			}
		default:
			for _, l := range all[i].lost {
				p.Lost(l.index, l.why)
			}
		}
	}
	if sent {
		o.Link.Wake()
	}
}
