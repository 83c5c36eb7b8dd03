package iso8583

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

func dialect(t testing.TB, name string, number int) *Dialect {
	t.Helper()
	spec, err := codec.Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	return &Dialect{Spec: spec, Number: participantOf(number), Directory: &translate.Directory{
		Institution: "999999", Currency: 356, Institutions: []string{"100001", "100002", "100003"},
	}}
}

// fields writes a message of MTI and fields; a DE120 value is "tag=value" pairs.
func fields(t testing.TB, d *Dialect, mti codec.MTI, f map[int]string) []byte {
	t.Helper()
	var w codec.Writer
	w.Begin(d.Spec, nil, mti)
	for de := 2; de <= 128; de++ {
		v, ok := f[de]
		if !ok {
			continue
		}
		if de != 120 {
			w.SetString(de, v)
			continue
		}
		w.BeginTLV(120)
		for _, pair := range strings.Fields(v) {
			tag, value, _ := strings.Cut(pair, "=")
			var n int
			fmt.Sscanf(tag, "%d", &n)
			w.TLVString(n, value)
		}
		w.EndTLV()
	}
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pushFields() map[int]string {
	return map[int]string{
		3: "401020", 4: "000000001050", 7: "1122153000", 11: "000007", 32: "100001", 37: "RRN000000001", 49: "356",
		102: "1000010001", 120: "1=PAY 3=User1@BankA 4=User2@BankB 5=Asha 10=E2E1 16=BNKA0000001 18=tea",
	}
}

func read(t testing.TB, d *Dialect, body []byte) (*payment.Event, *Fault) {
	t.Helper()
	var msg codec.Message
	if err := msg.Parse(d.Spec, body); err != nil {
		t.Fatal(err)
	}
	ev := new(payment.Event)
	return ev, d.request(&msg, ev)
}

func TestRequest(t *testing.T) {
	d := dialect(t, "iso87-npci", 0)
	ev, fault := read(t, d, fields(t, d, 0x0200, pushFields()))
	if fault != nil {
		t.Fatal(fault)
	}
	r := &ev.Request
	if r.Amount.Minor != 1050 || r.Amount.Currency != 356 || r.AccountTypes != 1020 || r.Repeat {
		t.Errorf("request %+v", r)
	}
	if r.Key.STAN != 7 || r.Key.Transmitted != 1122153000 || r.Key.Acquirer != 100001 || string(r.Key.RRN[:]) != "RRN000000001" {
		t.Errorf("key %+v", r.Key)
	}
	for f, want := range map[payment.TextField]string{
		payment.PayerAccount: "1000010001", payment.PayerVPA: "user1@banka", payment.PayeeVPA: "user2@bankb",
		payment.PayerName: "Asha", payment.EndToEndID: "E2E1", payment.PayerIFSC: "BNKA0000001", payment.Note: "tea",
	} {
		if got := string(ev.Text.Get(f)); got != want {
			t.Errorf("text %d: %q, want %q", f, got, want)
		}
	}
	// A repeat is the same request; other content under the same reference is not.
	repeat, fault := read(t, d, fields(t, d, 0x0201, pushFields()))
	if fault != nil || !repeat.Request.Repeat || repeat.Request.Hash != r.Hash || repeat.Request.Key != r.Key {
		t.Errorf("repeat: %v %+v", fault, repeat.Request)
	}
	other := pushFields()
	other[4] = "000000001051"
	if ev, _ := read(t, d, fields(t, d, 0x0200, other)); ev.Request.Hash == r.Hash || ev.Request.Key != r.Key {
		t.Error("another amount has the same hash, or another key")
	}
}

func TestRequestFaultsNameTheField(t *testing.T) {
	d := dialect(t, "iso87-ascii", 0)
	for want, change := range map[string]func(f map[int]string){
		"DE3 missing":           func(f map[int]string) { delete(f, 3) },
		"DE3 40xxxx":            func(f map[int]string) { f[3] = "310000" },
		"DE4 n12 > 0":           func(f map[int]string) { f[4] = "000000000000" },
		"DE7 MMDDhhmmss":        func(f map[int]string) { f[7] = "1322153000" },
		"DE11 missing":          func(f map[int]string) { delete(f, 11) },
		"DE32 of the sender":    func(f map[int]string) { f[32] = "100002" },
		"DE37 missing":          func(f map[int]string) { delete(f, 37) },
		"DE49 n3":               func(f map[int]string) { delete(f, 49) },
		"DE102 missing":         func(f map[int]string) { delete(f, 102) },
		"DE103 missing":         func(f map[int]string) { f[120] = "1=PAY 17=BNKB0000001" },
		"DE120 017 missing":     func(f map[int]string) { f[120] = "1=PAY"; f[103] = "1000020001" },
		"DE120 001 PAY":         func(f map[int]string) { f[120] = "1=COLLECT 4=a@bankb" },
		"DE120 001 missing":     func(f map[int]string) { f[120] = "4=a@bankb" },
		"DE120 004 user@handle": func(f map[int]string) { f[120] = "1=PAY 4=nobody" },
		"DE120 003 user@handle": func(f map[int]string) { f[120] = "1=PAY 3=@x 4=a@bankb" },
		"DE120 017 IFSC":        func(f map[int]string) { f[120] = "1=PAY 17=bnkb0000001"; f[103] = "1" },
		"DE120 016 IFSC":        func(f map[int]string) { f[120] = "1=PAY 4=a@bankb 16=BNKB1" },
	} {
		f := pushFields()
		change(f)
		_, fault := read(t, d, fields(t, d, 0x0200, f))
		if fault == nil || fault.Error() != want {
			t.Errorf("got %v, want %s", fault, want)
		}
		if len(want) > translate.NoteBytesMax {
			t.Errorf("%q does not fit DE44", want)
		}
	}
}

// sample is a payment with every value set, as a bank would get it.
func sample() *payment.Payment {
	p := &payment.Payment{
		ID: 0x1234, Amount: amountOf(1050), AccountTypes: 1020, Approval: [6]byte{'A', 'B', 'C', '1', '2', '3'},
		PayerBank: 0, PayeePSP: 1, PayeeBank: 1, Reply: payment.OK,
		Key: payment.RequestKey{From: 0}, Echo: payment.Echo{STAN: 7, Transmitted: 102030405, RRN: [12]byte([]byte("RRN000000001"))},
	}
	for i := range p.Legs {
		p.Legs[i] = payment.LegState{SentAt: 1, STAN: uint32(100 + i), Transmitted: uint32(1122153000 + i)}
	}
	for f, v := range map[payment.TextField]string{
		payment.PayerAccount: "1000010001", payment.PayeeAccount: "1000020002", payment.PayerVPA: "user1@banka",
		payment.PayeeVPA: "user2@bankb", payment.PayerName: "Asha", payment.PayeeName: "Ravi", payment.EndToEndID: "E2E1", payment.Note: "tea",
	} {
		p.Text.Set(f, []byte(v))
	}
	return p
}

// TestAnswerFindsItsLeg composes each message, answers it as a bank would and
// reads the answer back to the leg it belongs to.
func TestAnswerFindsItsLeg(t *testing.T) {
	for _, name := range []string{"iso87-npci", "iso87-ascii", "iso87-binary", "iso87-ebcdic"} {
		d := dialect(t, name, 1)
		for leg, want := range map[payment.Leg]struct {
			mti codec.MTI
			de3 string
		}{
			payment.LegResolve:  {0x0100, "330000"},
			payment.LegDebit:    {0x0200, "401000"},
			payment.LegCredit:   {0x0200, "210020"},
			payment.LegReversal: {0x0420, "401000"},
			payment.LegAdvice:   {0x0220, "210020"},
			payment.LegStatus:   {0x0100, "380020"},
			payment.LegFence:    {0x0420, "210020"},
			payment.LegConfirm:  {0x0220, "210020"},
			payment.LegUpdate:   {0x0220, "401020"},
		} {
			p := sample()
			var w codec.Writer
			body, err := d.compose(&w, nil, &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.OK})
			if err != nil {
				t.Fatalf("%s %v: %v", name, leg, err)
			}
			again, _ := d.compose(&w, nil, &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.OK})
			if !bytes.Equal(body, again) {
				t.Errorf("%v: composed twice, two messages", leg)
			}
			var msg codec.Message
			if err := msg.Parse(d.Spec, body); err != nil {
				t.Fatalf("%s %v: %v", name, leg, err)
			}
			if msg.MTI() != want.mti || string(msg.Value(3)) != want.de3 {
				t.Errorf("%v: %v DE3 %s", leg, msg.MTI(), msg.Value(3))
			}
			if leg == payment.LegReversal && string(msg.Value(90)) != "0200"+"000102"+"1122153002"+"00000100001"+"00000999999" {
				t.Errorf("DE90 of the reversal: %s", msg.Value(90))
			}
			repeat, _ := d.compose(&w, nil, &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.OK, Repeat: true})
			if original := want.mti; original == 0x0420 || original == 0x0220 {
				if differing(repeat, body) != 1 || repeatMTI(t, d, repeat) != want.mti+1 {
					t.Errorf("%v: a repeat differs in more than its MTI", leg)
				}
			}
			checkAnswer(t, d, &msg, leg, p)
		}
	}
}

