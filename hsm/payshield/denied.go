package payshield

import (
	"context"
	"fmt"

	"switchd/hsm"
)

// refused is for what this protocol is not asked for. M0 and M2 encrypt, but do not
// authenticate, so they cannot seal; signatures need keys that the table does not hold.
func refused(what string) error {
	return fmt.Errorf("%w: the payShield driver does not %s", hsm.ErrDenied, what)
}

// Seal is refused.
func (*Module) Seal(context.Context, hsm.Box) ([]byte, error) { return nil, refused("seal data") }

// Open is refused.
func (*Module) Open(context.Context, hsm.Box) ([]byte, error) {
	return nil, refused("open sealed data")
}

// Token is refused.
func (*Module) Token(context.Context, hsm.KeyRef, hsm.Secret) ([32]byte, error) {
	return [32]byte{}, refused("make tokens")
}

// Sign is refused.
func (*Module) Sign(context.Context, hsm.Signing) ([]byte, error) { return nil, refused("sign") }

// Verify is refused.
func (*Module) Verify(context.Context, hsm.Signing, []byte) error {
	return refused("verify signatures")
}
