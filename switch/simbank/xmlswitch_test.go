package simbank

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"switchd/codec/frame"
)

// xmlSwitch is the fake switch in ISO 20022. Events are answered by itself.
type xmlSwitch struct {
	*fakeSwitch
	speech *messages // as the switch, so its us and them are turned
	docs   chan docIn
	acks   chan *eventAckDoc

	how      proof       // it sends
	unsigned chan []byte // what was not signed, or not rightly, where it should have been
}

type docIn struct {
	head header
	doc  any
	body []byte
}

func newXMLSwitch(t testing.TB) *xmlSwitch {
	s := &xmlSwitch{fakeSwitch: newFakeSwitch(t), docs: make(chan docIn, 10_000), acks: make(chan *eventAckDoc, 100), unsigned: make(chan []byte, 100)}
	s.speech = newMessages(Options{Institution: "999999", Switch: "100001", IFSC: "SWCH", Handle: "switch", Currency: "356", Clock: wall})
	s.mu.Lock() // as accept does, which reads them later
	s.wire.Framing, s.take = frame.BIN4, s.takeXML
	s.mu.Unlock()
	return s
}

func (s *xmlSwitch) options() Options {
	o := s.fakeSwitch.options()
	o.Spec, o.ISO20022, o.Switch = nil, true, "999999"
	return o
}

func (s *xmlSwitch) takeXML(body []byte) {
	body = append([]byte(nil), body...)
	if s.speech.signing != nil {
		message, bad := s.speech.signing.open(body)
		if bad != nil {
			s.unsigned <- body
			return
		}
		body = message
	}
	head, doc, bad := readEnvelope(body)
	if bad == nil {
		bad = s.speech.addressed(head)
	}
	if bad != nil {
		s.t.Errorf("the participant wrote what cannot be read: %v in %s", bad, body)
	}
	noteSchema(s.t, body)
	switch d := doc.(type) {
	case *eventDoc:
		id := s.speech.nextID()
		s.put(defEventAck, id, eventAckDoc{MsgId: id, OrgtrRef: d.EvtInf.EvtParam[0], AckDtls: eventInfo{EvtCd: d.EvtInf.EvtCd, EvtDesc: "OK"}})
	case *eventAckDoc:
		s.acks <- d
	default:
		s.docs <- docIn{head, doc, body}
	}
}

func (s *xmlSwitch) put(definition, id string, doc any) {
	s.sendBytes(s.made(definition, id, doc))
}

func (s *xmlSwitch) made(definition, id string, doc any) []byte {
	body, err := s.speech.write(definition, id, doc)
	must(s.t, err)
	noteSchema(s.t, body)
	body, err = s.speech.seal(body, s.how)
	must(s.t, err)
	return body
}

// got is the next message of the participant but events.
func (s *xmlSwitch) got() docIn {
	s.t.Helper()
	select {
	case d := <-s.docs:
		return d
	case <-time.After(patience):
		s.t.Fatal("no message came")
		panic("unreachable")
	}
}

// echoed asks for an echo and waits for its answer: what came before has been
// taken, and what was to be answered at once has been.
func (s *xmlSwitch) echoed(number string) {
	s.t.Helper()
	s.put(defEvent, s.speech.nextID(), eventDoc{EvtInf: eventInfo{EvtCd: "ECHO", EvtParam: []string{number}}})
	for {
		select {
		case d := <-s.acks:
			if d.OrgtrRef == number && d.AckDtls.EvtCd == "ECHO" && d.AckDtls.EvtDesc == "OK" {
				return
			}
		case <-time.After(patience):
			s.t.Fatal("no admi.011 came")
		}
	}
}

// The requests of the switch. A ref of twelve characters names the payment.

func msgID(ref, leg string) string { return "SWD" + fmt.Sprintf("%012s", ref) + leg + "00" }
func txOf(ref string) string       { return "TX" + ref }

func (s *xmlSwitch) id(ref, leg string) paymentID {
	return paymentID{InstrId: msgID(ref, leg), EndToEndId: "E" + ref, TxId: txOf(ref), UETR: uetrOf(ref), ClrSysRef: "RRN" + ref}
}

