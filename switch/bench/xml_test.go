package bench

import (
	"fmt"
	"strings"
	"testing"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
)

// xmlRun is a run of two participants of ISO 20022; the link is the first one's.
func xmlRun(t testing.TB) *link {
	t.Helper()
	profile, err := iso20022.Builtin("ips-base")
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, 2)
	o.Switch, o.Letters = "999999", "INR"
	for i := range o.Participants {
		p := &o.Participants[i]
		p.Dialect, p.Profile, p.Receipts = nil, profile, true
		if p.Framing, err = frame.Parse("BIN4"); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	return newLinks(o).links[0]
}

// fields of a message by name.
type xmlFields map[iso20022.Field]string

// writes composes one message as the switch would.
func (l *link) writes(t testing.TB, name, id string, fields xmlFields) []byte {
	t.Helper()
	var w iso20022.Writer
	d := l.at.Profile.Sent(name)
	w.Begin(l.at.Profile, d, nil)
	w.SetString(iso20022.BizFrom, "999999")
	w.SetString(iso20022.BizTo, l.at.Institution)
	w.SetString(iso20022.BizMsgID, id)
	w.SetString(iso20022.BizService, xmlService)
	w.SetTime(iso20022.BizCreatedAt, 1)
	for _, f := range []iso20022.Field{iso20022.MsgID, iso20022.CreatedAt, iso20022.InstructingAgent, iso20022.InstructedAgent} {
		if !l.at.Profile.Carries(d, f) {
			continue
		}
		switch f {
		case iso20022.MsgID:
			w.SetString(f, id)
		case iso20022.CreatedAt:
			w.SetTime(f, 1)
		case iso20022.InstructingAgent:
			w.SetString(f, "999999")
		default:
			w.SetString(f, l.at.Institution)
		}
	}
	for f, v := range fields {
		w.SetString(f, v)
	}
	b, err := w.Finish()
	if err != nil {
		t.Fatal(name, err)
	}
	return b
}

// readsXML parses the answer that a link has written, and takes them.
func (l *link) readsXML(t testing.TB) *iso20022.Message {
	t.Helper()
	body, n, err := l.at.Framing.Next(l.answers, frame.Limits{})
	if err != nil || n == 0 || n != len(l.answers) {
		t.Fatalf("not one frame: %d of %d bytes, %v; %+v", n, len(l.answers), err, l.tally)
	}
	var m iso20022.Message
	if err := m.Parse(l.at.Profile, append([]byte{}, body...)); err != nil {
		t.Fatal(err)
	}
	l.answers = l.answers[:0]
	return &m
}

const xmlUETR = "8a562c67-ca16-48ba-b074-65581be6f011"

// legFields are a debit's or a credit's.
func legFields(id, instrument, account string) xmlFields {
	f := xmlFields{
		iso20022.Transactions: "1", iso20022.SettlementMethod: "CLRG", iso20022.InstructionID: id, iso20022.EndToEndID: "E1", iso20022.TransactionID: "T1", iso20022.UETR: xmlUETR,
		iso20022.LocalInstrument: instrument, iso20022.Amount: "5.00", iso20022.AmountCurrency: "INR", iso20022.SettlementDate: "2026-01-02", iso20022.ChargeBearer: "SLEV",
		iso20022.DebtorName: "A", iso20022.DebtorAccount: account, iso20022.DebtorAgent: "100001", iso20022.CreditorName: "B", iso20022.CreditorAccount: account, iso20022.CreditorAgent: "100001",
	}
	if instrument != "DEBIT" {
		f[iso20022.AcceptedAt] = "2026-01-02T03:04:05Z"
	}
	return f
}

