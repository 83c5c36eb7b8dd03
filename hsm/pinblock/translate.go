package pinblock

import (
	"crypto/cipher"
	"fmt"
	"io"

	"switchd/hsm"
)

// Translation is how a block goes from one key to another.
type Translation struct {
	// Change is the formats; what hsm.AllowTranslation refuses is refused.
	Change hsm.FormatChange
	// In and Out are the ciphers.
	In, Out cipher.Block
	// Account is what the block is bound to, before and after.
	Account Account
	// Random is where random fill comes from.
	Random io.Reader
}

// Translate writes the PIN of a block under another key over dst, which must be of the
// new format's size. The clear PIN is wiped before it returns.
func Translate(dst, block []byte, t Translation) error {
	if err := hsm.AllowTranslation(t.Change); err != nil {
		return err
	}
	if len(dst) != t.Change.To.Size() {
		return fmt.Errorf("%w: %d bytes for %s", hsm.ErrBlock, len(dst), t.Change.To)
	}
	var p PIN
	defer p.Wipe()
	if err := Decrypt(&p, block, Binding{Format: t.Change.From, Key: t.In, Account: t.Account}); err != nil {
		return err
	}
	return Encrypt(dst, &p, Binding{Format: t.Change.To, Key: t.Out, Account: t.Account}, t.Random)
}
