package pinblock

import (
	"crypto/subtle"
	"fmt"
	"log/slog"

	"switchd/hsm"
)

// How long a PIN is, in digits.
const (
	pinMin = 4
	pinMax = 12
)

// PIN is a clear PIN. It is made by ParsePIN or by reading a block, and must be wiped
// by whoever holds it. It prints as "(secret)"; kept in an unexported field it would
// not, so keep it in none.
type PIN struct {
	digits [pinMax]byte // values 0 to 9
	n      uint8
}

// ParsePIN takes 4 to 12 digits.
func ParsePIN(digits []byte) (PIN, error) {
	var p PIN
	if len(digits) < pinMin || len(digits) > pinMax {
		return p, fmt.Errorf("%w: a PIN has %d to %d digits", hsm.ErrBlock, pinMin, pinMax)
	}
	bad := byte(0)
	for i, c := range digits {
		p.digits[i] = c - '0'
		bad |= above(c-'0', 9)
	}
	if bad != 0 {
		p.Wipe()
		return p, fmt.Errorf("%w: a PIN has digits only", hsm.ErrBlock)
	}
	p.n = uint8(len(digits))
	return p, nil
}

// Digits writes the PIN as text over dst, which must have room for 12, and gives how
// many there are. The caller wipes dst.
func (p *PIN) Digits(dst []byte) int {
	for i := range p.n {
		dst[i] = p.digits[i] + '0'
	}
	return int(p.n)
}

// Equal compares PINs. How long it takes does not tell where they differ.
func (p *PIN) Equal(other *PIN) bool {
	return subtle.ConstantTimeCompare(p.digits[:], other.digits[:])&subtle.ConstantTimeByteEq(p.n, other.n) == 1
}

// Wipe overwrites the PIN.
func (p *PIN) Wipe() { *p = PIN{} }

// String is "(secret)".
func (PIN) String() string { return "(secret)" }

// GoString is "(secret)".
func (PIN) GoString() string { return "(secret)" }

// Format writes "(secret)" for every verb and flag.
func (PIN) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("(secret)")) }

// MarshalText gives "(secret)".
func (PIN) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// LogValue is "(secret)".
func (PIN) LogValue() slog.Value { return slog.StringValue("(secret)") }

// above is 0xFF if v is above limit and 0 if not, without a branch. Both are below
// 0x80 but for v, which may wrap around from a subtraction.
func above(v, limit byte) byte {
	over := int32(limit) - int32(v) // negative if above
	return byte(over >> 31)
}
