package soft

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/box"
	"switchd/hsm/rule"
)

// Seal encrypts data together with public bytes.
func (m *Module) Seal(ctx context.Context, b hsm.Box) ([]byte, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	k, err := m.active(b.By, rule.SealData)
	if err != nil {
		return nil, err
	}
	return box.Seal(box.Content{Version: k.Version, Public: b.Public, Data: b.Data}, k.derived, m.o.Random)
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
	version, err := box.Version(b.Data)
	if err != nil {
		return nil, err
	}
	_, k := m.keys.find(hsm.KeyVersion{Ref: b.By, Number: version})
	if k == nil {
		return nil, fmt.Errorf("%w: that was sealed with a key that %s has not, or was changed", hsm.ErrVerify, b.By)
	}
	if err := k.refuses(rule.OpenData, m.o.Clock()); err != nil {
		return nil, err
	}
	return box.Open(b.Data, b.Public, k.derived)
}

// derived is the box.CMAC of a key.
func (k *key) derived(dst, message []byte) ([]byte, error) {
	if k.derive == nil {
		return nil, fmt.Errorf("%w: %s has not the %d bits that sealing needs", hsm.ErrKey, k.Ref, 8*box.KeyBytes)
	}
	return k.derive.Sum(dst, message), nil
}

// Token is the pseudonym of a value: its HMAC-SHA-256.
func (m *Module) Token(ctx context.Context, ref hsm.KeyRef, value hsm.Secret) ([32]byte, error) {
	if err := m.enter(ctx); err != nil {
		return [32]byte{}, err
	}
	defer m.mu.RUnlock()
	k, err := m.active(ref, rule.MakeToken)
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
