package simbank

import (
	"strings"
	"sync/atomic"
)

// service is AppHdr/BizSvc of every message of the scheme.
const service = "switchd.ips"

// messages is the speech of ISO 20022, written with encoding/xml and the structs
// of this package alone: what the switch's scanner and writer make is read and
// made here by other code.
type messages struct {
	own, central string // institutions: this participant's and the switch's
	handle, ifsc string
	money        *currency
	receipts     bool // final answers are acknowledged
	onConfirm    bool // a credit that is accepted is not posted yet
	clock        func() int64
	signing      *signing     // nil: messages are not signed
	next         atomic.Int64 // number of the next message
}

func newMessages(o Options) *messages {
	s := &messages{
		own: o.Institution, central: o.Switch, handle: o.Handle, ifsc: o.IFSC, money: currencies[o.Currency],
		receipts: o.Receipts, onConfirm: o.PostOnConfirm, clock: o.Clock,
	}
	// As with the RRNs: a participant that starts again does not use a number twice.
	s.next.Store(o.Clock() / 1000)
	return s
}

// eventNames are the values of EvtCd.
var eventNames = map[event]string{signOn: "SGON", signOff: "SGOF", echo: "ECHO", cutOver: "CUTO"}

// quoted is what an answer repeats of the message that it answers.
type quoted struct {
	definition, msgID, created string
	original                   *originalGroup // of what that message is about, if it is about another
	instruction, endToEnd      string
	txnID, uetr, rrn           string
	check                      string // the id that the answer is found by: StsId, CxlStsId
	settled                    string // IntrBkSttlmDt
}

func (s *messages) hear(body []byte) heard {
	if s.signing != nil {
		message, bad := s.signing.open(body)
		if bad != nil { // nothing of it counts, not even whom an answer would go to
			return heard{bad: bad, unproven: true, raw: &quoted{}}
		}
		body = message
	}
	head, doc, bad := readEnvelope(body)
	h := heard{bad: bad, why: "FF01"}
	q := &quoted{definition: head.MsgDefIdr, msgID: head.BizMsgIdr}
	h.raw = q
	if bad == nil {
		h.bad = s.addressed(head)
	}
	if h.bad == nil {
		s.understand(&h, q, doc)
	}
	if h.bad == nil && q.msgID != head.BizMsgIdr {
		h.bad = &fault{"AppHdr/BizMsgIdr", "not that of the message"}
	}
	if h.bad == nil {
		return h
	}
	if strings.HasSuffix(h.bad.reason, "missing") {
		h.why = "CH21"
	}
	if h.act != eventAsked && h.act != opposed {
		h.act = noise
	}
	return h
}

// addressed holds the header against the link: the switch writes to us.
func (s *messages) addressed(head header) *fault {
	switch {
	case head.Fr.FIId.member() != s.central:
		return &fault{"AppHdr/Fr", "not the switch"}
	case head.To.FIId.member() != s.own:
		return &fault{"AppHdr/To", "not us"}
	case head.BizSvc != service:
		return &fault{"AppHdr/BizSvc", "unknown"}
	}
	return nil
}

// understand takes out of a message what it says.
func (s *messages) understand(h *heard, q *quoted, doc any) {
	switch d := doc.(type) {
	case *eventDoc:
		s.hearEvent(h, d)
	case *eventAckDoc:
		q.msgID = d.MsgId
		h.act, h.event, h.number, h.ok = eventDone, eventOf(eventNames, d.AckDtls.EvtCd), d.OrgtrRef, d.AckDtls.EvtDesc == "OK"
	case *verificationDoc:
		s.hearVerification(h, q, d)
	case *debitDoc:
		s.hearDebit(h, q, d)
	case *creditDoc:
		s.hearCredit(h, q, d)
	case *reversalDoc:
		s.hearReversal(h, q, d)
	case *enquiryDoc:
		s.hearEnquiry(h, q, d)
	case *recallDoc:
		s.hearRecall(h, q, d)
	case *statusDoc:
		s.hearStatus(h, q, d)
	case *orderStatusDoc:
		s.hearOrderStatus(h, q, d)
	case *rejectDoc:
		h.act = opposed
		h.bad = &fault{pathOnly(d.Rsn.ErrLctn), "refused by the switch"}
		h.told = told{id: d.RltdRef.Ref, later: true, outcome: outcomeDeclined, code: d.Rsn.RjctgPtyRsn,
			content: []byte("admi.002 " + d.Rsn.RjctgPtyRsn), echoes: func(any) bool { return true }}
	default:
		h.bad = &fault{"AppHdr/MsgDefIdr", "not for a participant"}
	}
}