// TestAnswersXML: what the switch asks is answered as docs/wire20022.md says.
func TestAnswersXML(t *testing.T) {
	l := xmlRun(t)
	own := string(l.at.account(nil, 7))
	of := func(id string) xmlFields {
		return xmlFields{
			iso20022.Transactions: "1", iso20022.SettlementMethod: "CLRG", iso20022.ReversalID: "SWD0000000000A1V00", iso20022.OriginalMsgID: id, iso20022.OriginalMsgName: "pacs.003.001.08",
			iso20022.OriginalInstructionID: id, iso20022.OriginalEndToEndID: "E1", iso20022.OriginalTransactionID: "T1", iso20022.OriginalUETR: xmlUETR,
			iso20022.Amount: "5.00", iso20022.AmountCurrency: "INR", iso20022.ReasonCode: "MS03",
		}
	}
	for _, c := range []struct {
		name, id     string
		fields       xmlFields
		want, status string
		reason       string
		net          int64
	}{
		{"pacs.003", "SWD0000000000A1D00", legFields("SWD0000000000A1D00", "DEBIT", own), "pacs.002", "ACSC", "", -500},
		{"pacs.003", "SWD0000000000A1D00", legFields("SWD0000000000A1D00", "DEBIT", own), "pacs.002", "ACSC", "", -500},
		{"pacs.003", "SWD0000000000A2D00", legFields("SWD0000000000A2D00", "DEBIT", "9999990000001"), "pacs.002", "RJCT", "AC02", -500},
		{"pacs.008", "SWD0000000000A1C00", legFields("SWD0000000000A1C00", "CREDIT", own), "pacs.002", "ACCC", "", 0},
		{"pacs.008", "SWD0000000000A1A00", legFields("SWD0000000000A1C00", "DEEMED", own), "pacs.002", "ACCC", "", 0},
		{"pacs.008", "SWD0000000000A3A00", legFields("SWD0000000000A3C00", "DEEMED", own), "pacs.002", "ACCC", "", 500},
		{"pacs.007", "SWD0000000000A1V00", of("SWD0000000000A1D00"), "pacs.002", "ACSC", "", 1000},
		{"pacs.007", "SWD0000000000A1V00", of("SWD0000000000A1D00"), "pacs.002", "ACSC", "", 1000},
		{"pacs.007", "SWD0000000000A2V00", of("SWD0000000000A2D00"), "pacs.002", "RJCT", "", 1000},
		{"pacs.007", "SWD0000000000A4V00", of("SWD0000000000A4D00"), "pacs.002", "RJCT", "AG09", 1000},
		{"acmt.023", "SWD0000000000A1R00", xmlFields{iso20022.VerificationID: "SWD0000000000A1R00", iso20022.PartyAddress: "user7@banka"}, "acmt.024", "", "", 1000},
		{"acmt.023", "SWD0000000000A1R00", xmlFields{iso20022.VerificationID: "SWD0000000000A1R00", iso20022.PartyAddress: "user51@banka"}, "acmt.024", "", "BE23", 1000},
		{"admi.004", "SWDNET1", xmlFields{iso20022.EventCode: "ECHO", iso20022.EventParameter: "0000000001"}, "admi.011", "", "", 1000},
	} {
		l.take(l.writes(t, c.name, c.id, c.fields), 86_400_000_000_000)
		m := l.readsXML(t)
		net, _ := l.at.book.state()
		if family(m.Definition()) != c.want || string(m.Text(iso20022.Status)) != c.status || string(m.Text(iso20022.ReasonCode)) != c.reason || net != c.net {
			t.Fatalf("%s %s: answered %s %s %s, net %d; want %+v", c.name, c.id, family(m.Definition()), m.Text(iso20022.Status), m.Text(iso20022.ReasonCode), net, c)
		}
		switch c.want {
		case "pacs.002":
			if string(m.Text(iso20022.OriginalMsgID)) != c.id || string(m.Text(iso20022.OriginalUETR)) != xmlUETR || string(m.Text(iso20022.OriginalTransactionID)) != "T1" {
				t.Errorf("%s: the answer is about something else", c.id)
			}
		case "acmt.024":
			if c.reason == "" && (string(m.Text(iso20022.UpdatedAccount)) != own || string(m.Text(iso20022.UpdatedAgent)) != l.at.branch) {
				t.Error("an address is resolved to another account")
			}
		case "admi.011":
			if string(m.Text(iso20022.OriginatorReference)) != "0000000001" || string(m.Text(iso20022.EventDescription)) != "OK" {
				t.Error("an echo is not answered as it was asked")
			}
		}
	}
	l.take([]byte("<Message>"), 0)
	l.take(l.writes(t, "pacs.003", "SWD1", legFields("SWD1", "DEBIT", own)), 0)
	if l.tally.malformed != 1 || l.tally.strange != 1 || len(l.answers) != 0 {
		t.Errorf("%+v", l.tally)
	}
}

