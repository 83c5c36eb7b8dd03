package simbank

import (
	"strings"
	"testing"

	scanner "switchd/codec/iso20022"
	"switchd/ledger"
	core "switchd/switch/payment"
	"switchd/switch/translate"
	"switchd/switch/translate/iso20022"
)

// twoSides are a participant's speech and the switch's dialect for it: two
// implementations of one contract, which share nothing but the wire.
func twoSides(t *testing.T) (*messages, translate.Interpreter) {
	profile, err := scanner.Builtin("ips-base")
	must(t, err)
	d, err := iso20022.New(profile, &translate.Directory{
		Institution: "999999", Currency: 356, CurrencyCode: "INR", Decimals: 2, Institutions: []string{"200002", "100001"},
	}, 1)
	must(t, err)
	s := newMessages(Options{Institution: "100001", Switch: "999999", IFSC: "BNKA", Handle: "banka", Currency: "356", Clock: wall, Receipts: true})
	return s, d.Open()
}

// paid is a payment of the switch with every text set.
func paid() *core.Payment {
	p := &core.Payment{ID: 0x1234, Amount: ledger.Amount{Minor: 1050, Currency: 356}, CreatedAt: wall(), PayerBank: 1, PayeePSP: 1, PayeeBank: 1, Outcome: core.TimeoutDebit}
	for i := range p.Legs {
		p.Legs[i].SentAt = p.CreatedAt
	}
	for f, v := range map[core.TextField]string{
		core.PayerAccount: "1000010001", core.PayeeAccount: "1000010002", core.PayerVPA: "user1@banka",
		core.PayeeVPA: "user2@banka", core.PayerName: "Asha & Sons", core.PayeeName: "Ravi 'R' \"2\"", core.EndToEndID: "E2E1",
		core.Note: "tea <2>", core.PayerIFSC: "BNKA0000001", core.PayeeIFSC: "BNKA0000001", core.MsgID: "MSG1",
		core.RequestType: "pacs.008.001.08", core.TransactionID: "TX1", core.UETR: uetrOf("TX1"), core.RequestCreatedAt: "2026-11-22T15:30:00.000Z",
	} {
		p.Text.Set(f, []byte(v))
	}
	return p
}

// TestEachLegIsUnderstood sends each message of the switch to the participant, and
// its answers back.
func TestEachLegIsUnderstood(t *testing.T) {
	s, i := twoSides(t)
	ok := Answer{Code: Approved, State: Posted, Approval: Approval{'A', 'P', 'P', 'R', '0', '1'}}
	answers := []struct {
		leg     core.Leg
		duty    duty
		said    reply
		outcome core.Outcome
	}{
		{core.LegResolve, dutyResolve, reply{holder: &holder{"user2@banka", "USER 2", "1000010002", "BNKA0000001"}}, core.OK},
		{core.LegResolve, dutyResolve, reply{}, core.AddressUnknown},
		{core.LegDebit, dutyDebit, reply{Answer: ok}, core.OK},
		{core.LegDebit, dutyDebit, reply{Answer: Answer{Code: NoFunds, State: Declined}}, core.InsufficientFunds},
		{core.LegDebit, dutyDebit, reply{Answer: Answer{Code: InvalidPayer, State: Declined}}, core.AccountUnknownPayer},
		{core.LegDebit, dutyDebit, reply{Answer: Answer{Code: CodeOf("91"), State: Posted}}, core.Pending},
		{core.LegDebit, dutyDebit, reply{Answer: Answer{Code: Malfunction}}, core.Pending},
		{core.LegReversal, dutyReversal, reply{Answer: ok}, core.OK},
		{core.LegReversal, dutyReversal, reply{Answer: Answer{Code: NotFound, State: ReversalFirst}}, core.OriginalNotFound},
		{core.LegReversal, dutyReversal, reply{Answer: Answer{Code: NothingDone, State: Declined}}, core.NotDone},
		{core.LegCredit, dutyCredit, reply{Answer: ok}, core.OK},
		{core.LegCredit, dutyCredit, reply{Answer: Answer{Code: InvalidPayee, State: Declined}}, core.AccountUnknownPayee},
		{core.LegAdvice, dutyAdvice, reply{Answer: ok}, core.OK},
		{core.LegStatus, dutyStatus, reply{Answer: ok}, core.OK},
		{core.LegStatus, dutyStatus, reply{Answer: Answer{Code: NotFound}}, core.OriginalNotFound},
		{core.LegStatus, dutyStatus, reply{Answer: Answer{Code: InvalidPayee, State: Declined}}, core.AccountUnknownPayee},
		{core.LegFence, dutyFence, reply{Answer: Answer{Code: NotFound, State: ReversalFirst}}, core.OK},
		{core.LegFence, dutyFence, reply{Answer: Answer{Code: Stays, State: Posted}}, core.CreditStands},
		{core.LegFence, dutyFence, reply{Answer: Answer{Code: Malfunction}}, core.Pending},
		{core.LegConfirm, dutyConfirm, reply{}, core.OK},
	}
	for _, c := range answers {
		p := paid()
		for _, repeat := range []bool{false, true} {
			body, err := i.Compose(nil, &core.Effect{Send: true, Leg: c.leg, Payment: p, Outcome: core.OK, At: p.CreatedAt, Repeat: repeat})
			must(t, err)
			noteSchema(t, body)
			h := s.hear(body)
			if h.bad != nil || h.duty != c.duty || h.act != request {
				t.Errorf("%v is heard as %d of duty %d: %v in %s", c.leg, h.act, h.duty, h.bad, body)
				continue
			}
			checkHeard(t, c.leg, &h)
			back, err := s.answer(&h, &c.said)
			must(t, err)
			var ev core.Event
			in := i.Read(back, &ev)
			if a := &ev.Answer; in.Kind != translate.Answer || a.Payment != p.ID || a.Leg != c.leg || a.Outcome != c.outcome {
				t.Errorf("%v, %s: %+v %+v of %s", c.leg, c.said.Code, in, a, back)
			}
		}
	}
}

