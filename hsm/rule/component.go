package rule

import (
	"crypto/subtle"
	"fmt"
	"math/bits"
	"slices"

	"switchd/hsm"
	"switchd/hsm/symmetric"
)

// OddParity sets the parity bits of a DES key.
func OddParity(a hsm.Algorithm, key []byte) {
	if a != hsm.DES && a != hsm.TDES {
		return
	}
	for i, b := range key {
		key[i] = b&^1 | byte(1-bits.OnesCount8(b&^1)&1)
	}
}

// Sum adds the components, each of which is what its holder says it is. Two that are
// equal are refused: of three the key would be what the third holder has.
func Sum(c *hsm.Components) (hsm.Secret, error) {
	if n := len(c.Parts); n < 2 || n > 3 {
		return hsm.Secret{}, fmt.Errorf("%w: a key has two or three components, not %d", hsm.ErrDenied, n)
	}
	a, size := c.New.Algorithm, c.Parts[0].Part.Len()
	if a.Rank(size) == 0 && a != hsm.HMAC || c.New.Bits != 0 && c.New.Bits != 8*size {
		return hsm.Secret{}, fmt.Errorf("%w: a component of %d bytes is none of the key", hsm.ErrKey, size)
	}
	key := make([]byte, size)
	for i, p := range c.Parts {
		if err := checkComponent(a, size, p); err != nil {
			clear(key)
			return hsm.Secret{}, fmt.Errorf("component %d: %w", i+1, err)
		}
		for j, before := range c.Parts[:i] {
			if symmetric.Equal(a, p.Part.Reveal(), before.Part.Reveal()) {
				clear(key)
				return hsm.Secret{}, fmt.Errorf("%w: components %d and %d are equal: they cancel out", hsm.ErrDenied, j+1, i+1)
			}
		}
		subtle.XORBytes(key, key, p.Part.Reveal())
	}
	OddParity(a, key) // of two components with odd parity, the sum has an even one
	if zero(key) {
		return hsm.Secret{}, fmt.Errorf("%w: the components add up to nothing", hsm.ErrDenied)
	}
	return hsm.NewSecret(key), nil
}

// CheckComponent refuses what cannot be a component of a key, before the others are
// there, and gives its check value.
func CheckComponent(n hsm.New, c hsm.Component) (hsm.KCV, error) {
	size := c.Part.Len()
	if n.Algorithm.Rank(size) == 0 || n.Bits != 0 && n.Bits != 8*size {
		return hsm.KCV{}, fmt.Errorf("%w: a component of %d bytes is none of the key", hsm.ErrKey, size)
	}
	if err := checkComponent(n.Algorithm, size, c); err != nil {
		return hsm.KCV{}, err
	}
	return CheckValue(n.Algorithm, c.Part.Reveal())
}

func checkComponent(a hsm.Algorithm, size int, p hsm.Component) error {
	b := p.Part.Reveal()
	switch {
	case len(b) != size:
		return fmt.Errorf("%w: it is not as long as the first", hsm.ErrBlock)
	case zero(b):
		return fmt.Errorf("%w: it is nothing but zeros", hsm.ErrDenied)
	case (a == hsm.DES || a == hsm.TDES) && slices.ContainsFunc(b, func(c byte) bool { return bits.OnesCount8(c)&1 == 0 }):
		return fmt.Errorf("%w: a byte has no odd parity: a digit is wrong", hsm.ErrBlock)
	}
	if p.KCV == (hsm.KCV{}) {
		return nil
	}
	v, err := CheckValue(a, b)
	if err == nil && !v.Matches(p.KCV) {
		err = fmt.Errorf("%w: it has another check value", hsm.ErrVerify)
	}
	return err
}

// zero tells whether a key is nothing but zeros, parity aside.
func zero(b []byte) bool {
	or := byte(0)
	for _, c := range b {
		or |= c &^ 1
	}
	return or == 0
}