// TestDoubtXML: the switch is told what became of a credit, and one that it has taken
// back is never made.
func TestDoubtXML(t *testing.T) {
	l := xmlRun(t)
	own := string(l.at.account(nil, 7))
	about := func(id string, more xmlFields) xmlFields {
		f := xmlFields{
			iso20022.OriginalMsgID: id, iso20022.OriginalMsgName: "pacs.008.001.08", iso20022.OriginalInstructionID: id,
			iso20022.OriginalEndToEndID: "E1", iso20022.OriginalTransactionID: "T1", iso20022.OriginalUETR: xmlUETR,
		}
		for k, v := range more {
			f[k] = v
		}
		return f
	}
	const made, other = "SWD0000000000A1C00", "SWD0000000000A2C00"
	ask := func(id string) []byte {
		return l.writes(t, "pacs.028", "SWD0000000000A1S01", about(id, xmlFields{iso20022.StatusID: "SWD0000000000A1S01"}))
	}
	recall := func(id string) []byte {
		return l.writes(t, "camt.056", "SWD0000000000A1F00", about(id, xmlFields{iso20022.CancellationID: "SWD0000000000A1F00", iso20022.ReasonCode: "TECH"}))
	}
	l.take(l.writes(t, "pacs.008", made, legFields(made, "CREDIT", own)), 0)
	l.readsXML(t)
	for i, c := range []struct {
		body         []byte
		want, reason string
	}{
		{ask(made), "ACCC", ""}, {ask(other), "RJCT", "AG09"}, {recall(made), "RJCR", ""}, {recall(other), "CNCL", ""}, {recall(other), "CNCL", ""},
		{ask(other), "RJCT", "AB05"}, {l.writes(t, "pacs.008", other, legFields(other, "CREDIT", own)), "RJCT", "AM05"},
	} {
		l.take(c.body, 0)
		m := l.readsXML(t)
		got := string(m.Text(iso20022.Status)) + string(m.Text(iso20022.CancellationStatus))
		if got != c.want || string(m.Text(iso20022.ReasonCode)) != c.reason {
			t.Errorf("%d: told %s %s, want %s %s", i, got, m.Text(iso20022.ReasonCode), c.want, c.reason)
		}
		if id := string(m.Text(iso20022.StatusID)); i < 6 && id != "SWD0000000000A1S01" && id != "SWD0000000000A1F00" {
			t.Errorf("%d: the answer has the id %q", i, id)
		}
	}
	if net, conflicts := l.at.book.state(); net != 500 || conflicts != 0 || l.tally.strange != 0 {
		t.Errorf("the book moved by %d, %d conflicts, %d strange", net, conflicts, l.tally.strange)
	}
}

// told is the final answer to own payment n.
func (l *link) told(t testing.TB, n int, fields xmlFields) []byte {
	id := fmt.Sprintf("%sABC%09d", l.at.Institution, n)
	f := xmlFields{iso20022.OriginalMsgID: id, iso20022.OriginalMsgName: "pain.001.001.10", iso20022.OriginalPaymentInfoID: id, iso20022.OriginalEndToEndID: id}
	for k, v := range fields {
		f[k] = v
	}
	return l.writes(t, "pain.002", "SWD0000000000A1Q00", f)
}

