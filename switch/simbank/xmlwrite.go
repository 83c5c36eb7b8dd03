package simbank

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// write puts a message into its envelope.
func (s *messages) write(definition, id string, doc any) ([]byte, error) {
	head := header{
		Fr: headerParty{memberAgent(s.own)}, To: headerParty{memberAgent(s.central)},
		BizMsgIdr: id, MsgDefIdr: definition, BizSvc: service, CreDt: s.now(),
	}
	var out bytes.Buffer
	out.WriteString(`<Message xmlns="">`)
	to := xml.NewEncoder(&out)
	if err := to.Encode(head); err != nil {
		return nil, fmt.Errorf("simbank: encode header of %s", definition)
	}
	fmt.Fprintf(&out, `<Document xmlns="%s%s">`, documentSpace, definition)
	if err := to.Encode(doc); err != nil {
		return nil, fmt.Errorf("simbank: encode %s", definition)
	}
	out.WriteString(`</Document></Message>`)
	return withoutNumbers.Replace(out.Bytes()), nil
}

// withoutNumbers undoes the character references of encoding/xml: the scheme
// knows the five entities and no others.
var withoutNumbers = replacer{{"&#34;", "&quot;"}, {"&#39;", "&apos;"}, {"&#x9;", "\t"}, {"&#xA;", "\n"}, {"&#xD;", " "}}

type replacer [][2]string

// Replace replaces all. An ampersand of the text is &amp; here, so nothing else
// looks like a reference.
func (r replacer) Replace(body []byte) []byte {
	for _, pair := range r {
		body = bytes.ReplaceAll(body, []byte(pair[0]), []byte(pair[1]))
	}
	return body
}

// again says in the header that the message may have come before.
func (s *messages) again(body []byte) []byte {
	return bytes.Replace(body, []byte("</CreDt></AppHdr>"), []byte("</CreDt><PssblDplct>true</PssblDplct></AppHdr>"), 1)
}

// seal signs a message, if they are.
func (s *messages) seal(body []byte, how proof) ([]byte, error) {
	if s.signing == nil {
		return body, nil
	}
	return s.signing.seal(body, how)
}

// nextID is the id of a message that no answer is found by.
func (s *messages) nextID() string { return fmt.Sprintf("%sM%016d", s.own, s.next.Add(1)) }

// now is the time of the scheme: UTC with milliseconds.
func (s *messages) now() string {
	return time.Unix(0, s.clock()).UTC().Format("2006-01-02T15:04:05.000Z")
}

func (s *messages) today() string { return s.now()[:len("2006-01-02")] }

func memberAgent(institution string) agent {
	return agent{institutionID{ClrSysMmbId: &member{MmbId: institution}}}
}

func branchAgent(ifsc string) agent {
	return agent{institutionID{ClrSysMmbId: &member{ClrSysId: &codeOrText{Cd: "INFSC"}, MmbId: ifsc}}}
}

// us and them are the two sides of a message, as payments name them.
func (s *messages) us() *agent   { a := memberAgent(s.own); return &a }
func (s *messages) them() *agent { a := memberAgent(s.central); return &a }

func (s *messages) ask(e event, number string) ([]byte, error) {
	doc := eventDoc{EvtInf: eventInfo{EvtCd: eventNames[e], EvtParam: []string{number}, EvtTm: s.now()}}
	return s.write(defEvent, s.nextID(), doc)
}

func (s *messages) confirm(h *heard) ([]byte, error) {
	if h.bad != nil {
		return s.refuse(h)
	}
	id := s.nextID()
	code := eventNames[h.event]
	if code == "" {
		return nil, fmt.Errorf("simbank: unknown event")
	}
	return s.write(defEventAck, id, eventAckDoc{MsgId: id, OrgtrRef: h.number, AckDtls: eventInfo{EvtCd: code, EvtDesc: "OK", EvtTm: s.now()}})
}

// refuse says that a message cannot be read, and where. A message that says so
// itself is not refused: two sides could go on like that for ever.
func (s *messages) refuse(h *heard) ([]byte, error) {
	q := h.raw.(*quoted)
	if q.definition == defReject || h.bad == nil || h.unproven {
		return nil, nil
	}
	ref := q.msgID
	if !textForms["id"].MatchString(ref) {
		ref = notProvided
	}
	doc := rejectDoc{RltdRef: reference{Ref: ref}, Rsn: rejection{
		RjctgPtyRsn: h.why, RjctnDtTm: s.now(), ErrLctn: h.bad.field, RsnDesc: h.bad.reason,
	}}
	return s.write(defReject, s.nextID(), doc)
}

