package main

import (
	"slices"
	"strings"
	"testing"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/translate"
	dialect8583 "switchd/switch/translate/iso8583"
)

// TestCheckWire: every framing goes with a dialect that is text only, but for
// ASCII2, which is too short; those that end at a byte go with no other; headers
// and keep-alives need a framing that has them.
func TestCheckWire(t *testing.T) {
	delimited := []string{"B24", "STX-ETX"}
	for _, dialect := range dialects() {
		for _, name := range frame.Names() {
			want := name != "ASCII2" && (dialect == "iso87-ascii" || !slices.Contains(delimited, name))
			if err := checkWire(&config.Participant{Dialect: dialect, Framing: name}); (err == nil) != want {
				t.Errorf("%s in %s: %v", dialect, name, err)
			}
		}
	}
	for _, c := range []struct{ framing, header, keepAlive, want string }{
		{"BIN2", "", "swallow", "knows no keep-alives"},
		{"BIN2", "6000010002", "", "carries no header"},
		{"NAC", "600001", "", "one of 5 bytes, in the form of 6000000000"},
		{"VAP", "6000010002", "", "one of 22 bytes, in the form of 160102"},
		{"BIN5", "", "", "unknown framing"},
		{"NAC", "6000010002", "", ""},
		{"VAP", "", "swallow", ""},
	} {
		err := checkWire(&config.Participant{Dialect: "iso87-npci", Framing: c.framing, Header: c.header, KeepAlive: c.keepAlive})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestDialectsByLook: the first bytes of a link tell the dialects apart.
func TestDialectsByLook(t *testing.T) {
	name := dialectsByLook()
	for _, dialect := range dialects() {
		if l, ok := lookOf(dialect); !ok || name(l.charset, l.bitmap) != dialect {
			t.Errorf("%s looks like %v and %v, which is taken for %q", dialect, l.charset, l.bitmap, name(l.charset, l.bitmap))
		}
	}
}

// TestPaymentBytesMin: the shortest debit of each dialect is longer than what a
// framing must be able to carry, and ASCII3 can carry one.
func TestPaymentBytesMin(t *testing.T) {
	for _, dialect := range dialects() {
		spec, err := iso8583.Builtin(dialect)
		if err != nil {
			t.Fatal(err)
		}
		dir := &translate.Directory{Institution: "9", Currency: 356, Institutions: []string{"1"}}
		p := &payment.Payment{ID: 1, Amount: ledger.Amount{Minor: 1, Currency: 356}}
		p.Text.Set(payment.PayerAccount, []byte("1"))
		p.Text.Set(payment.PayeeAccount, []byte("2"))
		p.Legs[payment.LegDebit] = payment.LegState{SentAt: 1, STAN: 9, Transmitted: 1122153000}
		d := &dialect8583.Dialect{Spec: spec, Directory: dir}
		b, err := d.Open().Compose(nil, &payment.Effect{Send: true, Leg: payment.LegDebit, Payment: p})
		if err != nil || len(b) <= paymentBytesMin || len(b) > 500 {
			t.Errorf("%s: a debit of %d bytes, %v", dialect, len(b), err)
		}
	}
}
