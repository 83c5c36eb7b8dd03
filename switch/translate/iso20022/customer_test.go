package iso20022

import (
	"testing"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// initiation is a pain.001 of a PSP.
func initiation() map[codec.Field]string {
	return map[codec.Field]string{
		codec.InitiatingParty: "PSP", codec.PaymentInfoID: "PMTINF1", codec.RequestedDate: "2026-11-22", codec.InstructionID: "INS9", codec.EndToEndID: "E2E9",
		codec.Amount: "10.50", codec.AmountCurrency: "INR", codec.DebtorName: "Asha", codec.DebtorAccount: "1000010001",
		codec.DebtorAgentSystem: "INFSC", codec.DebtorAgent: "BNKA0000001", codec.CreditorName: "Ravi", codec.CreditorAccount: "1000020002",
		codec.CreditorAgentSystem: "INFSC", codec.CreditorAgent: "BNKB0000001",
	}
}

// TestBanksHearOfCustomersPayments: a payment that was asked for by a pain.001 is
// confirmed and enquired about by pacs.002 like any other.
func TestBanksHearOfCustomersPayments(t *testing.T) {
	i := dialect(t, 1).Open()
	var enquiry payment.Event
	(&enquiry.Text).Set(payment.MsgID, []byte("ASK1"))
	for _, c := range []struct {
		leg     payment.Leg
		outcome payment.Outcome
		status  string
		from    int // who asked for the payment
	}{
		{payment.LegConfirm, payment.OK, "ACSC", 0},
		{payment.LegConfirm, payment.TimeoutRejected, "RJCT", 0},
		{payment.LegEnquiry, payment.OK, "ACSC", 0},
		{payment.LegEnquiry, payment.OK, "ACSC", 1},
		{payment.LegEnquiry, payment.Pending, "PDNG", 1},
		{payment.LegEnquiry, payment.NetDebitCap, "RJCT", 1},
	} {
		p := sample()
		p.Key.From = dialect(t, c.from).number
		p.Text.Set(payment.RequestType, []byte("pain.001.001.10"))
		body, err := i.Compose(nil, &payment.Effect{Send: true, Leg: c.leg, Payment: p, Outcome: c.outcome, Request: &enquiry.Request, Text: &enquiry.Text, At: stamp})
		if err != nil {
			t.Errorf("%v %v: %v", c.leg, c.outcome, err)
			continue
		}
		if m := parsed(t, body); m.Definition().Name != "pacs.002.001.10" || string(m.Text(codec.Status)) != c.status {
			t.Errorf("%v %v: %s", c.leg, c.outcome, body)
		}
	}
}

// TestRefusedInitiation: it names the payment information that the PSP knows, and
// no UETR when there was none.
func TestRefusedInitiation(t *testing.T) {
	i := dialect(t, 1).Open()
	b := &bank{t: t, from: "100002"}
	var ev payment.Event
	if in := i.Read(b.message("pain.001.001.10", initiation()), &ev); in.Kind != translate.Request || ev.Request.Model != payment.ModelA {
		t.Fatalf("%+v", in)
	}
	rim, ok := i.Refuse(nil, translate.NotSignedOn)
	busy, err := i.RefuseRequest(nil, &ev, translate.Busy)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	for _, body := range [][]byte{rim, busy} {
		m := parsed(t, body)
		if m.Definition().Name != "pain.002.001.11" || string(m.Text(codec.OriginalPaymentInfoID)) != "PMTINF1" || string(m.Text(codec.OriginalMsgID)) != "BANKMSG1" ||
			string(m.Text(codec.OriginalEndToEndID)) != "E2E9" || m.Has(codec.OriginalUETR) {
			t.Errorf("%s", body)
		}
	}
}