// checkHeard: what belongs to one leg has one key, and money arrives unharmed.
func checkHeard(t *testing.T, leg core.Leg, h *heard) {
	t.Helper()
	key := map[core.Leg]string{
		core.LegDebit: "D00", core.LegReversal: "D00", core.LegCredit: "C00", core.LegAdvice: "C00",
		core.LegStatus: "C00", core.LegFence: "C00", core.LegConfirm: "C00",
	}[leg]
	if !strings.HasSuffix(h.leg.Key.Ref(), key) {
		t.Errorf("%v has key %s", leg, h.leg.Key.Ref())
	}
	money := leg == core.LegDebit || leg == core.LegCredit || leg == core.LegAdvice
	account := map[bool]Account{true: AccountOf("1000010001"), false: AccountOf("1000010002")}[leg == core.LegDebit]
	if money && (h.leg.Amount != 1050 || h.leg.Account != account || h.leg.TxnID.String() != "TX1") {
		t.Errorf("%v: %d of %s", leg, h.leg.Amount, h.leg.TxnID)
	}
	if leg == core.LegReversal && h.leg.Amount != 1050 {
		t.Errorf("reversal of %d", h.leg.Amount)
	}
	if leg == core.LegResolve && h.address != "user2@banka" {
		t.Errorf("resolution of %s", h.address)
	}
}

// TestOwnPaymentsAreUnderstood sends requests of the participant to the switch, in
// both models, and the switch's words about them back.
func TestOwnPaymentsAreUnderstood(t *testing.T) {
	s, i := twoSides(t)
	for n, order := range []Order{
		{Model: ModelA, PayeeVPA: "user2@bankb", Note: `"a" & 'b'`}, {Model: ModelA, PayeeAccount: "2000020001", PayeeIFSC: "BNKB0000001"},
		{Model: ModelB, PayeeVPA: "user2@bankb", Note: `"a" & 'b'`}, {Model: ModelB, PayeeAccount: "2000020001", PayeeIFSC: "BNKB0000001"},
	} {
		order.PayerAccount = "1000010003"
		own := &payment{model: order.Model, rrn: "00000000012" + string(rune('0'+n)), amount: 1050}
		body, err := s.order(own, order)
		must(t, err)
		for _, sent := range [][]byte{body, s.again(body)} {
			var ev core.Event
			in := i.Read(sent, &ev)
			if in.Kind != translate.Request || ev.Request.Amount.Minor != 1050 || string(ev.Text.Get(core.PayerAccount)) != "1000010003" ||
				string(ev.Text.Get(core.PayeeVPA)) != order.PayeeVPA || string(ev.Text.Get(core.Note)) != order.Note {
				t.Fatalf("%+v of %s", in, sent)
			}
			checkTold(t, s, i, own, &ev)
		}
		ask, err := s.enquire(own.subject)
		must(t, err)
		var ev core.Event
		if in := i.Read(ask, &ev); in.Kind != translate.Enquiry {
			t.Errorf("%+v of %s", in, ask)
		}
	}
}

