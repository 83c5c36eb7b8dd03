package iso20022

import (
	"crypto/sha256"
	"encoding/binary"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// Refuse appends the refusal of the message read last: a status report for a
// payment that was asked for, "it stays" for a recall, a message reject for
// anything else. Messages that are answers, receipts or rejects get none: two
// systems that reject each other's rejects never end.
func (i *interpreter) Refuse(dst []byte, r translate.Refusal) ([]byte, bool) {
	var b []byte
	var err error
	switch f := familyOf(i.msg.Definition()); {
	case f == familyReject || f == familyReceipt || f == familyEventAnswer || f == familyStatus || f == familyRecallAnswer || f == familyResolved:
		return dst, false
	case i.fault == nil && (f == familyTransfer || f == familyInitiation):
		b, err = i.refusePayment(dst, r.Why)
	case i.fault == nil && f == familyRecall:
		b, err = i.keep(dst)
	default:
		b, err = i.reject(dst, r)
	}
	return b, err == nil
}

// refusePayment tells the sender of a request no, without a payment.
func (i *interpreter) refusePayment(dst []byte, why payment.Outcome) ([]byte, error) {
	var p payment.Payment
	for _, c := range copied {
		if v := i.msg.Text(c.from); len(v) > 0 {
			p.Text.Set(c.to, truncate(v, c.to))
		}
	}
	if v := i.msg.Text(codec.ClearingReference); len(v) == len(p.Echo.RRN) {
		copy(p.Echo.RRN[:], v)
	}
	p.Text.Set(payment.RequestType, []byte(i.msg.Definition().Name))
	return i.refused(dst, &p, why)
}

// RefuseRequest appends the refusal of a request that was read but not taken.
func (i *interpreter) RefuseRequest(dst []byte, ev *payment.Event, why payment.Outcome) ([]byte, error) {
	q := &ev.Request
	p := payment.Payment{Key: q.Key, Echo: q.Echo, Amount: q.Amount, Text: ev.Text}
	return i.refused(dst, &p, why)
}

func (i *interpreter) refused(dst []byte, p *payment.Payment, why payment.Outcome) ([]byte, error) {
	p.Reply, p.CreatedAt = why, i.theirTime(p)
	ef := payment.Effect{Leg: payment.LegRequest, Payment: p}
	return i.reportAs(dst, refusalID(p.Text.Get(payment.MsgID), &i.id), &ef, why)
}

// theirTime is when the sender says that it made its message: the only time that
// a refusal can bear and still be the same each time.
func (i *interpreter) theirTime(p *payment.Payment) int64 {
	at, _ := codec.ParseDateTime(p.Text.Get(payment.RequestCreatedAt))
	return at
}

// refusalID is the id of a message that answers another outside any payment: it
// is made of the other's id, so that it is the same each time.
func refusalID(of []byte, room *messageID) []byte {
	sum := sha256.Sum256(of)
	number := translate.Reference(payment.ID(binary.LittleEndian.Uint64(sum[:])>>7), payment.LegRequest)
	b := append(room[:0], idPrefix...)
	b = append(b, number[:]...)
	return append(b, "X00"...)
}

// reject says that a message was not understood: admi.002.
func (i *interpreter) reject(dst []byte, r translate.Refusal) ([]byte, error) {
	related := i.msg.Text(codec.BizMsgID)
	if len(related) == 0 {
		related = []byte(notProvided)
	}
	at, _ := codec.ParseDateTime(i.msg.Text(codec.BizCreatedAt))
	w := i.begin(dst, i.dialect.send.reject, refusalID(related, &i.id), at, false)
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
	w := i.begin(dst, i.dialect.send.recallAnswer, refusalID(m.Text(codec.BizMsgID), &i.id), at, false)
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
