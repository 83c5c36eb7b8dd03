package guard

import (
	"context"
	"errors"

	"switchd/hsm"
)

// Scheme is how the messages of one participant are protected. It does not change and
// may be used by several goroutines at once.
type Scheme interface {
	// Open gives a Guard for one link.
	Open() Guard
}

// Wrapped is a Scheme whose messages come in something else, which a dialect cannot
// read.
type Wrapped interface {
	// Unwrap gives the message in a body that is not proven, or the body itself when
	// there is none: it is read for a refusal only, which has to name what it refuses.
	Unwrap(body []byte) []byte
}

// Exempting is a Scheme that leaves some messages as they are, such as those that keep a
// link. They do not wait for the module, but for the messages before them.
type Exempting interface {
	Exempt(message []byte) bool
}

// exempts is what Exempt of a scheme says; nothing is exempt where it says nothing.
func exempts(s Scheme) func(message []byte) bool {
	if e, ok := s.(Exempting); ok {
		return e.Exempt
	}
	return func([]byte) bool { return false }
}

// Guard checks and protects the messages of one link, one at a time; it keeps
// buffers. Its methods ask the module and take as long as that takes, so they are
// called on goroutines of an hsm.Pool, or where the module is prompt.
type Guard interface {
	// Check verifies a message as it came, and gives it as the dialect reads it: a
	// view of body, or a copy that is the caller's. What is wrong or not there is
	// hsm.ErrVerify, what cannot be read hsm.ErrBlock; an hsm.Fault says that nothing
	// is known.
	Check(ctx context.Context, m hsm.Module, body []byte) ([]byte, error)

	// Protect appends a message to dst as the wire has it. pin is the PIN block that
	// it is to carry, nil for none. On an error dst is unchanged.
	Protect(ctx context.Context, m hsm.Module, dst, message []byte, pin *PIN) ([]byte, error)
}

// ErrPIN says that a message's PIN block cannot be had: the process that it came to has
// ended, it has waited too long, or the zones do not fit.
var ErrPIN = errors.New("guard: no PIN block")

// PIN is a PIN block on its way from one participant to another.
type PIN struct {
	// Zone is how the sender has encrypted it.
	Zone Zone
	// Block is the encrypted block.
	Block hsm.Secret
	// Account is the digits that it is bound to.
	Account hsm.Secret
}

// Zone is what the PIN blocks to and from one participant are encrypted with.
type Zone struct {
	// Key names the zone PIN key; empty: the participant has no PINs.
	Key hsm.KeyRef
	// Format of the blocks.
	Format hsm.PINFormat
}

// Wipe overwrites the block and the account.
func (p *PIN) Wipe() {
	p.Block.Wipe()
	p.Account.Wipe()
}
