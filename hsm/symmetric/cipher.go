package symmetric

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"fmt"

	"switchd/hsm"
)

// New makes the cipher of a key; hsm.ErrKey for a length that the algorithm does not
// have, or an algorithm that is none of DES, TDES and AES; hsm.ErrDenied where the
// process has no such cipher (DES, with GODEBUG=fips140=only). The key is not kept.
func New(a hsm.Algorithm, key []byte) (cipher.Block, error) {
	if a.Rank(len(key)) == 0 {
		return nil, fmt.Errorf("%w: %s has no key of %d bytes", hsm.ErrKey, a, len(key))
	}
	var c cipher.Block
	var err error
	switch a {
	case hsm.DES:
		c, err = des.NewCipher(key)
	case hsm.TDES:
		var three [24]byte
		defer clear(three[:])
		copy(three[copy(three[:], key):], key) // of two keys, the first comes again
		c, err = des.NewTripleDESCipher(three[:])
	default:
		c, err = aes.NewCipher(key)
	}
	if err != nil { // a process that allows FIPS 140 only has no DES
		return nil, fmt.Errorf("%w: %s: %w", hsm.ErrDenied, a, err)
	}
	return c, nil
}
