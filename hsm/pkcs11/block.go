//go:build pkcs11

package pkcs11

import (
	"context"
	"fmt"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/rule"
)

// ImportKey takes a key out of a key block and keeps it. The optional blocks of its
// header are not kept. Until the token has it, the key is in this process's memory.
func (m *Module) ImportKey(ctx context.Context, i hsm.Import) (hsm.KeyInfo, error) {
	var header keyblock.Header
	var bytes hsm.Secret
	err := m.with(ctx, func(s *session) (err error) {
		header, bytes, err = s.unwrap(&i)
		return err
	})
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	defer bytes.Wipe()
	return m.keep(ctx, &hsm.KeyInfo{
		Ref: i.As, Usage: header.Usage, Algorithm: header.Algorithm, Mode: header.Mode, Export: header.Export, Created: m.o.Clock(),
	}, change{bytes: bytes, kcv: i.KCV, replace: i.Replace, overlap: i.Overlap})
}

// unwrap takes the key out of a block that proves what it is.
func (s *session) unwrap(i *hsm.Import) (h keyblock.Header, bytes hsm.Secret, err error) {
	if err := s.m.inMemory("read key blocks"); err != nil {
		return h, bytes, err
	}
	if len(i.Want) == 0 {
		return h, bytes, fmt.Errorf("%w: no usage is accepted", hsm.ErrDenied)
	}
	parsed, err := keyblock.Parse(i.Block)
	if err == nil {
		err = rule.Accepts(i, parsed.Version)
	}
	if err != nil {
		return h, bytes, err
	}
	keys, err := s.readers(i.Under, rule.UnwrapKey)
	if err != nil {
		return h, bytes, err
	}
	err = anyOf(keys, func(k *key) (err error) {
		if err = rule.Protects(&k.KeyInfo, parsed.Version); err == nil {
			h, bytes, err = s.root(k).Unwrap(parsed)
		}
		return err
	})
	if err == nil {
		err = h.Require(i.Want...)
	}
	if err != nil {
		bytes.Wipe()
	}
	return h, bytes, err
}

// root is a protection key that stays in the token.
func (s *session) root(k *key) keyblock.Root {
	return keyblock.Root{Algorithm: k.Algorithm, Size: k.Bits / 8, Rank: k.Rank, CMAC: s.cmac(k)}
}

// ExportKey gives a key as a key block, if the key may leave. Pairs never do.
func (m *Module) ExportKey(ctx context.Context, e hsm.Exporting) (block string, err error) {
	err = m.with(ctx, func(s *session) error {
		if err := m.inMemory("make key blocks"); err != nil {
			return err
		}
		if e.Version != 'B' && e.Version != 'D' {
			return fmt.Errorf("%w: key blocks are made of version B or D", hsm.ErrDenied)
		}
		under, err := s.active(e.Under, rule.WrapKey)
		if err == nil {
			err = rule.Protects(&under.KeyInfo, e.Version)
		}
		if err != nil {
			return err
		}
		k, err := s.present(e.What)
		switch {
		case err != nil:
			return err
		case k.Export == hsm.NotExportable || k.Usage == hsm.SignaturePair:
			return fmt.Errorf("%w: %s must not leave the module", hsm.ErrDenied, e.What)
		}
		bytes, err := s.value(k)
		if err != nil {
			return err
		}
		defer bytes.Wipe()
		block, err = s.root(under).Wrap(keyblock.Header{
			Version: e.Version, Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, KeyVersion: "00", Export: k.Export,
		}, bytes, m.o.Random)
		return err
	})
	return block, err
}

// present is the active key of a name, whatever it is for, until it expires.
func (s *session) present(ref hsm.KeyRef) (*key, error) {
	keys, err := s.ring(ref)
	if err != nil {
		return nil, err
	}
	return keys[0], keys[0].refuses(rule.AnyUse(&keys[0].KeyInfo), s.m.o.Clock())
}

// value is the bytes of a key that may leave. The token shows none, but wraps it under
// a key of this session, and what it unwraps of that may be read.
func (s *session) value(k *key) (hsm.Secret, error) {
	lib := s.m.lib
	of := func(class, kind uint, more ...*p11.Attribute) []*p11.Attribute {
		return append(more, p11.NewAttribute(p11.CKA_CLASS, class), p11.NewAttribute(p11.CKA_KEY_TYPE, kind), p11.NewAttribute(p11.CKA_TOKEN, false))
	}
	under, err := lib.GenerateKey(s.handle, []*p11.Mechanism{p11.NewMechanism(p11.CKM_AES_KEY_GEN, nil)}, of(p11.CKO_SECRET_KEY, p11.CKK_AES,
		p11.NewAttribute(p11.CKA_VALUE_LEN, 32), p11.NewAttribute(p11.CKA_WRAP, true), p11.NewAttribute(p11.CKA_UNWRAP, true)))
	if err != nil {
		return hsm.Secret{}, err
	}
	defer func() { _ = lib.DestroyObject(s.handle, under) }() // it ends with the session at the latest
	kwp := []*p11.Mechanism{p11.NewMechanism(p11.CKM_AES_KEY_WRAP_PAD, nil)}
	wrapped, err := lib.WrapKey(s.handle, kwp, under, k.object)
	if err != nil {
		return hsm.Secret{}, err
	}
	kind, _ := keyType(k.Algorithm, k.Bits/8)
	bare, err := lib.UnwrapKey(s.handle, kwp, under, wrapped, of(p11.CKO_SECRET_KEY, kind,
		p11.NewAttribute(p11.CKA_SENSITIVE, false), p11.NewAttribute(p11.CKA_EXTRACTABLE, true)))
	if err != nil {
		return hsm.Secret{}, err
	}
	defer func() { _ = lib.DestroyObject(s.handle, bare) }() // as above
	v, err := s.values(bare, p11.CKA_VALUE)
	if err != nil {
		return hsm.Secret{}, err
	}
	return hsm.NewSecret(v[0]), nil
}

// KCV is the check value of a key.
func (m *Module) KCV(ctx context.Context, ref hsm.KeyRef) (kcv hsm.KCV, err error) {
	err = m.with(ctx, func(s *session) error {
		k, err := s.present(ref)
		if err == nil {
			kcv = k.KCV
		}
		return err
	})
	return kcv, err
}

// Describe is what is known of the active key of a name.
func (m *Module) Describe(ctx context.Context, ref hsm.KeyRef) (i hsm.KeyInfo, err error) {
	err = m.with(ctx, func(s *session) error {
		k, err := s.present(ref)
		if err == nil {
			i = k.KeyInfo
		}
		return err
	})
	return i, err
}
