package payshield_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/dukpt"
	"switchd/hsm/payshield"
	"switchd/hsm/payshieldsim"
	"switchd/hsm/pinblock"
	"switchd/hsm/soft"
	"switchd/hsm/symmetric"
)

// both is the driver and the software module with the same keys.
type both struct {
	*lab
	soft *soft.Module
	rnd  *mathrand.Rand
	keys map[hsm.KeyRef]hsm.Secret // in the clear
}

// newBoth makes keys in the simulator's table, and brings them into the software module
// by key blocks that the driver exports: so export is tested with every key.
func newBoth(t *testing.T, variant bool) *both {
	t.Helper()
	b := &both{keys: map[hsm.KeyRef]hsm.Secret{}, rnd: mathrand.New(mathrand.NewPCG(1, 2))}
	keys := []key{{"zmk", 'S', "", zmkAES}, {"zmk3", 'S', "", zmkTDES}}
	add := func(name string, p payshieldsim.Plain, kind string) {
		k := key{name: name, scheme: 'S', plain: p}
		if variant && p.Algorithm != hsm.AES {
			k.scheme, k.kind = map[int]byte{8: 'Z', 16: 'U', 24: 'T'}[p.Bytes.Len()], kind
		}
		keys = append(keys, k)
		b.keys[hsm.KeyRef(name)] = p.Bytes
	}
	for _, n := range []string{"1", "2"} {
		add("zpk"+n, plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.Exportable, 16), "001")
	}
	add("zpk3", plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.Exportable, 24), "001")
	add("tpk", plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.Exportable, 16), "70D")
	add("aes1", plain(hsm.PINEncryption, hsm.AES, hsm.BothWays, hsm.Exportable, 16), "")
	add("aes2", plain(hsm.PINEncryption, hsm.AES, hsm.BothWays, hsm.Exportable, 32), "")
	add("bdk", plain(hsm.BaseDerivation, hsm.TDES, hsm.DeriveKeys, hsm.Exportable, 16), "009")
	add("bdka", plain(hsm.BaseDerivation, hsm.AES, hsm.DeriveKeys, hsm.Exportable, 32), "")
	add("pvk", plain(hsm.PINVerifyVisaPVV, hsm.TDES, hsm.MACBothWays, hsm.Exportable, 16), "002")
	add("pvki", plain(hsm.PINVerifyIBM3624, hsm.TDES, hsm.MACBothWays, hsm.Exportable, 24), "002")
	add("mac1", plain(hsm.MACAlg1, hsm.DES, hsm.MACBothWays, hsm.Exportable, 8), "008")
	add("mac3", plain(hsm.MACAlg3, hsm.TDES, hsm.MACBothWays, hsm.Exportable, 16), "008")
	add("mac6", plain(hsm.MACAlg5, hsm.AES, hsm.MACBothWays, hsm.Exportable, 16), "")
	b.lab = newLab(t, payshield.Options{VariantLMK: variant}, keys)

	m, err := soft.New(soft.Options{Clock: func() int64 { return 1 }})
	if err != nil {
		t.Fatal(err)
	}
	b.soft = m
	half := bytes.Repeat([]byte{0x5B}, 32) // odd parity
	other := make([]byte, 32)
	for i, v := range zmkAES.Bytes.Reveal() {
		other[i] = v ^ half[i]
	}
	ctx := within(t)
	if _, err := m.ImportComponents(ctx, hsm.Components{
		New:   hsm.New{As: "zmk", Usage: hsm.KeyProtection, Algorithm: hsm.AES, Mode: hsm.BothWays, Export: hsm.NotExportable},
		Parts: []hsm.Component{{Part: hsm.CopySecret(half)}, {Part: hsm.NewSecret(other)}},
	}); err != nil {
		t.Fatal(err)
	}
	for name := range b.keys {
		block, err := b.ExportKey(ctx, hsm.Exporting{What: name, Under: "zmk", Version: 'D'})
		if err != nil {
			t.Fatal(name, err)
		}
		info, err := m.ImportKey(ctx, hsm.Import{As: name, Under: "zmk", Block: block, Want: []hsm.Usage{"P0", "B0", "V1", "V2", "M1", "M3", "M6"}})
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := b.KCV(ctx, name); err != nil || !got.Matches(info.KCV) {
			t.Errorf("%s: %s, not %s: %v", name, got, info.KCV, err)
		}
	}
	return b
}