func (s *xmlSwitch) inr(minor int64) money { return money{"INR", s.speech.money.write(minor)} }

func (s *xmlSwitch) header(id string) paymentHeader {
	return paymentHeader{MsgId: id, CreDtTm: s.speech.now(), NbOfTxs: "1", SttlmInf: settlement{SttlmMtd: "CLRG"}}
}

func accountOf(number string) account { return account{Id: accountID{Othr: &generic{number}}} }

func (s *xmlSwitch) debit(ref string, minor int64) (string, string, debitDoc) {
	id := msgID(ref, "D")
	payee := accountOf("2000020001")
	return defDebit, id, debitDoc{GrpHdr: s.header(id), DrctDbtTxInf: directDebit{
		PmtId: s.id(ref, "D"), PmtTpInf: &paymentType{codeOrText{Prtry: "DEBIT"}}, IntrBkSttlmAmt: s.inr(minor), ChrgBr: "SLEV",
		Cdtr: party{"PAYEE"}, CdtrAcct: &payee, CdtrAgt: branchAgent("BNKB0000001"), InstgAgt: s.speech.us(), InstdAgt: s.speech.them(),
		Dbtr: party{"PAYER"}, DbtrAcct: accountOf("1000010001"), DbtrAgt: branchAgent("BNKA0000001"),
	}}
}

func (s *xmlSwitch) credit(ref, kind string, minor int64) (string, string, creditDoc) {
	id := msgID(ref, "C")
	if kind == "DEEMED" {
		id = msgID(ref, "A")
	}
	payer, payee := accountOf("2000020001"), accountOf("1000010002")
	payee.Prxy = proxyOf("user2@banka")
	return defCredit, id, creditDoc{GrpHdr: s.header(id), CdtTrfTxInf: creditTransfer{
		PmtId: s.id(ref, "C"), PmtTpInf: &paymentType{codeOrText{Prtry: kind}}, IntrBkSttlmAmt: s.inr(minor),
		IntrBkSttlmDt: "2026-01-02", AccptncDtTm: s.speech.now(), ChrgBr: "SLEV", InstgAgt: s.speech.us(), InstdAgt: s.speech.them(),
		Dbtr: party{`O'PAYER & "SONS"`}, DbtrAcct: &payer, DbtrAgt: branchAgent("BNKB0000001"),
		CdtrAgt: branchAgent("BNKA0000001"), Cdtr: party{"PAYEE"}, CdtrAcct: &payee, RmtInf: &remittance{[]string{"tea <& cake>"}},
	}}
}

func (s *xmlSwitch) reversal(ref string, minor int64) (string, string, reversalDoc) {
	id, of := msgID(ref, "V"), s.id(ref, "D")
	return defReversal, id, reversalDoc{GrpHdr: s.header(id), TxInf: reversalTransfer{
		RvslId: id, OrgnlGrpInf: &originalGroup{OrgnlMsgId: of.InstrId, OrgnlMsgNmId: defDebit}, OrgnlInstrId: of.InstrId,
		OrgnlEndToEndId: of.EndToEndId, OrgnlTxId: of.TxId, OrgnlUETR: of.UETR, RvsdIntrBkSttlmAmt: s.inr(minor),
		RvslRsnInf: reason{Rsn: &codeOrText{Cd: "AB05"}},
	}}
}

func (s *xmlSwitch) enquiry(ref string) (string, string, enquiryDoc) {
	id, of := msgID(ref, "S"), s.id(ref, "C")
	return defEnquiry, id, enquiryDoc{GrpHdr: groupHeader{MsgId: id, CreDtTm: s.speech.now()}, TxInf: enquiredTransfer{
		OrgnlGrpInf: originalGroup{OrgnlMsgId: of.InstrId, OrgnlMsgNmId: defCredit}, OrgnlInstrId: of.InstrId,
		OrgnlEndToEndId: of.EndToEndId, OrgnlTxId: of.TxId, OrgnlUETR: of.UETR,
	}}
}

