package payshield_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/payshield"
)

// TestSentAgain: a key that a partner sends again changes nothing, so that blocks under
// it fit one key and not two; one that another has replaced does not come back.
func TestSentAgain(t *testing.T) {
	var now atomic.Int64
	now.Store(1000)
	zpk := plain(hsm.PINEncryption, hsm.TDES, hsm.BothWays, hsm.Exportable, 16)
	l := newLab(t, payshield.Options{Clock: now.Load}, []key{{"zmk", 'S', "", zmkAES}, {"a/zpk", 'S', "", zpk}, {"b/zpk", 'S', "", zpk}})
	b := &both{lab: l}
	ctx := within(t)
	export := func(name hsm.KeyRef) string {
		block, err := l.ExportKey(ctx, hsm.Exporting{What: name, Under: "zmk", Version: 'D'})
		if err != nil {
			t.Fatal(err)
		}
		return block
	}
	first := export("b/zpk")
	send := func(block string) (hsm.KeyInfo, error) {
		return l.ImportKey(ctx, hsm.Import{As: "a/zpk", Under: "zmk", Block: block, Want: []hsm.Usage{"P0"}, Replace: true, Overlap: 120 * time.Second})
	}
	translates := func(block hsm.Secret) {
		t.Helper()
		if _, err := l.TranslatePIN(ctx, hsm.Translation{In: "a/zpk", Out: "b/zpk", Account: secret("5555555551234567"), Block: block}); err != nil {
			t.Error(err)
		}
	}
	old := b.block(t, "1234", hsm.ISO0, "5555555551234567", zpk.Bytes)
	before := readTable(t, l.table) // which does not say the check value
	if i, err := send(first); err != nil || i.Version != 1 || i.State != hsm.StateActive || readTable(t, l.table) != before {
		t.Errorf("the key that is there: %+v, %v", i, err)
	}
	translates(old)

	if _, err := l.Generate(ctx, hsm.New{As: "c/zpk", Usage: "P0", Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable}); err != nil {
		t.Fatal(err)
	}
	second := export("c/zpk")
	for range 2 {
		if i, err := send(second); err != nil || i.Version != 2 {
			t.Errorf("%+v, %v", i, err)
		}
	}
	translates(old)
	fresh, err := l.TranslatePIN(ctx, hsm.Translation{In: "a/zpk", Out: "c/zpk", Account: secret("5555555551234567"), Block: old})
	if err != nil {
		t.Fatal(err)
	}
	translates(fresh)
	before = readTable(t, l.table)
	if _, err := send(first); !errors.Is(err, hsm.ErrDenied) || readTable(t, l.table) != before {
		t.Errorf("the key before: %v", err)
	}
}

// TestPast: a key whose overlap is over, and that the table has no more, does not come back
// either, after a start too.
func TestPast(t *testing.T) {
	var now atomic.Int64
	now.Store(1000)
	l := newLab(t, payshield.Options{Clock: now.Load}, []key{{"zmk", 'S', "", zmkAES}, {"a", 'S', "", plain(hsm.MACAlg5, hsm.AES, hsm.MACBothWays, hsm.Exportable, 16)}})
	ctx := within(t)
	block, err := l.ExportKey(ctx, hsm.Exporting{What: "a", Under: "zmk", Version: 'D'})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := l.Generate(ctx, hsm.New{As: "a", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable, Replace: true}); err != nil {
			t.Fatal(err)
		}
		now.Add(1)
	}
	again := begin(t, payshield.Options{Table: l.table, Addresses: []string{l.addr}, Dial: dialTCP, Clock: now.Load}, nil).up(t)
	for name, m := range map[string]hsm.Module{"at once": l.Module, "after a start": again.Module} {
		_, err := m.ImportKey(ctx, hsm.Import{As: "a", Under: "zmk", Block: block, Want: []hsm.Usage{hsm.MACAlg5}, Replace: true})
		if !errors.Is(err, hsm.ErrDenied) || !strings.Contains(err.Error(), "had that key before") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestVersions: of a name there are 16 keys at most; those whose end has come do not
// count.
func TestVersions(t *testing.T) {
	var now atomic.Int64
	l := newLab(t, payshield.Options{Clock: now.Load}, nil)
	n := hsm.New{As: "a", Usage: "P0", Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable, Overlap: time.Hour}
	for i := range 16 {
		if got, err := l.Generate(within(t), n); err != nil || got.Version != uint32(i+1) {
			t.Fatal(got, err)
		}
		n.Replace = true
	}
	if _, err := l.Generate(within(t), n); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("one more: %v", err)
	}
	now.Add(int64(time.Hour))
	if i, err := l.Generate(within(t), n); err != nil || i.Version != 17 {
		t.Errorf("%+v, %v", i, err)
	}
}

