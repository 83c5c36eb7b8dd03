package iso20022

import (
	"testing"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// asked is what the switch has said to a participant on a leg, and the participant.
func asked(t *testing.T, leg payment.Leg) (*codec.Message, *interpreter, *bank) {
	t.Helper()
	i := dialect(t, 1).Open().(*interpreter)
	body, err := i.Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: sample(), Outcome: payment.OK})
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, body), i, &bank{t: t, from: "100002"}
}

// TestReceiptsOfOtherKinds: only RCVD says that a confirmation was taken; after
// anything else it goes on being repeated.
func TestReceiptsOfOtherKinds(t *testing.T) {
	for status, want := range map[string]bool{"RCVD": true, "RJCT": false, "TS01": false} {
		m, i, b := asked(t, payment.LegConfirm)
		f := receiptFor(m)
		f[codec.RequestStatus] = status
		var ev payment.Event
		if in := i.Read(b.message("admi.007.001.01", f), &ev); in.Kind != translate.Answer || (ev.Answer.Outcome == payment.OK) != want {
			t.Errorf("%s: %+v %v", status, in, ev.Answer.Outcome)
		}
	}
}

// TestCheckedIsNotDone: ACTC promises a credit to a bank that posts on
// confirmation. It is no debit, no reversal, and no credit that is due.
func TestCheckedIsNotDone(t *testing.T) {
	for leg, want := range map[payment.Leg]payment.Outcome{
		payment.LegCredit: payment.OK, payment.LegDebit: payment.Pending, payment.LegReversal: payment.Pending, payment.LegAdvice: payment.Pending,
	} {
		m, i, b := asked(t, leg)
		f := settled(m)
		f[codec.Status] = "ACTC"
		var ev payment.Event
		if i.Read(b.message("pacs.002.001.10", f), &ev); ev.Answer.Outcome != want {
			t.Errorf("%v: %v, want %v", leg, ev.Answer.Outcome, want)
		}
	}
}

// TestAnswersThatContradictThemselves prove nothing.
func TestAnswersThatContradictThemselves(t *testing.T) {
	other := sample()
	other.ID++
	credit := idOf(other, payment.LegCredit)
	for name, of := range map[string]string{"another payment": string(credit[:]), "nothing of ours": "BANKMSG9"} {
		m, i, b := asked(t, payment.LegStatus)
		f := settled(m)
		f[codec.StatusID], f[codec.OriginalMsgID] = string(m.Text(codec.MsgID)), of
		var ev payment.Event
		if in := i.Read(b.message("pacs.002.001.10", f), &ev); in.Kind != translate.Answer || ev.Answer.Leg != payment.LegStatus || ev.Answer.Outcome != payment.Unreadable {
			t.Errorf("a status of %s: %+v %+v", name, in, ev.Answer)
		}
	}
	for _, c := range []struct {
		group, single string
		want          payment.Outcome
	}{
		{"CNCL", "ACCR", payment.OK}, {"CNCL", "", payment.OK}, {"CNCL", "RJCR", payment.Unreadable}, {"CNCL", "PDCR", payment.Unreadable},
		{"RJCR", "RJCR", payment.CreditStands}, {"RJCR", "ACCR", payment.Unreadable}, {"PDCR", "PDCR", payment.Pending}, {"PECR", "", payment.Unreadable},
	} {
		m, i, b := asked(t, payment.LegFence)
		f := map[codec.Field]string{
			codec.StatusID: string(m.Text(codec.CancellationID)), codec.CancellationStatus: c.group, codec.InstructingAgent: "100002", codec.InstructedAgent: "999999",
		}
		if c.single != "" {
			f[codec.Status] = c.single
		}
		var ev payment.Event
		if in := i.Read(b.message("camt.029.001.09", f), &ev); in.Kind != translate.Answer || ev.Answer.Outcome != c.want {
			t.Errorf("%s %s: %+v %v", c.group, c.single, in, ev.Answer.Outcome)
		}
	}
}

// TestOtherCurrencies: a payment in another currency than this dialect writes is not
// written at all.
func TestOtherCurrencies(t *testing.T) {
	i := dialect(t, 1).Open()
	for _, leg := range []payment.Leg{payment.LegDebit, payment.LegCredit, payment.LegAdvice, payment.LegReversal} {
		p := sample()
		p.Amount.Currency = 840
		if body, err := i.Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: p}); err == nil || len(body) != 0 {
			t.Errorf("%v: %s", leg, body)
		}
	}
}

// TestComposeAllocatesNothing: nor does reading an answer.
func TestComposeAllocatesNothing(t *testing.T) {
	out := make([]byte, 0, 8192)
	for _, leg := range []payment.Leg{
		payment.LegRequest, payment.LegResolve, payment.LegDebit, payment.LegCredit, payment.LegReversal, payment.LegAdvice, payment.LegStatus,
		payment.LegFence, payment.LegConfirm, payment.LegUpdate,
	} {
		m, i, b := asked(t, leg)
		p := sample()
		p.Text.Set(payment.PayerName, nil)
		p.Text.Set(payment.EndToEndID, nil)
		ef := &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.OK}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := i.Compose(out, ef); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations to write", leg, n)
		}
		if leg != payment.LegDebit && leg != payment.LegCredit {
			continue
		}
		var ev payment.Event
		answer := b.message("pacs.002.001.10", settled(m))
		if n := testing.AllocsPerRun(100, func() {
			if i.Read(answer, &ev).Kind != translate.Answer {
				t.Fatal("no answer")
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations to read its answer", leg, n)
		}
	}
}

// TestAnswersOnAnotherParticipantsLink: an answer bears who sent it, so that the
// machine can hold that against whom it has asked; the header must say the same.
func TestAnswersOnAnotherParticipantsLink(t *testing.T) {
	m, _, _ := asked(t, payment.LegDebit)
	third := dialect(t, 2).Open()
	var ev payment.Event
	if in := third.Read((&bank{t: t, from: "100003"}).message("pacs.002.001.10", settled(m)), &ev); in.Kind != translate.Answer || ev.From != route.Participant(2) {
		t.Errorf("%+v from %d", in, ev.From)
	}
	if in := third.Read((&bank{t: t, from: "100002"}).message("pacs.002.001.10", settled(m)), &ev); in.Kind != translate.Malformed {
		t.Errorf("a header of another: %+v", in)
	}
}