func (s *xmlSwitch) recall(ref string) (string, string, recallDoc) {
	id, of := msgID(ref, "F"), s.id(ref, "C")
	return defRecall, id, recallDoc{
		Assgnmt: caseAssignment{Id: id, Assgnr: partyOrAgent{Agt: s.speech.us()}, Assgne: partyOrAgent{Agt: s.speech.them()}, CreDtTm: s.speech.now()},
		Undrlyg: underlying{recalledTransfer{
			CxlId: id, OrgnlGrpInf: originalGroup{OrgnlMsgId: of.InstrId, OrgnlMsgNmId: defCredit}, OrgnlInstrId: of.InstrId,
			OrgnlEndToEndId: of.EndToEndId, OrgnlTxId: of.TxId, OrgnlUETR: of.UETR, CxlRsnInf: reason{Rsn: &codeOrText{Cd: "TECH"}},
		}},
	}
}

func (s *xmlSwitch) verification(vpa string) (string, string, verificationDoc) {
	id := s.speech.nextID()
	return defVerification, id, verificationDoc{
		Assgnmt: assignment{MsgId: id, CreDtTm: s.speech.now(), Assgnr: partyOrAgent{Agt: s.speech.us()}, Assgne: partyOrAgent{Agt: s.speech.them()}},
		Vrfctn:  verification{Id: id, PtyAndAcctId: identification{Pty: &contactParty{CtctDtls: &contact{vpa}}}},
	}
}

// word is a pacs.002 of the switch about a message of the participant or of its
// own; check is the enquiry that it answers.
func (s *xmlSwitch) word(id string, of originalGroup, p paymentID, status, why, check string) (string, string, statusDoc) {
	t := transactionStatus{
		StsId: check, OrgnlGrpInf: of, OrgnlInstrId: p.InstrId, OrgnlEndToEndId: p.EndToEndId, OrgnlTxId: p.TxId, OrgnlUETR: p.UETR,
		TxSts: status, AccptncDtTm: s.speech.now(), ClrSysRef: p.ClrSysRef,
	}
	if why != "" {
		t.StsRsnInf = &reason{Rsn: &codeOrText{Cd: why}}
	}
	return defStatus, id, statusDoc{GrpHdr: groupHeader{MsgId: id, CreDtTm: s.speech.now()}, TxInfAndSts: t}
}

// aboutCredit is the last word about a credit, or the answer to a question.
func (s *xmlSwitch) aboutCredit(ref, status, why, check string) (string, string, statusDoc) {
	of := s.id(ref, "C")
	return s.word(msgID(ref, "K"), originalGroup{OrgnlMsgId: of.InstrId, OrgnlMsgNmId: defCredit}, of, status, why, check)
}

// summary is what a test compares of a message.
func summary(d docIn) string {
	switch m := d.doc.(type) {
	case *statusDoc:
		t := &m.TxInfAndSts
		return strings.Join(strings.Fields(fmt.Sprint("pacs.002 ", t.TxSts, " ", t.StsRsnInf.code(), " ", t.AcctSvcrRef)), " ")
	case *verifiedDoc:
		if u := m.Rpt.UpdtdPtyAndAcctId; u != nil {
			return fmt.Sprint("acmt.024 ", m.Rpt.Vrfctn, " ", u.Acct.Othr.Id, " ", u.Pty.Nm, " ", u.Agt.member())
		}
		return fmt.Sprint("acmt.024 ", m.Rpt.Vrfctn, " ", m.Rpt.Rsn.Cd)
	case *resolutionDoc:
		return "camt.029 " + m.Sts.Conf
	case *receiptDoc:
		return "admi.007 " + m.Rpt.ReqHdlg.StsCd + " " + m.Rpt.RltdRef.Ref
	case *rejectDoc:
		return "admi.002 " + m.Rsn.RjctgPtyRsn + " " + m.Rsn.ErrLctn + " " + m.Rsn.RsnDesc
	case *enquiryDoc:
		return "pacs.028 " + m.TxInf.OrgnlGrpInf.OrgnlMsgId
	}
	return fmt.Sprintf("%T", d.doc)
}
