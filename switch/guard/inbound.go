package guard

import (
	"context"

	"switchd/hsm"
)

// Checked is a message that has come, and what is known of it.
type Checked struct {
	Message []byte // as the dialect reads it; with Err only for a refusal
	Err     error  // as of Guard.Check; nil: it is what its sender has sent
}

// InboundOptions of an Inbound; all are required.
type InboundOptions struct {
	Scheme Scheme
	Pool   *hsm.Pool
	Op     hsm.Op // how metrics name the calls
	// Done takes messages in the order in which they came, on goroutines of the pool,
	// one call at a time. It must not block.
	Done func([]Checked)
}

// Inbound checks what comes on a link. Safe for concurrent use.
type Inbound struct {
	o    InboundOptions
	line *Line[[]byte, Checked]
}

// NewInbound makes one for a link.
func NewInbound(o InboundOptions) *Inbound {
	in := &Inbound{o: o}
	in.line = NewLine(LineOptions[[]byte, Checked]{
		Pool: o.Pool, Op: o.Op, Scheme: o.Scheme, Work: in.check, Done: in.done, Size: func(m []byte) int { return len(m) },
	})
	return in
}

// Add takes the messages of a burst over; false: there is no room, and they are still
// the caller's.
func (in *Inbound) Add(messages [][]byte) bool { return in.line.Add(messages...) }

func (in *Inbound) check(ctx context.Context, m hsm.Module, g Guard, messages [][]byte) []Checked {
	all := make([]Checked, len(messages))
	for i, raw := range messages {
		c := &all[i]
		if c.Message, c.Err = g.Check(ctx, m, raw); c.Err != nil {
			c.Message = in.Unproven(raw)
		}
	}
	return all
}

func (in *Inbound) done(messages [][]byte, all []Checked, err error) {
	if err != nil {
		all = make([]Checked, len(messages))
		for i, raw := range messages {
			all[i] = Checked{in.Unproven(raw), err}
		}
	}
	in.o.Done(all)
}

// Unproven is what can be read of a message that is not proven, for a refusal.
func (in *Inbound) Unproven(raw []byte) []byte {
	if w, ok := in.o.Scheme.(Wrapped); ok {
		return w.Unwrap(raw)
	}
	return raw
}
