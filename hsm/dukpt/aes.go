package dukpt

import (
	"crypto/aes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"switchd/hsm"
	"switchd/hsm/symmetric"
)

const (
	aesKSNLen  = 12
	aesOnesMax = 16 // so that every key is at most 16 derivations away

	// UpdateCounter is the counter under which a device gets a new initial key. It has
	// more ones than any other, and gives a KeyEncrypt key only.
	UpdateCounter uint32 = 0xFFFFFFFF
)

// AESKSN is a key serial number of AES DUKPT.
type AESKSN struct {
	// ID is the initial key's: base key, then device.
	ID [8]byte
	// Counter is the transaction's.
	Counter uint32
}

// ParseAESKSN takes the 12 bytes of a serial number.
func ParseAESKSN(b []byte) (AESKSN, error) {
	if len(b) != aesKSNLen {
		return AESKSN{}, fmt.Errorf("%w: a key serial number of AES has %d bytes, not %d", hsm.ErrBlock, aesKSNLen, len(b))
	}
	k := AESKSN{ID: [8]byte(b), Counter: binary.BigEndian.Uint32(b[8:])}
	if k.Counter == UpdateCounter {
		return k, nil
	}
	return k, checkCounter(k.Counter, aesOnesMax)
}

// NextCounter is the counter that a device uses after this one: the next number with
// at most 16 ones; 0 when there is none and the device needs another initial key.
func NextCounter(counter uint32) uint32 {
	for counter++; bits.OnesCount32(counter) > aesOnesMax; {
		// With too many ones, the lowest of them can only go away by a carry.
		counter += counter & -counter
	}
	return counter
}

// Use is what a key of AES DUKPT is for.
type Use uint16

// The uses of X9.24-3, by their numbers in derivation data.
const (
	KeyEncrypt  Use = 0x0002 // wraps keys
	PINEncrypt  Use = 0x1000
	MACMake     Use = 0x2000 // the device makes, the host checks
	MACVerify   Use = 0x2001 // the host makes, the device checks
	MACBoth     Use = 0x2002
	DataEncrypt Use = 0x3000 // the device encrypts
	DataDecrypt Use = 0x3001 // the device decrypts
	DataBoth    Use = 0x3002

	deriveKey     Use = 0x8000
	deriveInitial Use = 0x8001
)

// known tells whether keys of this use are given out.
func (u Use) known() bool {
	switch u {
	case KeyEncrypt, PINEncrypt, MACMake, MACVerify, MACBoth, DataEncrypt, DataDecrypt, DataBoth:
		return true
	}
	return false
}

// Kind is the algorithm and length of a key, by its number in derivation data.
type Kind uint16

// The kinds of keys. Those for HMAC are not derived here: nobody here uses them.
const (
	TDES2  Kind = 0
	TDES3  Kind = 1
	AES128 Kind = 2
	AES192 Kind = 3
	AES256 Kind = 4
)

// size is the length in bytes, 0 for an unknown kind.
func (k Kind) size() int {
	switch k {
	case TDES2, AES128:
		return 16
	case TDES3, AES192:
		return 24
	case AES256:
		return 32
	}
	return 0
}

// kindOf is the kind of an AES key.
func kindOf(key hsm.Secret) (Kind, error) {
	if !hsm.AES.Fits(key.Len()) {
		return 0, fmt.Errorf("%w: a derivation key of AES has no %d bytes", hsm.ErrKey, key.Len())
	}
	return AES128 + Kind(key.Len()-16)/8, nil
}

// AESInitialKey derives the key that a device starts with from a base derivation key,
// of the same length.
func AESInitialKey(bdk hsm.Secret, id [8]byte) (hsm.Secret, error) {
	kind, err := kindOf(bdk)
	if err != nil {
		return hsm.Secret{}, err
	}
	return derive(bdk.Reveal(), deriveInitial, kind, id)
}

// AESKey derives the key of a serial number for a use from the device's initial key. It
// gives no kind that is stronger than the initial key.
func AESKey(initial hsm.Secret, ksn AESKSN, use Use, kind Kind) (hsm.Secret, error) {
	of, err := kindOf(initial)
	if err != nil {
		return hsm.Secret{}, err
	}
	switch {
	case !use.known() || kind.size() == 0:
		return hsm.Secret{}, fmt.Errorf("%w: use or kind of an AES DUKPT key is not known", hsm.ErrDenied)
	case kind > of:
		return hsm.Secret{}, fmt.Errorf("%w: the key would be stronger than the initial key", hsm.ErrDenied)
	case ksn.Counter == UpdateCounter && use != KeyEncrypt:
		return hsm.Secret{}, fmt.Errorf("%w: this counter is for the next initial key only", hsm.ErrDenied)
	case ksn.Counter != UpdateCounter:
		if err := checkCounter(ksn.Counter, aesOnesMax); err != nil {
			return hsm.Secret{}, err
		}
	}
	at, err := walk(initial, ksn, of)
	if err != nil {
		return hsm.Secret{}, err
	}
	defer at.Wipe()
	return derive(at.Reveal(), use, kind, ksn.point(ksn.Counter))
}

// walk derives the key that all keys of a transaction are derived from: one step for
// each one in the counter, from the left.
func walk(initial hsm.Secret, ksn AESKSN, kind Kind) (hsm.Secret, error) {
	at := hsm.CopySecret(initial.Reveal())
	var walked uint32
	for left := ksn.Counter; left != 0; {
		one := uint32(1) << (bits.Len32(left) - 1)
		left &^= one
		walked |= one
		further, err := derive(at.Reveal(), deriveKey, kind, ksn.point(walked))
		at.Wipe()
		if err != nil {
			return hsm.Secret{}, err
		}
		at = further
	}
	return at, nil
}

// point is the second half of derivation data: the device and a counter.
func (k AESKSN) point(counter uint32) [8]byte {
	p := [8]byte(append(append(make([]byte, 0, 8), k.ID[4:]...), 0, 0, 0, 0))
	binary.BigEndian.PutUint32(p[4:], counter)
	return p
}

// derive encrypts derivation data under a key: version 1, a count of blocks, the use,
// the kind, its length in bits, and what the key belongs to.
func derive(key []byte, use Use, kind Kind, of [8]byte) (hsm.Secret, error) {
	c, err := symmetric.New(hsm.AES, key)
	if err != nil {
		return hsm.Secret{}, err
	}
	size := kind.size()
	var out [32]byte
	defer clear(out[:])
	for i := 0; i*aes.BlockSize < size; i++ {
		data := out[i*aes.BlockSize : (i+1)*aes.BlockSize]
		data[0], data[1] = 1, byte(i+1)
		binary.BigEndian.PutUint16(data[2:], uint16(use))
		binary.BigEndian.PutUint16(data[4:], uint16(kind))
		binary.BigEndian.PutUint16(data[6:], uint16(8*size))
		copy(data[8:], of[:])
		c.Encrypt(data, data)
	}
	return hsm.CopySecret(out[:size]), nil
}