// pathOnly is a path of elements, for the log; anything else could be content.
func pathOnly(text string) string {
	for _, c := range text {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '/' && c != '@' {
			return "message"
		}
	}
	if text == "" {
		return "message"
	}
	return text
}

func (s *messages) hearEvent(h *heard, d *eventDoc) {
	h.act, h.event = eventAsked, eventOf(eventNames, d.EvtInf.EvtCd)
	if len(d.EvtInf.EvtParam) != 1 {
		h.bad = &fault{"EvtInf/EvtParam", "missing"}
		return
	}
	h.number = d.EvtInf.EvtParam[0]
}

func (s *messages) hearVerification(h *heard, q *quoted, d *verificationDoc) {
	q.msgID, q.created, q.check = d.Assgnmt.MsgId, d.Assgnmt.CreDtTm, d.Vrfctn.Id
	h.act, h.duty = request, dutyResolve
	who := d.Vrfctn.PtyAndAcctId.Pty
	if who == nil || who.CtctDtls == nil {
		h.bad = &fault{"Vrfctn/PtyAndAcctId/Pty/CtctDtls", "missing"}
		return
	}
	h.address = who.CtctDtls.EmailAdr
}

// payment is what pacs.003 and pacs.008 have in common.
type payment20022 struct {
	head    paymentHeader
	id      paymentID
	kind    *paymentType
	amount  money
	bearer  string
	account *account // of the customer whose bank this is
	settled string
}

// hearPayment takes a debit or a credit, and finds what the scheme asks of both.
func (s *messages) hearPayment(h *heard, q *quoted, p payment20022) {
	q.msgID, q.created, q.settled = p.head.MsgId, p.head.CreDtTm, p.settled
	q.instruction, q.endToEnd, q.txnID, q.uetr, q.rrn = p.id.InstrId, p.id.EndToEndId, p.id.TxId, p.id.UETR, p.id.ClrSysRef
	h.act = request
	amount, known := s.amount(p.amount)
	number := p.account.number()
	switch {
	case p.head.SttlmInf.SttlmMtd != "CLRG":
		h.bad = &fault{"GrpHdr/SttlmInf/SttlmMtd", "value"}
	case q.instruction == "":
		h.bad = &fault{"PmtId/InstrId", "missing"}
	case q.txnID == "":
		h.bad = &fault{"PmtId/TxId", "missing"}
	case q.uetr == "":
		h.bad = &fault{"PmtId/UETR", "missing"}
	case p.kind == nil:
		h.bad = &fault{"PmtTpInf/LclInstrm", "missing"}
	case p.bearer != "SLEV":
		h.bad = &fault{"ChrgBr", "value"}
	case !known:
		h.bad = &fault{"IntrBkSttlmAmt", "amount"}
	case number == "":
		h.bad = &fault{"account", "missing"}
	default:
		h.leg = Leg{Key: KeyOf(s.central, q.instruction), TxnID: TxnOf(q.txnID), Account: AccountOf(number), Amount: amount}
	}
}

func (s *messages) hearDebit(h *heard, q *quoted, d *debitDoc) {
	t := &d.DrctDbtTxInf
	h.duty = dutyDebit
	s.hearPayment(h, q, payment20022{d.GrpHdr, t.PmtId, t.PmtTpInf, t.IntrBkSttlmAmt, t.ChrgBr, &t.DbtrAcct, t.IntrBkSttlmDt})
	if h.bad == nil && t.PmtTpInf.LclInstrm.Prtry != "DEBIT" {
		h.bad = &fault{"PmtTpInf/LclInstrm/Prtry", "type"}
	}
}

