package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"switchd/hsm"
)

// call is one call of the contract, as it looks for an ability.
type call struct {
	what    string
	ability Ability
	run     func(ctx context.Context, m hsm.Module) error
}

// calls has every method, with inputs of the right form.
func (s *suite) calls(t *testing.T) []call {
	t.Helper()
	return slices.Concat(pinCalls(t), codeCalls(), blockCalls(), dataCalls(), []call{
		{"Health", "", func(ctx context.Context, m hsm.Module) error {
			_, err := m.Health(ctx)
			return err
		}},
	})
}

func pinCalls(t *testing.T) []call {
	pin := func(in hsm.KeyRef, f hsm.PINFormat, ksn string, device bool) func(context.Context, hsm.Module) error {
		out := zpkA
		if f == hsm.ISO4 {
			out = zpkAES
		}
		return func(ctx context.Context, m hsm.Module) error {
			_, err := m.TranslatePIN(ctx, hsm.Translation{
				In: in, Out: out, Change: hsm.FormatChange{From: f, To: f, Device: device}, KSN: unhex(t, ksn),
				Block: hsm.NewSecret(make([]byte, f.Size())), Account: secret(card),
			})
			return err
		}
	}
	input := hsm.EncryptedPIN{Under: zpkA, Format: hsm.ISO0, Block: hsm.NewSecret(unhex(t, "230B4C43B8BA2C5C")), Account: secret(card)}
	return []call{
		{"TranslatePIN", PINs, pin(zpkA, hsm.ISO0, "", false)},
		{"TranslatePIN, format 4", PINsWithAES, pin(zpkAES, hsm.ISO4, "", false)},
		{"TranslatePIN, DUKPT", DUKPT, pin(bdkTDES, hsm.ISO0, "FFFF9876543210E00001", true)},
		{"TranslatePIN, AES DUKPT", DUKPTWithAES, pin(bdkAES, hsm.ISO4, "123456789012345600000001", true)},
		{"VerifyPVV", PVV, func(ctx context.Context, m hsm.Module) error {
			return m.VerifyPVV(ctx, hsm.PVVCheck{Input: input, By: pvkVisa, Index: 1, PVV: secret("8523")})
		}},
		{"VerifyOffset", IBM3624, func(ctx context.Context, m hsm.Module) error {
			return m.VerifyOffset(ctx, hsm.OffsetCheck{Input: input, By: pvkIBM, Table: "1234567890123456", Validation: secret(pvvCard), Offset: secret("7710")})
		}},
	}
}

func codeCalls() []call {
	code := func(by hsm.KeyRef, a hsm.MACAlgorithm, p hsm.Padding) func(context.Context, hsm.Module) error {
		return func(ctx context.Context, m hsm.Module) error {
			_, err := m.MAC(ctx, hsm.MACInput{By: by, Algorithm: a, Padding: p, Size: 4, Message: []byte("0200")})
			return err
		}
	}
	return []call{
		{"MAC, X9.9", X99, code(macX99, hsm.X99, 0)},
		{"MAC, X9.19", X919, code(macX919, hsm.X919, 0)},
		{"MAC, X9.19, padding 2", PaddingTwo, code(macX919, hsm.X919, hsm.PadOne)},
		{"MAC, CMAC", CMAC, code(macAES, hsm.AESCMAC, 0)},
		{"MAC, CMAC with TDES", CMACWithTDES, code(macTDES, hsm.DESCMAC, 0)},
		{"VerifyMAC", CMAC, func(ctx context.Context, m hsm.Module) error {
			return m.VerifyMAC(ctx, hsm.MACInput{By: macAES, Algorithm: hsm.AESCMAC, Size: 4, Message: []byte("0200")}, make([]byte, 4))
		}},
	}
}

func blockCalls() []call {
	imports := func(i hsm.Import) func(context.Context, hsm.Module) error {
		i.Want = []hsm.Usage{hsm.PINEncryption}
		return func(ctx context.Context, m hsm.Module) error {
			_, err := m.ImportKey(ctx, i)
			return err
		}
	}
	return []call{
		{"ImportKey, version A", BlocksLegacy, imports(hsm.Import{As: "conform/call", Under: zmkOld, Block: blockA, Legacy: true})},
		{"ImportKey, version B", BlocksB, imports(hsm.Import{As: "conform/call", Under: zmkB, Block: blockB})},
		{"ImportKey, version D", BlocksD, imports(hsm.Import{As: "conform/call", Under: zmkD, Block: blockD})},
		{"ImportKey, replacing", Replacing, imports(hsm.Import{As: zpkAES, Under: zmkD, Block: blockD, Replace: true})},
		{"ExportKey", BlocksD, func(ctx context.Context, m hsm.Module) error {
			_, err := m.ExportKey(ctx, hsm.Exporting{What: zpkA, Under: zmkD, Version: 'D'})
			return err
		}},
		{"KCV", CMAC, func(ctx context.Context, m hsm.Module) error {
			_, err := m.KCV(ctx, macAES)
			return err
		}},
	}
}