// checkTold answers an own payment in each way there is.
func checkTold(t *testing.T, s *messages, i translate.Interpreter, own *payment, ev *core.Event) {
	t.Helper()
	for outcome, want := range map[core.Outcome]string{
		core.OK: outcomeSuccess, core.AddressUnknown: outcomeDeclined, core.NetDebitCap: outcomeDeclined, core.TimeoutCredit: outcomeDeemed,
	} {
		for _, leg := range []core.Leg{core.LegRequest, core.LegUpdate} {
			p := &core.Payment{ID: 0x1234, Amount: ev.Request.Amount, Key: ev.Request.Key, Echo: ev.Request.Echo, Reply: outcome, CreatedAt: wall(), Text: ev.Text}
			body, err := i.Compose(nil, &core.Effect{Send: true, Leg: leg, Payment: p, Outcome: outcome, At: wall()})
			must(t, err)
			noteSchema(t, body)
			h := s.hear(body)
			if h.bad != nil || h.act != request || h.duty != dutyUpdate || h.told.id != own.id || h.told.outcome != want || !h.told.echoes(own.request) {
				t.Errorf("%v %v is heard as %+v: %v of %s", leg, outcome, h.told, h.bad, body)
				continue
			}
			receipt, err := s.answer(&h, &reply{})
			must(t, err)
			var ev core.Event
			if in := i.Read(receipt, &ev); in.Kind != translate.Answer || ev.Answer.Leg != leg {
				t.Errorf("receipt of %v: %+v %+v", leg, in, ev.Answer)
			}
		}
	}
}

// TestEventsAndRejectsAreUnderstood: the link's own messages, in both directions.
func TestEventsAndRejectsAreUnderstood(t *testing.T) {
	s, i := twoSides(t)
	var ev core.Event
	for e, code := range map[event]int{signOn: 1, signOff: 2, echo: 301, cutOver: 201} {
		body, err := s.ask(e, "000042")
		must(t, err)
		if in := i.Read(body, &ev); in.Kind != translate.NetworkRequest || in.Code != code {
			t.Errorf("%+v of %s", in, body)
		}
		back, err := i.NetworkAnswer(nil, "00")
		must(t, err)
		noteSchema(t, back)
		if h := s.hear(back); h.bad != nil || h.act != eventDone || h.event != e || h.number != "000042" || !h.ok {
			t.Errorf("answer %+v %v of %s", h, h.bad, back)
		}
		asked, err := i.Network(nil, wall(), 43, code)
		must(t, err)
		noteSchema(t, asked)
		h := s.hear(asked)
		if h.bad != nil || h.act != eventAsked || h.event != e || h.number != "000043" {
			t.Errorf("%+v %v of %s", h, h.bad, asked)
		}
		confirmed, err := s.confirm(&h)
		must(t, err)
		if in := i.Read(confirmed, &ev); in.Kind != translate.NetworkAnswer || in.Code != code || !in.Accepted {
			t.Errorf("%+v of %s", in, confirmed)
		}
	}
	own := &payment{model: ModelB, rrn: "000000000120", amount: 1050}
	body, err := s.order(own, Order{PayerAccount: "1000010003", PayeeVPA: "user2@bankb"})
	must(t, err)
	i.Read([]byte(strings.Replace(string(body), "10.50", "10.505", 1)), &ev)
	reject, ok := i.Refuse(nil, translate.FormatFault("x"))
	noteSchema(t, reject)
	if h := s.hear(reject); !ok || h.act != opposed || h.told.id != own.id || h.told.outcome != outcomeDeclined || !strings.HasSuffix(h.bad.field, "IntrBkSttlmAmt") {
		t.Errorf("%+v of %s", h, reject)
	}
	mine, err := s.refuse(&heard{bad: &fault{"AppHdr", "missing"}, why: "CH21", raw: &quoted{msgID: "SWD1"}})
	must(t, err)
	if in := i.Read(mine, &ev); in.Kind == translate.Malformed {
		t.Errorf("%+v of %s", in, mine)
	}
}