// differing counts the bytes in which two messages of one length differ.
func differing(a, b []byte) (n int) {
	if len(a) != len(b) {
		return len(a) + len(b)
	}
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func repeatMTI(t *testing.T, d *Dialect, body []byte) codec.MTI {
	t.Helper()
	var msg codec.Message
	if err := msg.Parse(d.Spec, body); err != nil {
		t.Fatal(err)
	}
	return msg.MTI()
}

func checkAnswer(t *testing.T, d *Dialect, msg *codec.Message, leg payment.Leg, p *payment.Payment) {
	t.Helper()
	f := map[int]string{39: "00", 38: "987654"}
	for _, de := range []int{3, 4, 7, 11, 32, 37, 49} {
		if msg.Has(de) {
			f[de] = string(msg.Value(de))
		}
	}
	if leg == payment.LegResolve {
		f[103], f[120] = "1000020002", "6=Ravi 17=BNKB0000001"
	}
	var back codec.Message
	if err := back.Parse(d.Spec, fields(t, d, msg.MTI().Response(), f)); err != nil {
		t.Fatal(err)
	}
	var ev payment.Event
	if why := d.answer(&back, true, &ev); why != "" {
		t.Fatalf("%v: its answer finds no leg", leg)
	}
	a, l := &ev.Answer, &p.Legs[leg]
	if a.Payment != p.ID || a.Leg != leg || a.STAN != l.STAN || a.Transmitted != l.Transmitted || a.Outcome != payment.OK || a.Code.String() != "00" {
		t.Errorf("%v: answer %+v", leg, a)
	}
	if leg == payment.LegResolve && (string(ev.Text.Get(payment.PayeeAccount)) != "1000020002" || string(ev.Text.Get(payment.PayeeIFSC)) != "BNKB0000001") {
		t.Errorf("resolution: %+v", ev.Text)
	}
	if leg != payment.LegResolve && a.Minor != p.Amount.Minor {
		t.Errorf("%v: amount %d", leg, a.Minor)
	}
	if d.answer(&back, false, &ev); ev.Answer.Outcome != payment.Unreadable {
		t.Errorf("%v: a damaged answer reads as %v", leg, ev.Answer.Outcome)
	}
}

func TestAnswersThatAreNotOurs(t *testing.T) {
	d := dialect(t, "iso87-npci", 1)
	debit, resolve := translate.Reference(5, payment.LegDebit), translate.Reference(5, payment.LegResolve)
	for name, c := range map[string]struct {
		mti codec.MTI
		ref string
		why string
	}{
		"strange reference":        {0x0210, "RRN000000001", "DE37 does not fit DE0"},
		"resolution of a debit":    {0x0110, string(debit[:]), "DE37 does not fit DE0"},
		"reversal of a resolution": {0x0430, string(resolve[:]), "DE37 does not fit DE0"},
		"advice of a debit":        {0x0230, string(debit[:]), "DE37 does not fit DE0"},
		"no reference":             {0x0210, "RRNIIIOOO001", "DE37 not ours"},
		"administrative":           {0x0610, string(debit[:]), "DE37 does not fit DE0"},
	} {
		var msg codec.Message
		body := fields(t, d, c.mti, map[int]string{7: "1122153000", 11: "000001", 37: c.ref, 39: "00"})
		if err := msg.Parse(d.Spec, body); err != nil {
			t.Fatal(err)
		}
		var ev payment.Event
		if why := d.answer(&msg, true, &ev); why != c.why || len(why) > translate.NoteBytesMax {
			t.Errorf("%s: %q, want %q", name, why, c.why)
		}
		if a := ev.Answer; a.STAN != 1 || a.Transmitted != 1122153000 || (a.Payment == 0) != (c.why == "DE37 not ours") {
			t.Errorf("%s: of its key there is %+v", name, a)
		}
	}
}

func TestReplyIsStableAndComplete(t *testing.T) {
	d := dialect(t, "iso87-npci", 0)
	p := sample()
	var w codec.Writer
	for _, c := range []struct {
		reply     payment.Outcome
		code, upi string
		note      string
	}{
		{payment.OK, "00", "00", ""}, {payment.AddressUnknown, "14", "ZH", "ADDRESS UNKNOWN"},
		{payment.TimeoutCredit, "68", "BT", "DEEMED"}, {payment.Duplicate, "94", "U01", "DUPLICATE REFERENCE"},
	} {
		p.Reply = c.reply
		body, err := d.compose(&w, nil, &payment.Effect{Send: true, Leg: payment.LegRequest, Payment: p})
		if err != nil {
			t.Fatal(err)
		}
		var msg codec.Message
		if err := msg.Parse(d.Spec, body); err != nil {
			t.Fatal(err)
		}
		upi, _ := codec.FindTLV(msg.Value(120), tagUPI)
		_, hasID := codec.FindTLV(msg.Value(120), tagSwitchID)
		if msg.MTI() != 0x0210 || string(msg.Value(39)) != c.code || string(upi) != c.upi || string(msg.Value(44)) != c.note ||
			string(msg.Value(37)) != "RRN000000001" || string(msg.Value(7)) != "0102030405" || string(msg.Value(11)) != "000007" ||
			msg.Has(38) != (c.reply == payment.OK) || hasID == (c.reply == payment.Duplicate) {
			t.Errorf("%v: %v 39=%s 44=%s 120=%s", c.reply, msg.MTI(), msg.Value(39), msg.Value(44), msg.Value(120))
		}
	}
}

func TestTranslationAllocatesNothing(t *testing.T) {
	d := dialect(t, "iso87-npci", 0)
	body := fields(t, d, 0x0200, pushFields())
	var msg codec.Message
	var w codec.Writer
	var ev payment.Event
	ef := payment.Effect{Send: true, Leg: payment.LegDebit, Payment: sample()}
	out := make([]byte, 0, 1024)
	n := testing.AllocsPerRun(100, func() {
		if msg.Parse(d.Spec, body) != nil || d.request(&msg, &ev) != nil {
			t.Fatal("cannot read")
		}
		if _, err := d.compose(&w, out, &ef); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations to read a request and write a debit, want 0", n)
	}
}

func BenchmarkReadRequest(b *testing.B) {
	d := dialect(b, "iso87-npci", 0)
	body := fields(b, d, 0x0200, pushFields())
	var msg codec.Message
	var ev payment.Event
	b.ReportAllocs()
	for b.Loop() {
		if msg.Parse(d.Spec, body) != nil || d.request(&msg, &ev) != nil {
			b.Fatal("cannot read")
		}
	}
}

func BenchmarkComposeDebit(b *testing.B) {
	d := dialect(b, "iso87-npci", 0)
	var w codec.Writer
	ef := payment.Effect{Send: true, Leg: payment.LegDebit, Payment: sample()}
	out := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.compose(&w, out, &ef); err != nil {
			b.Fatal(err)
		}
	}
}

// TestRulesOfTheSpecHoldForRequests: what a spec says a message type must have is
// asked for on a live link, too; of an answer it is not.
func TestRulesOfTheSpecHoldForRequests(t *testing.T) {
	d := dialect(t, "iso87-npci", 0)
	i := d.Open()
	f := pushFields()
	f[39] = "00" // forbidden in a request
	var ev payment.Event
	if in := i.Read(fields(t, d, 0x0200, f), &ev); in.Kind != translate.Malformed || in.Note != "DE39 not allowed" {
		t.Errorf("a request with DE39: %+v", in)
	}
	ref := translate.Reference(5, payment.LegDebit)
	in := i.Read(fields(t, d, 0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}), &ev)
	if in.Kind != translate.Answer || ev.Answer.Outcome != payment.OK {
		t.Errorf("an answer without DE3 and DE32: %+v %v", in, ev.Answer.Outcome)
	}
}

