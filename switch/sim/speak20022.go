package sim

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// speaker20022 speaks ISO 20022 as docs/wire20022.md tells a participant to.
type speaker20022 struct {
	institution string
	onConfirm   bool
	now         func() int64
	msg         codec.Message
	w           codec.Writer
	own         int // messages so far
}

var _ speaker = (*speaker20022)(nil)

// duplicateMark is what a repeat has more than its original.
const duplicateMark = "<PssblDplct>true</PssblDplct>"

// readers20022 are the messages of the switch by family.
var readers20022 = map[string]func(v *codec.Message, m *message) bool{
	"admi.004": readEvent, "admi.011": readEventAnswer, "acmt.023": readResolution,
	"pacs.003": readDebit, "pacs.007": readReversal, "pacs.008": readCredit,
	"pacs.028": readAbout(status), "camt.056": readAbout(fence), "pacs.002": readReport, "pain.002": readReport,
}

func (s *speaker20022) read(body []byte, m *message) bool {
	*m = message{body: body, minor: notStated}
	v := &s.msg
	if err := v.Parse(profile20022(), body); err != nil || v.Definition() == nil {
		return false
	}
	if string(v.Text(codec.BizPossibleDuplicate)) == "true" {
		m.repeat, m.body = true, bytes.Replace(body, []byte(duplicateMark), nil, 1)
	}
	read := readers20022[v.Definition().Name[:8]]
	m.id = string(v.Text(codec.BizMsgID))
	return read != nil && read(v, m)
}

// eventNames are the events of admi.004 by the codes of network management.
var eventNames = map[int]string{1: "SGON", 2: "SGOF", 301: "ECHO"}

func eventOf(v *codec.Message) int {
	for code, name := range eventNames {
		if name == string(v.Text(codec.EventCode)) {
			return code
		}
	}
	return 0
}

func readEvent(v *codec.Message, m *message) bool {
	m.kind, m.code = netRequest, eventOf(v)
	m.about = string(v.Text(codec.EventParameter))
	return m.code != 0
}

func readEventAnswer(v *codec.Message, m *message) bool {
	m.kind, m.code, m.result = netAnswer, eventOf(v), resultBusy
	if string(v.Text(codec.EventDescription)) == "OK" {
		m.result = resultDone
	}
	return m.code != 0
}

// readLeg notes which leg a message of the switch is about, by an id of the switch.
func readLeg(m *message, id []byte, leg payment.Leg) bool {
	number, ok := numberOf(id)
	m.ref = translate.Reference(number, leg)
	m.echo = m.ref
	return ok
}

// numberOf is the payment's number in an id of the switch: SWD, the number, a letter
// and two digits.
func numberOf(id []byte) (payment.ID, bool) {
	if len(id) != 3+translate.ReferenceBytes+3 || string(id[:3]) != "SWD" {
		return 0, false
	}
	number, _, ok := translate.ParseReference(id[3 : 3+translate.ReferenceBytes])
	return number, ok
}

// readTransaction notes the ids and the amount of a new transaction.
func readTransaction(v *codec.Message, m *message) {
	m.minor, _ = codec.ParseAmount(v.Text(codec.Amount), 2)
	m.about = v.Definition().Name
	m.endToEnd, m.transaction, m.uetr = string(v.Text(codec.EndToEndID)), string(v.Text(codec.TransactionID)), string(v.Text(codec.UETR))
	m.payer, m.payee = string(v.Text(codec.DebtorAccount)), string(v.Text(codec.CreditorAccount))
}

// readOriginal notes the ids of an earlier transaction.
func readOriginal(v *codec.Message, m *message) {
	m.about = v.Definition().Name
	m.endToEnd, m.transaction, m.uetr = string(v.Text(codec.OriginalEndToEndID)), string(v.Text(codec.OriginalTransactionID)), string(v.Text(codec.OriginalUETR))
}

func readResolution(v *codec.Message, m *message) bool {
	m.kind = resolve
	return readLeg(m, v.Text(codec.VerificationID), payment.LegResolve)
}

