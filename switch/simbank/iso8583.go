package simbank

import (
	"strconv"
	"strings"
	"time"
)

// fields is the speech of ISO 8583: it turns the data elements of the wire table
// into what they mean, and back.
type fields struct {
	codec       *codec
	institution string
	handle      string
	currency    string
	zone        *zone // nil: no PINs
	clock       func() int64
}

func newFields(o Options) (*fields, error) {
	c, err := newCodec(o.Spec, o.MAC)
	if err != nil {
		return nil, err
	}
	s := &fields{codec: c, institution: o.Institution, handle: o.Handle, currency: o.Currency, clock: o.Clock}
	if o.PINs.Key.Len() > 0 {
		s.zone, err = newZone(o.PINs)
	}
	return s, err
}

var eventCodes = map[event]string{signOn: "001", signOff: "002", cutOver: "201", echo: "301"}

func eventOf(codes map[event]string, code string) event {
	for e, known := range codes {
		if known == code {
			return e
		}
	}
	return eventUnknown
}

func (s *fields) hear(body []byte) heard {
	m, bad := s.codec.decode(body)
	h := heard{raw: m, bad: bad, why: "30"}
	if bad == nil && s.codec.code != nil && coded(m.mti) {
		if h.bad = s.codec.code.check(m, body); h.bad != nil {
			h.unproven, h.why, bad = true, "63", h.bad
		}
	}
	switch {
	case m.mti == "0800" && bad == nil:
		h.act, h.bad = eventAsked, checkField(m, 70)
		h.event, h.number = eventOf(eventCodes, m.de[70]), m.de[11]
	case m.mti == "0810" && bad == nil:
		h.act = eventDone
		h.event, h.number, h.ok = eventOf(eventCodes, m.de[70]), m.de[11], m.de[39] == "00"
	case isRequest(m.mti):
		h.act = request
		if bad == nil {
			s.examine(&h, m)
		}
	case bad == nil && m.mti == "0210":
		h.act, h.told = result, s.toldBy(m)
		h.told.content = body
		h.told.echoes = func(request any) bool { return echoed(request.(message), m) }
	}
	return h
}

// examine finds the rule of a request and takes out what it says.
func (s *fields) examine(h *heard, m message) {
	r, why, bad := examine(m)
	h.why, h.bad = why, bad
	if bad != nil {
		return
	}
	h.duty = r.duty
	h.address = m.tag["004"]
	h.leg = Leg{Key: KeyOf(m.de[32], m.de[37]), TxnID: TxnOf(m.tag["002"]), Amount: amountOf(m.de[4])}
	switch r.duty {
	case dutyDebit, dutyReversal:
		h.leg.Account = AccountOf(m.de[102])
		if s.zone != nil && r.duty == dutyDebit {
			h.pin = s.zone.judge(m.de[102], m.de[52])
		}
	case dutyCredit:
		h.leg.Account, h.leg.Trace = AccountOf(m.de[103]), TraceOf(traceIn(m))
	case dutyAdvice, dutyFence:
		h.leg.Account = AccountOf(m.de[103])
	case dutyConfirm:
		h.leg.Trace = TraceOf(m.de[90][4:20])
		h.final = endFailed
		if m.de[39] == "00" {
			h.final = endDone
		}
	case dutyUpdate:
		h.told = s.toldBy(m)
		h.told.later, h.told.id = true, m.de[90][4:20]
		h.told.content = []byte(m.de[39] + m.tag["013"])
		h.told.echoes = func(any) bool { return true }
	}
}

// toldBy reads what the payer's side is told. 68 with BT is deemed: the payee's
// side has not said, and the switch settles it as a success.
func (s *fields) toldBy(m message) told {
	t := told{id: traceIn(m), code: m.de[39], upi: m.tag["013"], txnID: m.tag["002"]}
	switch {
	case t.code == "00":
		t.outcome = outcomeSuccess
	case t.code == "68" && t.upi == "BT":
		t.outcome = outcomeDeemed
	default:
		t.outcome = outcomeDeclined
	}
	return t
}

// traceIn is DE11 and DE7: what DE90 of a later message has of this one.
func traceIn(m message) string { return m.de[11] + m.de[7] }