const notProvided = "NOTPROVIDED"

func (s *messages) answer(h *heard, r *reply) ([]byte, error) {
	q := h.raw.(*quoted)
	switch h.duty {
	case dutyResolve:
		return s.verified(q, r.holder)
	case dutyFence:
		return s.resolution(q, r)
	case dutyConfirm, dutyUpdate:
		if !s.receipts {
			return nil, nil
		}
		id := s.nextID()
		return s.write(defReceipt, id, receiptDoc{
			MsgId: receiptID{MsgId: id, CreDtTm: s.now()},
			Rpt:   receiptReport{RltdRef: reference{Ref: q.msgID, MsgNm: q.definition}, ReqHdlg: handling{StsCd: "RCVD"}},
		})
	}
	return s.status(q, s.said(h.duty, r), r.Approval)
}

// status is a pacs.002: about the message that is answered, or about the one that
// was asked about.
func (s *messages) status(q *quoted, said saying, approval Approval) ([]byte, error) {
	id := s.nextID()
	t := transactionStatus{
		StsId: q.check, OrgnlInstrId: q.instruction, OrgnlEndToEndId: q.endToEnd, OrgnlTxId: q.txnID, OrgnlUETR: q.uetr,
		OrgnlGrpInf: originalGroup{q.msgID, q.definition, q.created},
		TxSts:       said.status, StsRsnInf: said.reason(), AccptncDtTm: s.now(),
		AcctSvcrRef: approval.String(), ClrSysRef: q.rrn, InstgAgt: s.us(), InstdAgt: s.them(),
	}
	if q.original != nil {
		t.OrgnlGrpInf = *q.original
	}
	if said.status == "ACSC" {
		t.FctvIntrBkSttlmDt = &dateOrTime{Dt: q.settled}
		if q.settled == "" {
			t.FctvIntrBkSttlmDt.Dt = s.today()
		}
	}
	return s.write(defStatus, id, statusDoc{GrpHdr: groupHeader{MsgId: id, CreDtTm: s.now()}, TxInfAndSts: t})
}

func (s *messages) verified(q *quoted, who *holder) ([]byte, error) {
	id := s.nextID()
	doc := verifiedDoc{
		Assgnmt:      assignment{MsgId: id, CreDtTm: s.now(), Assgnr: partyOrAgent{Agt: s.us()}, Assgne: partyOrAgent{Agt: s.them()}},
		OrgnlAssgnmt: &originalAssignment{MsgId: q.msgID, CreDtTm: q.created},
		Rpt:          verificationReport{OrgnlId: q.check, Vrfctn: "false", Rsn: &codeOrText{Cd: "BE23"}},
	}
	if who != nil {
		at := branchAgent(who.branch)
		doc.Rpt.Vrfctn, doc.Rpt.Rsn = "true", nil
		doc.Rpt.UpdtdPtyAndAcctId = &identification{
			Pty: &contactParty{Nm: who.name}, Acct: &accountID{Othr: &generic{who.account}}, Agt: &at,
		}
	}
	return s.write(defVerified, id, doc)
}

// resolution answers a recall: CNCL says that the credit is not and will not be
// posted, RJCR that it is, PDCR that this bank cannot tell (its book is full).
func (s *messages) resolution(q *quoted, r *reply) ([]byte, error) {
	word := "CNCL"
	switch r.State {
	case Posted:
		word = "RJCR"
	case 0:
		word = "PDCR"
	}
	id := s.nextID()
	return s.write(defResolution, id, resolutionDoc{
		Assgnmt: caseAssignment{Id: id, Assgnr: partyOrAgent{Agt: s.us()}, Assgne: partyOrAgent{Agt: s.them()}, CreDtTm: s.now()},
		Sts:     resolutionStatus{Conf: word},
		CxlDtls: &cancellation{cancelledTransfer{
			CxlStsId: q.check, OrgnlGrpInf: q.original, OrgnlInstrId: q.instruction, OrgnlEndToEndId: q.endToEnd,
			OrgnlTxId: q.txnID, OrgnlUETR: q.uetr,
		}},
	})
}

// enquire asks the switch what became of a payment: an own one, or a credit that
// waits for its confirmation.
func (s *messages) enquire(about *subject) ([]byte, error) {
	id := s.nextID()
	txnID := about.txnID
	if txnID == "" {
		txnID = notProvided
	}
	return s.write(defEnquiry, id, enquiryDoc{
		GrpHdr: groupHeader{MsgId: id, CreDtTm: s.now()},
		TxInf: enquiredTransfer{
			OrgnlGrpInf:  originalGroup{about.msgID, about.msgName, about.created},
			OrgnlInstrId: about.instruction, OrgnlEndToEndId: about.endToEnd, OrgnlTxId: txnID, OrgnlUETR: about.uetr,
			InstgAgt: s.us(), InstdAgt: s.them(),
		},
	})
}

