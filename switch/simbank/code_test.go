package simbank

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"testing"

	"switchd/codec/iso8583"
	"switchd/hsm"
	"switchd/hsm/soft"
	"switchd/switch/guard"
	guard8583 "switchd/switch/guard/iso8583"
)

// The keys of the tests, in hexadecimal.
const (
	codeKey = "0123456789ABCDEFFEDCBA9876543210"
	zoneKey = "FEDCBA98765432100123456789ABCDEF"
)

func secretOf(t testing.TB, digits string) hsm.Secret {
	t.Helper()
	key, err := hex.DecodeString(digits)
	must(t, err)
	return hsm.NewSecret(key)
}

// switchModule is the switch's own security module, with the keys of the tests.
func switchModule(t testing.TB) *soft.Module {
	t.Helper()
	m, err := soft.New(soft.Options{Clock: wall})
	must(t, err)
	t.Cleanup(func() { _ = m.Close() })
	for _, k := range []struct {
		as    hsm.KeyRef
		usage hsm.Usage
		of    hsm.Algorithm
		mode  hsm.Mode
		key   string
	}{
		{"zak", hsm.MACAlg3, hsm.TDES, hsm.MACBothWays, codeKey},
		{"cmac", hsm.MACAlg5, hsm.AES, hsm.MACBothWays, codeKey},
		{"zpk", hsm.PINEncryption, hsm.TDES, hsm.BothWays, zoneKey},
	} {
		first, err := hex.DecodeString(k.key)
		must(t, err)
		second, third := bytes.Repeat([]byte{0x10}, len(first)), bytes.Repeat([]byte{0x20}, len(first)) // of odd parity
		for i := range first {
			first[i] ^= 0x30
		}
		_, err = m.ImportComponents(t.Context(), hsm.Components{
			New:   hsm.New{As: k.as, Usage: k.usage, Algorithm: k.of, Mode: k.mode, Export: hsm.NotExportable},
			Parts: []hsm.Component{{Part: hsm.NewSecret(first)}, {Part: hsm.NewSecret(second)}, {Part: hsm.NewSecret(third)}},
		})
		must(t, err)
	}
	return m
}

// TestCodesAgreeWithTheSwitch: what one side writes the other finds proven, in each
// encoding and with either place for a code; and a changed bit anywhere is found.
func TestCodesAgreeWithTheSwitch(t *testing.T) {
	module := switchModule(t)
	for _, dialect := range []string{"iso87-npci", "iso87-ascii", "iso87-binary", "iso87-ebcdic"} {
		for name, how := range map[string]MAC{"zak": {Algorithm: hsm.X919, Size: 8}, "cmac": {Algorithm: hsm.AESCMAC, Size: 4}} {
			t.Run(fmt.Sprint(dialect, " ", how.Algorithm), func(t *testing.T) {
				how.Key = secretOf(t, codeKey)
				spec, err := iso8583.Builtin(dialect)
				must(t, err)
				scheme, err := guard8583.New(guard8583.Options{Spec: spec, MAC: guard8583.MAC{Key: hsm.KeyRef(name), Algorithm: how.Algorithm, Size: how.Size}})
				must(t, err)
				agree(t, dialect, how, module, scheme.Open())
			})
		}
	}
}

func agree(t *testing.T, dialect string, how MAC, module hsm.Module, theirs guard.Guard) {
	file, err := os.ReadFile("../../codec/iso8583/specs/" + dialect + ".json")
	must(t, err)
	plain, err := newCodec(file, MAC{})
	must(t, err)
	ours, err := newCodec(file, how)
	must(t, err)
	short := message{mti: "0210", de: map[int]string{3: "401000", 7: "0102030405", 11: "000002", 39: "00"}}
	for _, m := range []message{debitOf("1", 12_345), short} {
		body, err := ours.encode(m)
		must(t, err)
		if _, err := theirs.Check(t.Context(), module, body); err != nil {
			t.Errorf("the switch refuses what we write: %v", err)
		}
		again := ours.asRepeat(body)
		if _, err := theirs.Check(t.Context(), module, again); err != nil || bytes.Equal(again, body) {
			t.Errorf("the switch refuses our repeat: %v", err)
		}
		for _, how := range []proof{forged, bare} {
			spoiled, err := ours.spoil(body, how)
			must(t, err)
			if _, err := theirs.Check(t.Context(), module, spoiled); err == nil {
				t.Errorf("the switch takes what is spoiled (%d)", how)
			}
		}
		plainly, err := plain.encode(m)
		must(t, err)
		coded, err := theirs.Protect(context.Background(), module, nil, plainly, nil)
		must(t, err)
		got, bad := ours.decode(coded)
		if bad != nil || ours.code.check(got, coded) != nil {
			t.Errorf("what the switch writes is %v, %v", bad, ours.code.check(got, coded))
		}
		for i := range coded {
			coded[i] ^= 1
			if got, bad := ours.decode(coded); bad == nil && ours.code.check(got, coded) == nil {
				t.Errorf("byte %d of %d can be changed", i, len(coded))
			}
			coded[i] ^= 1
		}
		if got, bad := ours.decode(plainly); bad != nil || ours.code.check(got, plainly) == nil {
			t.Error("a message without a code is taken")
		}
	}
}

