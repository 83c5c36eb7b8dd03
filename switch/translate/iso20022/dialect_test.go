package iso20022

import (
	"bytes"
	"sync"
	"testing"

	codec "switchd/codec/iso20022"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// builtin is compiled once for all tests.
var builtin = sync.OnceValues(func() (*codec.Profile, error) { return codec.Builtin("ips-base") })

func profile(t testing.TB) *codec.Profile {
	t.Helper()
	p, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func directory() *translate.Directory {
	return &translate.Directory{
		Institution: "999999", Currency: 356, CurrencyCode: "INR", Decimals: 2,
		Institutions: []string{"100001", "100002", "100003"},
	}
}

func dialect(t testing.TB, number int) *Dialect {
	t.Helper()
	d, err := New(profile(t), directory(), route.Participant(number))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stamp is 2026-11-22T15:30:00.250Z.
const stamp = 1_795_361_400_250_000_000

// sample is a payment with every value set.
func sample() *payment.Payment {
	p := &payment.Payment{
		ID: 0x1234, Amount: ledger.Amount{Minor: 1050, Currency: 356}, CreatedAt: stamp,
		PayerBank: 0, PayeePSP: 1, PayeeBank: 1, Reply: payment.OK, Outcome: payment.TimeoutDebit,
	}
	for i := range p.Legs {
		p.Legs[i] = payment.LegState{SentAt: stamp + int64(i)*1_000_000}
	}
	for f, v := range map[payment.TextField]string{
		payment.PayerAccount: "1000010001", payment.PayeeAccount: "1000020002", payment.PayerVPA: "user1@banka",
		payment.PayeeVPA: "user2@bankb", payment.PayerName: "Asha & Sons", payment.PayeeName: "Ravi", payment.EndToEndID: "E2E1",
		payment.Note: "tea <2>", payment.PayerIFSC: "BNKA0000001", payment.PayeeIFSC: "BNKB0000001", payment.MsgID: "MSG1",
		payment.RequestType: "pacs.008.001.08", payment.TransactionID: "TX1", payment.UETR: "2f1a9d5e-6c1b-4a4e-9b1f-0d2f3c4b5a69",
		payment.InstructionID: "INS1", payment.RequestCreatedAt: "2026-11-22T15:30:00.000Z",
	} {
		p.Text.Set(f, []byte(v))
	}
	return p
}

// parsed is a message of ours as the participant's codec reads it.
func parsed(t *testing.T, body []byte) *codec.Message {
	t.Helper()
	var m codec.Message
	if err := m.Parse(profile(t), body); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return &m
}

// bank writes messages as a participant would.
type bank struct {
	t    testing.TB
	from string
}

// message writes a message with fields; amounts are in paise.
func (b *bank) message(name string, fields map[codec.Field]string) []byte {
	b.t.Helper()
	var w codec.Writer
	w.Begin(profile(b.t), codec.Find(name), nil)
	w.SetString(codec.BizFrom, b.from)
	w.SetString(codec.BizTo, "999999")
	w.SetString(codec.BizService, service)
	w.SetTime(codec.BizCreatedAt, stamp)
	if _, ok := fields[codec.BizMsgID]; !ok {
		w.SetString(codec.BizMsgID, "BANKMSG1")
	}
	if profile(b.t).Carries(codec.Find(name), codec.MsgID) {
		w.SetString(codec.MsgID, "BANKMSG1")
	}
	if profile(b.t).Carries(codec.Find(name), codec.CreatedAt) {
		w.SetTime(codec.CreatedAt, stamp)
	}
	for f, v := range fields {
		w.SetString(f, v)
	}
	body, err := w.Finish()
	if err != nil {
		b.t.Fatal(err)
	}
	return body
}

// TestAnswerFindsItsLeg composes each message, answers it as a participant would
// and reads the answer back to the leg it belongs to.
func TestAnswerFindsItsLeg(t *testing.T) {
	d := dialect(t, 1)
	b := &bank{t: t, from: "100002"}
	for leg, c := range map[payment.Leg]struct {
		message string // that is sent
		answer  string // its name
		fields  func(m *codec.Message) map[codec.Field]string
	}{
		payment.LegResolve: {"acmt.023.001.02", "acmt.024.001.02", func(m *codec.Message) map[codec.Field]string {
			return map[codec.Field]string{
				codec.VerificationID: string(m.Text(codec.VerificationID)), codec.Verified: "true", codec.UpdatedAccount: "1000020002",
				codec.UpdatedName: "Ravi", codec.UpdatedAgentSystem: "INFSC", codec.UpdatedAgent: "BNKB0000001",
				codec.InstructingAgent: "100002", codec.InstructedAgent: "999999",
			}
		}},
		payment.LegDebit:    {"pacs.003.001.08", "pacs.002.001.10", settled},
		payment.LegCredit:   {"pacs.008.001.08", "pacs.002.001.10", settled},
		payment.LegAdvice:   {"pacs.008.001.08", "pacs.002.001.10", settled},
		payment.LegReversal: {"pacs.007.001.10", "pacs.002.001.10", settled},
		payment.LegStatus: {"pacs.028.001.03", "pacs.002.001.10", func(m *codec.Message) map[codec.Field]string {
			f := settled(m)
			f[codec.OriginalMsgID], f[codec.StatusID] = string(m.Text(codec.OriginalMsgID)), string(m.Text(codec.MsgID))
			return f
		}},
		payment.LegFence: {"camt.056.001.08", "camt.029.001.09", func(m *codec.Message) map[codec.Field]string {
			return map[codec.Field]string{
				codec.StatusID: string(m.Text(codec.CancellationID)), codec.CancellationStatus: "CNCL",
				codec.InstructingAgent: "100002", codec.InstructedAgent: "999999",
			}
		}},
		payment.LegConfirm: {"pacs.002.001.10", "admi.007.001.01", receiptFor},
		payment.LegUpdate:  {"pacs.002.001.10", "admi.007.001.01", receiptFor},
	} {
		p := sample()
		ef := &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.OK, At: stamp}
		i := d.Open()
		body, err := i.Compose(nil, ef)
		if err != nil {
			t.Errorf("%v: %v", leg, err)
			continue
		}
		again, _ := i.Compose(nil, ef)
		if !bytes.Equal(body, again) {
			t.Errorf("%v: composed twice, two messages", leg)
		}
		m := parsed(t, body)
		if m.Definition().Name != c.message {
			t.Errorf("%v is a %s", leg, m.Definition().Name)
		}
		ef.Repeat = true
		repeat, err := i.Compose(nil, ef)
		if err != nil || string(parsed(t, repeat).Text(codec.BizPossibleDuplicate)) != "true" || !bytes.Equal(parsed(t, repeat).Document(), m.Document()) {
			t.Errorf("%v: a repeat differs in more than its mark: %v", leg, err)
		}
		var ev payment.Event
		in := i.Read(b.message(c.answer, c.fields(m)), &ev)
		a := &ev.Answer
		if in.Kind != translate.Answer || a.Payment != p.ID || a.Leg != leg || a.Outcome != payment.OK || a.Minor != payment.AmountNotStated || ev.From != 1 {
			t.Errorf("%v: %+v %+v", leg, in, a)
		}
		if leg == payment.LegResolve && (string(ev.Text.Get(payment.PayeeAccount)) != "1000020002" || string(ev.Text.Get(payment.PayeeIFSC)) != "BNKB0000001") {
			t.Errorf("resolution: %+v", ev.Text)
		}
	}
}

func settled(m *codec.Message) map[codec.Field]string {
	return map[codec.Field]string{
		codec.OriginalMsgID: string(m.Text(codec.MsgID)), codec.OriginalMsgName: m.Definition().Name,
		codec.OriginalEndToEndID: "E2E1", codec.OriginalTransactionID: "TX1", codec.OriginalUETR: "2f1a9d5e-6c1b-4a4e-9b1f-0d2f3c4b5a69",
		codec.Status: "ACSC", codec.SettledOn: "2026-11-22", codec.AcceptedAt: "2026-11-22T15:30:00Z", codec.ServicerReference: "APPR01",
		codec.InstructingAgent: "100002", codec.InstructedAgent: "999999",
	}
}

func receiptFor(m *codec.Message) map[codec.Field]string {
	return map[codec.Field]string{codec.RelatedReference: string(m.Text(codec.MsgID)), codec.RequestStatus: "RCVD"}
}

// push is a model B request.
func push() map[codec.Field]string {
	return map[codec.Field]string{
		codec.InstructingAgent: "100002", codec.InstructedAgent: "999999", codec.InstructionID: "I1", codec.EndToEndID: "E2E9",
		codec.TransactionID: "TXB9", codec.UETR: "2f1a9d5e-6c1b-4a4e-9b1f-0d2f3c4b5a69", codec.LocalInstrument: "PUSH",
		codec.Amount: "10.5", codec.AmountCurrency: "INR", codec.SettlementDate: "2026-11-22", codec.AcceptedAt: "2026-11-22T21:00:00.5+05:30",
		codec.DebtorName: "Asha", codec.DebtorAccount: "1000010001", codec.DebtorAgentSystem: "INFSC", codec.DebtorAgent: "BNKB0000001",
		codec.CreditorName: "Ravi", codec.CreditorIBAN: "GB82WEST12345698765432", codec.CreditorAgentSystem: "INFSC", codec.CreditorAgent: "BNKA0000001",
		codec.Remittance: "tea", codec.Transactions: "1", codec.SettlementMethod: "CLRG", codec.ChargeBearer: "SLEV",
	}
}

func TestPush(t *testing.T) {
	d := dialect(t, 1)
	i := d.Open()
	b := &bank{t: t, from: "100002"}
	var ev payment.Event
	if in := i.Read(b.message("pacs.008.001.08", push()), &ev); in.Kind != translate.Request {
		t.Fatal(in.Fault)
	}
	r := ev.Request
	if r.Model != payment.ModelB || r.Amount.Minor != 1050 || r.Amount.Currency != 356 || r.Repeat || r.Key.From != 1 || r.Key.Other == 0 ||
		r.Business == (payment.Business{}) || r.AcceptedAt != stamp+250_000_000 {
		t.Errorf("%+v", r)
	}
	for f, want := range map[payment.TextField]string{
		payment.PayerAccount: "1000010001", payment.PayeeAccount: "GB82WEST12345698765432", payment.PayerIFSC: "BNKB0000001",
		payment.PayeeIFSC: "BNKA0000001", payment.PayerName: "Asha", payment.PayeeName: "Ravi", payment.EndToEndID: "E2E9",
		payment.TransactionID: "TXB9", payment.MsgID: "BANKMSG1", payment.Note: "tea", payment.RequestType: "pacs.008.001.08",
		payment.InstructionID: "I1",
	} {
		if got := string(ev.Text.Get(f)); got != want {
			t.Errorf("text %d: %q, want %q", f, got, want)
		}
	}
	// A repeat is the same request; another amount under the same id is not.
	f := push()
	f[codec.BizPossibleDuplicate] = "true"
	var again payment.Event
	if i.Read(b.message("pacs.008.001.08", f), &again); !again.Request.Repeat || again.Request.Key != r.Key || again.Request.Hash != r.Hash {
		t.Errorf("repeat: %+v", again.Request)
	}
	f[codec.Amount] = "10.51"
	if i.Read(b.message("pacs.008.001.08", f), &again); again.Request.Key != r.Key || again.Request.Hash == r.Hash {
		t.Error("another amount has the same hash, or another key")
	}
	// To an address, whose account is not known.
	f = push()
	delete(f, codec.CreditorIBAN)
	delete(f, codec.CreditorAgent)
	delete(f, codec.CreditorAgentSystem)
	f[codec.CreditorAccount], f[codec.CreditorAgentOther] = notProvided, notProvided
	f[codec.CreditorProxyType], f[codec.CreditorProxy] = "VPA", "Ravi@BankA"
	if in := i.Read(b.message("pacs.008.001.08", f), &ev); in.Kind != translate.Request || string(ev.Text.Get(payment.PayeeVPA)) != "ravi@banka" || ev.Text.Has(payment.PayeeAccount) {
		t.Errorf("to an address: %+v %q", in, ev.Text.Get(payment.PayeeVPA))
	}
}

// TestFaultsAreRejected: what is wrong comes back with the path, never the value.
func TestFaultsAreRejected(t *testing.T) {
	d := dialect(t, 1)
	i := d.Open()
	b := &bank{t: t, from: "100002"}
	for name, c := range map[string]struct {
		change func(f map[codec.Field]string)
		reason string
		path   string
	}{
		"another sender":   {func(f map[codec.Field]string) { f[codec.InstructingAgent] = "100001" }, "VALUE", "InstgAgt"},
		"decimals":         {func(f map[codec.Field]string) { f[codec.Amount] = "10.505" }, "AMOUNT_DECIMALS", "IntrBkSttlmAmt"},
		"zero":             {func(f map[codec.Field]string) { f[codec.Amount] = "0" }, "AMOUNT_ZERO", "IntrBkSttlmAmt"},
		"no IFSC":          {func(f map[codec.Field]string) { f[codec.CreditorAgent] = "nonsense" }, "VALUE", "CdtrAgt"},
		"no such address":  {func(f map[codec.Field]string) { f[codec.CreditorProxyType], f[codec.CreditorProxy] = "VPA", "nobody" }, "VALUE", "Prxy"},
		"payee is nowhere": {func(f map[codec.Field]string) { delete(f, codec.CreditorIBAN); f[codec.CreditorAccount] = notProvided }, "VALUE", "CdtrAcct"},
	} {
		f := push()
		c.change(f)
		var ev payment.Event
		in := i.Read(b.message("pacs.008.001.08", f), &ev)
		if in.Kind != translate.Malformed || in.Fault == nil || len(in.Note) > translate.NoteBytesMax {
			t.Errorf("%s: %+v", name, in)
			continue
		}
		body, ok := i.Refuse(nil, translate.FormatFault(in.Note))
		if !ok {
			t.Errorf("%s: not answered", name)
			continue
		}
		m := parsed(t, body)
		if m.Definition().Name != "admi.002.001.01" || string(m.Text(codec.RejectReason)) != c.reason ||
			!bytes.Contains(m.Text(codec.RejectLocation), []byte(c.path)) || string(m.Text(codec.RelatedReference)) != "BANKMSG1" {
			t.Errorf("%s: %s", name, body)
		}
	}
}

// TestRefusals: what the rim says no to by itself has an answer in the form that
// its sender waits for.
func TestRefusals(t *testing.T) {
	d := dialect(t, 1)
	i := d.Open()
	b := &bank{t: t, from: "100002"}
	var ev payment.Event
	i.Read(b.message("pacs.008.001.08", push()), &ev)
	body, ok := i.Refuse(nil, translate.NotSignedOn)
	if m := parsed(t, body); !ok || m.Definition().Name != "pacs.002.001.10" || string(m.Text(codec.Status)) != "RJCT" ||
		string(m.Text(codec.ReasonCode)) != "AB07" || string(m.Text(codec.OriginalMsgID)) != "BANKMSG1" || string(m.Text(codec.OriginalUETR)) != push()[codec.UETR] {
		t.Errorf("not signed on: %s", body)
	}
	busy, err := i.RefuseRequest(nil, &ev, translate.Busy)
	if err != nil || string(parsed(t, busy).Text(codec.ReasonCode)) != "AB02" {
		t.Errorf("busy: %v %s", err, busy)
	}
	again, _ := i.RefuseRequest(nil, &ev, translate.Busy)
	if !bytes.Equal(busy, again) {
		t.Error("a refusal told twice is two messages")
	}
	// No answer to answers: two systems would reject each other's rejects for ever.
	reject, _ := i.Refuse(nil, translate.FormatFault("x"))
	_ = reject
	i.Read(b.message("admi.002.001.01", map[codec.Field]string{codec.RelatedReference: "SOMETHING", codec.RejectReason: "FF01"}), &ev)
	if _, ok := i.Refuse(nil, translate.NotSupported); ok {
		t.Error("a reject is rejected")
	}
	// A message that is no message at all.
	if in := i.Read([]byte("<Message>"), &ev); in.Kind != translate.Malformed {
		t.Error(in)
	}
	body, ok = i.Refuse(nil, translate.FormatFault("x"))
	if m := parsed(t, body); !ok || string(m.Text(codec.RelatedReference)) != notProvided {
		t.Errorf("nonsense: %s", body)
	}
}

func TestNetwork(t *testing.T) {
	d := dialect(t, 1)
	i, peer := d.Open(), d.Open()
	body, err := i.Network(nil, stamp, 42, 301)
	if err != nil {
		t.Fatal(err)
	}
	if m := parsed(t, body); string(m.Text(codec.EventCode)) != "ECHO" || string(m.Text(codec.EventParameter)) != "000042" {
		t.Errorf("echo: %s", body)
	}
	var ev payment.Event
	b := &bank{t: t, from: "100002"}
	in := peer.Read(b.message("admi.004.001.02", map[codec.Field]string{codec.EventCode: "SGON", codec.EventParameter: "7"}), &ev)
	if in.Kind != translate.NetworkRequest || in.Code != 1 {
		t.Fatalf("%+v", in)
	}
	for code, accepted := range map[string]bool{"00": true, "91": false} {
		body, err = peer.NetworkAnswer(nil, code)
		if err != nil {
			t.Fatal(err)
		}
		m := parsed(t, body)
		if string(m.Text(codec.OriginatorReference)) != "7" || string(m.Text(codec.EventCode)) != "SGON" || (string(m.Text(codec.EventDescription)) == "OK") != accepted {
			t.Errorf("answer %s: %s", code, body)
		}
	}
	in = i.Read(b.message("admi.011.001.01", map[codec.Field]string{codec.EventCode: "ECHO", codec.EventDescription: "OK"}), &ev)
	if in.Kind != translate.NetworkAnswer || in.Code != 301 || !in.Accepted {
		t.Errorf("%+v", in)
	}
}

// TestReplies: the sender of a pacs.008 hears in a pacs.002, that of a pain.001 in
// a pain.002, and twice the same is the same bytes.
func TestReplies(t *testing.T) {
	d := dialect(t, 0)
	i := d.Open()
	for _, c := range []struct {
		request, name string
		reply         payment.Outcome
		status, code  string
	}{
		{"pacs.008.001.08", "pacs.002.001.10", payment.OK, "ACSC", ""},
		{"pacs.008.001.08", "pacs.002.001.10", payment.AddressUnknown, "RJCT", "BE23"},
		{"pacs.008.001.08", "pacs.002.001.10", payment.TimeoutCredit, "PDNG", "AB05"},
		{"pain.001.001.10", "pain.002.001.11", payment.OK, "ACSC", ""},
		{"pain.001.001.10", "pain.002.001.11", payment.NetDebitCap, "RJCT", "AM23"},
	} {
		p := sample()
		p.Reply = c.reply
		p.Text.Set(payment.RequestType, []byte(c.request))
		ef := &payment.Effect{Send: true, Leg: payment.LegRequest, Payment: p, Outcome: c.reply}
		body, err := i.Compose(nil, ef)
		if err != nil {
			t.Errorf("%s %v: %v", c.request, c.reply, err)
			continue
		}
		m := parsed(t, body)
		if m.Definition().Name != c.name || string(m.Text(codec.Status)) != c.status || string(m.Text(codec.ReasonCode)) != c.code || string(m.Text(codec.OriginalMsgID)) != "MSG1" {
			t.Errorf("%s", body)
		}
	}
}

func TestEnquiry(t *testing.T) {
	d := dialect(t, 1)
	i := d.Open()
	b := &bank{t: t, from: "100002"}
	var request, ev payment.Event
	i.Read(b.message("pacs.008.001.08", push()), &request)
	ask := map[codec.Field]string{
		codec.OriginalMsgID: "BANKMSG1", codec.OriginalMsgName: "pacs.008.001.08", codec.OriginalEndToEndID: "E2E9",
		codec.OriginalTransactionID: "TXB9", codec.OriginalUETR: push()[codec.UETR],
	}
	in := i.Read(b.message("pacs.028.001.03", ask), &ev)
	if in.Kind != translate.Enquiry || ev.Request.Original.Key != request.Request.Key || ev.Request.Original.Business != request.Request.Business {
		t.Fatalf("%+v %+v", in, ev.Request.Original)
	}
	for name, p := range map[string]*payment.Payment{"unknown": {}, "own": func() *payment.Payment { p := sample(); p.Key.From = 1; return p }(), "of others": sample()} {
		o := payment.Outcome(payment.OK)
		if p.ID == 0 {
			o = payment.OriginalNotFound
		}
		body, err := i.Compose(nil, &payment.Effect{Leg: payment.LegEnquiry, Payment: p, Request: &ev.Request, Text: &ev.Text, Outcome: o, At: stamp})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m := parsed(t, body)
		original := map[string]string{"unknown": "BANKMSG1", "own": "MSG1", "of others": "SWD0000000014HMGC00"}[name]
		if string(m.Text(codec.StatusID)) != "BANKMSG1" || (name != "of others" && string(m.Text(codec.OriginalMsgID)) != original) {
			t.Errorf("%s: %s", name, body)
		}
	}
	ask[codec.OriginalMsgID] = func() string { id := idOf(sample(), payment.LegCredit); return string(id[:]) }()
	if i.Read(b.message("pacs.028.001.03", ask), &ev); ev.Request.Original.Payment != 0x1234 {
		t.Errorf("by our own message: %+v", ev.Request.Original)
	}
}

func TestIBAN(t *testing.T) {
	for in, want := range map[string]bool{
		"GB82WEST12345698765432": true, "DE89370400440532013000": true, "DE89370400440532013001": false, "1000010001": false,
		"": false, "GB82west12345698765432": false, "GB8": false,
	} {
		if got := isIBAN([]byte(in)); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestTranslationAllocatesNothing(t *testing.T) {
	d := dialect(t, 1)
	i := d.Open()
	body := (&bank{t: t, from: "100002"}).message("pacs.008.001.08", push())
	var ev payment.Event
	ef := &payment.Effect{Send: true, Leg: payment.LegCredit, Payment: sample()}
	out := make([]byte, 0, 8192)
	n := testing.AllocsPerRun(100, func() {
		if i.Read(body, &ev).Kind != translate.Request {
			t.Fatal("cannot read")
		}
		if _, err := i.Compose(out, ef); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations to read a request and write a credit, want 0", n)
	}
}

func BenchmarkReadRequest(b *testing.B) {
	i := dialect(b, 1).Open()
	body := (&bank{t: b, from: "100002"}).message("pacs.008.001.08", push())
	var ev payment.Event
	b.ReportAllocs()
	for b.Loop() {
		if i.Read(body, &ev).Kind != translate.Request {
			b.Fatal("cannot read")
		}
	}
}

func BenchmarkComposeCredit(b *testing.B) {
	i := dialect(b, 1).Open()
	ef := &payment.Effect{Send: true, Leg: payment.LegCredit, Payment: sample()}
	out := make([]byte, 0, 8192)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.Compose(out, ef); err != nil {
			b.Fatal(err)
		}
	}
}

// TestDamagedAnswers: an answer that names its leg and is wrong elsewhere proves
// nothing, but the machine hears of it; one that names none is rejected.
func TestDamagedAnswers(t *testing.T) {
	d := dialect(t, 1)
	i := d.Open()
	b := &bank{t: t, from: "100002"}
	body, err := i.Compose(nil, &payment.Effect{Send: true, Leg: payment.LegDebit, Payment: sample()})
	if err != nil {
		t.Fatal(err)
	}
	answer := b.message("pacs.002.001.10", settled(parsed(t, body)))
	var ev payment.Event
	in := i.Read(bytes.Replace(answer, []byte("<TxSts>ACSC"), []byte("<TxSts>TOOLONG"), 1), &ev)
	if in.Kind != translate.Answer || in.Fault == nil || ev.Answer.Leg != payment.LegDebit || ev.Answer.Payment != 0x1234 || ev.Answer.Outcome != payment.Unreadable {
		t.Errorf("a wrong status: %+v %+v", in, ev.Answer)
	}
	in = i.Read(bytes.Replace(answer, []byte("<OrgnlMsgId>SWD"), []byte("<OrgnlMsgId>ABC"), 1), &ev)
	if in.Kind != translate.Unmatched || in.Note != "OriginalMsgID not ours" || ev.Answer.Payment != 0 {
		t.Errorf("another's message: %+v %+v", in, ev.Answer)
	}
	in = i.Read(bytes.Replace(answer, []byte("D00</OrgnlMsgId>"), []byte("F00</OrgnlMsgId>"), 1), &ev)
	if in.Kind != translate.Unmatched || in.Note != "OriginalMsgID: no leg" || ev.Answer.Payment != 0x1234 {
		t.Errorf("a status of a fence: %+v %+v", in, ev.Answer)
	}
	in = i.Read(bytes.Replace(answer, []byte("<CreDtTm>"), []byte("<CreDtTm>x"), 1), &ev)
	if in.Kind != translate.Malformed {
		t.Errorf("broken before it names its leg: %+v", in)
	}
	if _, ok := i.Refuse(nil, translate.FormatFault("x")); ok {
		t.Error("an answer is answered")
	}
}

// TestStatuses: what a participant's status means for its leg.
func TestStatuses(t *testing.T) {
	d := dialect(t, 1)
	i := d.Open()
	b := &bank{t: t, from: "100002"}
	body, _ := i.Compose(nil, &payment.Effect{Send: true, Leg: payment.LegCredit, Payment: sample()})
	m := parsed(t, body)
	for _, c := range []struct {
		status, code, own string
		want              payment.Outcome
	}{
		{"ACCC", "", "", payment.OK}, {"ACSP", "", "", payment.OK}, {"ACTC", "", "", payment.OK}, {"ACWP", "", "", payment.Pending},
		{"PDNG", "", "", payment.Pending}, {"RCVD", "", "", payment.Pending}, {"CANC", "", "", payment.Unreadable},
		{"RJCT", "AC07", "", payment.AccountClosedPayee}, {"RJCT", "AC04", "", payment.AccountClosedPayee},
		{"RJCT", "AG09", "", payment.OriginalNotFound}, {"RJCT", "", "NOTD", payment.NotDone}, {"RJCT", "ZZZZ", "", payment.ErrBankPayee},
	} {
		f := settled(m)
		delete(f, codec.SettledOn)
		f[codec.Status] = c.status
		if c.code != "" {
			f[codec.ReasonCode] = c.code
		}
		if c.own != "" {
			f[codec.ReasonProprietary] = c.own
		}
		if c.status == "PDNG" {
			f[codec.ReasonCode] = "AB05"
		}
		var ev payment.Event
		if i.Read(b.message("pacs.002.001.10", f), &ev); ev.Answer.Outcome != c.want {
			t.Errorf("%s %s%s: %v, want %v", c.status, c.code, c.own, ev.Answer.Outcome, c.want)
		}
	}
}

// TestDeemedEndsAsSettled: PDNG is no end. What was deemed counts as made, and the
// update says so.
func TestDeemedEndsAsSettled(t *testing.T) {
	i := dialect(t, 0).Open()
	p := sample()
	p.Reply, p.State = payment.TimeoutCredit, payment.Deemed
	for leg, want := range map[payment.Leg]string{payment.LegRequest: "PDNG", payment.LegUpdate: "ACSC"} {
		body, err := i.Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.TimeoutCredit})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(parsed(t, body).Text(codec.Status)); got != want {
			t.Errorf("%v says %s, want %s", leg, got, want)
		}
	}
}
