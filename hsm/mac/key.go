package mac

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"sync"

	"switchd/hsm"
	"switchd/hsm/symmetric"
)

// sizeMin is the shortest code that is accepted, in bytes: what DE64 had in the
// days of X9.9.
const sizeMin = 4

// blockMax is the larger of the two block sizes.
const blockMax = aes.BlockSize

// Key is a key made ready for one algorithm. It is safe for concurrent use.
type Key struct {
	size    int // of a block and of a whole code
	padding hsm.Padding
	chain   cipher.Block // of all blocks
	undo    cipher.Block // X9.19: the second half, nil for the others
	cmac    bool
	whole   [blockMax]byte // CMAC: goes into a last block that is full
	part    [blockMax]byte // CMAC: into one that was padded
	scratch sync.Pool      // of *scratch
}

// scratch is the state of one computation. It is kept, since what goes through the
// interface of a cipher would be allocated each time.
type scratch struct{ state, last [blockMax]byte }

// NewKey takes a key of the length that the algorithm has: 8 bytes for X9.9, 16 for
// X9.19, 16 or 24 for CMAC with TDES, 16, 24 or 32 with AES. Padding 0 is what the
// algorithm's standard has. The key's bytes are not kept, but what a cipher makes of
// them is, and Go cannot wipe that.
func NewKey(a hsm.MACAlgorithm, padding hsm.Padding, key []byte) (*Key, error) {
	k := &Key{size: a.Size(), padding: padding}
	k.scratch.New = func() any { return new(scratch) }
	var err error
	switch a {
	case hsm.X99, hsm.X919:
		err = k.chained(a, key)
	case hsm.AESCMAC:
		k.chain, err = symmetric.New(hsm.AES, key)
	case hsm.DESCMAC:
		k.chain, err = symmetric.New(hsm.TDES, key)
	default:
		return nil, fmt.Errorf("%w: MAC algorithm %d is not known", hsm.ErrDenied, a)
	}
	if err != nil {
		return nil, err
	}
	if a == hsm.AESCMAC || a == hsm.DESCMAC {
		if padding != 0 {
			return nil, fmt.Errorf("%w: %s has a padding of its own", hsm.ErrDenied, a)
		}
		k.subkeys()
	}
	return k, nil
}

// chained makes ready what is a plain chain of DES blocks.
func (k *Key) chained(a hsm.MACAlgorithm, key []byte) (err error) {
	if k.padding == 0 {
		k.padding = hsm.PadZeros
	}
	if k.padding != hsm.PadZeros && k.padding != hsm.PadOne {
		return fmt.Errorf("%w: padding method %d is not known", hsm.ErrDenied, k.padding)
	}
	if a == hsm.X99 && len(key) != 8 || a == hsm.X919 && len(key) != 16 {
		return fmt.Errorf("%w: %s takes no key of %d bytes", hsm.ErrKey, a, len(key))
	}
	if k.chain, err = symmetric.New(hsm.DES, key[:8]); err != nil || a == hsm.X99 {
		return err
	}
	k.undo, err = symmetric.New(hsm.DES, key[8:])
	return err
}

// subkeys makes what CMAC adds to its last block: the encrypted zero block, doubled
// once for a full block and twice for a padded one.
func (k *Key) subkeys() {
	k.cmac = true
	var zero [blockMax]byte
	k.chain.Encrypt(k.whole[:k.size], zero[:k.size])
	double(k.whole[:k.size])
	k.part = k.whole
	double(k.part[:k.size])
}

// double multiplies by x in the field of the block's size, in constant time.
func double(b []byte) {
	reduce := byte(0x87)
	if len(b) == 8 {
		reduce = 0x1B
	}
	top := b[0] >> 7
	for i := range len(b) - 1 {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[len(b)-1] = b[len(b)-1]<<1 ^ reduce&-top
}

// Size is how many bytes a whole code has.
func (k *Key) Size() int { return k.size }

// Sum appends the whole code of a message to dst. Codes are shortened from the right:
// the first bytes are used.
func (k *Key) Sum(dst, message []byte) []byte {
	s := k.scratch.Get().(*scratch)
	k.sum(s, message)
	dst = append(dst, s.state[:k.size]...)
	*s = scratch{}
	k.scratch.Put(s)
	return dst
}

// Verify compares a code, or the first 4 or more bytes of one, in constant time.
func (k *Key) Verify(message, code []byte) error {
	if len(code) < sizeMin || len(code) > k.size {
		return fmt.Errorf("%w: a MAC of %d bytes", hsm.ErrBlock, len(code))
	}
	var made [blockMax]byte
	k.Sum(made[:0], message)
	if subtle.ConstantTimeCompare(made[:len(code)], code) != 1 {
		return fmt.Errorf("%w: the MAC is wrong", hsm.ErrVerify)
	}
	return nil
}

// sum leaves the code in s.state.
func (k *Key) sum(s *scratch, message []byte) {
	state := s.state[:k.size]
	for len(message) > k.size {
		subtle.XORBytes(state, state, message[:k.size])
		k.chain.Encrypt(state, state)
		message = message[k.size:]
	}
	last := s.last[:k.size]
	clear(last)
	full := copy(last, message) == k.size
	switch {
	case k.cmac && full:
		subtle.XORBytes(last, last, k.whole[:k.size])
	case k.cmac:
		last[len(message)] = 0x80
		subtle.XORBytes(last, last, k.part[:k.size])
	case k.padding == hsm.PadOne && full: // a block of padding of its own
		subtle.XORBytes(state, state, last)
		k.chain.Encrypt(state, state)
		clear(last)
		last[0] = 0x80
	case k.padding == hsm.PadOne:
		last[len(message)] = 0x80
	}
	subtle.XORBytes(state, state, last)
	k.chain.Encrypt(state, state)
	if k.undo != nil {
		k.undo.Decrypt(state, state)
		k.chain.Encrypt(state, state)
	}
}