func (b *both) digits(n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = '0' + byte(b.rnd.IntN(10))
	}
	return string(out)
}

// block makes a PIN block of a PIN under a clear key.
func (b *both) block(t testing.TB, pin string, format hsm.PINFormat, account string, key hsm.Secret) hsm.Secret {
	t.Helper()
	p, err := pinblock.ParsePIN([]byte(pin))
	if err != nil {
		t.Fatal(err)
	}
	a, err := pinblock.ParseAccount([]byte(account))
	if err != nil {
		t.Fatal(err)
	}
	c, err := symmetric.New(format.Algorithm(), key.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, format.Size())
	if err := pinblock.Encrypt(out, &p, pinblock.Binding{Format: format, Key: c, Account: a}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	return hsm.NewSecret(out)
}

// same compares the kinds of two errors.
func same(a, b error) bool {
	for _, kind := range []error{hsm.ErrDenied, hsm.ErrVerify, hsm.ErrKey, hsm.ErrBlock, hsm.ErrDown, hsm.ErrTimeout} {
		if errors.Is(a, kind) != errors.Is(b, kind) {
			return false
		}
	}
	return (a == nil) == (b == nil)
}

// TestLikeSoft: the driver over the simulator answers as the software module does, with
// the same keys and random inputs, right ones and wrong ones.
func TestLikeSoft(t *testing.T) {
	for _, variant := range []bool{false, true} {
		t.Run(map[bool]string{false: "key blocks", true: "variants"}[variant], func(t *testing.T) {
			b := newBoth(t, variant)
			for range 60 {
				b.translation(t)
				b.verification(t)
				b.code(t)
			}
		})
	}
}

// translation compares one, also of wrong blocks and in directions that are refused.
func (b *both) translation(t *testing.T) {
	t.Helper()
	ctx := within(t)
	tdes, aes := []hsm.KeyRef{"zpk1", "zpk2", "zpk3"}, []hsm.KeyRef{"aes1", "aes2"}
	formats := []hsm.PINFormat{hsm.ISO0, hsm.ISO1, hsm.ISO3, hsm.ISO4}
	pick := func(f hsm.PINFormat) hsm.KeyRef {
		if f == hsm.ISO4 {
			return aes[b.rnd.IntN(len(aes))]
		}
		return tdes[b.rnd.IntN(len(tdes))]
	}
	from, to := formats[b.rnd.IntN(4)], formats[b.rnd.IntN(4)]
	account, pin := b.digits(1+b.rnd.IntN(19)), b.digits(4+b.rnd.IntN(9))
	tr := hsm.Translation{In: pick(from), Out: pick(to), Change: hsm.FormatChange{From: from, To: to}, Account: hsm.NewSecret([]byte(account))}
	key := b.keys[tr.In]
	switch b.rnd.IntN(4) {
	case 0:
		if from != hsm.ISO4 {
			tr.In, tr.Change.Device = "tpk", true
			key = b.keys["tpk"]
		}
	case 1:
		tr.In, tr.Change.Device, tr.KSN, key = b.device(t, from)
	}
	tr.Block = b.block(t, pin, from, account, key)
	if b.rnd.IntN(5) == 0 { // another block
		rand.Read(tr.Block.Reveal())
	}
	got, err := b.TranslatePIN(ctx, tr)
	want, softErr := b.soft.TranslatePIN(ctx, tr)
	if !same(err, softErr) {
		t.Errorf("%s to %s, %+v: %v, and soft %v", from, to, tr.Change, err, softErr)
	}
	if err != nil {
		return
	}
	// Blocks with random fill differ; what is in them must not.
	back, err := b.soft.TranslatePIN(ctx, hsm.Translation{In: tr.Out, Out: tr.Out, Change: hsm.FormatChange{From: to, To: to}, Block: got, Account: tr.Account})
	if err != nil {
		t.Fatalf("soft does not read it: %v", err)
	}
	if to == hsm.ISO0 && (!got.Equal(want) || !back.Equal(want)) {
		t.Errorf("%s to %s: another block", from, to)
	}
	check := hsm.PVVCheck{Input: hsm.EncryptedPIN{Under: tr.Out, Format: to, Block: got, Account: tr.Account}, By: "pvk", Index: 1, PVV: b.pvv(t, pin, account)}
	if tr.KSN == nil && b.soft.VerifyPVV(ctx, check) != nil {
		sameBlock := hsm.PVVCheck{Input: hsm.EncryptedPIN{Under: tr.Out, Format: to, Block: want, Account: tr.Account}, By: "pvk", Index: 1, PVV: check.PVV}
		if b.soft.VerifyPVV(ctx, sameBlock) == nil {
			t.Errorf("%s to %s: another PIN", from, to)
		}
	}
}

// device is a base key, a serial number and the key that they give.
func (b *both) device(t *testing.T, format hsm.PINFormat) (hsm.KeyRef, bool, []byte, hsm.Secret) {
	t.Helper()
	if format == hsm.ISO4 {
		ksn, _ := hex.DecodeString("123456789012345600000001")
		ksn[11] = byte(1 + b.rnd.IntN(255))
		serial, err := dukpt.ParseAESKSN(ksn)
		if err != nil {
			t.Fatal(err)
		}
		initial, _ := dukpt.AESInitialKey(b.keys["bdka"], serial.ID)
		key, err := dukpt.AESKey(initial, serial, dukpt.PINEncrypt, dukpt.AES256)
		if err != nil {
			t.Fatal(err)
		}
		return "bdka", true, ksn, key
	}
	ksn, _ := hex.DecodeString("FFFF9876543210E00001")
	ksn[9] = byte(1 + b.rnd.IntN(255))
	ksn = ksn[b.rnd.IntN(3):]
	serial, err := dukpt.ParseTDESKSN(ksn)
	if err != nil {
		t.Fatal(err)
	}
	initial, _ := dukpt.TDESInitialKey(b.keys["bdk"], serial)
	key, err := dukpt.TDESKey(initial, serial, dukpt.TDESPin)
	if err != nil {
		t.Fatal(err)
	}
	return "bdk", true, ksn, key
}

func (b *both) pvv(t *testing.T, pin, account string) hsm.Secret {
	t.Helper()
	p, _ := pinblock.ParsePIN([]byte(pin))
	a, _ := pinblock.ParseAccount([]byte(account))
	c, err := symmetric.New(hsm.TDES, b.keys["pvk"].Reveal())
	if err != nil {
		t.Fatal(err)
	}
	var out [4]byte
	if err := pinblock.PVV(&out, &p, a, 1, c); err != nil {
		t.Fatal(err)
	}
	return hsm.CopySecret(out[:])
}

// verification compares PVVs and offsets, right and wrong.
func (b *both) verification(t *testing.T) {
	t.Helper()
	ctx := within(t)
	account, pin := b.digits(13+b.rnd.IntN(7)), b.digits(4+b.rnd.IntN(9))
	formats, under := []hsm.PINFormat{hsm.ISO0, hsm.ISO3, hsm.ISO4}, hsm.KeyRef("zpk1")
	format := formats[b.rnd.IntN(3)]
	if format == hsm.ISO4 {
		under = "aes2"
	}
	input := hsm.EncryptedPIN{Under: under, Format: format, Block: b.block(t, pin, format, account, b.keys[under]), Account: hsm.NewSecret([]byte(account))}
	pvv := b.pvv(t, pin, account)
	if b.rnd.IntN(3) == 0 {
		pvv = hsm.NewSecret([]byte(b.digits(3 + b.rnd.IntN(3))))
	}
	check := hsm.PVVCheck{Input: input, By: "pvk", Index: 1, PVV: pvv}
	if got, want := b.VerifyPVV(ctx, check), b.soft.VerifyPVV(ctx, check); !same(got, want) {
		t.Errorf("PVV, %s: %v, and soft %v", format, got, want)
	}
	c, err := symmetric.New(hsm.TDES, b.keys["pvki"].Reveal())
	if err != nil {
		t.Fatal(err)
	}
	table, _ := pinblock.ParseTable("1234567890123456")
	validation := b.digits(16)
	ibm := pinblock.IBM3624{Key: c, Table: table}
	_, _ = hex.Decode(ibm.Validation[:], []byte(validation))
	offset := make([]byte, len(pin))
	p, _ := pinblock.ParsePIN([]byte(pin))
	if err := pinblock.Offset(offset, &p, ibm); err != nil {
		t.Fatal(err)
	}
	if b.rnd.IntN(3) == 0 {
		offset = []byte(b.digits(3 + b.rnd.IntN(11)))
	}
	oc := hsm.OffsetCheck{Input: input, By: "pvki", Table: "1234567890123456", Validation: hsm.NewSecret([]byte(validation)), Offset: hsm.NewSecret(offset)}
	if got, want := b.VerifyOffset(ctx, oc), b.soft.VerifyOffset(ctx, oc); !same(got, want) {
		t.Errorf("offset %s: %v, and soft %v", offset, got, want)
	}
}

// code compares MACs that both make.
func (b *both) code(t *testing.T) {
	t.Helper()
	ctx := within(t)
	in := []hsm.MACInput{{By: "mac1", Algorithm: hsm.X99}, {By: "mac3", Algorithm: hsm.X919}, {By: "mac6", Algorithm: hsm.AESCMAC}}[b.rnd.IntN(3)]
	if in.Algorithm != hsm.AESCMAC {
		in.Padding = hsm.Padding(b.rnd.IntN(3))
	}
	in.Size = 4 + 4*b.rnd.IntN(2)
	in.Message = make([]byte, b.rnd.IntN(300))
	rand.Read(in.Message)
	got, err := b.MAC(ctx, in)
	want, softErr := b.soft.MAC(ctx, in)
	if err != nil || softErr != nil || !bytes.Equal(got, want) {
		t.Errorf("%s of %d: %X, %v, and soft %X, %v", in.Algorithm, in.Size, got, err, want, softErr)
	}
	if b.rnd.IntN(2) == 0 {
		got[b.rnd.IntN(len(got))] ^= 1 << b.rnd.IntN(8)
	}
	if err, want := b.VerifyMAC(ctx, in, got), b.soft.VerifyMAC(ctx, in, got); !same(err, want) {
		t.Errorf("%s: %v, and soft %v", in.Algorithm, err, want)
	}
	wrongSize := in
	wrongSize.Size = 12 - in.Size
	if err := b.VerifyMAC(ctx, wrongSize, got); !errors.Is(err, hsm.ErrBlock) {
		t.Errorf("a code of another size: %v", err)
	}
}

// TestImports: keys of partners come in as key blocks of both versions, are kept, found
// again after a restart, and used; what must be refused is, and leaves nothing.
func TestImports(t *testing.T) {
	l := newLab(t, payshield.Options{}, []key{{"zmk", 'S', "", zmkAES}, {"zmk3", 'S', "", zmkTDES}})
	ctx := within(t)
	made, err := l.Generate(ctx, hsm.New{As: "a/zpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable})
	if err != nil {
		t.Fatal(err)
	}
	for i, under := range []hsm.KeyRef{"zmk3", "zmk"} {
		block, err := l.ExportKey(ctx, hsm.Exporting{What: "a/zpk", Under: under, Version: "BD"[i]})
		if err != nil {
			t.Fatal(err)
		}
		as := hsm.KeyRef(fmt.Sprintf("in/%d", i))
		info, err := l.ImportKey(ctx, hsm.Import{As: as, Under: under, Block: block, Want: []hsm.Usage{"P0"}, KCV: made.KCV})
		if err != nil || info.Ref != as || info.KCV != made.KCV || info.Usage != "P0" || info.Mode != 'B' || info.Export != 'E' {
			t.Errorf("%+v, %v", info, err)
		}
		before := readTable(t, l.table)
		other, _ := hsm.NewKCV([]byte{1, 2, 3})
		for name, c := range map[string]struct {
			i    hsm.Import
			want error
		}{
			"name taken":       {hsm.Import{As: as, Under: under, Block: block, Want: []hsm.Usage{"P0"}}, hsm.ErrDenied},
			"nothing to take":  {hsm.Import{As: "x", Under: under, Block: block, Want: []hsm.Usage{"P0"}, Replace: true}, hsm.ErrKey},
			"bad name":         {hsm.Import{As: "X", Under: under, Block: block, Want: []hsm.Usage{"P0"}}, hsm.ErrKey},
			"other usage":      {hsm.Import{As: "x", Under: under, Block: block, Want: []hsm.Usage{"M3"}}, hsm.ErrKey},
			"no usage":         {hsm.Import{As: "x", Under: under, Block: block}, hsm.ErrDenied},
			"check value":      {hsm.Import{As: "x", Under: under, Block: block, Want: []hsm.Usage{"P0"}, KCV: other}, hsm.ErrVerify},
			"other zmk":        {hsm.Import{As: "x", Under: []hsm.KeyRef{"zmk", "zmk3"}[i], Block: block, Want: []hsm.Usage{"P0"}}, hsm.ErrKey},
			"no zmk":           {hsm.Import{As: "x", Under: "a/zpk", Block: block, Want: []hsm.Usage{"P0"}}, hsm.ErrKey},
			"no key":           {hsm.Import{As: "x", Under: "none", Block: block, Want: []hsm.Usage{"P0"}}, hsm.ErrKey},
			"changed":          {hsm.Import{As: "x", Under: under, Block: block[:50] + "0" + block[51:], Want: []hsm.Usage{"P0"}}, hsm.ErrVerify},
			"no block":         {hsm.Import{As: "x", Under: under, Block: block[:20], Want: []hsm.Usage{"P0"}}, hsm.ErrBlock},
			"overlap too long": {hsm.Import{As: as, Under: under, Block: block, Want: []hsm.Usage{"P0"}, Replace: true, Overlap: 367 * 24 * time.Hour}, hsm.ErrDenied},
		} {
			if name == "changed" && block[50] == '0' {
				c.i.Block = block[:50] + "1" + block[51:]
			}
			if _, err := l.ImportKey(ctx, c.i); !errors.Is(err, c.want) || !hsm.NotDone(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if readTable(t, l.table) != before {
			t.Error("a refused import has left something")
		}
	}
	if _, err := l.ExportKey(ctx, hsm.Exporting{What: "a/zpk", Under: "zmk", Version: 'B'}); !errors.Is(err, hsm.ErrKey) {
		t.Errorf("version B under AES: %v", err)
	}
	if _, err := l.ExportKey(ctx, hsm.Exporting{What: "zmk3", Under: "zmk", Version: 'D'}); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("a key that may not leave: %v", err)
	}
	again := begin(t, payshield.Options{Table: l.table, Addresses: []string{l.addr}, Dial: dialTCP}, nil).up(t)
	if v, err := again.KCV(ctx, "in/1"); err != nil || v != made.KCV {
		t.Errorf("after a restart: %s, %v", v, err)
	}
	if info, err := os.Stat(l.table); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestReplace: during the overlap, the key before reads and verifies, and what is made
// is made with the new one.
func TestReplace(t *testing.T) {
	var now atomic.Int64
	now.Store(1000)
	l := newLab(t, payshield.Options{Clock: now.Load}, []key{{"zmk", 'S', "", zmkAES}})
	ctx := within(t)
	zak := hsm.New{As: "a/zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable}
	zpk := hsm.New{As: "a/zpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable}
	for _, n := range []hsm.New{zak, zpk} {
		if i, err := l.Generate(ctx, n); err != nil || i.Version != 1 || i.State != hsm.StateActive {
			t.Fatal(i, err)
		}
	}
	in := hsm.MACInput{By: "a/zak", Algorithm: hsm.AESCMAC, Size: 8, Message: []byte("0800")}
	old, err := l.MAC(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	weak := zak
	weak.Algorithm, weak.Usage, weak.Replace = hsm.TDES, hsm.MACAlg3, true
	if _, err := l.Generate(ctx, weak); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("another usage: %v", err)
	}
	zak.Replace, zak.Overlap, zak.Bits = true, 120*time.Second, 256
	if i, err := l.Generate(ctx, zak); err != nil || i.Version != 2 {
		t.Fatal(i, err)
	}
	weak = zak
	weak.Bits = 128
	if _, err := l.Generate(ctx, weak); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("a weaker key: %v", err)
	}
	fresh, err := l.MAC(ctx, in)
	if err != nil || bytes.Equal(fresh, old) {
		t.Errorf("%X, %v", fresh, err)
	}
	now.Add(int64(120*time.Second) - 1)
	for _, code := range [][]byte{old, fresh} {
		if err := l.VerifyMAC(ctx, in, code); err != nil {
			t.Error(err)
		}
	}
	if err := l.VerifyMAC(ctx, in, bytes.Repeat([]byte{1}, 8)); !errors.Is(err, hsm.ErrVerify) {
		t.Error(err)
	}
	again := begin(t, payshield.Options{Table: l.table, Addresses: []string{l.addr}, Dial: dialTCP, Clock: now.Load}, nil).up(t)
	if err := again.VerifyMAC(ctx, in, old); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	now.Add(1)
	if err := l.VerifyMAC(ctx, in, old); !errors.Is(err, hsm.ErrVerify) {
		t.Errorf("after the overlap: %v", err)
	}
	if err := l.VerifyMAC(ctx, in, fresh); err != nil {
		t.Error(err)
	}
	if _, err := l.Generate(ctx, zak); err != nil { // drops what is over
		t.Fatal(err)
	}
	if n := strings.Count(readTable(t, l.table), `"a/zak"`); n != 2 {
		t.Errorf("%d keys of the name in the table", n)
	}

}

// TestReplacedPINKey: a PIN block under the key before is read until its end, and goes
// out under the new one.
func TestReplacedPINKey(t *testing.T) {
	var now atomic.Int64
	now.Store(1000)
	first := plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.Exportable, 16)
	l := newLab(t, payshield.Options{Clock: now.Load}, []key{{"a/zpk", 'S', "", first}, {"b/zpk", 'S', "", first}})
	b := &both{lab: l}
	ctx := within(t)
	if _, err := l.Generate(ctx, hsm.New{
		As: "a/zpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable, Replace: true, Overlap: time.Hour,
	}); err != nil {
		t.Fatal(err)
	}
	const account = "5555555551234567"
	old := b.block(t, "1234", hsm.ISO0, account, first.Bytes)
	tr := hsm.Translation{In: "a/zpk", Out: "a/zpk", Account: hsm.NewSecret([]byte(account)), Block: old}
	fresh, err := l.TranslatePIN(ctx, tr)
	if err != nil || fresh.Equal(old) {
		t.Fatal("not made with the new key", err)
	}
	tr.Block, tr.Out = fresh, "b/zpk"
	if back, err := l.TranslatePIN(ctx, tr); err != nil || !back.Equal(old) {
		t.Error("another PIN", err)
	}
	now.Add(int64(time.Hour))
	tr.Block = old
	if _, err := l.TranslatePIN(ctx, tr); !errors.Is(err, hsm.ErrBlock) {
		t.Errorf("after the overlap: %v", err)
	}
}

// TestTwoKeysFit: a block of format 1 fits a wrong key once in some hundred times; one that
// is read under two keys is refused, since a wrong PIN might come out.
func TestTwoKeysFit(t *testing.T) {
	fresh, old := plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.NotExportable, 16), plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.NotExportable, 16)
	l := newLab(t, payshield.Options{}, []key{{"new", 'S', "", fresh}, {"old", 'S', "", old}})
	text := readTable(t, l.table)
	text = strings.Replace(text, `"name":"new"`, `"version": 2, "name":"both"`, 1)
	text = strings.Replace(text, `"name":"old"`, `"version": 1, "until": 9, "name":"both"`, 1)
	m := begin(t, payshield.Options{Table: keyFile(t, text), Addresses: []string{l.addr}, Dial: dialTCP}, nil).up(t)
	b := &both{lab: l}
	read := func(block hsm.Secret, key hsm.Secret) bool {
		c, err := symmetric.New(hsm.TDES, key.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		var pin pinblock.PIN
		return pinblock.Decrypt(&pin, block.Reveal(), pinblock.Binding{Format: hsm.ISO1, Key: c}) == nil
	}
	const account = "5555555551234567"
	tr := hsm.Translation{In: "both", Out: "both", Change: hsm.FormatChange{From: hsm.ISO1, To: hsm.ISO0, Device: true}, Account: hsm.NewSecret([]byte(account))}
	for one, two := 0, 0; one == 0 || two == 0; {
		tr.Block = b.block(t, "1234", hsm.ISO1, account, fresh.Bytes)
		fits := read(tr.Block, old.Bytes)
		if fits && two == 0 || !fits && one == 0 {
			if _, err := m.TranslatePIN(within(t), tr); (err != nil) != fits || fits && !errors.Is(err, hsm.ErrBlock) {
				t.Errorf("under two keys %v: %v", fits, err)
			}
		}
		if fits {
			two++
		} else {
			one++
		}
	}
}

// TestManyCalls: 10,000 calls through a pool, pipelined over few connections; every one
// has the answer to its own question, and no goroutine is left.
func TestManyCalls(t *testing.T) {
	const calls = 10_000
	before := runtime.NumGoroutine()
	t.Run("calls", func(t *testing.T) {
		l := newLab(t, payshield.Options{Conns: 3, OpenMax: 64}, nil)
		l.connected(t, 3)
		pool, err := hsm.NewPool(hsm.Options{Module: l.Module, Clock: func() int64 { return 0 }, Workers: 96, QueueMax: calls,
			Deadline: func(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
				return context.WithCancel(ctx)
			}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(within(t))
		ended := make(chan error, 1)
		go func() { ended <- pool.Run(ctx) }()
		var open sync.WaitGroup
		var failed atomic.Int64
		for i := range calls {
			open.Add(1)
			err := hsm.Call(pool, hsm.OpHealth, func(ctx context.Context, _ hsm.Module) (struct{}, error) {
				return struct{}{}, l.Echo(ctx, fmt.Sprintf("call %d", i))
			}, func(_ struct{}, err error) {
				if err != nil && failed.Add(1) == 1 {
					t.Errorf("call %d: %v", i, err)
				}
				open.Done()
			})
			if err != nil {
				t.Error(err)
				open.Done()
			}
		}
		open.Wait()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if n := failed.Load(); n != 0 {
			t.Errorf("%d of %d failed", n, calls)
		}
		if n := l.value(t, "switchd_hsm_payshield_open", ""); n != 0 {
			t.Errorf("%v are open", n)
		}
	})
	for ctx := within(t); runtime.NumGoroutine() > before; runtime.Gosched() {
		if ctx.Err() != nil {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// TestFaults: whatever the simulator does to some answers, every call ends, right or
// with an error that says whether it was done, and the module works in the end.
func TestFaults(t *testing.T) {
	for _, fault := range []string{"delay=1ms/3", "hang/7", "wrong/9", "unknown/5", "twice/3", "garbage/11", "cut/8", "close/8", "error=41/4", "reverse=2/1"} {
		t.Run(strings.ReplaceAll(fault, "/", " "), func(t *testing.T) {
			l := newLab(t, payshield.Options{Conns: 2, RetryMin: time.Millisecond, Check: 100 * time.Millisecond, Wait: realWait}, nil, "B2:"+fault)
			var all sync.WaitGroup
			for c := range 4 {
				all.Go(func() {
					for i := range 12 {
						ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
						err := l.Echo(ctx, fmt.Sprintf("%d of %d", i, c))
						cancel()
						if err != nil && !errors.Is(err, hsm.ErrDown) && !errors.Is(err, hsm.ErrTimeout) {
							t.Errorf("%v", err)
						}
					}
				})
			}
			all.Wait()
			ctx := within(t)
			for {
				if err := l.Up(ctx); err != nil {
					t.Fatal(err)
				}
				if _, err := l.Health(ctx); err == nil {
					return
				} else if ctx.Err() != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestRestart: while the HSM is away calls fail at once, undone; when it is back they
// work again.
func TestRestart(t *testing.T) {
	l := newLab(t, payshield.Options{Conns: 1, RetryMin: time.Millisecond, RetryMax: 20 * time.Millisecond, Wait: realWait}, nil)
	for range 3 {
		if err := l.Echo(within(t), "before"); err != nil {
			t.Fatal(err)
		}
		failed := l.value(t, "switchd_hsm_payshield_dials_total", "failed")
		l.end()
		// Only a dial that has failed shows that no connection of before is left: one can
		// have been answered at the last moment.
		for ctx := within(t); l.value(t, "switchd_hsm_payshield_dials_total", "failed") == failed; runtime.Gosched() {
			if ctx.Err() != nil {
				t.Fatal("the connection did not end")
			}
		}
		if err := l.Echo(within(t), "away"); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
			t.Errorf("%v", err)
		}
		l.serve(t)
		l.up(t)
	}
}

// TestSecretsStaySecret: no error of the driver has an account, a PIN block or a key.
func TestSecretsStaySecret(t *testing.T) {
	for name, g := range goldens {
		h := begin(t, payshield.Options{Table: keyFile(t, goldenKeys)}, func(p *peer) {
			p.greet()
			header, command := p.next()
			if command == "" {
				return
			}
			p.send(header, command[:1]+string(rune(command[1]+1))+"15")
		}).up(t)
		_, err := g.call(within(t), h.Module)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, secret := range []string{"230B4C43", "555555", "233445566778", "1122334455", "8523", "0011223344", "FFEEDDCC"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
