package soft

import (
	"context"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/rule"
)

// ImportKey takes a key out of a key block and keeps it. The optional blocks of its
// header are not kept.
func (m *Module) ImportKey(ctx context.Context, i hsm.Import) (hsm.KeyInfo, error) {
	k, err := m.unwrap(ctx, &i)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return m.keep(ctx, k, i.Replace, i.Overlap)
}

// unwrap makes a key of a block that proves what it is.
func (m *Module) unwrap(ctx context.Context, i *hsm.Import) (*key, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	if len(i.Want) == 0 {
		return nil, fmt.Errorf("%w: no usage is accepted", hsm.ErrDenied)
	}
	var header keyblock.Header
	var bytes hsm.Secret
	parsed, err := keyblock.Parse(i.Block)
	if err == nil {
		err = rule.Accepts(i, parsed.Version)
	}
	if err != nil {
		return nil, err
	}
	err = m.try(i.Under, rule.UnwrapKey, func(k *key) (err error) {
		if err = rule.Protects(&k.KeyInfo, parsed.Version); err == nil {
			header, bytes, err = keyblock.Unwrap(k.bytes, i.Block)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := header.Require(i.Want...); err != nil {
		bytes.Wipe()
		return nil, err
	}
	k, err := newKey(hsm.KeyInfo{
		Ref: i.As, Usage: header.Usage, Algorithm: header.Algorithm, Mode: header.Mode, Export: header.Export,
		Origin: hsm.OriginKeyBlock, Created: m.o.Clock(),
	}, formSymmetric, bytes)
	if err != nil {
		return nil, err
	}
	if err := rule.Has(&k.KeyInfo, i.KCV); err != nil {
		bytes.Wipe()
		return nil, err
	}
	return k, nil
}

// ExportKey gives a key as a key block, if the key may leave. Pairs never do.
func (m *Module) ExportKey(ctx context.Context, e hsm.Exporting) (string, error) {
	if err := m.enter(ctx); err != nil {
		return "", err
	}
	defer m.mu.RUnlock()
	if e.Version != 'B' && e.Version != 'D' {
		return "", fmt.Errorf("%w: key blocks are made of version B or D", hsm.ErrDenied)
	}
	under, err := m.active(e.Under, rule.WrapKey)
	if err == nil {
		err = rule.Protects(&under.KeyInfo, e.Version)
	}
	if err != nil {
		return "", err
	}
	k, err := m.present(e.What)
	switch {
	case err != nil:
		return "", err
	case k.Export == hsm.NotExportable || k.form != formSymmetric:
		return "", fmt.Errorf("%w: %s must not leave the module", hsm.ErrDenied, e.What)
	}
	return keyblock.Wrap(under.bytes, keyblock.Header{
		Version: e.Version, Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, KeyVersion: "00", Export: k.Export,
	}, k.bytes, m.o.Random)
}

// KCV is the check value of a key.
func (m *Module) KCV(ctx context.Context, ref hsm.KeyRef) (hsm.KCV, error) {
	if err := m.enter(ctx); err != nil {
		return hsm.KCV{}, err
	}
	defer m.mu.RUnlock()
	k, err := m.present(ref)
	if err != nil {
		return hsm.KCV{}, err
	}
	return k.KCV, nil
}

// Describe is what is known of the active key of a name.
func (m *Module) Describe(ctx context.Context, ref hsm.KeyRef) (hsm.KeyInfo, error) {
	if err := m.enter(ctx); err != nil {
		return hsm.KeyInfo{}, err
	}
	defer m.mu.RUnlock()
	k, err := m.present(ref)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return k.KeyInfo, nil
}

// present is the active key of a name, whatever it is for, until it expires.
func (m *Module) present(ref hsm.KeyRef) (*key, error) {
	ring := m.keys[ref]
	if len(ring) == 0 {
		return nil, unknown(ref)
	}
	return ring[0], ring[0].refuses(rule.AnyUse(&ring[0].KeyInfo), m.o.Clock())
}
