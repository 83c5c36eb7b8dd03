package bench

import (
	"encoding/hex"
	"errors"
	"time"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
)

// What stands in messages of ISO 20022.
const (
	xmlService     = "switchd.ips"
	xmlAddress     = "VPA"   // type of a proxy that is an address
	xmlBranch      = "INFSC" // clearing system whose members are branches
	xmlNotProvided = "NOTPROVIDED"
	xmlSignOn      = "SGON"
	xmlYes         = "OK"
	xmlDeemed      = "DEEMED" // instrument of the advice of a deemed credit
)

// xmlMessages are the messages that a participant sends, in the versions that its
// profile names first.
type xmlMessages struct{ order, status, verified, event, eventDone, receipt, recalled *iso20022.Definition }

// newXMLMessages is an error where a profile lacks one of them.
func newXMLMessages(p *iso20022.Profile) (m xmlMessages, err error) {
	for _, row := range []struct {
		name string
		to   **iso20022.Definition
	}{{"pain.001", &m.order}, {"pacs.002", &m.status}, {"acmt.024", &m.verified}, {"admi.004", &m.event}, {"admi.011", &m.eventDone}, {"admi.007", &m.receipt}, {"camt.029", &m.recalled}} {
		if *row.to = p.Sent(row.name); *row.to == nil {
			return m, errors.New("its profile has no " + row.name)
		}
	}
	return m, nil
}

// xmlSpeaker writes the messages of one participant of ISO 20022. It belongs to one
// goroutine.
type xmlSpeaker struct {
	me   *station
	send xmlMessages
	w    iso20022.Writer
	id   []byte // of the message that is being written
	text []byte // of the value that is being written
}

func newXMLSpeaker(me *station) *xmlSpeaker {
	if me.Profile == nil {
		return nil
	}
	send, _ := newXMLMessages(me.Profile) // Validate has looked
	return &xmlSpeaker{me: me, send: send}
}

// start begins a message, whose id is s.id, in a frame at the end of dst.
func (s *xmlSpeaker) start(dst []byte, d *iso20022.Definition, now int64) *iso20022.Writer {
	w := &s.w
	w.Begin(s.me.Profile, d, s.me.Framing.Begin(dst))
	w.SetString(iso20022.BizFrom, s.me.Institution)
	w.SetString(iso20022.BizTo, s.me.central)
	w.Set(iso20022.BizMsgID, s.id)
	w.SetString(iso20022.BizService, xmlService)
	w.SetTime(iso20022.BizCreatedAt, now)
	if d != s.send.event {
		w.Set(iso20022.MsgID, s.id)
	}
	if d != s.send.event && d != s.send.eventDone {
		w.SetTime(iso20022.CreatedAt, now)
	}
	return w
}

func (s *xmlSpeaker) finish(dst []byte) ([]byte, error) {
	b, err := s.w.Finish()
	if err != nil {
		return dst, err
	}
	return s.me.Framing.End(b, len(dst), frame.Limits{})
}

// put keeps the room of a value for the next one.
func (s *xmlSpeaker) put(text []byte) []byte {
	s.text = text
	return text
}

// orderID is the id of an own payment: institution, the run's tag, its number.
func (s *xmlSpeaker) orderID(tag string, n int64) {
	s.id = digits(append(append(s.id[:0], s.me.Institution...), tag...), uint64(n), referenceDigits)
}

// answer begins an answer to the message with the id asked, whose own id is made of that.
func (s *xmlSpeaker) answer(dst []byte, d *iso20022.Definition, asked []byte, now int64) *iso20022.Writer {
	s.id = append(append(append(s.id[:0], s.me.Institution...), 'R'), asked[max(len(asked)-16, 0):]...)
	return s.start(dst, d, now)
}

// pay appends a push payment (pain.001): the switch has the payer debited, as with a
// 0200 of ISO 8583.
func (s *xmlSpeaker) pay(dst []byte, tag string, r *request) ([]byte, error) {
	s.orderID(tag, r.number)
	w := s.start(dst, s.send.order, r.at)
	w.SetString(iso20022.Transactions, "1")
	w.SetString(iso20022.InitiatingParty, s.me.ID)
	w.Set(iso20022.PaymentInfoID, s.id)
	w.SetString(iso20022.PaymentMethod, "TRF")
	w.SetDate(iso20022.RequestedDate, r.at/int64(24*time.Hour))
	w.SetString(iso20022.DebtorName, xmlNotProvided)
	w.Set(iso20022.DebtorAccount, s.put(s.me.account(s.text[:0], r.payerAccount)))
	w.SetString(iso20022.DebtorProxyType, xmlAddress)
	w.Set(iso20022.DebtorProxy, s.put(s.me.address(s.text[:0], r.payerAccount)))
	w.SetString(iso20022.DebtorAgentSystem, xmlBranch)
	w.SetString(iso20022.DebtorAgent, s.me.branch)
	w.SetString(iso20022.ChargeBearer, "SLEV")
	w.Set(iso20022.InstructionID, s.id)
	w.Set(iso20022.EndToEndID, s.id)
	w.Set(iso20022.UETR, s.put(s.me.uetr(s.text[:0], r.number)))
	w.SetAmount(iso20022.Amount, r.amount, s.me.currency)
	w.SetString(iso20022.CreditorName, xmlNotProvided)
	if r.byAddress {
		w.SetString(iso20022.CreditorAgentOther, xmlNotProvided)
		w.SetString(iso20022.CreditorAccount, xmlNotProvided)
		w.SetString(iso20022.CreditorProxyType, xmlAddress)
		w.Set(iso20022.CreditorProxy, s.put(r.payee.address(s.text[:0], r.payeeAccount)))
	} else {
		w.SetString(iso20022.CreditorAgentSystem, xmlBranch)
		w.SetString(iso20022.CreditorAgent, r.payee.branch)
		w.Set(iso20022.CreditorAccount, s.put(r.payee.account(s.text[:0], r.payeeAccount)))
	}
	w.SetString(iso20022.Remittance, "load")
	return s.finish(dst)
}

