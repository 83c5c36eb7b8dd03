package bench

import (
	"bytes"
	"errors"

	"switchd/codec/iso20022"
)

// xmlKind is what a leg of ISO 20022 asks of its bank.
type xmlKind uint8

const (
	xmlDebit xmlKind = iota + 1
	xmlCredit
	xmlAdvice
	xmlReversal
)

// xmlLeg is a leg as it came.
type xmlLeg struct {
	kind    xmlKind
	key     legKey
	account int32
	amount  int64
}

// takeXML handles one message of ISO 20022. Reader goroutine.
func (l *link) takeXML(body []byte, now int64) {
	m, s := l.xml, l.speaker.xml
	if err := m.Parse(l.at.Profile, body); err != nil {
		l.tally.malformed++
		return
	}
	var err error
	before := len(l.answers)
	switch family(m.Definition()) {
	case "pain.002":
		l.settleXML(m.Text(iso20022.OriginalMsgID), now)
		l.answers, err = l.receipt(l.answers, now)
	case "pacs.002":
		l.answers, err = l.confirmed(l.answers, now)
	case "admi.002":
		l.settleXML(m.Text(iso20022.RelatedReference), now)
	case "pacs.003", "pacs.008", "pacs.007":
		l.answers, err = l.serveXML(l.answers, now)
	case "pacs.028", "camt.056":
		l.answers, err = l.doubted(l.answers, now)
	case "acmt.023":
		l.answers, err = s.resolved(l.answers, m, now)
	case "admi.004":
		l.answers, err = s.done(l.answers, m, now)
	case "admi.011":
		l.signedOnBy(string(m.Text(iso20022.EventCode)) == xmlSignOn && string(m.Text(iso20022.EventDescription)) == xmlYes)
	default:
		l.tally.strange++
	}
	if err != nil {
		l.answers = l.answers[:before]
		l.tally.strange++
	}
}

// receipt acknowledges the message that came, if the participant does that.
func (l *link) receipt(dst []byte, now int64) ([]byte, error) {
	if !l.at.Receipts {
		return dst, nil
	}
	return l.speaker.xml.received(dst, l.xml, now)
}

// confirmed takes the word of the switch that a credit is final.
func (l *link) confirmed(dst []byte, now int64) ([]byte, error) {
	if _, ok := keyOfID(l.xml.Text(iso20022.OriginalMsgID)); !ok || !l.at.Receipts {
		return dst, errors.New("a status of no credit")
	}
	return l.receipt(dst, now)
}

// doubted answers what the switch asks of a credit in doubt: what became of it, or that
// it be taken back or never made.
func (l *link) doubted(dst []byte, now int64) ([]byte, error) {
	m, s := l.xml, l.speaker.xml
	key, ok := keyOfID(m.Text(iso20022.OriginalMsgID))
	switch {
	case !ok:
		return dst, errors.New("a question about no credit")
	case family(m.Definition()) == "camt.056":
		return s.fenced(dst, m, l.at.book.fence(key), now)
	}
	return s.stands(dst, m, l.at.book.stands(key), now)
}

// family is the name of a message without its version.
func family(d *iso20022.Definition) string {
	if d == nil || len(d.Name) < 8 {
		return ""
	}
	return d.Name[:8]
}

// serveXML books a leg and answers it.
func (l *link) serveXML(dst []byte, now int64) ([]byte, error) {
	leg, err := l.legXML()
	if err != nil {
		return dst, err
	}
	var v verdict
	switch book := l.at.book; leg.kind {
	case xmlReversal:
		// A reversal names its debit and not the account, which the book knows.
		v = book.reverse(leg.key, book.accountOf(leg.key), leg.amount)
	case xmlAdvice:
		v = book.advise(leg.key, leg.account, leg.amount)
	default:
		silent := l.run.o.fateOf(leg.amount)
		if leg.kind == xmlCredit && silent == fateCreditSilent {
			return dst, nil
		}
		v = book.post(leg.key, leg.account, leg.amount, leg.kind == xmlCredit)
		if leg.kind == xmlDebit && silent == fateDebitSilent {
			return dst, nil
		}
	}
	return l.speaker.xml.posted(dst, l.xml, &leg, v, now)
}

// legXML reads a debit, a credit, an advice or a reversal.
func (l *link) legXML() (leg xmlLeg, err error) {
	m := l.xml
	id, account := m.Text(iso20022.InstructionID), m.Text(iso20022.DebtorAccount)
	switch family(m.Definition()) {
	case "pacs.003":
		leg.kind = xmlDebit
	case "pacs.007":
		leg.kind, id = xmlReversal, m.Text(iso20022.OriginalMsgID)
	default:
		leg.kind, account = xmlCredit, m.Text(iso20022.CreditorAccount)
		if string(m.Text(iso20022.LocalInstrument)) == xmlDeemed {
			leg.kind = xmlAdvice
		}
	}
	var ok bool
	if leg.key, ok = keyOfID(id); !ok {
		return leg, errors.New("a leg without its key")
	}
	why := iso20022.ReasonNone
	if leg.amount, why = iso20022.ParseAmount(m.Text(iso20022.Amount), l.at.decimals); why != iso20022.ReasonNone || string(m.Text(iso20022.AmountCurrency)) != l.at.currency {
		return leg, errors.New("a leg without its amount")
	}
	leg.account = l.at.accountOf(account)
	return leg, nil
}

// keyOfID packs the id of one of the switch's messages: "SWD", the payment's number in
// 12 letters and digits, a letter for the leg, two digits.
func keyOfID(id []byte) (legKey, bool) {
	const prefix = "SWD"
	if len(id) != len(prefix)+15 || string(id[:len(prefix)]) != prefix {
		return legKey{}, false
	}
	return keyOf(uint64(id[len(prefix)+12]), id[len(prefix):len(prefix)+12])
}

// settleXML takes the answer to an own payment, which an id names.
func (l *link) settleXML(id []byte, now int64) {
	m, t := l.xml, &l.tally
	tag := len(l.at.Institution)
	if len(id) != tag+referenceTagBytes+referenceDigits || string(id[:tag]) != l.at.Institution || string(id[tag:tag+referenceTagBytes]) != l.run.tag {
		t.unmatched++
		return
	}
	n, _ := number(id[tag+referenceTagBytes:])
	p, open := l.run.open.close(n)
	if !open {
		if !l.at.Receipts && !l.run.killed(n) { // otherwise it is repeated until it is acknowledged
			t.unmatched++
		}
		return
	}
	if e := m.Text(iso20022.OriginalEndToEndID); p.payer != l.at.number || len(e) > 0 && !bytes.Equal(e, id) {
		t.changed++
	}
	l.count(n, p, now, l.endingXML())
}

// endingXML is what an answer says: 00 for a yes, a reason or else a status for
// anything else.
func (l *link) endingXML() (e ending) {
	m := l.xml
	e.deemed = string(m.Text(iso20022.Status)) == "PDNG" && string(m.Text(iso20022.ReasonCode)) == "AB05"
	for _, f := range [...]iso20022.Field{iso20022.ReasonCode, iso20022.ReasonProprietary, iso20022.RejectReason} {
		if v := m.Text(f); len(v) > 0 {
			e.code = v
			return e
		}
	}
	e.code = m.Text(iso20022.Status)
	switch string(e.code) {
	case "ACSC", "ACCC":
		e.code = codeApproved[:]
	}
	return e
}
