package soft

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"switchd/hsm"
)

// Sealed data is XAES-256-GCM (c2sp.org/XAES-256-GCM): each box has a key of its own,
// made of the first half of a random nonce of 24 bytes. So one key may seal without a
// count of how often it did, which AES-GCM with its 12 bytes cannot.
//
//	format 1 = 1 | version of the key 4 | nonce 24 | data, and tag 16
const (
	boxFormat    = 1
	boxHead      = 5
	boxNonce     = 24
	boxTag       = 16
	sealKeyBytes = 32
)

// Seal encrypts data together with public bytes.
func (m *Module) Seal(ctx context.Context, b hsm.Box) ([]byte, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	k, err := m.active(b.By, &sealData)
	if err != nil {
		return nil, err
	}
	out := make([]byte, boxHead+boxNonce, boxHead+boxNonce+len(b.Data)+boxTag)
	out[0] = boxFormat
	binary.BigEndian.PutUint32(out[1:], k.Version)
	if _, err := io.ReadFull(m.o.Random, out[boxHead:]); err != nil {
		return nil, fmt.Errorf("hsm/soft: random bytes for a nonce: %w", err)
	}
	a, err := k.sealer(out[boxHead:])
	if err != nil {
		return nil, err
	}
	return a.Seal(out, out[boxHead+12:], b.Data, boxPublic(out, b.Public)), nil
}

// Open undoes Seal, with the version of the key that it was sealed with.
func (m *Module) Open(ctx context.Context, b hsm.Box) ([]byte, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	if len(m.keys[b.By]) == 0 {
		return nil, unknown(b.By)
	}
	if len(b.Data) < boxHead+boxNonce+boxTag || b.Data[0] != boxFormat {
		return nil, fmt.Errorf("%w: that was not sealed here", hsm.ErrBlock)
	}
	_, k := m.keys.find(hsm.KeyVersion{Ref: b.By, Number: binary.BigEndian.Uint32(b.Data[1:])})
	if k == nil {
		return nil, fmt.Errorf("%w: that was sealed with a key that %s has not, or was changed", hsm.ErrVerify, b.By)
	}
	if err := k.refuses(&openData, m.o.Clock()); err != nil {
		return nil, err
	}
	nonce := b.Data[boxHead : boxHead+boxNonce]
	a, err := k.sealer(nonce)
	if err != nil {
		return nil, err
	}
	data, err := a.Open(nil, nonce[12:], b.Data[boxHead+boxNonce:], boxPublic(b.Data, b.Public))
	if err != nil {
		return nil, fmt.Errorf("%w: what was sealed, or what is public with it, was changed", hsm.ErrVerify)
	}
	return data, nil
}

// boxPublic is what is authenticated with the data: the head, whose length is fixed,
// and the public bytes.
func boxPublic(box, public []byte) []byte {
	return append(append(make([]byte, 0, boxHead+len(public)), box[:boxHead]...), public...)
}

// sealer is the cipher of one box: its key is two CMACs of a counter and the first half
// of the nonce.
func (k *key) sealer(nonce []byte) (cipher.AEAD, error) {
	if k.derive == nil {
		return nil, fmt.Errorf("%w: %s has not the %d bits that sealing needs", hsm.ErrKey, k.Ref, 8*sealKeyBytes)
	}
	var label [16]byte
	own := make([]byte, 0, sealKeyBytes)
	defer func() { clear(own) }()
	for counter := byte(1); counter <= 2; counter++ {
		label[1], label[2] = counter, 'X'
		copy(label[4:], nonce[:12])
		own = k.derive.Sum(own, label[:])
	}
	block, err := aes.NewCipher(own)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Token is the pseudonym of a value: its HMAC-SHA-256.
func (m *Module) Token(ctx context.Context, ref hsm.KeyRef, value hsm.Secret) ([32]byte, error) {
	if err := m.enter(ctx); err != nil {
		return [32]byte{}, err
	}
	defer m.mu.RUnlock()
	k, err := m.active(ref, &makeToken)
	if err != nil {
		return [32]byte{}, err
	}
	return hmacOf(k.bytes.Reveal(), value.Reveal()), nil
}

func hmacOf(key, message []byte) (sum [32]byte) {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write(message) // never fails
	h.Sum(sum[:0])
	return sum
}
