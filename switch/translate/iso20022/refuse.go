package iso20022

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// Refuse appends the refusal of the message read last: a status report for a
// payment that was asked for, "it stays" for a recall, "not decided" for an enquiry
// that is to come again later, a message reject for anything else. Messages that are answers, receipts or rejects get none: two
// systems that reject each other's rejects never end.
func (i *interpreter) Refuse(dst []byte, r translate.Refusal) ([]byte, bool) {
	var b []byte
	var err error
	switch f := i.family(); {
	case f == familyReject || f == familyReceipt || f == familyEventAnswer || f == familyStatus || f == familyRecallAnswer || f == familyResolved:
		return dst, false
	case i.fault == nil && (f == familyTransfer || f == familyInitiation):
		b, err = i.refusePayment(dst, r.Why)
	case i.fault == nil && f == familyRecall:
		b, err = i.keep(dst)
	case i.fault == nil && f == familyEnquiry && r.Why == payment.Pending:
		b, err = i.undecided(dst, r)
	default:
		b, err = i.reject(dst, r)
	}
	return b, err == nil
}

// family is what the message read last is, by its document or, if that was not
// reached, by what its header says.
func (i *interpreter) family() string {
	if d := i.msg.Definition(); d != nil {
		return familyOf(d)
	}
	return familyOf(codec.Find(string(i.msg.Text(codec.BizDefinition))))
}

// refusePayment tells the sender of a request no, without a payment.
func (i *interpreter) refusePayment(dst []byte, why payment.Outcome) ([]byte, error) {
	var p payment.Payment
	i.texts(&p.Text)
	if v := i.msg.Text(codec.ClearingReference); len(v) == len(p.Echo.RRN) {
		copy(p.Echo.RRN[:], v)
	}
	return i.refused(dst, &p, translate.Refusal{Why: why})
}

// RefuseRequest appends the refusal of a request that was read but not taken.
func (i *interpreter) RefuseRequest(dst []byte, ev *payment.Event, r translate.Refusal) ([]byte, error) {
	q := &ev.Request
	p := payment.Payment{Key: q.Key, Echo: q.Echo, Amount: q.Amount, Text: ev.Text}
	return i.refused(dst, &p, r)
}

func (i *interpreter) refused(dst []byte, p *payment.Payment, r translate.Refusal) ([]byte, error) {
	ef := payment.Effect{Leg: payment.LegRequest, Payment: p}
	return i.reportAs(dst, refusalID(p.Text.Get(payment.MsgID), uint64(r.Why), r.Note, &i.id), theirTime(p), &ef, r.Why, r.Note)
}

// theirTime is when the sender says that it made its message: the only time that
// a refusal can bear and still be the same each time.
func theirTime(p *payment.Payment) int64 {
	at, _ := codec.ParseDateTime(p.Text.Get(payment.RequestCreatedAt))
	return at
}

// refusalID is the id of a message that answers another outside any payment. It is
// made of the other's id and of what tells answers to that apart, so that the same
// answer has the same id and another one has another.
func refusalID(of []byte, which uint64, note string, room *messageID) []byte {
	var text [96]byte
	sum := sha256.Sum256(append(append(binary.LittleEndian.AppendUint64(text[:0], which), of...), note...))
	number := translate.Reference(payment.ID(binary.LittleEndian.Uint64(sum[:])>>7), payment.LegRequest)
	b := append(room[:0], idPrefix...)
	b = append(b, number[:]...)
	return append(b, refusalSuffix...)
}

// refusalSuffix stands where ids of messages of payments have their leg.
const refusalSuffix = "X00"

// isRefusal says that an id is one that refusalID makes.
func isRefusal(id []byte) bool {
	return len(id) == len(messageID{}) && bytes.HasPrefix(id, []byte(idPrefix)) && bytes.HasSuffix(id, []byte(refusalSuffix))
}

// reject says that a message was not understood: admi.002.
func (i *interpreter) reject(dst []byte, r translate.Refusal) ([]byte, error) {
	related := i.msg.Text(codec.BizMsgID)
	if len(related) == 0 {
		related = []byte(notProvided)
	}
	at, _ := codec.ParseDateTime(i.msg.Text(codec.BizCreatedAt))
	which := uint64(r.Why)
	if i.fault != nil {
		which = uint64(i.fault.Reason)<<32 | uint64(i.fault.Offset)
	}
	w := i.begin(dst, i.dialect.send.reject, refusalID(related, which, "", &i.id), at, false)
	w.Set(codec.RelatedReference, related)
	w.SetString(codec.RejectReason, translate.ReasonOf(r.Why).Code)
	if i.fault != nil {
		w.SetString(codec.RejectReason, i.fault.Reason.Code())
		w.SetString(codec.RejectLocation, i.fault.Path)
		w.SetString(codec.RejectDescription, i.fault.Reason.String())
	} else {
		w.SetString(codec.RejectDescription, r.Note)
	}
	return w.Finish()
}

// keep answers a recall: nothing is called back once it is received (domain
// reference 7.3).
func (i *interpreter) keep(dst []byte) ([]byte, error) {
	m := &i.msg
	at, _ := codec.ParseDateTime(m.Text(codec.BizCreatedAt))
	w := i.begin(dst, i.dialect.send.recallAnswer, refusalID(m.Text(codec.BizMsgID), 0, "", &i.id), at, false)
	i.agents(w)
	w.SetString(codec.CancellationStatus, "RJCR")
	w.Set(codec.StatusID, m.Text(codec.CancellationID))
	for _, f := range [...]codec.Field{codec.OriginalMsgID, codec.OriginalMsgName, codec.OriginalInstructionID, codec.OriginalEndToEndID, codec.OriginalTransactionID, codec.OriginalUETR} {
		if m.Has(f) {
			w.Set(f, m.Text(f))
		}
	}
	return w.Finish()
}

// undecided answers an enquiry that is not looked into now. What was asked about
// comes back, and nothing is said about it.
func (i *interpreter) undecided(dst []byte, r translate.Refusal) ([]byte, error) {
	m, d := &i.msg, i.dialect.send.statusReport
	at, _ := codec.ParseDateTime(m.Text(codec.BizCreatedAt))
	asked := m.Text(codec.MsgID)
	w := i.begin(dst, d, refusalID(asked, uint64(r.Why), r.Note, &i.id), at, false)
	i.agents(w)
	w.Set(codec.StatusID, asked)
	for _, e := range enquired {
		if e.original {
			w.Set(e.from, m.Text(e.from))
		}
	}
	i.status(w, nil, r.Why, false)
	i.note(w, d, r.Note)
	return w.Finish()
}

// note writes what a report says to people, where the profile has a place for it.
func (i *interpreter) note(w *codec.Writer, d *codec.Definition, note string) {
	if note != "" && i.dialect.profile.Carries(d, codec.ReasonText) {
		w.SetString(codec.ReasonText, note)
	}
}