// TestEnquiry: a participant's question names the payment by its own request, and
// the answer echoes the question.
func TestEnquiry(t *testing.T) {
	d := dialect(t, "iso87-npci", 0)
	i := d.Open()
	var request, ev payment.Event
	if in := i.Read(fields(t, d, 0x0200, pushFields()), &request); in.Kind != translate.Request {
		t.Fatal(in)
	}
	ask := map[int]string{
		3: "380000", 7: "1122160000", 11: "000099", 32: "100001", 37: "RRN000000001",
		90: "0200" + "000007" + "1122153000" + "00000100001" + "00000999999", 120: "1=CHKTXN",
	}
	in := i.Read(fields(t, d, 0x0100, ask), &ev)
	if in.Kind != translate.Enquiry || ev.Kind != payment.EnquiryArrived || ev.Request.Original.Key != request.Request.Key {
		t.Fatalf("%+v asks for %+v, want %+v", in, ev.Request.Original, request.Request.Key)
	}
	body, err := i.Compose(nil, &payment.Effect{Leg: payment.LegEnquiry, Payment: sample(), Request: &ev.Request, Text: &ev.Text, Outcome: payment.TimeoutCredit})
	if err != nil {
		t.Fatal(err)
	}
	var msg codec.Message
	if err := msg.Parse(d.Spec, body); err != nil {
		t.Fatal(err)
	}
	if msg.MTI() != 0x0110 || string(msg.Value(11)) != "000099" || string(msg.Value(7)) != "1122160000" || string(msg.Value(37)) != "RRN000000001" || string(msg.Value(39)) != "68" {
		t.Errorf("answer %v 7=%s 11=%s 37=%s 39=%s", msg.MTI(), msg.Value(7), msg.Value(11), msg.Value(37), msg.Value(39))
	}
	delete(ask, 90)
	if in := i.Read(fields(t, d, 0x0100, ask), &ev); in.Kind != translate.Malformed || in.Note != "DE90 missing" {
		t.Errorf("without DE90: %+v", in)
	}
	ask[120] = "1=CHKTXN 2=SWD00000000000000000000000000001234"
	if in := i.Read(fields(t, d, 0x0100, ask), &ev); in.Kind != translate.Enquiry || ev.Request.Original.Payment != 0x1234 {
		t.Errorf("by the switch's number: %+v %+v", in, ev.Request.Original)
	}
	pay := fields(t, d, 0x0200, pushFields())
	if n := testing.AllocsPerRun(100, func() { i.Read(pay, &ev) }); n != 0 {
		t.Errorf("%v allocations to read a message, want 0", n)
	}
}

