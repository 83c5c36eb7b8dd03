package soft

import (
	"context"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/mac"
	"switchd/hsm/rule"
)

// MAC makes a message authentication code.
func (m *Module) MAC(ctx context.Context, in hsm.MACInput) ([]byte, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	if err := rule.CodeSize(&in); err != nil {
		return nil, err
	}
	k, err := m.active(in.By, rule.MakeMAC[in.Algorithm.Usage()])
	if err != nil {
		return nil, err
	}
	ready, err := k.code(&in)
	if err != nil {
		return nil, err
	}
	return ready.Sum(make([]byte, 0, in.Algorithm.Size()), in.Message)[:in.Size], nil
}

// VerifyMAC checks a message authentication code in constant time.
func (m *Module) VerifyMAC(ctx context.Context, in hsm.MACInput, code []byte) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.RUnlock()
	if err := rule.CodeSize(&in); err != nil {
		return err
	}
	if len(code) != in.Size {
		return fmt.Errorf("%w: a MAC of %d bytes, not %d", hsm.ErrBlock, len(code), in.Size)
	}
	return m.try(in.By, rule.CheckMAC[in.Algorithm.Usage()], func(k *key) error {
		ready, err := k.code(&in)
		if err != nil {
			return err
		}
		return ready.Verify(in.Message, code)
	})
}

// code is the key made ready for an algorithm and a padding.
func (k *key) code(in *hsm.MACInput) (*mac.Key, error) {
	if k.Usage == hsm.MACAlg5 && in.Algorithm != rule.CMACOf(k.Algorithm) {
		return nil, fmt.Errorf("%w: %s is a key for %s", hsm.ErrKey, k.Ref, k.Algorithm)
	}
	if int(in.Padding) >= len(k.macs) || k.macs[in.Padding] == nil {
		return nil, fmt.Errorf("%w: %s has no padding %d", hsm.ErrDenied, in.Algorithm, in.Padding)
	}
	return k.macs[in.Padding], nil
}
