package iso8583

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math/bits"
	"slices"
	"testing"

	codec "switchd/codec/iso8583"
	"switchd/hsm"
	"switchd/hsm/soft"
	"switchd/switch/guard"
)

var ctx = context.Background()

// module has the keys of the tests: a bank's and a sender's.
func module(t testing.TB) *soft.Module {
	t.Helper()
	m, err := soft.New(soft.Options{Clock: func() int64 { return 1 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	for _, k := range []struct {
		as    hsm.KeyRef
		usage hsm.Usage
		of    hsm.Algorithm
		mode  hsm.Mode
		hex   string
	}{
		{"banka/zak", hsm.MACAlg3, hsm.TDES, hsm.MACBothWays, "0123456789ABCDEFFEDCBA9876543210"},
		{"banka/cmac", hsm.MACAlg5, hsm.AES, hsm.MACBothWays, "2b7e151628aed2a6abf7158809cf4f3c"},
		{"banka/zpk", hsm.PINEncryption, hsm.TDES, hsm.BothWays, "0123456789ABCDEFFEDCBA9876543210"},
		{"bankb/zpk", hsm.PINEncryption, hsm.TDES, hsm.BothWays, "89E88CF7931444F334BD7547FC3F380C"},
	} {
		key, err := hex.DecodeString(k.hex)
		if err != nil {
			t.Fatal(err)
		}
		first, second, third := slices.Clone(key), bytes.Repeat([]byte{0x10}, len(key)), bytes.Repeat([]byte{0x20}, len(key)) // odd parity
		for i := range first {
			first[i] ^= 0x30
			if k.of == hsm.TDES && bits.OnesCount8(first[i])%2 == 0 {
				first[i] ^= 1 // the vector's key has no parity, which DES does not look at
			}
		}
		parts := []hsm.Component{{Part: hsm.NewSecret(first)}, {Part: hsm.NewSecret(second)}, {Part: hsm.NewSecret(third)}}
		if _, err := m.ImportComponents(ctx, hsm.Components{New: hsm.New{As: k.as, Usage: k.usage, Algorithm: k.of, Mode: k.mode, Export: hsm.NotExportable}, Parts: parts}); err != nil {
			t.Fatal(k.as, err)
		}
	}
	return m
}

func spec(t testing.TB, name string) *codec.Spec {
	t.Helper()
	s, err := codec.Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t testing.TB, o Options) guard.Guard {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s.Open()
}

// message is a request with or without elements above 64.
func message(t testing.TB, s *codec.Spec, mti codec.MTI, second bool) []byte {
	t.Helper()
	var w codec.Writer
	w.Begin(s, nil, mti)
	w.SetUint(3, 400000)
	w.SetUint(7, 1023120000)
	w.SetUint(11, 77)
	if second {
		w.SetString(102, "4000123412341234")
	}
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	x919 = MAC{Key: "banka/zak", Algorithm: hsm.X919, Size: 8}
	left = MAC{Key: "banka/zak", Algorithm: hsm.X919, Size: 4}
	cmac = MAC{Key: "banka/cmac", Algorithm: hsm.AESCMAC, Size: 8}
)

// TestCodeGoesRound: what was protected is what comes out, in all dialects and with
// one bitmap or two; and a message with any bit changed does not.
func TestCodeGoesRound(t *testing.T) {
	m := module(t)
	for _, name := range codec.BuiltinNames() {
		for _, c := range []MAC{x919, left, cmac} {
			for _, second := range []bool{false, true} {
				s := spec(t, name)
				g := open(t, Options{Spec: s, MAC: c})
				plain := message(t, s, 0x0200, second)
				b, err := g.Protect(ctx, m, []byte("before"), plain, nil)
				if err != nil {
					t.Fatal(name, err)
				}
				b = b[len("before"):]
				if got, err := g.Check(ctx, m, b); err != nil || !bytes.Equal(got, b) {
					t.Fatalf("%s: %v", name, err)
				}
				if _, err := g.Check(ctx, m, plain); !errors.Is(err, hsm.ErrVerify) {
					t.Errorf("%s without a code: %v", name, err)
				}
				for bit := range 8 * len(b) {
					b[bit/8] ^= 1 << (bit % 8)
					if _, err := g.Check(ctx, m, b); err == nil && !sameCode(s, b, bit) {
						t.Errorf("%s, bit %d of %x is another, and it is taken", name, bit, b)
					}
					b[bit/8] ^= 1 << (bit % 8)
				}
			}
		}
	}
}

// sameCode says that a changed bit leaves the code what it is: where it is written in
// hexadecimal, a letter may be small.
func sameCode(s *codec.Spec, b []byte, bit int) bool {
	return s.Format(64) != "" && bit%8 == 5 && bit/8 >= len(b)-16 && (b[bit/8] >= 'a' && b[bit/8] <= 'f' || b[bit/8] >= 'A' && b[bit/8] <= 'F')
}

// TestCodeIsTheStandards: the code is that of X9.19 over the message with its bit set.
func TestCodeIsTheStandards(t *testing.T) {
	m := module(t)
	s := spec(t, "iso87-binary")
	b, err := open(t, Options{Spec: s, MAC: x919}).Protect(ctx, m, nil, message(t, s, 0x0200, false), nil)
	if err != nil {
		t.Fatal(err)
	}
	covered, code := b[:len(b)-8], b[len(b)-8:]
	want, err := m.MAC(ctx, hsm.MACInput{By: "banka/zak", Algorithm: hsm.X919, Size: 8, Message: covered})
	if err != nil || !bytes.Equal(code, want) || covered[2+7]&1 != 1 {
		t.Errorf("%x, not %x (%v); bitmap %x", code, want, err, covered[2:10])
	}
}

func TestNetworkManagementHasNoCode(t *testing.T) {
	m := module(t)
	s := spec(t, "iso87-ascii")
	var w codec.Writer
	w.Begin(s, nil, 0x0800)
	w.SetUint(70, 1)
	plain, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	g := open(t, Options{Spec: s, MAC: x919})
	if b, err := g.Protect(ctx, m, nil, plain, nil); err != nil || !bytes.Equal(b, plain) {
		t.Errorf("%x, %v", b, err)
	}
	if b, err := g.Check(ctx, m, plain); err != nil || !bytes.Equal(b, plain) {
		t.Errorf("%x, %v", b, err)
	}
}

// TestLongerCodeIsRefused: of a code of 4 bytes nobody may carry anything in the rest.
func TestLongerCodeIsRefused(t *testing.T) {
	m := module(t)
	s := spec(t, "iso87-binary")
	b, err := open(t, Options{Spec: s, MAC: x919}).Protect(ctx, m, nil, message(t, s, 0x0200, false), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, Options{Spec: s, MAC: left}).Check(ctx, m, b); !errors.Is(err, hsm.ErrVerify) {
		t.Errorf("%v", err)
	}
}

func TestUnreadableIsNotWrong(t *testing.T) {
	g := open(t, Options{Spec: spec(t, "iso87-ascii"), MAC: x919})
	for _, b := range []string{"", "0200", "garbage", "02007fffffffffffffff"} {
		if _, err := g.Check(ctx, module(t), []byte(b)); !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("%q: %v", b, err)
		}
	}
}

// block is the ISO-0 block of PIN 1234 for card 5555555551234567 under the sender's
// key, and under the receiver's (domain.md 5.2).
const (
	sent     = "230B4C43B8BA2C5C"
	received = "9CA628F82B0FAD2C"
)

func pinOf(t testing.TB, block, account string, z guard.Zone) *guard.PIN {
	t.Helper()
	b, err := hex.DecodeString(block)
	if err != nil {
		t.Fatal(err)
	}
	return &guard.PIN{Zone: z, Block: hsm.NewSecret(b), Account: hsm.NewSecret([]byte(account))}
}

func TestPINIsTranslated(t *testing.T) {
	m := module(t)
	from, to := guard.Zone{Key: "banka/zpk"}, guard.Zone{Key: "bankb/zpk"}
	for _, name := range []string{"iso87-ascii", "iso87-binary", "iso87-npci"} {
		s := spec(t, name)
		plain := message(t, s, 0x0200, true)
		g := open(t, Options{Spec: s, Zone: to, MAC: cmac})
		b, err := g.Protect(ctx, m, nil, plain, pinOf(t, sent, "5555555551234567", from))
		if err != nil {
			t.Fatal(name, err)
		}
		var got codec.Message
		if err := got.Parse(s, b); err != nil {
			t.Fatal(err)
		}
		if x := hex.EncodeToString(got.Value(52)); x != "9ca628f82b0fad2c" {
			t.Errorf("%s: DE52 is %s, not %s", name, x, received)
		}
		if _, err := g.Check(ctx, m, b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(b, []byte(sent)) {
			t.Error("the sender's block is in it")
		}
	}
}

// TestPINThatDoesNotFit: no message leaves without the block that it should carry.
func TestPINThatDoesNotFit(t *testing.T) {
	m := module(t)
	s := spec(t, "iso87-binary")
	plain := message(t, s, 0x0200, true)
	g := open(t, Options{Spec: s, Zone: guard.Zone{Key: "bankb/zpk"}})
	for what, pin := range map[string]*guard.PIN{
		"wrong account": pinOf(t, sent, "5555555551234999", guard.Zone{Key: "banka/zpk"}),
		"other format":  pinOf(t, sent, "5555555551234567", guard.Zone{Key: "banka/zpk", Format: hsm.ISO3}),
		"unbound":       pinOf(t, sent, "5555555551234567", guard.Zone{Key: "banka/zpk", Format: hsm.ISO1}),
		"short":         pinOf(t, "00", "5555555551234567", guard.Zone{Key: "banka/zpk"}),
	} {
		if b, err := g.Protect(ctx, m, []byte("x"), plain, pin); !errors.Is(err, guard.ErrPIN) || string(b) != "x" {
			t.Errorf("%s: %v, %d bytes", what, err, len(b))
		}
	}
	// A key that is not there, or is for something else, is not the customer's fault.
	for what, zones := range map[string][2]hsm.KeyRef{
		"no key to read":  {"bankx/zpk", "bankb/zpk"},
		"no key to write": {"banka/zpk", "bankx/zpk"},
		"a key for codes": {"banka/zpk", cmac.Key},
	} {
		g := open(t, Options{Spec: s, Zone: guard.Zone{Key: zones[1]}})
		b, err := g.Protect(ctx, m, []byte("x"), plain, pinOf(t, sent, "5555555551234567", guard.Zone{Key: zones[0]}))
		if !errors.Is(err, hsm.ErrKey) || errors.Is(err, guard.ErrPIN) || string(b) != "x" {
			t.Errorf("%s: %v, %d bytes", what, err, len(b))
		}
	}
	// A bank without a zone does not look at PINs: it gets none.
	b, err := open(t, Options{Spec: s}).Protect(ctx, m, nil, plain, pinOf(t, sent, "5555555551234567", guard.Zone{Key: "banka/zpk"}))
	if err != nil || !bytes.Equal(b, plain) {
		t.Errorf("%x, %v", b, err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	s := spec(t, "iso87-binary")
	for what, o := range map[string]Options{
		"size 3":       {Spec: s, MAC: MAC{Key: "k", Algorithm: hsm.X919, Size: 3}},
		"size 9":       {Spec: s, MAC: MAC{Key: "k", Algorithm: hsm.AESCMAC, Size: 9}},
		"no algorithm": {Spec: s, MAC: MAC{Key: "k", Size: 8}},
		"ISO-1":        {Spec: s, Zone: guard.Zone{Key: "k", Format: hsm.ISO1}},
		"ISO-4 in 8":   {Spec: s, Zone: guard.Zone{Key: "k", Format: hsm.ISO4}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

// BenchmarkMessage is the budget of architecture.md 10: a PIN is translated, a code
// checked and a code made.
func BenchmarkMessage(b *testing.B) {
	m := module(b)
	s := spec(b, "iso87-binary")
	plain := message(b, s, 0x0200, true)
	from, to := guard.Zone{Key: "banka/zpk"}, guard.Zone{Key: "bankb/zpk"}
	for _, c := range []MAC{x919, cmac} {
		b.Run(c.Algorithm.String(), func(b *testing.B) {
			in, out := open(b, Options{Spec: s, MAC: c}), open(b, Options{Spec: s, MAC: c, Zone: to})
			came, err := in.Protect(ctx, m, nil, plain, nil)
			if err != nil {
				b.Fatal(err)
			}
			pin := pinOf(b, sent, "5555555551234567", from)
			var room []byte
			b.ReportAllocs()
			for b.Loop() {
				if _, err := in.Check(ctx, m, came); err != nil {
					b.Fatal(err)
				}
				if room, err = out.Protect(ctx, m, room[:0], plain, pin); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestNetworkManagementIsExempt: it is what it was without a module, and nothing else is.
func TestNetworkManagementIsExempt(t *testing.T) {
	npci := spec(t, "iso87-npci")
	s, err := New(Options{Spec: npci, MAC: MAC{Key: "banka/cmac", Algorithm: hsm.AESCMAC, Size: 8}})
	if err != nil {
		t.Fatal(err)
	}
	var w codec.Writer
	message := func(mti codec.MTI) []byte {
		w.Begin(npci, nil, mti)
		w.Set(7, []byte("1122153000"))
		w.Set(11, []byte("000001"))
		w.Set(70, []byte("301"))
		b, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, mti := range []codec.MTI{0x0800, 0x0810} {
		b := message(mti)
		got, err := s.Open().Check(ctx, nil, b)
		sent, failed := s.Open().Protect(ctx, nil, nil, b, nil)
		if !s.Exempt(b) || err != nil || failed != nil || !bytes.Equal(got, b) || !bytes.Equal(sent, b) {
			t.Errorf("%s: %v, %v, %x, %x", mti, err, failed, got, sent)
		}
	}
	for _, b := range [][]byte{message(0x0200), message(0x0110), message(0x0420), []byte("080"), nil} {
		if s.Exempt(b) {
			t.Errorf("%.4q is exempt", b)
		}
	}
}