// TestRefund: a payee's bank gives back what it got, naming the payment by the id
// that stood on the credit.
func TestRefund(t *testing.T) {
	d := dialect(t, "iso87-npci", 0)
	f := pushFields()
	f[3], f[120] = "200000", "1=REFUND 2=SWD00000000000000000000000000001234 18=returned"
	ev, fault := read(t, d, fields(t, d, 0x0200, f))
	if fault != nil || ev.Request.Type != payment.Refund || ev.Request.Original.Payment != 0x1234 || string(ev.Text.Get(payment.PayerAccount)) != "1000010001" {
		t.Fatalf("%v %+v", fault, ev.Request)
	}
	p := sample()
	p.Type = payment.Refund
	var w codec.Writer
	body, err := d.compose(&w, nil, &payment.Effect{Send: true, Leg: payment.LegRequest, Payment: p})
	if err != nil {
		t.Fatal(err)
	}
	var msg codec.Message
	if err := msg.Parse(d.Spec, body); err != nil {
		t.Fatal(err)
	}
	if kind, _ := codec.FindTLV(msg.Value(120), tagType); string(msg.Value(3)) != "201020" || string(kind) != "REFUND" {
		t.Errorf("answer DE3 %s, 001 %s", msg.Value(3), kind)
	}
	for want, tags := range map[string]string{
		"DE120 002 of the original": "1=REFUND 18=x", "DE120 001 REFUND": "1=PAY 2=SWD00000000000000000000000000001234", "DE120 001 missing": "18=x",
	} {
		f[120] = tags
		if _, fault := read(t, d, fields(t, d, 0x0200, f)); fault == nil || fault.Error() != want {
			t.Errorf("got %v, want %s", fault, want)
		}
	}
}