// uetr appends the UUID (version 4 by its form) of a payment, made of the salt of the
// run and its number.
func (s *station) uetr(dst []byte, n int64) []byte {
	var b [16]byte
	for i := range 8 {
		b[i] = byte(s.salt >> (8 * i))
		b[8+i] = byte(n >> (8 * (7 - i)))
	}
	b[6], b[8] = b[6]&0x0f|0x40, byte(s.number)&0x3f|0x80
	b[9] = byte(s.number >> 6)
	at := len(dst)
	for i, part := range [...][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst[:at+36]
}

// signOn appends an admi.004.
func (s *xmlSpeaker) signOn(dst []byte, now int64) ([]byte, error) {
	s.orderID("SGN", now/int64(time.Second)%paymentsMax)
	w := s.start(dst, s.send.event, now)
	w.SetString(iso20022.EventCode, xmlSignOn)
	w.SetString(iso20022.EventParameter, "000001")
	w.SetTime(iso20022.EventTime, now)
	return s.finish(dst)
}

// done appends the admi.011 to the admi.004 in m.
func (s *xmlSpeaker) done(dst []byte, m *iso20022.Message, now int64) ([]byte, error) {
	w := s.answer(dst, s.send.eventDone, m.Text(iso20022.BizMsgID), now)
	w.Set(iso20022.OriginatorReference, m.Text(iso20022.EventParameter))
	w.Set(iso20022.EventCode, m.Text(iso20022.EventCode))
	w.SetString(iso20022.EventDescription, xmlYes)
	w.SetTime(iso20022.EventTime, now)
	return s.finish(dst)
}

// received appends the admi.007 to a final answer or a confirmation in m.
func (s *xmlSpeaker) received(dst []byte, m *iso20022.Message, now int64) ([]byte, error) {
	w := s.answer(dst, s.send.receipt, m.Text(iso20022.MsgID), now)
	w.Set(iso20022.RelatedReference, m.Text(iso20022.MsgID))
	w.SetString(iso20022.RelatedName, m.Definition().Name)
	w.SetString(iso20022.RequestStatus, "RCVD")
	return s.finish(dst)
}

// stands appends the pacs.002 to the pacs.028 in m, which asks what became of a credit.
func (s *xmlSpeaker) stands(dst []byte, m *iso20022.Message, state legState, now int64) ([]byte, error) {
	w := s.answer(dst, s.send.status, m.Text(iso20022.MsgID), now)
	w.Set(iso20022.StatusID, m.Text(iso20022.StatusID))
	for _, f := range [...]iso20022.Field{
		iso20022.OriginalMsgID, iso20022.OriginalMsgName, iso20022.OriginalCreatedAt,
		iso20022.OriginalInstructionID, iso20022.OriginalEndToEndID, iso20022.OriginalTransactionID, iso20022.OriginalUETR,
	} {
		w.Set(f, m.Text(f))
	}
	switch state {
	case legPosted:
		w.SetString(iso20022.Status, "ACCC")
	case 0:
		w.SetString(iso20022.Status, "RJCT")
		w.SetString(iso20022.ReasonCode, "AG09")
	default:
		w.SetString(iso20022.Status, "RJCT")
		w.SetString(iso20022.ReasonCode, "AB05")
	}
	return s.finish(dst)
}

// fenced appends the camt.029 to the camt.056 in m, which takes a credit back.
func (s *xmlSpeaker) fenced(dst []byte, m *iso20022.Message, state legState, now int64) ([]byte, error) {
	w := s.answer(dst, s.send.recalled, m.Text(iso20022.MsgID), now)
	w.SetString(iso20022.InstructingAgent, s.me.Institution)
	w.SetString(iso20022.InstructedAgent, s.me.central)
	w.Set(iso20022.StatusID, m.Text(iso20022.CancellationID))
	for _, f := range [...]iso20022.Field{iso20022.OriginalMsgID, iso20022.OriginalMsgName, iso20022.OriginalUETR} {
		w.Set(f, m.Text(f))
	}
	if state == legPosted {
		w.SetString(iso20022.CancellationStatus, "RJCR")
	} else {
		w.SetString(iso20022.CancellationStatus, "CNCL")
	}
	return s.finish(dst)
}

// resolved appends the acmt.024 to the acmt.023 in m.
func (s *xmlSpeaker) resolved(dst []byte, m *iso20022.Message, now int64) ([]byte, error) {
	account := s.me.userOf(m.Text(iso20022.PartyAddress))
	w := s.answer(dst, s.send.verified, m.Text(iso20022.MsgID), now)
	w.SetString(iso20022.InstructingAgent, s.me.Institution)
	w.SetString(iso20022.InstructedAgent, s.me.central)
	w.Set(iso20022.OriginalMsgID, m.Text(iso20022.MsgID))
	w.Set(iso20022.OriginalCreatedAt, m.Text(iso20022.CreatedAt))
	w.Set(iso20022.VerificationID, m.Text(iso20022.VerificationID))
	w.SetBool(iso20022.Verified, account != nowhere)
	if account == nowhere {
		w.SetString(iso20022.ReasonCode, "BE23")
		return s.finish(dst)
	}
	w.SetString(iso20022.UpdatedName, "SIMULATED USER")
	w.Set(iso20022.UpdatedAccount, s.put(s.me.account(s.text[:0], int(account))))
	w.SetString(iso20022.UpdatedAgentSystem, xmlBranch)
	w.SetString(iso20022.UpdatedAgent, s.me.branch)
	return s.finish(dst)
}

// copied are the elements of a debit or credit, and of a reversal, that its pacs.002
// repeats, and where.
var (
	copiedOfPayment  = [...][2]iso20022.Field{{iso20022.InstructionID, iso20022.OriginalInstructionID}, {iso20022.EndToEndID, iso20022.OriginalEndToEndID}, {iso20022.TransactionID, iso20022.OriginalTransactionID}, {iso20022.UETR, iso20022.OriginalUETR}}
	copiedOfReversal = [...][2]iso20022.Field{{iso20022.OriginalInstructionID, iso20022.OriginalInstructionID}, {iso20022.OriginalEndToEndID, iso20022.OriginalEndToEndID}, {iso20022.OriginalTransactionID, iso20022.OriginalTransactionID}, {iso20022.OriginalUETR, iso20022.OriginalUETR}}
)

// posted appends the pacs.002 to the debit, credit, reversal or advice in m.
func (s *xmlSpeaker) posted(dst []byte, m *iso20022.Message, l *xmlLeg, v verdict, now int64) ([]byte, error) {
	w := s.answer(dst, s.send.status, m.Text(iso20022.MsgID), now)
	w.Set(iso20022.OriginalMsgID, m.Text(iso20022.MsgID))
	w.SetString(iso20022.OriginalMsgName, m.Definition().Name)
	w.Set(iso20022.OriginalCreatedAt, m.Text(iso20022.CreatedAt))
	copied := &copiedOfPayment
	if l.kind == xmlReversal {
		copied = &copiedOfReversal
	}
	for _, c := range copied {
		w.Set(c[1], m.Text(c[0]))
	}
	s.decided(w, l, v, now)
	w.Set(iso20022.ClearingReference, m.Text(iso20022.ClearingReference))
	w.SetString(iso20022.InstructingAgent, s.me.Institution)
	w.SetString(iso20022.InstructedAgent, s.me.central)
	return s.finish(dst)
}

// decided writes what the book says to a leg.
func (s *xmlSpeaker) decided(w *iso20022.Writer, l *xmlLeg, v verdict, now int64) {
	switch {
	case v.code != codeApproved:
		w.SetString(iso20022.Status, "RJCT")
		if v.code == codeNothingDone {
			w.SetString(iso20022.ReasonProprietary, "NOTD")
		} else {
			w.SetString(iso20022.ReasonCode, xmlReason(v.code))
		}
		return
	case l.kind == xmlCredit || l.kind == xmlAdvice:
		w.SetString(iso20022.Status, "ACCC")
	default:
		w.SetString(iso20022.Status, "ACSC")
		w.SetDate(iso20022.SettledOn, now/int64(24*time.Hour))
	}
	w.SetTime(iso20022.AcceptedAt, now)
	if l.kind == xmlDebit || l.kind == xmlCredit {
		approval := l.key.approval()
		w.Set(iso20022.ServicerReference, approval[:])
	}
}

// xmlReason is a code of the book in ISO's list of status reasons.
func xmlReason(code [2]byte) string {
	switch code {
	case codeAmount:
		return "AM12"
	case codeNotFound:
		return "AG09"
	case codeNoFunds:
		return "AM04"
	case codePayeeUnknown:
		return "AC03"
	case codePayerUnknown:
		return "AC02"
	case codeDuplicate:
		return "AM05"
	}
	return "MS03"
}
