//go:build pkcs11

package pkcs11

import (
	"context"
	"fmt"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
	"switchd/hsm/box"
	"switchd/hsm/rule"
)

// MAC makes a message authentication code.
func (m *Module) MAC(ctx context.Context, in hsm.MACInput) (code []byte, err error) {
	err = m.with(ctx, func(s *session) error {
		if err := rule.CodeSize(&in); err != nil {
			return err
		}
		k, err := s.active(in.By, rule.MakeMAC[in.Algorithm.Usage()])
		if err != nil {
			return err
		}
		code, err = s.codeOf(k, &in)
		return err
	})
	return code, err
}

// VerifyMAC checks a message authentication code in constant time. It is made and
// compared here, since tokens check whole codes only.
func (m *Module) VerifyMAC(ctx context.Context, in hsm.MACInput, code []byte) error {
	return m.with(ctx, func(s *session) error {
		if err := rule.CodeSize(&in); err != nil {
			return err
		}
		if len(code) != in.Size {
			return fmt.Errorf("%w: a MAC of %d bytes, not %d", hsm.ErrBlock, len(code), in.Size)
		}
		keys, err := s.readers(in.By, rule.CheckMAC[in.Algorithm.Usage()])
		if err != nil {
			return err
		}
		return anyOf(keys, func(k *key) error {
			made, err := s.codeOf(k, &in)
			if err != nil {
				return err
			}
			defer clear(made)
			return same(made, code)
		})
	})
}

// codeOf makes a code of the size that is asked for.
func (s *session) codeOf(k *key, in *hsm.MACInput) ([]byte, error) {
	if k.Usage == hsm.MACAlg5 && in.Algorithm != rule.CMACOf(k.Algorithm) {
		return nil, fmt.Errorf("%w: %s is a key for %s", hsm.ErrKey, k.Ref, k.Algorithm)
	}
	whole, err := s.code(k, in)
	if err != nil {
		return nil, err
	}
	if len(whole) != in.Algorithm.Size() {
		return nil, fmt.Errorf("hsm/pkcs11: the token has made a code of %d bytes", len(whole))
	}
	return whole[:in.Size], nil
}

// Seal encrypts data together with public bytes. The token gives the key of the one box,
// which is in this process's memory as long as the data is.
func (m *Module) Seal(ctx context.Context, b hsm.Box) (sealed []byte, err error) {
	err = m.with(ctx, func(s *session) error {
		k, err := s.active(b.By, rule.SealData)
		if err != nil {
			return err
		}
		sealed, err = box.Seal(box.Content{Version: k.Version, Public: b.Public, Data: b.Data}, s.derived(k), m.o.Random)
		return err
	})
	return sealed, err
}

// Open undoes Seal, with the version of the key that it was sealed with.
func (m *Module) Open(ctx context.Context, b hsm.Box) (data []byte, err error) {
	err = m.with(ctx, func(s *session) error {
		keys, err := s.ring(b.By)
		if err != nil {
			return err
		}
		version, err := box.Version(b.Data)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.Version == version {
				if err := k.refuses(rule.OpenData, m.o.Clock()); err != nil {
					return err
				}
				data, err = box.Open(b.Data, b.Public, s.derived(k))
				return err
			}
		}
		return fmt.Errorf("%w: that was sealed with a key that %s has not, or was changed", hsm.ErrVerify, b.By)
	})
	return data, err
}

// derived is the box.CMAC of a key.
func (s *session) derived(k *key) box.CMAC {
	if k.Bits != 8*box.KeyBytes {
		return func([]byte, []byte) ([]byte, error) {
			return nil, fmt.Errorf("%w: %s has not the %d bits that sealing needs", hsm.ErrKey, k.Ref, 8*box.KeyBytes)
		}
	}
	return s.cmac(k)
}

// Token is the pseudonym of a value: its HMAC-SHA-256.
func (m *Module) Token(ctx context.Context, ref hsm.KeyRef, value hsm.Secret) (token [32]byte, err error) {
	err = m.with(ctx, func(s *session) error {
		k, err := s.active(ref, rule.MakeToken)
		if err != nil {
			return err
		}
		sum, err := s.sign(p11.NewMechanism(p11.CKM_SHA256_HMAC, nil), k.object, value.Reveal())
		if err == nil && copy(token[:], sum) != len(token) {
			err = fmt.Errorf("hsm/pkcs11: the token has made a code of %d bytes", len(sum))
		}
		return err
	})
	return token, err
}
