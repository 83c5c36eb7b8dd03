package iso20022

import (
	"bytes"
	"testing"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// TestRefusalsHaveIdsOfTheirOwn: the same refusal has the same id and bytes, another
// one about the same message another id.
func TestRefusalsHaveIdsOfTheirOwn(t *testing.T) {
	i := dialect(t, 1).Open()
	b := &bank{t: t, from: "100002"}
	var ev payment.Event
	request := b.message("pacs.008.001.08", push())
	i.Read(request, &ev)
	seen := map[string][]byte{}
	keep := func(what string, body []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(what, err)
		}
		id := string(parsed(t, body).Text(codec.BizMsgID))
		if known, ok := seen[id]; ok && !bytes.Equal(known, body) {
			t.Errorf("%s: two messages have the id %s", what, id)
		}
		seen[id] = body
	}
	for range 2 {
		busy, err := i.RefuseRequest(nil, &ev, translate.Busy)
		keep("busy", busy, err)
		closing, err := i.RefuseRequest(nil, &ev, translate.Refusal{Why: payment.Closing})
		keep("closing", closing, err)
	}
	// What the machine refuses as a duplicate, twice, at another time.
	for n := range 2 {
		p := payment.Payment{ID: payment.ID(100 + n), Key: ev.Request.Key, Amount: ev.Request.Amount, Reply: payment.Duplicate, CreatedAt: stamp + int64(n)*1e9, Text: ev.Text}
		duplicate, err := i.Compose(nil, &payment.Effect{Send: true, Leg: payment.LegRequest, Payment: &p, Outcome: payment.Duplicate})
		keep("duplicate", duplicate, err)
	}
	// An enquiry that is asked again with the same id may get another answer.
	ask := payment.Event{}
	ask.Text.Set(payment.MsgID, []byte("ASK1"))
	for n, o := range []payment.Outcome{payment.Pending, payment.OK} {
		answer, err := i.Compose(nil, &payment.Effect{Leg: payment.LegEnquiry, Payment: sample(), Request: &ask.Request, Text: &ask.Text, Outcome: o, At: stamp + int64(n)*1e9})
		keep("enquiry", answer, err)
	}
	// Two links of one participant count from one.
	for n := range 2 {
		echo, err := i.Network(nil, stamp+int64(n), 1, 301)
		keep("echo", echo, err)
	}
	if len(seen) != 7 {
		t.Errorf("%d ids, want 7", len(seen))
	}
}

// TestUnknownEnquiryComesBack: nothing is known of it, so that what was asked is all
// that can be said.
func TestUnknownEnquiryComesBack(t *testing.T) {
	i := dialect(t, 1).Open()
	asked := map[codec.Field]string{
		codec.OriginalMsgID: "GONE1", codec.OriginalMsgName: "pain.001.001.10", codec.OriginalEndToEndID: "E2E7",
		codec.OriginalTransactionID: "TX7", codec.OriginalUETR: push()[codec.UETR],
	}
	var ev payment.Event
	if in := i.Read((&bank{t: t, from: "100002"}).message("pacs.028.001.03", asked), &ev); in.Kind != translate.Enquiry {
		t.Fatalf("%+v", in)
	}
	body, err := i.Compose(nil, &payment.Effect{Leg: payment.LegEnquiry, Payment: &payment.Payment{Text: ev.Text}, Request: &ev.Request, Text: &ev.Text, Outcome: payment.OriginalNotFound, At: stamp})
	if err != nil {
		t.Fatal(err)
	}
	m := parsed(t, body)
	for f, want := range asked {
		if got := string(m.Text(f)); got != want {
			t.Errorf("%v: %q, want %q", f, got, want)
		}
	}
}

// TestBrokenAnswersAreNotRejected: what its header says is an answer or a reject
// gets none, even if its document was never reached. Two systems that do not like
// each other's headers would go on for ever.
func TestBrokenAnswersAreNotRejected(t *testing.T) {
	i := dialect(t, 1).Open()
	b := &bank{t: t, from: "100002"}
	reject := b.message("admi.002.001.01", map[codec.Field]string{codec.RelatedReference: "SOMETHING", codec.RejectReason: "FF01"})
	receipt := b.message("admi.007.001.01", map[codec.Field]string{codec.RelatedReference: "SOMETHING", codec.RequestStatus: "RCVD"})
	request := b.message("pacs.008.001.08", push())
	for name, c := range map[string]struct {
		body     []byte
		answered bool
	}{"reject": {reject, false}, "receipt": {receipt, false}, "request": {request, true}} {
		var ev payment.Event
		body := bytes.Replace(c.body, []byte(service), []byte("other.ips"), 1)
		if in := i.Read(body, &ev); in.Kind != translate.Malformed {
			t.Fatalf("%s: %+v", name, in)
		}
		if _, ok := i.Refuse(nil, translate.FormatFault("x")); ok != c.answered {
			t.Errorf("%s: answered %v", name, ok)
		}
	}
}