// orderedByUs reports whether a message id is that of an own payment.
func (s *messages) orderedByUs(id string) bool {
	rest, ours := strings.CutPrefix(id, s.own)
	return ours && (strings.HasPrefix(rest, ModelA) || strings.HasPrefix(rest, ModelB))
}

// order is the payment as pacs.008 (model B) or pain.001 (model A).
func (s *messages) order(own *payment, o Order) ([]byte, error) {
	id := s.own + own.model + own.rrn
	about := &subject{msgID: id, msgName: defOrder, created: s.now(), instruction: id, endToEnd: "E2E" + own.rrn, uetr: uetrOf(id), rrn: own.rrn}
	own.id, own.subject, own.request = id, about, about
	amount := money{Ccy: s.money.letters, Value: s.money.write(own.amount)}
	payer, payee := s.payer(o), payeeOf(o)
	var note *remittance
	if o.Note != "" {
		note = &remittance{Ustrd: []string{o.Note}}
	}
	if own.model == ModelA {
		return s.write(defOrder, id, orderDoc{
			GrpHdr: orderHeader{MsgId: id, CreDtTm: about.created, NbOfTxs: "1", InitgPty: party{Nm: strings.ToUpper(s.handle)}},
			PmtInf: orderBatch{
				PmtInfId: id, PmtMtd: "TRF", ReqdExctnDt: dateOrTime{Dt: s.today()},
				Dbtr: payer.who, DbtrAcct: payer.account, DbtrAgt: payer.at, ChrgBr: "SLEV",
				CdtTrfTxInf: orderedTransfer{
					PmtId: orderID{InstrId: id, EndToEndId: about.endToEnd, UETR: about.uetr}, Amt: orderAmount{amount},
					CdtrAgt: &payee.at, Cdtr: &payee.who, CdtrAcct: &payee.account, RmtInf: note,
				},
			},
		})
	}
	about.msgName, about.txnID = defCredit, fmt.Sprintf("%s%0*s", s.ifsc, len(TxnID{})-len(s.ifsc), s.own+own.rrn)
	return s.write(defCredit, id, creditDoc{
		GrpHdr: paymentHeader{MsgId: id, CreDtTm: about.created, NbOfTxs: "1", SttlmInf: settlement{SttlmMtd: "CLRG"}},
		CdtTrfTxInf: creditTransfer{
			PmtId:          paymentID{InstrId: id, EndToEndId: about.endToEnd, TxId: about.txnID, UETR: about.uetr, ClrSysRef: own.rrn},
			PmtTpInf:       &paymentType{codeOrText{Prtry: "PUSH"}},
			IntrBkSttlmAmt: amount, IntrBkSttlmDt: s.today(), AccptncDtTm: about.created, ChrgBr: "SLEV",
			InstgAgt: s.us(), InstdAgt: s.them(),
			Dbtr: payer.who, DbtrAcct: &payer.account, DbtrAgt: payer.at,
			CdtrAgt: payee.at, Cdtr: payee.who, CdtrAcct: &payee.account, RmtInf: note,
		},
	})
}

// side is one of the two customers of a payment.
type side struct {
	who     party
	account account
	at      agent
}

func (s *messages) payer(o Order) side {
	out := side{party{notProvided}, account{Id: accountID{Othr: &generic{o.PayerAccount}}}, branchAgent(branch(s.ifsc))}
	if n, ok := userOfAccount(s.own, o.PayerAccount); ok {
		out.who.Nm = nameOf(s.handle, n)
		out.account.Prxy = proxyOf(address(s.handle, n))
	}
	return out
}

func payeeOf(o Order) side {
	if o.PayeeVPA == "" {
		return side{party{notProvided}, account{Id: accountID{Othr: &generic{o.PayeeAccount}}}, branchAgent(o.PayeeIFSC)}
	}
	nobody := &generic{notProvided}
	return side{party{notProvided}, account{Id: accountID{Othr: nobody}, Prxy: proxyOf(o.PayeeVPA)}, agent{institutionID{Othr: nobody}}}
}

func proxyOf(vpa string) *proxy { return &proxy{Tp: &codeOrText{Prtry: "VPA"}, Id: vpa} }

// uetrOf makes a UUID of version 4 from a message id: the payer's bank needs
// nothing from it but that it is unique.
func uetrOf(id string) string {
	b := sha256.Sum256([]byte(id))
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