func readDebit(v *codec.Message, m *message) bool {
	m.kind = debit
	readTransaction(v, m)
	return readLeg(m, v.Text(codec.MsgID), payment.LegDebit)
}

func readReversal(v *codec.Message, m *message) bool {
	m.kind = reversal
	readOriginal(v, m)
	m.minor, _ = codec.ParseAmount(v.Text(codec.Amount), 2)
	return readLeg(m, v.Text(codec.OriginalMsgID), payment.LegDebit)
}

func readCredit(v *codec.Message, m *message) bool {
	m.kind = map[string]kind{"CREDIT": credit, "DEEMED": advice}[string(v.Text(codec.LocalInstrument))]
	readTransaction(v, m)
	return readLeg(m, v.Text(codec.InstructionID), payment.LegCredit) && m.kind != unknown
}

// readAbout reads a message about a credit.
func readAbout(k kind) func(v *codec.Message, m *message) bool {
	return func(v *codec.Message, m *message) bool {
		m.kind = k
		readOriginal(v, m)
		return readLeg(m, v.Text(codec.OriginalMsgID), payment.LegCredit)
	}
}

// readReport reads a pacs.002 or pain.002: the last word on a credit, the answer to
// a request, the update that follows it, or the answer to an enquiry.
func readReport(v *codec.Message, m *message) bool {
	readOriginal(v, m)
	m.result, m.upi = saidBy(v)
	about := v.Text(codec.OriginalMsgID)
	if readLeg(m, about, payment.LegCredit) {
		m.kind = confirm
		return true
	}
	stan, minor, ok := parseEndToEnd(m.endToEnd)
	if !ok {
		return false
	}
	m.stan, m.original, m.minor, m.named = stan, stan, minor, true
	switch {
	case v.Has(codec.StatusID):
		m.kind = enquiryReply
	case strings.HasSuffix(m.id, "U00"):
		m.kind = update
		return readLeg(m, []byte(m.id), payment.LegUpdate)
	default:
		m.kind = reply
		_, ours := numberOf([]byte(m.id))
		m.named = ours && strings.HasSuffix(m.id, "Q00")
	}
	return true
}

// saidBy is what a report says, in the words of all dialects.
func saidBy(v *codec.Message) (result, upi string) {
	reason := string(v.Text(codec.ReasonCode))
	switch string(v.Text(codec.Status)) {
	case "ACSC":
		return resultDone, "00"
	case "PDNG":
		if reason == "AB05" {
			return resultDeemed, "BT"
		}
		return resultPending, "01"
	}
	if known, ok := refusals[reason]; ok {
		return known[0], known[1]
	}
	return "05", reason
}

// refusals are the reasons that a sender tells from all others.
var refusals = map[string][2]string{
	"AM05": {resultDuplicate, "U01"}, "AG09": {resultUnknown, "U48"}, "AB02": {resultBusy, "U08"},
}

// A sender's ids: a message's own has its trace number, and the end-to-end id that
// all answers give back has what was asked for.

func (o *order) msgID() string { return fmt.Sprintf("M%06d", o.stan) }

func (o *order) endToEndID() string { return fmt.Sprintf("E%06d-%d", o.stan, o.minor) }

func (o *order) name() string {
	if o.own {
		return "pacs.008.001.08"
	}
	return "pain.001.001.10"
}

func parseEndToEnd(id string) (stan uint32, minor int64, ok bool) {
	if len(id) < 9 || id[0] != 'E' || id[7] != '-' {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(id[1:7], 10, 32)
	minor, bad := strconv.ParseInt(id[8:], 10, 64)
	return uint32(n), minor, err == nil && bad == nil
}

// stanOf is the trace number of the request behind a key: in ISO 20022 that is part
// of the message's id.
func stanOf(stan uint32, text *payment.Text) uint32 {
	if id := text.Get(payment.MsgID); len(id) == 7 && id[0] == 'M' {
		n, _ := strconv.ParseUint(string(id[1:]), 10, 32)
		return uint32(n)
	}
	return stan
}
