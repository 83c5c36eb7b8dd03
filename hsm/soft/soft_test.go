package soft_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/soft"
)

var ctx = context.Background()

// clock is what the module under test takes for the time.
type clock struct{ at int64 }

func (c *clock) now() int64              { return c.at }
func (c *clock) advance(d time.Duration) { c.at += int64(d) }

// memory is a module without a file, and its clock.
func memory(t testing.TB) (*soft.Module, *clock) {
	t.Helper()
	c := &clock{at: 1_000_000_000_000}
	m, err := soft.New(soft.Options{Clock: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m, c
}

// must makes a key.
func must(t testing.TB) func(hsm.KeyInfo, error) hsm.KeyInfo {
	return func(i hsm.KeyInfo, err error) hsm.KeyInfo {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
}

func wants(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, not %v", err, want)
	}
}

// TestReplacedKeyReads: after an exchange of a MAC key, the bank's messages under the old
// one are verified for 120 s and no longer, and new codes are made with the new one.
func TestReplacedKeyReads(t *testing.T) {
	m, c := memory(t)
	zak := hsm.New{As: "banka/zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable}
	must(t)(m.Generate(ctx, zak))
	in := hsm.MACInput{By: zak.As, Algorithm: hsm.AESCMAC, Size: 8, Message: []byte("0800")}
	old, err := m.MAC(ctx, in)
	wants(t, err, nil)
	if i := must(t)(m.Rotate(ctx, hsm.Rotation{Ref: zak.As, Overlap: 120 * time.Second})); i.Version != 2 || i.State != hsm.StateActive {
		t.Errorf("%+v", i)
	}
	fresh, err := m.MAC(ctx, in)
	wants(t, err, nil)
	c.advance(120*time.Second - 1)
	wants(t, m.VerifyMAC(ctx, in, old), nil)
	wants(t, m.VerifyMAC(ctx, in, fresh), nil)
	c.advance(1)
	wants(t, m.VerifyMAC(ctx, in, old), hsm.ErrVerify)
	wants(t, m.VerifyMAC(ctx, in, fresh), nil)
	all, err := m.List(ctx)
	if err != nil || len(all) != 2 || all[0].State != hsm.StateActive || all[1].State != hsm.StateRetired {
		t.Errorf("%+v, %v", all, err)
	}
	wants(t, m.Delete(ctx, hsm.KeyVersion{Ref: zak.As, Number: 1}), nil)
}
