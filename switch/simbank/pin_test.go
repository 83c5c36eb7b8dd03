package simbank

import (
	"testing"

	"switchd/hsm"
	"switchd/switch/guard"
)

// withPINs gives a participant a zone.
func withPINs(t testing.TB, o Options, format hsm.PINFormat) Options {
	t.Helper()
	o.PINs = PINs{Key: secretOf(t, zoneKey), Format: format}
	return o
}

// TestPINsOfPayments: the block of an own payment is one that the switch can translate
// and the bank of the account takes, and the wrong one is wrong and well-formed.
func TestPINsOfPayments(t *testing.T) {
	module := switchModule(t)
	for _, format := range []hsm.PINFormat{hsm.ISO0, hsm.ISO3} {
		s := newFakeSwitch(t)
		b, stop := start(t, withPINs(t, s.options(), format))
		for _, wrong := range []bool{false, true} {
			send(b, Order{PayerAccount: "1000010003", PayeeVPA: "user2@bankb", Amount: 5, WrongPIN: wrong})
			f := s.next("0200")
			account, err := guard.Account([]byte("1000010003"), guard.Padded13)
			must(t, err)
			block, err := module.TranslatePIN(t.Context(), hsm.Translation{
				In: "zpk", Out: "zpk", Block: hsm.NewSecret([]byte(f.de[52])), Account: account,
				Change: hsm.FormatChange{From: format, To: hsm.ISO3},
			})
			must(t, err)
			debit := debitOf("1", 100)
			if wrong {
				debit = debitOf("2", 100)
			}
			debit.de[102] = "1000010003"
			z, err := newZone(PINs{Key: secretOf(t, zoneKey), Format: hsm.ISO3})
			must(t, err)
			if code := z.judge(debit.de[102], string(block.Reveal())); (code == wrongPIN) != wrong || !wrong && code != Approved {
				t.Errorf("%s: %s for a PIN that is wrong: %v", format, code, wrong)
			}
		}
		stop()
	}
}

// TestPINsOfDebits: without the right PIN nothing is booked, and a repeat of the debit
// with it changes nothing.
func TestPINsOfDebits(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, withPINs(t, s.options(), hsm.ISO0))
	z, err := newZone(PINs{Key: secretOf(t, zoneKey), Format: hsm.ISO0})
	must(t, err)
	block := func(account string, wrong bool) string {
		out, err := z.block(account, wrong)
		must(t, err)
		return out
	}
	right := block("1000010001", false)
	for _, row := range []struct{ ref, pin, code string }{
		{"1", right, "00"},
		{"2", block("1000010001", true), "55"},
		{"2", right, "55"},
		{"3", "", "86"},
		{"4", "\x00\x01\x02\x03\x04\x05\x06\x07", "88"},
		{"5", block("1999910001", false), "88"},
	} {
		m := debitOf(row.ref, 500)
		if row.pin != "" {
			m.de[52] = row.pin
		}
		s.send(m)
		if f := s.next("0210"); f.de[39] != row.code || f.de[52] != "" {
			t.Errorf("debit %s: answered %s, want %s, DE52 %x", row.ref, f.de[39], row.code, f.de[52])
		}
	}
	if net, st := b.Book().Net(), b.Stats(); net != -500 || st.PINsRight != 2 || st.PINsWrong != 1 || st.PINsMissing != 1 || st.PINsUnreadable != 2 || st.Conflicts != 0 {
		t.Errorf("net %d, stats %+v", net, st)
	}
}

// TestPINsDiffer: two customers with one PIN would hide a mix-up.
func TestPINsDiffer(t *testing.T) {
	seen := map[[pinDigits]byte]string{}
	for _, institution := range []string{"100001", "100002", "100003"} {
		for n := 1; n <= 10; n++ {
			account := accountNumber(institution, n)
			pin := digitsOf(account)
			if other := seen[pin]; other != "" {
				t.Errorf("%s and %s have one PIN", account, other)
			}
			seen[pin] = account
		}
	}
}

// TestOwnWrongPINs: with a zone, wrong PINs are among the payments that go nowhere.
func TestOwnWrongPINs(t *testing.T) {
	s := newFakeSwitch(t)
	o := withPINs(t, s.options(), hsm.ISO0)
	o.BadRate, o.Peers = 1, []Peer{{Handle: "bankb", IFSC: "BNKB", Institution: "200002", Accounts: 3}}
	b, err := New(o)
	must(t, err)
	wrong, all := 0, 500
	for range all {
		if b.order().WrongPIN {
			wrong++
		}
	}
	if wrong < all/10 || wrong > all/3 {
		t.Errorf("%d of %d", wrong, all)
	}
}

func TestSecretsOfTheWrongKind(t *testing.T) {
	s := newFakeSwitch(t)
	for name, change := range map[string]func(*Options){
		"MAC key":    func(o *Options) { o.MAC = MAC{Key: hsm.NewSecret([]byte("short")), Algorithm: hsm.X919} },
		"MAC size":   func(o *Options) { o.MAC = MAC{Key: secretOf(t, codeKey), Algorithm: hsm.X919, Size: 3} },
		"PIN key":    func(o *Options) { o.PINs = PINs{Key: hsm.NewSecret([]byte("short")), Format: hsm.ISO0} },
		"PIN format": func(o *Options) { o.PINs = PINs{Key: secretOf(t, zoneKey), Format: hsm.ISO4} },
		"MAC in XML": func(o *Options) {
			o.MAC = MAC{Key: secretOf(t, codeKey)}
			o.ISO20022, o.Switch, o.Spec = true, "999999", nil
		},
		"forged share": func(o *Options) { o.Faults.Forge = 2 },
	} {
		o := s.options()
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