// otherCheck is the check value of another LMK.
const otherCheck = "0000000000000001"

// keys is a peer whose LMK has a check value, and that makes keys.
func (p *peer) keys(check string) {
	for header, text := p.next(); text != ""; header, text = p.next() {
		answer := "A100" + sP4 + "08D7B4"
		if text == "NC" {
			answer = "ND00" + check + "1234-0001"
		}
		p.send(header, answer)
	}
}

// TestFirstKeySaysTheLMK: the first key of a table says which LMK all keys are under, and
// an HSM with another one is not used any more, now or after a start.
func TestFirstKeySaysTheLMK(t *testing.T) {
	table := keyFile(t, `{"version": 1, "keys": []}`)
	var others, mine atomic.Int32
	play := func(_ context.Context, address string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		check, count := checkLMK, &mine
		if address == "other:1" {
			check, count = otherCheck, &others
		}
		count.Add(1)
		go func() { // ends with the connection
			defer func() { _ = theirs.Close() }()
			(&peer{t: t, conn: theirs, in: newReader(theirs)}).keys(check)
		}()
		return ours, nil
	}
	h := begin(t, payshield.Options{Table: table, Addresses: []string{"mine:1", "other:1"}, Conns: 2, Dial: play}, nil)
	h.connected(t, 2)
	n := hsm.New{As: "a", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.Exportable}
	if _, err := h.Generate(within(t), n); err != nil { // calls that are alone go to the link that is first
		t.Fatal(err)
	}
	h.connected(t, 1)
	text := readTable(t, table)
	check := checkLMK
	if !strings.Contains(text, `"lmk": "`+check+`"`) {
		if check = otherCheck; !strings.Contains(text, `"lmk": "`+check+`"`) {
			t.Fatal(text)
		}
	}
	h.stop()
	for address, good := range map[string]bool{"mine:1": check == checkLMK, "other:1": check == otherCheck} {
		again := begin(t, payshield.Options{Table: table, Addresses: []string{address}, Dial: play}, nil)
		if good {
			again.up(t)
			continue
		}
		<-again.waits // before the next connection
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := again.Up(ctx); !errors.Is(err, hsm.ErrDown) || !strings.Contains(err.Error(), "are under one with "+check) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestLMKChanges: an HSM whose LMK is another one all of a sudden is not asked any more.
func TestLMKChanges(t *testing.T) {
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		p.keys(otherCheck)
	}).up(t)
	h.goOn <- struct{}{} // look
	h.connected(t, 0)
	if err := h.Echo(within(t), "x"); !errors.Is(err, hsm.ErrDown) || !strings.Contains(err.Error(), "was changed") {
		t.Error(err)
	}
}

// TestVariantHasNoType: a key of a usage that a variant LMK has no type for is not asked
// for: the command would have nothing where its type belongs.
func TestVariantHasNoType(t *testing.T) {
	h := begin(t, payshield.Options{VariantLMK: true}, func(p *peer) {
		p.greet()
		if header, text := p.next(); text != "" {
			t.Errorf("sent %s", text)
			p.send(header, "A115")
		}
	}).up(t)
	for _, u := range []hsm.Usage{hsm.InitialDUKPT, hsm.MACHash} {
		_, err := h.Generate(within(t), hsm.New{As: "new", Usage: u, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.AnyMode, Export: hsm.Exportable})
		if !errors.Is(err, hsm.ErrDenied) {
			t.Errorf("%s: %v", u, err)
		}
	}
	block := strings.Replace(tr31, "P0A", "B1T", 1)
	if _, err := h.ImportKey(within(t), hsm.Import{As: "new", Under: "s/zmk", Block: block, Want: []hsm.Usage{hsm.InitialDUKPT}}); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("import: %v", err)
	}
}