func (s *messages) hearCredit(h *heard, q *quoted, d *creditDoc) {
	t := &d.CdtTrfTxInf
	s.hearPayment(h, q, payment20022{d.GrpHdr, t.PmtId, t.PmtTpInf, t.IntrBkSttlmAmt, t.ChrgBr, t.CdtrAcct, t.IntrBkSttlmDt})
	if h.bad != nil {
		return
	}
	switch t.PmtTpInf.LclInstrm.Prtry {
	case "CREDIT":
		h.duty = dutyCredit
		h.subject = &subject{
			msgID: q.msgID, msgName: q.definition, created: q.created,
			instruction: q.instruction, endToEnd: q.endToEnd, txnID: q.txnID, uetr: q.uetr,
		}
	case "DEEMED":
		h.duty = dutyAdvice
	default:
		h.bad = &fault{"PmtTpInf/LclInstrm/Prtry", "type"}
	}
}

func (s *messages) hearReversal(h *heard, q *quoted, d *reversalDoc) {
	t := &d.TxInf
	q.msgID, q.created = d.GrpHdr.MsgId, d.GrpHdr.CreDtTm
	q.instruction, q.endToEnd, q.txnID, q.uetr, q.rrn = t.OrgnlInstrId, t.OrgnlEndToEndId, t.OrgnlTxId, t.OrgnlUETR, t.OrgnlClrSysRef
	h.act, h.duty = request, dutyReversal
	group := t.OrgnlGrpInf
	if group == nil {
		group = d.OrgnlGrpInf
	}
	amount, known := s.amount(t.RvsdIntrBkSttlmAmt)
	switch {
	case group == nil:
		h.bad = &fault{"TxInf/OrgnlGrpInf", "missing"}
	case group.OrgnlMsgId != t.OrgnlInstrId || group.OrgnlMsgNmId != defDebit:
		h.bad = &fault{"TxInf/OrgnlGrpInf", "original"}
	case !known:
		h.bad = &fault{"TxInf/RvsdIntrBkSttlmAmt", "amount"}
	default:
		h.leg = Leg{Key: KeyOf(s.central, t.OrgnlInstrId), TxnID: TxnOf(t.OrgnlTxId), Amount: amount}
	}
}

func (s *messages) hearEnquiry(h *heard, q *quoted, d *enquiryDoc) {
	t := &d.TxInf
	q.msgID, q.created, q.check = d.GrpHdr.MsgId, d.GrpHdr.CreDtTm, t.StsReqId
	if q.check == "" {
		q.check = q.msgID
	}
	q.original = &t.OrgnlGrpInf
	q.instruction, q.endToEnd, q.txnID, q.uetr = t.OrgnlInstrId, t.OrgnlEndToEndId, t.OrgnlTxId, t.OrgnlUETR
	h.act, h.duty = request, dutyStatus
	h.leg.Key = KeyOf(s.central, t.OrgnlGrpInf.OrgnlMsgId)
}

func (s *messages) hearRecall(h *heard, q *quoted, d *recallDoc) {
	t := &d.Undrlyg.TxInf
	q.msgID, q.created, q.check = d.Assgnmt.Id, d.Assgnmt.CreDtTm, t.CxlId
	q.original = &t.OrgnlGrpInf
	q.instruction, q.endToEnd, q.txnID, q.uetr = t.OrgnlInstrId, t.OrgnlEndToEndId, t.OrgnlTxId, t.OrgnlUETR
	h.act, h.duty = request, dutyFence
	if t.OrgnlGrpInf.OrgnlMsgId != t.OrgnlInstrId || t.OrgnlGrpInf.OrgnlMsgNmId != defCredit {
		h.bad = &fault{"TxInf/OrgnlGrpInf", "original"}
		return
	}
	h.leg = Leg{Key: KeyOf(s.central, t.OrgnlInstrId), TxnID: TxnOf(t.OrgnlTxId)}
}