func dataCalls() []call {
	signs := func(by hsm.KeyRef, a hsm.SignatureAlgorithm) func(context.Context, hsm.Module) error {
		return func(ctx context.Context, m hsm.Module) error {
			_, err := m.Sign(ctx, hsm.Signing{By: by, Algorithm: a, Digest: digest})
			return err
		}
	}
	return []call{
		{"Seal", Sealing, func(ctx context.Context, m hsm.Module) error {
			_, err := m.Seal(ctx, hsm.Box{By: data, Data: []byte("account")})
			return err
		}},
		{"Open", Sealing, func(ctx context.Context, m hsm.Module) error {
			_, err := m.Open(ctx, hsm.Box{By: data, Data: make([]byte, 100)})
			return err
		}},
		{"Token", Tokens, func(ctx context.Context, m hsm.Module) error {
			_, err := m.Token(ctx, token, secret("account"))
			return err
		}},
		{"Sign, ES256", ECDSA, signs(pairEC, hsm.ES256)},
		{"Sign, PS256", RSA, signs(pairRSA, hsm.PS256)},
		{"Verify", ECDSA, func(ctx context.Context, m hsm.Module) error {
			return m.Verify(ctx, hsm.Signing{By: pairEC, Algorithm: hsm.ES256, Digest: digest}, make([]byte, 64))
		}},
	}
}

// doneContexts: nothing is begun for who waits no more.
func (s *suite) doneContexts(t *testing.T) {
	done, cancel := context.WithCancel(background)
	cancel()
	for _, c := range s.calls(t) {
		if !s.can(c.ability) {
			continue
		}
		err := c.run(done, s.m)
		var f *hsm.Fault
		if !errors.As(err, &f) || f.Started || !errors.Is(err, hsm.ErrTimeout) && !errors.Is(err, hsm.ErrDown) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// cannot: what the driver says that it cannot do it refuses properly.
func (s *suite) cannot(t *testing.T) {
	probed := map[Ability]bool{}
	for _, c := range s.calls(t) {
		probed[c.ability] = true
		if s.can(c.ability) {
			continue
		}
		err := c.run(background, s.m)
		if err == nil || !hsm.NotDone(err) {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		s.discreet(t, c.what, err.Error())
	}
	for a := range s.d.Cannot {
		if !probed[a] {
			t.Errorf("no ability of the suite: %q", a)
		}
	}
}

// atTheSameTime: many callers get their own answers.
func (s *suite) atTheSameTime(t *testing.T) {
	const callers, rounds = 8, 25
	var all sync.WaitGroup
	for n := range callers {
		blocks := map[string]hsm.Secret{}
		for i := range 3 {
			pin := fmt.Sprintf("%d%d99", n, i)
			blocks[pin] = s.block(t, zpkA, hsm.ISO0, pin, card)
		}
		all.Go(func() {
			for round := range rounds {
				for pin, block := range blocks {
					got, err := s.m.TranslatePIN(background, hsm.Translation{In: zpkA, Out: zpkB, Change: hsm.FormatChange{From: hsm.ISO0, To: hsm.ISO3}, Block: block, Account: secret(card)})
					if err != nil {
						t.Errorf("caller %d: %v", n, err)
						return
					}
					s.holds(t, fmt.Sprintf("caller %d", n), got, zpkB, hsm.ISO3, pin, card)
				}
				in := hsm.MACInput{By: macAES, Algorithm: hsm.AESCMAC, Size: s.longest(hsm.AESCMAC), Message: fmt.Appendf(nil, "caller %d round %d", n, round)}
				code, err := s.m.MAC(background, in)
				if err != nil || upper(code) != upper(s.cmac(t, s.keys[macAES].Bytes.Reveal(), in.Message)[:in.Size]) {
					t.Errorf("caller %d: another's code, or %v", n, err)
					return
				}
				if err := s.m.VerifyMAC(background, in, code); err != nil {
					t.Errorf("caller %d: %v", n, err)
				}
			}
		})
	}
	all.Wait()
}