// TestDuplicateOnRecord: a request for a payment that is known by its UETR is on
// the record, so that its answer has an id of ours, by which a receipt finds it; one
// that reuses a message id is not.
func TestDuplicateOnRecord(t *testing.T) {
	d := dialect(t, 1)
	for state, known := range map[payment.State]bool{payment.StateNone: false, payment.Declined: true} {
		p := sample()
		p.State, p.Reply, p.Outcome = state, payment.Duplicate, payment.Duplicate
		body, err := d.Open().Compose(nil, &payment.Effect{Send: true, Leg: payment.LegRequest, Payment: p, Outcome: payment.Duplicate})
		if err != nil {
			t.Fatal(err)
		}
		id, leg, ours := parseID(parsed(t, body).Text(codec.MsgID))
		if found := ours && id == p.ID && leg == payment.LegRequest; found != known {
			t.Errorf("%v: answered as %s", state, parsed(t, body).Text(codec.MsgID))
		}
	}
}

// TestNotesOfRefusals: the note stands in AddtlInf of the report that the request is
// answered by, and makes it another message. An enquiry that is to come again hears
// "not decided" and gets back what it asked about; never a reject of the payment.
func TestNotesOfRefusals(t *testing.T) {
	i := dialect(t, 1).Open()
	var ev payment.Event
	for name, with := range map[string]map[codec.Field]string{"pacs.008.001.08": push(), "pain.001.001.10": initiation()} {
		b := &bank{t: t, from: "100002"}
		if in := i.Read(b.message(name, with), &ev); in.Kind != translate.Request {
			t.Fatalf("%s: %+v", name, in)
		}
		seen := map[string]string{}
		for _, r := range []translate.Refusal{translate.Busy, translate.TryAgain(payment.Busy, 7e9), translate.TryAgain(payment.Busy, 8e9)} {
			body, err := i.RefuseRequest(nil, &ev, r)
			if err != nil {
				t.Fatal(err)
			}
			m := parsed(t, body)
			if string(m.Text(codec.Status)) != "RJCT" || string(m.Text(codec.ReasonCode)) != "AB02" || string(m.Text(codec.ReasonText)) != r.Note {
				t.Errorf("%s %+v: %s", name, r, body)
			}
			id := string(m.Text(codec.BizMsgID))
			if other, known := seen[id]; known {
				t.Errorf("%s: %q and %q have one id", name, other, r.Note)
			}
			seen[id] = r.Note
		}
	}
	asked := map[codec.Field]string{
		codec.OriginalMsgID: "GONE1", codec.OriginalMsgName: "pain.001.001.10", codec.OriginalEndToEndID: "E2E7",
		codec.OriginalTransactionID: "TX7", codec.OriginalUETR: push()[codec.UETR],
	}
	if in := i.Read((&bank{t: t, from: "100002"}).message("pacs.028.001.03", asked), &ev); in.Kind != translate.Enquiry {
		t.Fatalf("%+v", in)
	}
	body, ok := i.Refuse(nil, translate.TryAgain(payment.Pending, 34e9))
	m := parsed(t, body)
	if !ok || m.Definition().Name != "pacs.002.001.10" || string(m.Text(codec.Status)) != "PDNG" ||
		string(m.Text(codec.ReasonText)) != "TRY AGAIN IN 34 S" || string(m.Text(codec.StatusID)) != string(ev.Text.Get(payment.MsgID)) {
		t.Errorf("%v %s", ok, body)
	}
	for f, want := range asked {
		if got := string(m.Text(f)); got != want {
			t.Errorf("%v: %q, want %q", f, got, want)
		}
	}
	body, ok = i.Refuse(nil, translate.NotSignedOn)
	if m := parsed(t, body); !ok || m.Definition().Name != "admi.002.001.01" {
		t.Errorf("an enquiry that is refused for good: %s", body)
	}
}

// TestReceiptOfARefusal: a participant that acknowledges all it is told acknowledges
// refusals too, about which nobody keeps anything.
func TestReceiptOfARefusal(t *testing.T) {
	b := &bank{t: t, from: "100002"}
	var room messageID
	var ev payment.Event
	id := refusalID([]byte("BANKMSG1"), 1, "", &room)
	in := dialect(t, 1).Open().Read(b.message("admi.007.001.01", map[codec.Field]string{codec.RelatedReference: string(id), codec.RequestStatus: "RCVD"}), &ev)
	if in.Kind != translate.Silent {
		t.Errorf("kind %v, %s", in.Kind, in.Note)
	}
}