// hearStatus takes a pacs.002: about an own payment, about a credit that we were
// sent, or in answer to a question about either. Which it is, its content says,
// not its number.
func (s *messages) hearStatus(h *heard, q *quoted, d *statusDoc) {
	t := &d.TxInfAndSts
	q.msgID, q.created = d.GrpHdr.MsgId, d.GrpHdr.CreDtTm
	why := t.StsRsnInf.code()
	if h.bad = checkWord(t.TxSts, why); h.bad != nil {
		return
	}
	asked, of := t.StsId != "", t.OrgnlGrpInf.OrgnlMsgId
	switch {
	case asked && t.TxSts == "RJCT" && why == "AG09":
		h.act = ruling // not known there: no answer
	case s.orderedByUs(of):
		s.hearOwn(h, asked, of, t.TxSts, why)
		h.told.txnID, h.told.in = t.OrgnlTxId, q.msgID
		h.told.echoes = func(request any) bool { return t.isAbout(request.(*subject)) }
	case asked:
		h.act, h.final = ruling, endings[t.TxSts]
		h.leg = Leg{Key: KeyOf(s.central, of), TxnID: TxnOf(t.OrgnlTxId)}
	case endings[t.TxSts] == endOpen:
		h.bad = &fault{"TxInfAndSts/TxSts", "value"}
	default:
		h.act, h.duty, h.final = request, dutyConfirm, endings[t.TxSts]
		h.leg = Leg{Key: KeyOf(s.central, of), TxnID: TxnOf(t.OrgnlTxId)}
	}
}

// isAbout holds the ids of an answer against those of an own payment.
func (t *transactionStatus) isAbout(o *subject) bool {
	return t.OrgnlEndToEndId == o.endToEnd && t.OrgnlTxId == o.txnID && t.OrgnlUETR == o.uetr &&
		(t.OrgnlInstrId == "" || t.OrgnlInstrId == o.instruction) && (t.ClrSysRef == "" || t.ClrSysRef == o.rrn)
}

// checkWord: the switch says yes, no with a reason, or that it is not decided.
func checkWord(status, why string) *fault {
	final, known := endings[status]
	switch {
	case !known:
		return &fault{"TxInfAndSts/TxSts", "value"}
	case final == endFailed && why == "":
		return &fault{"TxInfAndSts/StsRsnInf/Rsn", "missing"}
	}
	return nil
}

// endings are the statuses that the switch tells.
var endings = map[string]ending{"ACSC": endDone, "ACCC": endDone, "RJCT": endFailed, "PDNG": endOpen}

// hearOwn takes a status of an own payment.
func (s *messages) hearOwn(h *heard, asked bool, id, status, why string) {
	h.act, h.duty = result, dutyUpdate
	if s.receipts && !asked {
		h.act = request // to be acknowledged
	}
	h.told = told{id: id, later: true, code: why, content: []byte(status + " " + why)}
	if why == "" {
		h.told.code = status
	}
	h.told.outcome = [...]string{endOpen: outcomeDeemed, endDone: outcomeSuccess, endFailed: outcomeDeclined}[endings[status]]
}

func (s *messages) hearOrderStatus(h *heard, q *quoted, d *orderStatusDoc) {
	q.msgID, q.created = d.GrpHdr.MsgId, d.GrpHdr.CreDtTm
	g, t := &d.OrgnlGrpInfAndSts, &d.OrgnlPmtInfAndSts.TxInfAndSts
	why := t.StsRsnInf.code()
	if h.bad = checkWord(t.TxSts, why); h.bad != nil {
		return
	}
	s.hearOwn(h, t.StsId != "", g.OrgnlMsgId, t.TxSts, why)
	h.told.in = q.msgID
	h.told.echoes = func(request any) bool {
		o := request.(*subject)
		return d.OrgnlPmtInfAndSts.OrgnlPmtInfId == o.msgID && g.OrgnlMsgNmId == o.msgName &&
			(t.OrgnlEndToEndId == "" || t.OrgnlEndToEndId == o.endToEnd) && (t.OrgnlUETR == "" || t.OrgnlUETR == o.uetr)
	}
}

// amount reads an amount in the currency of this participant.
func (s *messages) amount(m money) (int64, bool) {
	if m.Ccy != s.money.letters {
		return 0, false
	}
	return s.money.read(m.Value)
}

// member is the clearing system's id of an agent.
func (a agent) member() string {
	if a.FinInstnId.ClrSysMmbId == nil {
		return ""
	}
	return a.FinInstnId.ClrSysMmbId.MmbId
}

// number is the account's, whatever kind of number it is.
func (a *account) number() string {
	switch {
	case a == nil:
		return ""
	case a.Id.Othr != nil:
		return a.Id.Othr.Id
	}
	return a.Id.IBAN
}

// code is the reason, from the code list or our own.
func (r *reason) code() string {
	if r == nil || r.Rsn == nil {
		return ""
	}
	return r.Rsn.Cd + r.Rsn.Prtry
}