// echoed holds an answer against its request: a PSP finds its payment by these.
func echoed(request, answer message) bool {
	for _, id := range []int{3, 4, 7, 11, 32, 37, 49, 102} {
		if request.de[id] != answer.de[id] {
			return false
		}
	}
	return true
}

func (s *fields) ask(e event, number string) ([]byte, error) {
	return s.codec.encode(message{mti: "0800", de: map[int]string{7: s.stamp(), 11: number, 70: eventCodes[e]}})
}

func (s *fields) confirm(h *heard) ([]byte, error) {
	code := "00"
	if h.bad != nil {
		code = "30"
	}
	a := answerTo(h.raw.(message), code, 7, 11, 70)
	if h.bad != nil {
		a.de[44] = clip(h.bad.Error(), 25)
	}
	return s.codec.encode(a)
}

func (s *fields) refuse(h *heard) ([]byte, error) {
	m := h.raw.(message)
	if !isRequest(m.mti) {
		return nil, nil
	}
	a := answerTo(m, h.why, echoMoney...)
	a.de[44] = clip(h.bad.Error(), 25)
	return s.codec.encode(a)
}

func (s *fields) answer(h *heard, r *reply) ([]byte, error) {
	m := h.raw.(message)
	switch h.duty {
	case dutyResolve:
		return s.codec.encode(s.resolved(m, r.holder))
	case dutyStatus:
		return s.codec.encode(answerTo(m, standing(r.State), echoBare...))
	case dutyConfirm, dutyUpdate:
		return s.codec.encode(answerTo(m, Approved.String(), echoBare...))
	}
	a := answerTo(m, r.Code.String(), echoMoney...)
	// The wire table gives an approval code to a 0210 alone, not to a 0230.
	if r.Approval != (Approval{}) && (h.duty == dutyDebit || h.duty == dutyCredit) {
		a.de[38] = r.Approval.String()
	}
	return s.codec.encode(a)
}

func (s *fields) resolved(m message, who *holder) message {
	if who == nil {
		return answerTo(m, "14", echoBare...).with(map[string]string{"013": "ZH"})
	}
	a := answerTo(m, "00", echoBare...)
	a.de[103] = who.account
	return a.with(map[string]string{"004": who.address, "006": who.name, "017": who.branch})
}

// standing is DE39 of the answer to a status check.
func standing(s State) string {
	switch s {
	case 0:
		return NotFound.String()
	case Posted:
		return Approved.String()
	case Held:
		return "09"
	}
	return NothingDone.String()
}

// order is the push payment as the PSP sends it. DE4 is left unpadded, as the
// codec gives it back in the answer.
func (s *fields) order(own *payment, o Order) ([]byte, error) {
	m := message{
		mti: "0200",
		de: map[int]string{
			3: "401000", 4: strings.TrimLeft(strconv.FormatInt(own.amount, 10), "0"), 7: s.stamp(), 11: own.stan,
			32: s.institution, 37: own.rrn, 49: s.currency, 102: o.PayerAccount,
		},
		tag: map[string]string{"001": "PAY"},
	}
	if n, ok := userOfAccount(s.institution, o.PayerAccount); ok {
		m.tag["003"] = address(s.handle, n)
	}
	if o.PayeeVPA != "" {
		m.tag["004"] = o.PayeeVPA
	} else {
		m.de[103] = o.PayeeAccount
		m.tag["017"] = o.PayeeIFSC
	}
	if o.Note != "" {
		m.tag["018"] = o.Note
	}
	if s.zone != nil {
		block, err := s.zone.block(o.PayerAccount, o.WrongPIN)
		if err != nil {
			return nil, err
		}
		m.de[52] = block
	}
	own.id, own.request = traceIn(m), m
	return s.codec.encode(m)
}

func (s *fields) again(body []byte) []byte { return s.codec.asRepeat(body) }

// seal changes nothing that is as agreed: messages are written with their codes.
func (s *fields) seal(body []byte, how proof) ([]byte, error) {
	if how == agreed || s.codec.code == nil {
		return body, nil
	}
	return s.codec.spoil(body, how)
}

// enquire is nil: the wire table has no status check by a participant.
func (s *fields) enquire(*subject) ([]byte, error) { return nil, nil }

// stamp is DE7 of now: MMDDhhmmss, UTC.
func (s *fields) stamp() string {
	return time.Unix(0, s.clock()).UTC().Format("0102150405")
}
