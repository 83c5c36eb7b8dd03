package sim

import (
	"bytes"
	"fmt"

	codec "switchd/codec/iso20022"
)

const day = int64(24 * 60 * 60 * 1e9)

// begin begins a message with an id; empty: the next one.
func (s *speaker20022) begin(dst []byte, name, id string) {
	if id == "" {
		s.own++
		id = fmt.Sprintf("B%s-%08d", s.institution, s.own)
	}
	d := codec.Find(name)
	s.w.Begin(profile20022(), d, dst)
	s.w.SetString(codec.BizFrom, s.institution)
	s.w.SetString(codec.BizTo, switchInstitution)
	s.w.SetString(codec.BizMsgID, id)
	s.w.SetTime(codec.BizCreatedAt, s.now())
	s.set(d, codec.MsgID, id)
	if profile20022().Carries(d, codec.CreatedAt) {
		s.w.SetTime(codec.CreatedAt, s.now())
	}
	s.set(d, codec.InstructingAgent, s.institution)
	s.set(d, codec.InstructedAgent, switchInstitution)
}

// set gives a field its value where the message has one.
func (s *speaker20022) set(d *codec.Definition, f codec.Field, v string) {
	if profile20022().Carries(d, f) {
		s.w.SetString(f, v)
	}
}

func (s *speaker20022) network(dst []byte, code int, number uint32) ([]byte, error) {
	s.begin(dst, "admi.004.001.02", "")
	s.w.SetString(codec.EventCode, eventNames[code])
	s.w.SetString(codec.EventParameter, fmt.Sprint(number))
	return s.w.Finish()
}

func (s *speaker20022) networkAnswer(dst []byte, m *message, _ string) ([]byte, error) {
	s.begin(dst, "admi.011.001.01", "")
	s.w.SetString(codec.OriginatorReference, m.about)
	s.w.SetString(codec.EventCode, eventNames[m.code])
	s.w.SetString(codec.EventDescription, "OK")
	return s.w.Finish()
}

func (s *speaker20022) answer(dst []byte, m *message, v *verdict) ([]byte, error) {
	switch m.kind {
	case resolve:
		return s.resolved(dst, m, v)
	case fence:
		return s.recalled(dst, m, v)
	case confirm, update, reply:
		s.begin(dst, "admi.007.001.01", "")
		s.w.SetString(codec.RelatedReference, m.id)
		s.w.SetString(codec.RequestStatus, "RCVD")
		return s.w.Finish()
	}
	return s.report(dst, m, v)
}

// statuses are the words of ISO 20022 for the results of a book.
var statuses = map[string]struct{ status, code, own string }{
	"00": {"ACSC", "", ""}, "09": {"PDNG", "", ""}, "68": {"ACWP", "", ""},
	"05": {"RJCT", "MS03", ""}, "51": {"RJCT", "AM04", ""}, "61": {"RJCT", "AM14", ""}, "94": {"RJCT", "AM05", ""},
	"25": {"RJCT", "AG09", ""}, "21": {"RJCT", "", "NOTD"}, "CS": {"RJCT", "", "DONE"},
	"91": {"RJCT", "AB05", ""}, "96": {"RJCT", "AB10", ""},
}

// report answers a debit, a credit, a reversal, an advice or a status enquiry.
func (s *speaker20022) report(dst []byte, m *message, v *verdict) ([]byte, error) {
	s.begin(dst, "pacs.002.001.10", "")
	about := m.id
	if m.kind == status {
		s.w.SetString(codec.StatusID, m.id)
		about = m.id[:len(m.id)-3] + "C00"
	}
	s.originals(m, about)
	word := statuses[v.result]
	switch {
	case word.status == "ACSC" && m.kind == credit && s.onConfirm:
		s.w.SetString(codec.Status, "ACTC")
	case word.status == "ACSC":
		s.w.SetString(codec.Status, word.status)
		s.w.SetTime(codec.AcceptedAt, s.now())
		s.w.SetDate(codec.SettledOn, s.now()/day)
		if m.kind == debit {
			s.w.SetString(codec.ServicerReference, "A12345")
		}
	default:
		s.w.SetString(codec.Status, word.status)
		s.w.SetString(codec.ReasonCode, word.code)
		s.w.SetString(codec.ReasonProprietary, word.own)
	}
	return s.finish(dst, v, "</TxSts>")
}

func (s *speaker20022) originals(m *message, about string) {
	s.w.SetString(codec.OriginalMsgID, about)
	s.w.SetString(codec.OriginalMsgName, m.about)
	s.w.SetString(codec.OriginalEndToEndID, m.endToEnd)
	s.w.SetString(codec.OriginalTransactionID, m.transaction)
	s.w.SetString(codec.OriginalUETR, m.uetr)
}

