package iso8583

import (
	"strings"
	"testing"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

func quirky(t testing.TB, q Quirks) *Dialect {
	t.Helper()
	d, err := dialect(t, "iso87-npci", 0).WithQuirks(q)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// composed is a message about the sample, as the participant's codec reads it.
func composed(t *testing.T, d *Dialect, leg payment.Leg, change func(p *payment.Payment)) (*codec.Message, error) {
	t.Helper()
	p := sample()
	p.Amount.Minor = 105_000
	if change != nil {
		change(p)
	}
	body, err := d.Open().Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.OK, Request: &payment.Request{Echo: p.Echo}})
	if err != nil {
		return nil, err
	}
	var msg codec.Message
	if err := msg.Parse(d.Spec, body); err != nil {
		t.Fatalf("%v: %v", leg, err)
	}
	return &msg, nil
}

// TestMajorUnits: DE4 counts rupees in whatever it stands in, and what has paise is
// not sent for money to move.
func TestMajorUnits(t *testing.T) {
	d := quirky(t, Quirks{Unit: 100})
	f := pushFields()
	f[4] = "000000001050"
	ev, fault := read(t, d, fields(t, d, 0x0200, f))
	if fault != nil || ev.Request.Amount.Minor != 105_000 {
		t.Errorf("%v: %d paise", fault, ev.Request.Amount.Minor)
	}
	paise := func(p *payment.Payment) { p.Amount.Minor = 105_050 }
	for _, leg := range []payment.Leg{payment.LegRequest, payment.LegDebit, payment.LegCredit, payment.LegReversal, payment.LegAdvice, payment.LegUpdate, payment.LegEnquiry} {
		msg, err := composed(t, d, leg, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := msg.Uint(4); !ok || n != 1050 {
			t.Errorf("%v: DE4 %d, want 1050", leg, n)
		}
		msg, err = composed(t, d, leg, paise)
		switch told := leg == payment.LegRequest || leg == payment.LegUpdate || leg == payment.LegEnquiry; {
		case told && (err != nil || msg.Has(4)):
			t.Errorf("%v with paise: %v, DE4 is there", leg, err)
		case !told && err == nil:
			t.Errorf("%v with paise is sent", leg)
		}
	}
	if most, unit := d.quirks.AmountMax(); most != 99_999_999_999_900 || unit != 100 {
		t.Errorf("up to %d by %d", most, unit)
	}
	if most, unit := (Quirks{}).AmountMax(); most != 999_999_999_999 || unit != 1 {
		t.Errorf("up to %d by %d", most, unit)
	}
}

// TestAnswerInMajorUnits: an answer's amount is compared in minor units.
func TestAnswerInMajorUnits(t *testing.T) {
	d := quirky(t, Quirks{Unit: 100})
	msg, err := composed(t, d, payment.LegDebit, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := fields(t, d, 0x0210, map[int]string{
		3: "400000", 4: "000000001050", 7: string(msg.Value(7)), 11: string(msg.Value(11)), 32: "100001", 37: string(msg.Value(37)), 39: "00", 49: "356",
	})
	var ev payment.Event
	if d.Open().Read(body, &ev); ev.Answer.Minor != 105_000 || ev.Answer.Outcome != payment.OK {
		t.Errorf("%+v", ev.Answer)
	}
}

// TestPaddingIsOfItsOwnAccounts: the account that the participant holds is filled up,
// the other side's is as it was.
func TestPaddingIsOfItsOwnAccounts(t *testing.T) {
	zeros, spaces := quirky(t, Quirks{Padding: Padding{Width: 16}}), quirky(t, Quirks{Padding: Padding{Width: 16, Spaces: true}})
	for _, c := range []struct {
		leg          payment.Leg
		payer, payee bool // is its own
	}{
		{payment.LegRequest, true, false}, {payment.LegUpdate, true, false}, {payment.LegDebit, true, false}, {payment.LegReversal, true, false},
		{payment.LegCredit, false, true}, {payment.LegAdvice, false, true}, {payment.LegStatus, false, true}, {payment.LegFence, false, true},
	} {
		plain, err := composed(t, dialect(t, "iso87-npci", 0), c.leg, nil)
		if err != nil {
			t.Fatal(err)
		}
		for d, fill := range map[*Dialect]func(string) string{
			zeros:  func(s string) string { return strings.Repeat("0", 16-len(s)) + s },
			spaces: func(s string) string { return s + strings.Repeat(" ", 16-len(s)) },
		} {
			msg, err := composed(t, d, c.leg, nil)
			if err != nil {
				t.Fatal(err)
			}
			for de, own := range map[int]bool{102: c.payer, 103: c.payee} {
				want := string(plain.Value(de))
				if own {
					want = fill(want)
				}
				if got := string(msg.Value(de)); got != want {
					t.Errorf("%v: DE%d %q, want %q", c.leg, de, got, want)
				}
			}
		}
	}
}

// TestPaddingIsTakenOff: of what a participant sends, as far as it is its own.
func TestPaddingIsTakenOff(t *testing.T) {
	for _, c := range []struct {
		padding      Padding
		account, own string
	}{
		{Padding{Width: 16}, "0000001000010001", "1000010001"},
		{Padding{Width: 16}, "1000010001000100", "1000010001000100"},
		{Padding{Width: 16}, "0000010001", "0000010001"}, // not filled up: its zeros are its own
		{Padding{Width: 16}, "0000000000000000", "0"},
		{Padding{Width: 16}, "00000000000000001", "00000000000000001"},
		{Padding{Width: 16, Spaces: true}, "1000010001      ", "1000010001"},
		{Padding{Width: 16, Spaces: true}, "0000010001", "0000010001"},
		{Padding{Width: 16, Spaces: true}, "10000 10001  ", "10000 10001"},
	} {
		d := quirky(t, Quirks{Padding: c.padding})
		d.Directory.Found = func() translate.Found { return translate.Found{ByAccount: true} }
		f := pushFields()
		f[102], f[103], f[120] = c.account, "0000001000020002", "1=PAY 17=BNKB0000001"
		ev, fault := read(t, d, fields(t, d, 0x0200, f))
		if fault != nil || string(ev.Text.Get(payment.PayerAccount)) != c.own || string(ev.Text.Get(payment.PayeeAccount)) != f[103] {
			t.Errorf("%+v %q: %v %q to %q", c.padding, c.account, fault, ev.Text.Get(payment.PayerAccount), ev.Text.Get(payment.PayeeAccount))
		}
		resolve, err := composed(t, d, payment.LegResolve, nil)
		if err != nil {
			t.Fatal(err)
		}
		body := fields(t, d, 0x0110, map[int]string{
			3: "330000", 7: string(resolve.Value(7)), 11: string(resolve.Value(11)), 32: "100001", 37: string(resolve.Value(37)), 39: "00", 103: c.account,
		})
		var answer payment.Event
		if d.Open().Read(body, &answer); string(answer.Text.Get(payment.PayeeAccount)) != c.own {
			t.Errorf("%+v: resolved %q, want %q", c.padding, answer.Text.Get(payment.PayeeAccount), c.own)
		}
	}
}

// TestQuirksAreChecked: what cannot be done is refused before a message is.
func TestQuirksAreChecked(t *testing.T) {
	for _, q := range []Quirks{{Unit: -1}, {Unit: 10_001}, {Padding: Padding{Width: 1}}, {Padding: Padding{Width: 29}}, {Padding: Padding{Width: -16}}} {
		if _, err := dialect(t, "iso87-npci", 0).WithQuirks(q); err == nil {
			t.Errorf("%+v is accepted", q)
		}
	}
}

// TestQuirksAllocateNothing: a padded debit costs what a plain one costs.
func TestQuirksAllocateNothing(t *testing.T) {
	d := quirky(t, Quirks{Unit: 10, Padding: Padding{Width: 20}})
	i, ef, dst := d.Open(), &payment.Effect{Send: true, Leg: payment.LegDebit, Payment: sample()}, make([]byte, 0, 1024)
	body := fields(t, d, 0x0200, pushFields())
	var ev payment.Event
	if n := testing.AllocsPerRun(100, func() {
		if _, err := i.Compose(dst, ef); err != nil {
			t.Fatal(err)
		}
		i.Read(body, &ev)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestBICHasNoTag: tags 016 and 017 of DE120 are IFSCs.
func TestBICHasNoTag(t *testing.T) {
	msg, err := composed(t, dialect(t, "iso87-npci", 0), payment.LegCredit, func(p *payment.Payment) {
		p.Text.Set(payment.PayerIFSC, []byte("BNKA0000001"))
		p.Text.Set(payment.PayeeIFSC, []byte("BNKBINBBDEL"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, there := codec.FindTLV(msg.Value(120), tagPayeeIFSC); there {
		t.Error("a BIC is written as an IFSC")
	}
	if v, _ := codec.FindTLV(msg.Value(120), tagPayerIFSC); string(v) != "BNKA0000001" {
		t.Errorf("tag 016 is %q", v)
	}
}

// TestAccountAlone: where accounts lead to banks, the payee's may come without one.
func TestAccountAlone(t *testing.T) {
	d := dialect(t, "iso87-npci", 0)
	f := pushFields()
	f[103], f[120] = "1000020001", "1=PAY"
	if _, fault := read(t, d, fields(t, d, 0x0200, f)); fault == nil {
		t.Error("an account without a bank is taken, and leads nowhere")
	}
	d.Directory.Found = func() translate.Found { return translate.Found{ByAccount: true} }
	ev, fault := read(t, d, fields(t, d, 0x0200, f))
	if fault != nil || string(ev.Text.Get(payment.PayeeAccount)) != f[103] || ev.Text.Has(payment.PayeeIFSC) {
		t.Errorf("%v %q", fault, ev.Text.Get(payment.PayeeAccount))
	}
}
