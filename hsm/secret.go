package hsm

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// masked is all that a secret ever says of itself.
const masked = "(secret)"

// Secret holds bytes that must not be seen: a key, a PIN block, an account. All
// ways in which Go prints, logs or marshals a value give "(secret)".
//
// Copies of a Secret share their bytes, so that one Wipe wipes them all. It has no
// lock: whoever wipes it must know that nobody reads it any more.
type Secret struct {
	// A function, because fmt does not ask the unexported fields of a struct for their
	// String method, and follows a pointer for a verb that does not suit it. Of a
	// function it prints the address, always.
	bytes func() *[]byte
}

// NewSecret takes b over: the caller must not use it any more.
func NewSecret(b []byte) Secret { return Secret{func() *[]byte { return &b }} }

// CopySecret keeps a copy of b; b stays the caller's to wipe.
func CopySecret(b []byte) Secret { return NewSecret(append([]byte(nil), b...)) }

// Reveal is the bytes themselves, valid until Wipe. Whoever asks for them answers
// for where they go.
func (s Secret) Reveal() []byte {
	if s.bytes == nil {
		return nil
	}
	return *s.bytes()
}

// Len is how many bytes there are.
func (s Secret) Len() int { return len(s.Reveal()) }

// Equal compares in constant time for secrets of one length.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare(s.Reveal(), other.Reveal()) == 1
}

// Wipe overwrites the bytes with zeros and forgets them, in all copies.
func (s Secret) Wipe() {
	if s.bytes == nil {
		return
	}
	b := s.bytes()
	clear((*b)[:cap(*b)])
	*b = nil
}

// String is "(secret)".
func (Secret) String() string { return masked }

// GoString is "(secret)".
func (Secret) GoString() string { return masked }

// Format writes "(secret)" for every verb and flag.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// MarshalText gives "(secret)"; encoders of XML, YAML and TOML come here; gob
// refuses the type.
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalJSON gives "(secret)" in quotes.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }

// LogValue is "(secret)".
func (Secret) LogValue() slog.Value { return slog.StringValue(masked) }
