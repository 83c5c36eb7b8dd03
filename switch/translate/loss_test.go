package translate_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	xml "switchd/codec/iso20022"
	card "switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/translate"
	"switchd/switch/translate/iso20022"
	"switchd/switch/translate/iso8583"
)

var rewrite = flag.Bool("rewrite", false, "write the expected texts anew")

// directory is a switch with three participants.
func directory() *translate.Directory {
	return &translate.Directory{
		Institution: "999999", Currency: 356, CurrencyCode: "INR", Decimals: 2,
		Institutions: []string{"100001", "100002", "100003"},
	}
}

// spec and profile are compiled once for all tests.
var (
	spec = sync.OnceValue(func() *card.Spec {
		s, err := card.Builtin("iso87-npci")
		if err != nil {
			panic(err)
		}
		return s
	})
	profile = sync.OnceValue(func() *xml.Profile {
		p, err := xml.Builtin("ips-base")
		if err != nil {
			panic(err)
		}
		return p
	})
)

// dialects are one of each protocol, of participant 0.
func dialects(t testing.TB) (names []string, all []translate.Dialect) {
	t.Helper()
	eight, err := (&iso8583.Dialect{Spec: spec(), Directory: directory()}).With(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	twenty, err := iso20022.New(profile(), directory(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"ISO 8583", "ISO 20022"}, []translate.Dialect{eight, twenty}
}

// canonical are the values of a payment that a message may carry, with a mark
// that stands nowhere else.
var canonical = []struct {
	name  string
	field payment.TextField
	mark  string
}{
	{"payer's account", payment.PayerAccount, "7000010001"},
	{"payee's account", payment.PayeeAccount, "7000020002"},
	{"payer's address", payment.PayerVPA, "qpayer@banka"},
	{"payee's address", payment.PayeeVPA, "qpayee@bankb"},
	{"payer's name", payment.PayerName, "QPAYER NAME"},
	{"payee's name", payment.PayeeName, "QPAYEE NAME"},
	{"payer's IFSC", payment.PayerIFSC, "BNKA0QQQQQ1"},
	{"payee's IFSC", payment.PayeeIFSC, "BNKB0QQQQQ2"},
	{"end-to-end id", payment.EndToEndID, "QE2E"},
	{"note", payment.Note, "QNOTE"},
	{"message id of the request", payment.MsgID, "QMSG"},
	{"instruction id", payment.InstructionID, "QINSTR"},
	{"transaction id of the first agent", payment.TransactionID, "QTX"},
	{"UETR", payment.UETR, "2f1a9d5e-6c1b-4a4e-9b1f-0d2f3c4b5a69"},
	{"purpose", payment.Purpose, "QPURP"},
}

// marked is a payment with every mark.
func marked() *payment.Payment {
	p := &payment.Payment{
		ID: 0x1234, Amount: ledger.Amount{Minor: 987654321, Currency: 356}, AccountTypes: 1020, Approval: [6]byte{'Q', 'A', 'P', 'P', 'R', '1'},
		CreatedAt: 1_795_361_400_250_000_000, PayeePSP: 1, PayeeBank: 1, Reply: payment.OK, State: payment.Success, Outcome: payment.OK,
		Echo: payment.Echo{STAN: 7, Transmitted: 1122153000, RRN: [12]byte([]byte("QRRN00000001"))},
	}
	for i := range p.Legs {
		p.Legs[i] = payment.LegState{SentAt: p.CreatedAt + int64(i)*1_000_000, STAN: uint32(100 + i), Transmitted: 1122153000}
	}
	p.Text.Set(payment.RequestType, []byte("pacs.008.001.08"))
	p.Text.Set(payment.RequestCreatedAt, []byte("2026-11-22T15:30:00.000Z"))
	for _, c := range canonical {
		p.Text.Set(c.field, []byte(c.mark))
	}
	return p
}

// lossLegs are the messages of the report.
var lossLegs = []payment.Leg{
	payment.LegRequest, payment.LegResolve, payment.LegDebit, payment.LegReversal, payment.LegCredit, payment.LegAdvice,
	payment.LegStatus, payment.LegFence, payment.LegConfirm, payment.LegUpdate,
}

// TestLossReport prints which canonical values a message carries in which dialect.
// What a dialect cannot carry stays in the journal (domain reference 3.1).
func TestLossReport(t *testing.T) {
	names, all := dialects(t)
	var out strings.Builder
	fmt.Fprintln(&out, "<!-- Printed by a test: go test ./switch/translate -run TestLossReport -rewrite -->")
	fmt.Fprintln(&out, "# What each dialect carries")
	fmt.Fprintln(&out, "\nA line says in which messages of the switch a value of a payment stands, as the payment has it; a dash that it does not.")
	fmt.Fprintln(&out, "What a message does not carry is not lost: it stays in the journal, and an answer finds it there.")
	for n, d := range all {
		fmt.Fprintf(&out, "\n## %s\n\n| value |", names[n])
		bodies := make([][]byte, len(lossLegs))
		for i, leg := range lossLegs {
			fmt.Fprintf(&out, " %v |", leg)
			body, err := d.Open().Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: marked(), Outcome: payment.OK})
			if err != nil {
				t.Fatalf("%s %v: %v", names[n], leg, err)
			}
			bodies[i] = body
		}
		fmt.Fprintf(&out, "\n|%s\n", strings.Repeat("---|", len(lossLegs)+1))
		carried := func(name string, marks ...string) {
			fmt.Fprintf(&out, "| %s |", name)
			for _, body := range bodies {
				found := "-"
				for _, mark := range marks {
					if bytes.Contains(body, []byte(mark)) {
						found = "yes"
					}
				}
				fmt.Fprintf(&out, " %s |", found)
			}
			fmt.Fprintln(&out)
		}
		for _, c := range canonical {
			carried(c.name, c.mark)
		}
		carried("amount", "000987654321", "9876543.21")
		carried("sender's reference (RRN)", "QRRN00000001")
		carried("approval of the debit", "QAPPR1")
		carried("switch's transaction id", "SWD00000000000000000000000000001234")
	}
	const file = "../../testdata/translate/loss.md"
	if *rewrite {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != out.String() {
		t.Errorf("%s is not what the dialects do (%v): look at the change and run with -rewrite\n%s", file, err, out.String())
	}
}
