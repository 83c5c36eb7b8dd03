package pinblock

import (
	"crypto/cipher"
	"crypto/subtle"
	"fmt"

	"switchd/hsm"
)

// pvvLen is how many digits of the PIN a Visa PIN verification value is made of, and
// how many it has.
const pvvLen = 4

// PVV makes the Visa PIN verification value of a PIN: 11 digits of the account without
// the check digit, the number of the key and four digits of the PIN, encrypted and made
// digits. Longer PINs count with their first four digits.
func PVV(dst *[pvvLen]byte, p *PIN, a Account, index uint8, key cipher.Block) error {
	switch {
	case key == nil || key.BlockSize() != 8:
		return fmt.Errorf("%w: a PVV needs a TDES key", hsm.ErrKey)
	case index > 9:
		return fmt.Errorf("%w: the number of a PIN verification key is 0 to 9", hsm.ErrBlock)
	case p.n == 0 || a.n == 0:
		return fmt.Errorf("%w: a PVV needs a PIN and an account", hsm.ErrBlock)
	}
	w := new(work)
	defer w.wipe()
	for i := range 11 {
		w.put(i, a.right(11-i))
	}
	w.put(11, index)
	for i := range pvvLen {
		w.put(12+i, p.digits[i])
	}
	key.Encrypt(w.field[:8], w.field[:8])
	// The digits from the left; if they do not suffice, the letters from the left, A as
	// 0 to F as 5.
	n := 0
	for _, letters := range []bool{false, true} {
		for i := 0; i < 16 && n < pvvLen; i++ {
			v := w.nibble(i)
			if v > 9 == letters {
				dst[n] = v%10 + '0'
				n++
			}
		}
	}
	return nil
}

// VerifyPVV compares a PIN with a verification value of four digits, in constant time.
func VerifyPVV(pvv []byte, p *PIN, a Account, index uint8, key cipher.Block) error {
	var made [pvvLen]byte
	defer clear(made[:])
	if err := PVV(&made, p, a, index, key); err != nil {
		return err
	}
	if len(pvv) != pvvLen {
		return fmt.Errorf("%w: a PVV has %d digits", hsm.ErrBlock, pvvLen)
	}
	if subtle.ConstantTimeCompare(made[:], pvv) != 1 {
		return fmt.Errorf("%w: the PIN is wrong", hsm.ErrVerify)
	}
	return nil
}

// Table makes digits of hexadecimal digits, for IBM 3624.
type Table [16]byte

// ParseTable takes a decimalisation table of 16 digits. Tables that make most digits
// the same are refused: with one, PINs can be guessed from a few answers.
func ParseTable(digits string) (Table, error) {
	var t Table
	var seen [10]int
	if len(digits) != len(t) {
		return t, fmt.Errorf("%w: a decimalisation table has %d digits", hsm.ErrBlock, len(t))
	}
	kinds := 0
	for i := range t {
		v := digits[i] - '0'
		if v > 9 {
			return t, fmt.Errorf("%w: a decimalisation table has digits only", hsm.ErrBlock)
		}
		if seen[v]++; seen[v] == 1 {
			kinds++
		}
		if seen[v] > 4 {
			return t, fmt.Errorf("%w: a decimalisation table has no digit more than 4 times", hsm.ErrDenied)
		}
		t[i] = v
	}
	if kinds < 8 {
		return t, fmt.Errorf("%w: a decimalisation table has 8 different digits at least", hsm.ErrDenied)
	}
	return t, nil
}

// IBM3624 is how a participant makes natural PINs.
type IBM3624 struct {
	// Key is the cipher of the PIN verification key, TDES.
	Key cipher.Block
	// Table makes digits of what the key gives.
	Table Table
	// Validation is 16 hexadecimal digits, made of the account as the participant does
	// it.
	Validation [8]byte
}

// natural makes the natural PIN of n digits.
func (m *IBM3624) natural(p *PIN, n uint8) error {
	if m.Key == nil || m.Key.BlockSize() != 8 {
		return fmt.Errorf("%w: an IBM 3624 PIN needs a TDES key", hsm.ErrKey)
	}
	if n < pinMin || n > pinMax {
		return fmt.Errorf("%w: a PIN has %d to %d digits", hsm.ErrBlock, pinMin, pinMax)
	}
	w := new(work)
	defer w.wipe()
	copy(w.field[:], m.Validation[:])
	m.Key.Encrypt(w.field[:8], w.field[:8])
	for i := range n {
		p.digits[i] = m.Table[w.nibble(int(i))]
	}
	p.n = n
	return nil
}

// NaturalPIN makes the PIN of n digits that has the offset 0.
func NaturalPIN(p *PIN, n int, m IBM3624) error {
	p.Wipe()
	if n < 0 || n > pinMax {
		n = 0
	}
	return m.natural(p, uint8(n))
}

// Offset writes what must be added to the natural PIN to get p over dst, which must
// have the PIN's length.
func Offset(dst []byte, p *PIN, m IBM3624) error {
	var natural PIN
	defer natural.Wipe()
	if err := m.natural(&natural, p.n); err != nil {
		return err
	}
	if len(dst) != int(p.n) {
		return fmt.Errorf("%w: an offset has as many digits as the PIN", hsm.ErrBlock)
	}
	for i := range dst {
		dst[i] = (p.digits[i]+10-natural.digits[i])%10 + '0'
	}
	return nil
}

// VerifyOffset compares a PIN with its offset, in constant time. An offset of another
// length than the PIN's is a wrong PIN: how long the right one is stays unsaid.
func VerifyOffset(offset []byte, p *PIN, m IBM3624) error {
	var made [pinMax]byte
	defer clear(made[:])
	if err := Offset(made[:p.n], p, m); err != nil {
		return err
	}
	if len(offset) < pinMin || len(offset) > pinMax {
		return fmt.Errorf("%w: an offset has %d to %d digits", hsm.ErrBlock, pinMin, pinMax)
	}
	if subtle.ConstantTimeCompare(made[:p.n], offset) != 1 {
		return fmt.Errorf("%w: the PIN is wrong", hsm.ErrVerify)
	}
	return nil
}
