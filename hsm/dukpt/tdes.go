package dukpt

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"math/bits"

	"switchd/hsm"
	"switchd/hsm/symmetric"
)

const (
	tdesKSNLen      = 10
	tdesCounterBits = 21
	tdesOnesMax     = 10 // so that every key is at most 10 derivations away
)

// TDESKSN is a key serial number of TDES DUKPT.
type TDESKSN struct {
	device  [tdesKSNLen]byte // with the counter's bits zero
	counter uint32
}

// ParseTDESKSN takes the 10 bytes of a serial number; 8 or 9 bytes, as devices send
// that leave the padding out, get FF before them.
func ParseTDESKSN(b []byte) (TDESKSN, error) {
	var k TDESKSN
	if len(b) < 8 || len(b) > tdesKSNLen {
		return k, fmt.Errorf("%w: a key serial number has 8 to 10 bytes, not %d", hsm.ErrBlock, len(b))
	}
	k.device = [tdesKSNLen]byte{0xFF, 0xFF}
	copy(k.device[tdesKSNLen-len(b):], b)
	k.counter = binary.BigEndian.Uint32(k.device[6:]) & (1<<tdesCounterBits - 1)
	k.device[7] &= 0xE0
	k.device[8], k.device[9] = 0, 0
	return k, checkCounter(k.counter, tdesOnesMax)
}

// Counter is how many keys the device has used, by the count of the standard.
func (k TDESKSN) Counter() uint32 { return k.counter }

// checkCounter refuses counters that no device uses.
func checkCounter(counter uint32, onesMax int) error {
	if ones := bits.OnesCount32(counter); ones == 0 || ones > onesMax {
		return fmt.Errorf("%w: no device has this counter", hsm.ErrBlock)
	}
	return nil
}

// TDESUse is what a key of TDES DUKPT is for.
type TDESUse uint8

// The uses, as the variants of X9.24-1.
const (
	TDESPin          TDESUse = iota + 1 // PIN encryption
	TDESMACRequest                      // MAC of the device's message, or of both
	TDESMACResponse                     // MAC of the answer
	TDESDataRequest                     // data of the device's message, or of both
	TDESDataResponse                    // data of the answer
)

// tdesVariant is the byte of each half that a use changes, and whether the result is
// encrypted under itself.
var tdesVariant = map[TDESUse]struct {
	at      int
	hashing bool
}{
	TDESPin: {7, false}, TDESMACRequest: {6, false}, TDESMACResponse: {4, false}, TDESDataRequest: {5, true}, TDESDataResponse: {3, true},
}

// halfMask is what makes the second key of a derivation of the first.
var halfMask = [16]byte{0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0, 0xC0, 0xC0, 0xC0, 0xC0}

// TDESInitialKey derives the key that a device starts with from a base derivation key
// of 16 bytes.
func TDESInitialKey(bdk hsm.Secret, ksn TDESKSN) (hsm.Secret, error) {
	if bdk.Len() != 16 {
		return hsm.Secret{}, fmt.Errorf("%w: a base derivation key of TDES has 16 bytes", hsm.ErrKey)
	}
	out, changed := make([]byte, 16), [16]byte(bdk.Reveal())
	defer clear(changed[:])
	subtle.XORBytes(changed[:], changed[:], halfMask[:])
	for i, key := range [][]byte{bdk.Reveal(), changed[:]} {
		c, err := symmetric.New(hsm.TDES, key)
		if err != nil {
			return hsm.Secret{}, err
		}
		c.Encrypt(out[8*i:], ksn.device[:8])
	}
	return hsm.NewSecret(out), nil
}

// TDESKey derives the key of a serial number for a use from the device's initial key.
func TDESKey(initial hsm.Secret, ksn TDESKSN, use TDESUse) (hsm.Secret, error) {
	_, known := tdesVariant[use]
	switch {
	case !known:
		return hsm.Secret{}, fmt.Errorf("%w: use %d of a TDES DUKPT key is not known", hsm.ErrDenied, use)
	case initial.Len() != 16:
		return hsm.Secret{}, fmt.Errorf("%w: an initial key of TDES has 16 bytes", hsm.ErrKey)
	}
	if err := checkCounter(ksn.counter, tdesOnesMax); err != nil {
		return hsm.Secret{}, err
	}
	key := hsm.CopySecret(initial.Reveal())
	register := [8]byte(ksn.device[2:])
	walked := binary.BigEndian.Uint32(register[4:])
	for left := ksn.counter; left != 0; {
		one := uint32(1) << (bits.Len32(left) - 1)
		left &^= one
		walked |= one
		binary.BigEndian.PutUint32(register[4:], walked)
		if err := next(key.Reveal(), register); err != nil {
			key.Wipe()
			return hsm.Secret{}, err
		}
	}
	if err := vary(key.Reveal(), use); err != nil {
		key.Wipe()
		return hsm.Secret{}, err
	}
	return key, nil
}

// vary makes the key of a use of the transaction's key, in place.
func vary(key []byte, use TDESUse) error {
	variant := tdesVariant[use]
	key[variant.at] ^= 0xFF
	key[8+variant.at] ^= 0xFF
	if !variant.hashing {
		return nil
	}
	c, err := symmetric.New(hsm.TDES, key)
	if err != nil {
		return err
	}
	c.Encrypt(key[:8], key[:8])
	c.Encrypt(key[8:], key[8:])
	return nil
}

// next makes the key of a register's counter of the one before, in place: DES under the
// left half, between two additions of the right half; the left half is made in the same
// way of the changed key.
func next(key []byte, register [8]byte) error {
	var changed, made [16]byte
	defer clear(changed[:])
	defer clear(made[:])
	subtle.XORBytes(changed[:], key, halfMask[:])
	for i, from := range [][]byte{changed[:], key} {
		c, err := symmetric.New(hsm.DES, from[:8])
		if err != nil {
			return err
		}
		half := made[8*i : 8*i+8]
		subtle.XORBytes(half, register[:], from[8:])
		c.Encrypt(half, half)
		subtle.XORBytes(half, half, from[8:])
	}
	copy(key, made[:])
	return nil
}