// TestSettleXML: an answer closes its payment once, and is acknowledged each time.
func TestSettleXML(t *testing.T) {
	l := xmlRun(t)
	for n := int64(1); n <= 3; n++ {
		l.run.open.open(n, 1_000_000, &order{payer: 0, payee: 1, amount: 500})
	}
	yes := xmlFields{iso20022.Status: "ACSC"}
	for _, body := range [][]byte{
		l.told(t, 1, yes), l.told(t, 1, yes), l.told(t, 2, xmlFields{iso20022.Status: "RJCT", iso20022.ReasonCode: "AM04"}),
		l.told(t, 3, xmlFields{iso20022.Status: "ACSC", iso20022.OriginalEndToEndID: "other"}),
	} {
		l.take(body, 3_000_000)
		if m := l.readsXML(t); family(m.Definition()) != "admi.007" || string(m.Text(iso20022.RelatedReference)) != "SWD0000000000A1Q00" {
			t.Error("a final answer is not acknowledged")
		}
	}
	tl := &l.tally
	if tl.answered != 3 || tl.measuredSuccess != 2 || tl.unmatched != 0 || tl.changed != 1 || tl.told[0] != -1000 || tl.told[1] != 1000 {
		t.Errorf("%+v", tl)
	}
	if got := tl.declines(); len(got) != 1 || got[0] != (CodeCount{"AM04", 1}) {
		t.Errorf("declines %v", got)
	}
	l.take(l.writes(t, "pain.002", "SWD0000000000A1Q00", xmlFields{iso20022.OriginalMsgID: "other", iso20022.OriginalMsgName: "pain.001.001.10", iso20022.OriginalPaymentInfoID: "other", iso20022.Status: "ACSC"}), 0)
	if tl.unmatched != 1 {
		t.Error("an answer to nothing is not noticed")
	}
}

// TestOrderXML: own payments can be read, and each has ids of its own.
func TestOrderXML(t *testing.T) {
	l := xmlRun(t)
	s := newSpeaker(l.at)
	seen := map[string]bool{}
	for n := int64(1); n <= 3; n++ {
		b, err := s.pay(nil, "ABC", "356", &request{order: order{payerAccount: 7, payeeAccount: 3, amount: 12345, byAddress: n > 1}, number: n, at: 1, payee: l.run.stations[1]})
		if err != nil {
			t.Fatal(err)
		}
		l.answers = b
		m := l.readsXML(t)
		id, uetr := string(m.Text(iso20022.MsgID)), string(m.Text(iso20022.UETR))
		if !strings.HasSuffix(id, fmt.Sprint("ABC00000000", n)) || seen[id] || seen[uetr] || string(m.Text(iso20022.Amount)) != "123.45" || string(m.Text(iso20022.DebtorAccount)) != "1000010000007" {
			t.Errorf("%s", b)
		}
		if byAddress := string(m.Text(iso20022.CreditorProxy)) == "user3@bankb"; byAddress != (n > 1) {
			t.Error("the payee is named in another way")
		}
		seen[id], seen[uetr] = true, true
	}
}

// TestXMLAllocs: nothing is allocated for a message, in neither direction.
func TestXMLAllocs(t *testing.T) {
	l := xmlRun(t)
	own := string(l.at.account(nil, 7))
	o := &order{payer: 0, payee: 1, amount: 500}
	for what, body := range map[string][]byte{
		"debit":   l.writes(t, "pacs.003", "SWD0000000000A1D00", legFields("SWD0000000000A1D00", "DEBIT", own)),
		"credit":  l.writes(t, "pacs.008", "SWD0000000000A1C00", legFields("SWD0000000000A1C00", "CREDIT", own)),
		"resolve": l.writes(t, "acmt.023", "SWD0000000000A1R00", xmlFields{iso20022.VerificationID: "SWD0000000000A1R00", iso20022.PartyAddress: "user7@banka"}),
		"answer":  l.told(t, 1, xmlFields{iso20022.Status: "ACSC"}),
	} {
		none(t, what, func() {
			l.run.open.open(1, 1, o)
			l.answers = l.answers[:0]
			l.take(body, 1)
		})
	}
	s, out := newSpeaker(l.at), []byte(nil)
	r := request{order: order{payerAccount: 7, payeeAccount: 3, amount: 5, byAddress: true}, number: 1, at: 1, payee: l.run.stations[1]}
	none(t, "request", func() {
		b, err := s.pay(out[:0], "ABC", "356", &r)
		if err != nil {
			t.Fatal(err)
		}
		out = b
	})
	if tl := &l.tally; tl.malformed+tl.strange+tl.unmatched+tl.changed != 0 {
		t.Errorf("the messages were not taken: %+v", l.tally)
	}
}