// withCodes gives both sides codes.
func withCodes(t testing.TB, s *fakeSwitch, o Options) Options {
	t.Helper()
	o.MAC = MAC{Key: secretOf(t, codeKey), Algorithm: hsm.X919}
	var err error
	s.codec, err = newCodec(s.spec, MAC{Key: o.MAC.Key, Algorithm: hsm.X919, Size: codeBytes})
	must(t, err)
	return o
}

// proven says whether a message of the participant has its code.
func (s *fakeSwitch) proven(f frameIn) bool { return s.codec.code.check(f.message, f.body) == nil }

func (s *fakeSwitch) spoiled(body []byte, how proof) []byte {
	s.t.Helper()
	out, err := s.codec.spoil(body, how)
	must(s.t, err)
	return out
}

// TestUnprovenRequests: what has no good code is answered 63, counted, and not booked.
func TestUnprovenRequests(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, withCodes(t, s, s.options()))
	whole, err := s.codec.encode(debitOf("1", 500))
	must(t, err)
	for _, how := range []proof{bare, forged} {
		s.sendBytes(s.spoiled(whole, how))
		if f := s.next("0210"); f.de[39] != "63" || !s.proven(f) {
			t.Errorf("answered %s, proven %v", f.de[39], s.proven(f))
		}
	}
	if net, st := b.Book().Net(), b.Stats(); net != 0 || st.Unproven != 2 || st.Malformed != 2 {
		t.Errorf("net %d, stats %+v", net, st)
	}
	s.sendBytes(whole)
	if f := s.next("0210"); f.de[39] != "00" || !s.proven(f) {
		t.Errorf("answered %s, proven %v", f.de[39], s.proven(f))
	}

	// An answer without a good code is none.
	result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 5})
	f := s.next("0200")
	answer, err := s.codec.encode(approve(f))
	must(t, err)
	s.sendBytes(s.spoiled(answer, forged))
	s.nothing()
	s.sendBytes(answer)
	if got := s.wait(result); got.err != nil || got.r.Outcome != outcomeSuccess || b.Stats().Unproven != 3 {
		t.Errorf("%+v, %+v", got, b.Stats())
	}
	if r := b.Report(); r.Unproven != 3 || r.Mismatches != 0 {
		t.Errorf("report %+v", r)
	}
}

// TestForgedPayment: it comes again as it should have been. Paid then, it is a fault of
// the switch; declined, with whatever code, it is not.
func TestForgedPayment(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, withCodes(t, s, s.options()))
	for i, again := range []string{"91", "00"} {
		result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 5, Forged: true})
		f := s.next("0200")
		if s.proven(f) {
			t.Fatal("it is not forged")
		}
		s.send(settled(f, "63", "63"))
		if got := s.wait(result); got.r.Outcome != outcomeDeclined || got.r.Code != "63" {
			t.Errorf("%+v", got)
		}
		f = s.next("0201")
		if !s.proven(f) {
			t.Error("its repeat is not proven")
		}
		s.send(settled(f, again, again))
		s.nothing()
		if st := b.Stats(); st.Mismatches != int64(i) || st.Forged != int64(i)+1 {
			t.Errorf("after %s: %+v", again, st)
		}
	}
}

// TestForgedAnswers: with the fault on, an answer is booked, and proves nothing.
func TestForgedAnswers(t *testing.T) {
	s := newFakeSwitch(t)
	o := withCodes(t, s, s.options())
	o.Faults.Forge = 1
	b, _ := start(t, o)
	s.send(debitOf("1", 500))
	if f := s.next("0210"); s.proven(f) || b.Book().Net() != -500 || b.Stats().Forged != 1 {
		t.Errorf("proven %v, net %d, %+v", s.proven(f), b.Book().Net(), b.Stats())
	}
}
