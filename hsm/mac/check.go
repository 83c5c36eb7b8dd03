package mac

import (
	"fmt"

	"switchd/hsm"
	"switchd/hsm/symmetric"
)

// CheckMethod is how a check value is made. Two methods give two values of one key, so
// a ceremony says which it reads.
type CheckMethod uint8

// The methods.
const (
	// CheckStandard is what X9.24 and X9.143 have: for DES and TDES the encrypted zero
	// block, for AES the CMAC of a zero block.
	CheckStandard CheckMethod = iota
	// CheckLegacy is the encrypted zero block for AES too, as older systems have it.
	CheckLegacy
)

// checkSize is how many bytes of a check value are kept. A TDES value has 3 by the
// standard; of AES 5 may be shown.
var checkSize = map[hsm.Algorithm]int{hsm.DES: 3, hsm.TDES: 3, hsm.AES: 5}

// CheckValue makes the check value of a symmetric key.
func CheckValue(a hsm.Algorithm, key []byte, method CheckMethod) (hsm.KCV, error) {
	var zero, out [blockMax]byte
	defer clear(out[:])
	switch {
	case method > CheckLegacy:
		return hsm.KCV{}, fmt.Errorf("%w: method %d of a check value is not known", hsm.ErrDenied, method)
	case a == hsm.AES && method == CheckStandard:
		k, err := NewKey(hsm.AESCMAC, 0, key)
		if err != nil {
			return hsm.KCV{}, err
		}
		k.Sum(out[:0], zero[:])
	default:
		c, err := symmetric.New(a, key)
		if err != nil {
			return hsm.KCV{}, err
		}
		c.Encrypt(out[:c.BlockSize()], zero[:c.BlockSize()])
	}
	return hsm.NewKCV(out[:checkSize[a]])
}
