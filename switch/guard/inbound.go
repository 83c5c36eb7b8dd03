package guard

import (
	"context"
	"errors"
	"time"

	"switchd/hsm"
)

// Received is a message as it came.
type Received struct {
	Body   []byte
	Header []byte // of the frame that answers it; nil where the framing has none
	At     int64  // when it came, UTC nanoseconds
	// Asks says that it wants something done, which must not be done StaleAfter later:
	// it is not checked any more then, but given back with a Fault.
	Asks bool
}

// StaleAfter is how long what is asked may wait to be checked, in nanoseconds. A module
// that cannot keep up is not asked about it any more, so that it is there for what is
// new, and for answers, which count however late they are.
const StaleAfter = int64(2 * time.Second)

// Checked is a message that has come, and what is known of it.
type Checked struct {
	Received
	Message []byte // as the dialect reads it; with Err only for a refusal
	Err     error  // as of Guard.Check; nil: it is what its sender has sent
}

// InboundOptions of an Inbound; all but Budget are required.
type InboundOptions struct {
	Scheme Scheme
	Pool   *hsm.Pool
	Op     hsm.Op // how metrics name the calls
	Budget *Budget
	// Done takes messages in the order in which they came, on goroutines of the pool,
	// one call at a time. It must not block.
	Done func([]Checked)
}

// Inbound checks what comes on a link. Safe for concurrent use, but for Now.
type Inbound struct {
	o      InboundOptions
	line   *Line[Received, Checked]
	exempt func([]byte) bool
	here   Guard // of Now; nil: the module is not prompt
}

// NewInbound makes one for a link.
func NewInbound(o InboundOptions) *Inbound {
	in := &Inbound{o: o, exempt: exempts(o.Scheme)}
	if o.Pool.Prompt(o.Op) {
		in.here = o.Scheme.Open()
	}
	in.line = NewLine(LineOptions[Received, Checked]{
		Pool: o.Pool, Op: o.Op, Scheme: o.Scheme, Work: in.check, Done: in.done, Size: func(r Received) int { return len(r.Body) },
		Exempt: func(r Received) bool { return in.exempt(r.Body) }, Budget: o.Budget,
	})
	return in
}

// Prompt says that messages are checked by Now, and not by Add: the module answers at
// once.
func (in *Inbound) Prompt() bool { return in.here != nil }

// Now checks a message where the caller is, always the same goroutine: the link's. The
// message is a view of body, and the error as of Guard.Check. It is for a Prompt module
// only.
func (in *Inbound) Now(body []byte) (message []byte, err error) {
	if in.exempt(body) {
		return in.here.Check(context.Background(), nil, body)
	}
	ctx, m, err := in.o.Pool.Here(in.o.Op)
	if err != nil {
		return nil, err
	}
	return in.here.Check(ctx, m, body)
}

// Add takes the messages of a burst over; false: there is no room, and they are still
// the caller's.
func (in *Inbound) Add(messages []Received) bool { return in.line.Add(messages...) }

// Behind says that what is added now has to wait for others to land.
func (in *Inbound) Behind() bool { return in.line.behind() }

func (in *Inbound) check(ctx context.Context, m hsm.Module, g Guard, messages []Received) []Checked {
	all := make([]Checked, len(messages))
	for i, r := range messages {
		c := &all[i]
		if c.Received = r; r.Asks && in.o.Pool.Now()-r.At > StaleAfter {
			c.Err = &hsm.Fault{Kind: hsm.ErrDown, Cause: errStale}
		} else {
			c.Message, c.Err = g.Check(ctx, m, r.Body)
		}
		if c.Err != nil {
			c.Message = in.Unproven(r.Body)
		}
	}
	return all
}

// errStale is why a message that asks for something is not checked any more.
var errStale = errors.New("guard: it has waited too long for the security module")

func (in *Inbound) done(messages []Received, all []Checked, err error) {
	if err != nil {
		all = make([]Checked, len(messages))
		for i, r := range messages {
			all[i] = Checked{Received: r, Message: in.Unproven(r.Body), Err: err}
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
