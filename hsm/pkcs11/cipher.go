//go:build pkcs11

package pkcs11

import (
	"crypto/hmac"
	"crypto/subtle"
	"fmt"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
)

// encrypt, decrypt and sign are one operation each. What they give is the caller's to
// wipe; what the library keeps of it until it is overwritten is out of reach.
func (s *session) encrypt(mechanism uint, iv []byte, o p11.ObjectHandle, plain []byte) ([]byte, error) {
	if err := s.m.lib.EncryptInit(s.handle, []*p11.Mechanism{p11.NewMechanism(mechanism, ivOf(iv))}, o); err != nil {
		return nil, err
	}
	out, err := s.m.lib.Encrypt(s.handle, plain)
	if err == nil && len(out) != len(plain) {
		err = fmt.Errorf("hsm/pkcs11: the token has encrypted %d bytes to %d", len(plain), len(out))
	}
	return out, err
}

func (s *session) decrypt(mechanism uint, o p11.ObjectHandle, sealed []byte) ([]byte, error) {
	if err := s.m.lib.DecryptInit(s.handle, []*p11.Mechanism{p11.NewMechanism(mechanism, nil)}, o); err != nil {
		return nil, err
	}
	out, err := s.m.lib.Decrypt(s.handle, sealed)
	if err == nil && len(out) != len(sealed) {
		err = fmt.Errorf("hsm/pkcs11: the token has decrypted %d bytes to %d", len(sealed), len(out))
	}
	return out, err
}

func (s *session) sign(mechanism *p11.Mechanism, o p11.ObjectHandle, message []byte) ([]byte, error) {
	if err := s.m.lib.SignInit(s.handle, []*p11.Mechanism{mechanism}, o); err != nil {
		return nil, err
	}
	return s.m.lib.Sign(s.handle, message)
}

// ivOf is the parameter of a mechanism; it must be nil and no empty slice for none.
func ivOf(iv []byte) any {
	if iv == nil {
		return nil
	}
	return iv
}

// ecbOf are the mechanisms that encrypt single blocks.
var ecbOf = map[hsm.Algorithm]uint{hsm.DES: p11.CKM_DES_ECB, hsm.TDES: p11.CKM_DES3_ECB, hsm.AES: p11.CKM_AES_ECB}

// block is a key in the token as a cipher.Block. That has no errors: the first one is
// kept, and whoever has used the cipher looks at it before the result.
type block struct {
	s         *session
	mechanism uint
	object    p11.ObjectHandle
	size      int
	err       error
}

func (s *session) block(k *key) *block {
	size := 8
	if k.Algorithm == hsm.AES {
		size = 16
	}
	return &block{s: s, mechanism: ecbOf[k.Algorithm], object: k.object, size: size}
}

// BlockSize is that of the key's algorithm.
func (b *block) BlockSize() int { return b.size }

// Encrypt has the token encrypt one block.
func (b *block) Encrypt(dst, src []byte) {
	out, err := b.s.encrypt(b.mechanism, nil, b.object, src[:b.size])
	b.take(dst, out, err)
}

// Decrypt has the token decrypt one block.
func (b *block) Decrypt(dst, src []byte) {
	out, err := b.s.decrypt(b.mechanism, b.object, src[:b.size])
	b.take(dst, out, err)
}

func (b *block) take(dst, out []byte, err error) {
	if err != nil {
		clear(dst[:b.size])
		if b.err == nil {
			b.err = err
		}
		return
	}
	copy(dst[:b.size], out)
	clear(out)
}

// cmac appends the CMAC of a message with a key of TDES or AES to dst.
func (s *session) cmac(k *key) func(dst, message []byte) ([]byte, error) {
	mechanism := uint(p11.CKM_AES_CMAC)
	if k.Algorithm == hsm.TDES {
		mechanism = p11.CKM_DES3_CMAC
	}
	return func(dst, message []byte) ([]byte, error) {
		sum, err := s.sign(p11.NewMechanism(mechanism, nil), k.object, message)
		defer clear(sum)
		return append(dst, sum...), err
	}
}

// checkValue has the token make the check value of a secret key.
func (s *session) checkValue(k *key) (hsm.KCV, error) {
	var sum []byte
	var err error
	n := 3
	switch k.Algorithm {
	case hsm.AES:
		n = 5
		sum, err = s.cmac(k)(nil, make([]byte, 16))
	case hsm.HMAC:
		sum, err = s.sign(p11.NewMechanism(p11.CKM_SHA256_HMAC, nil), k.object, nil)
	default:
		sum, err = s.encrypt(ecbOf[k.Algorithm], nil, k.object, make([]byte, 8))
	}
	if err != nil {
		return hsm.KCV{}, err
	}
	defer clear(sum)
	if len(sum) < n {
		return hsm.KCV{}, fmt.Errorf("hsm/pkcs11: the token has made a code of %d bytes", len(sum))
	}
	return hsm.NewKCV(sum[:n])
}

// code makes the whole code of a message. X9.9 is the end of a chain of DES; X9.19 is
// such a chain with the first half of the key, but for its last block, which goes
// through TDES with the whole key.
func (s *session) code(k *key, in *hsm.MACInput) ([]byte, error) {
	if k.Usage == hsm.MACAlg5 {
		if in.Padding != 0 {
			return nil, fmt.Errorf("%w: %s has a padding of its own", hsm.ErrDenied, in.Algorithm)
		}
		return s.cmac(k)(nil, in.Message)
	}
	padded, err := pad(in)
	if err != nil {
		return nil, err
	}
	if k.Usage == hsm.MACAlg1 {
		return s.chain(k.object, padded)
	}
	last := padded[len(padded)-8:]
	if rest := padded[:len(padded)-8]; len(rest) > 0 {
		before, err := s.chain(k.half, rest)
		if err != nil {
			return nil, err
		}
		subtle.XORBytes(last, last, before)
	}
	return s.encrypt(p11.CKM_DES3_ECB, nil, k.object, last)
}

// chain is the last block of a message that is encrypted with DES in a chain.
func (s *session) chain(o p11.ObjectHandle, message []byte) ([]byte, error) {
	out, err := s.encrypt(p11.CKM_DES_CBC, make([]byte, 8), o, message)
	if err != nil {
		return nil, err
	}
	return out[len(out)-8:], nil
}

// pad is a copy of the message, filled up to whole blocks of DES; an empty one has one.
func pad(in *hsm.MACInput) ([]byte, error) {
	n := len(in.Message)
	switch in.Padding {
	case 0, hsm.PadZeros:
		return append(make([]byte, 0, n+8), in.Message...)[:max((n+7)/8*8, 8)], nil
	case hsm.PadOne:
		out := append(make([]byte, 0, n+8), in.Message...)[:n/8*8+8]
		out[n] = 0x80
		return out, nil
	}
	return nil, fmt.Errorf("%w: %s has no padding %d", hsm.ErrDenied, in.Algorithm, in.Padding)
}

// same compares a code in constant time.
func same(made, code []byte) error {
	if !hmac.Equal(made, code) {
		return fmt.Errorf("%w: the MAC is wrong", hsm.ErrVerify)
	}
	return nil
}