// finish ends an answer, and spoils it before an end tag if that is wanted.
func (s *speaker20022) finish(dst []byte, v *verdict, tag string) ([]byte, error) {
	start := len(dst)
	b, err := s.w.Finish()
	if err != nil || !v.garbled {
		return b, err
	}
	at := bytes.Index(b[start:], []byte(tag))
	return append(b[:start+at], append([]byte("?!"), b[start+at:]...)...), nil
}

func (s *speaker20022) resolved(dst []byte, m *message, v *verdict) ([]byte, error) {
	s.begin(dst, "acmt.024.001.02", "")
	s.w.SetString(codec.VerificationID, m.id)
	s.w.SetBool(codec.Verified, v.account != "")
	if v.account == "" {
		s.w.SetString(codec.ReasonCode, "BE23")
		return s.finish(dst, v, "</Vrfctn>")
	}
	s.w.SetString(codec.UpdatedName, "Payee & Sons")
	s.w.SetString(codec.UpdatedAccount, v.account)
	if v.ifsc != "" {
		s.w.SetString(codec.UpdatedAgentSystem, "INFSC")
		s.w.SetString(codec.UpdatedAgent, v.ifsc)
	}
	return s.finish(dst, v, "</Vrfctn>")
}

// recalled answers a fence. A bank that refuses it says that its credit stands.
func (s *speaker20022) recalled(dst []byte, m *message, v *verdict) ([]byte, error) {
	s.begin(dst, "camt.029.001.09", "")
	s.w.SetString(codec.StatusID, m.id)
	word := "RJCR"
	switch v.result {
	case "00", "21", "25":
		word = "CNCL"
	case "09", "68":
		word = "PDCR"
	}
	s.w.SetString(codec.CancellationStatus, word)
	return s.finish(dst, v, "</Conf>")
}

func (s *speaker20022) request(dst []byte, o *order) ([]byte, error) {
	s.begin(dst, o.name(), o.msgID())
	s.w.SetTime(codec.CreatedAt, o.at)
	if o.repeat {
		s.w.SetBool(codec.BizPossibleDuplicate, true)
	}
	s.w.SetString(codec.EndToEndID, o.endToEndID())
	s.w.SetString(codec.UETR, o.uetr)
	s.w.SetAmount(codec.Amount, o.minor, currencyNames[o.currency])
	s.w.SetString(codec.Transactions, "1")
	s.w.SetString(codec.ChargeBearer, "SLEV")
	if o.own {
		s.w.SetString(codec.InstructionID, o.msgID())
		s.w.SetString(codec.TransactionID, "T"+o.msgID())
		s.w.SetString(codec.SettlementMethod, "CLRG")
		s.w.SetString(codec.LocalInstrument, "PUSH")
		s.w.SetDate(codec.SettlementDate, o.at/day)
		s.w.SetTime(codec.AcceptedAt, o.at)
	} else {
		s.w.SetString(codec.InitiatingParty, "BANK")
		s.w.SetString(codec.PaymentInfoID, "P"+o.msgID())
		s.w.SetString(codec.PaymentMethod, "TRF")
		s.w.SetDate(codec.RequestedDate, o.at/day)
	}
	s.parties(o)
	return s.w.Finish()
}

// currencyNames are the currencies that requests are in.
var currencyNames = map[uint64]string{currency: currencyName, 840: "USD"}

func (s *speaker20022) parties(o *order) {
	s.w.SetString(codec.Purpose, o.purpose)
	s.w.SetString(codec.DebtorName, "Payer <1>")
	s.w.SetString(codec.DebtorAccount, o.payer)
	s.w.SetString(codec.DebtorAgentSystem, "INFSC")
	s.w.SetString(codec.DebtorAgent, ifscOf(o.from))
	s.w.SetString(codec.CreditorName, "NOTPROVIDED")
	if o.vpa != "" {
		s.w.SetString(codec.CreditorAccount, "NOTPROVIDED")
		s.w.SetString(codec.CreditorProxyType, "VPA")
		s.w.SetString(codec.CreditorProxy, o.vpa)
		s.w.SetString(codec.CreditorAgentOther, "NOTPROVIDED")
		return
	}
	s.w.SetString(codec.CreditorAccount, o.payee)
	s.w.SetString(codec.CreditorAgentSystem, "INFSC")
	s.w.SetString(codec.CreditorAgent, ifscOf(o.to))
}

func (s *speaker20022) enquire(dst []byte, o *order) ([]byte, error) {
	s.begin(dst, "pacs.028.001.03", "")
	s.w.SetString(codec.OriginalMsgID, o.msgID())
	s.w.SetString(codec.OriginalMsgName, o.name())
	s.w.SetString(codec.OriginalEndToEndID, o.endToEndID())
	s.w.SetString(codec.OriginalTransactionID, "T"+o.msgID())
	s.w.SetString(codec.OriginalUETR, o.uetr)
	return s.w.Finish()
}
