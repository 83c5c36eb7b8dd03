package iso20022

import (
	"fmt"

	codec "switchd/codec/iso20022"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Dialect is how one participant speaks ISO 20022. It is a translate.Dialect.
type Dialect struct {
	profile   *codec.Profile // what its messages must have
	directory *translate.Directory
	number    route.Participant
	send      messages
}

var _ translate.Dialect = (*Dialect)(nil)

// messages are what the switch sends to a participant, in the versions that its
// profile names first.
type messages struct {
	event, eventAnswer, reject                                 *codec.Definition
	resolution, debit, reversal, credit, statusRequest, recall *codec.Definition
	statusReport, customerReport, recallAnswer                 *codec.Definition
}

// New makes the dialect of a participant. It is an error when the profile lacks a
// message that the switch sends.
func New(profile *codec.Profile, directory *translate.Directory, number route.Participant) (*Dialect, error) {
	d := &Dialect{profile: profile, directory: directory, number: number}
	s := &d.send
	for _, m := range []struct {
		family string
		to     **codec.Definition
	}{
		{familyEvent, &s.event}, {familyEventAnswer, &s.eventAnswer}, {familyReject, &s.reject},
		{"acmt.023", &s.resolution}, {"pacs.003", &s.debit}, {"pacs.007", &s.reversal}, {familyTransfer, &s.credit},
		{familyEnquiry, &s.statusRequest}, {familyRecall, &s.recall},
		{familyStatus, &s.statusReport}, {"pain.002", &s.customerReport}, {familyRecallAnswer, &s.recallAnswer},
	} {
		if *m.to = profile.Sent(m.family); *m.to == nil {
			return nil, fmt.Errorf("iso20022: profile %s has no %s, which the switch must send", profile.Name(), m.family)
		}
	}
	return d, nil
}

// Participant is whose dialect it is.
func (d *Dialect) Participant() route.Participant { return d.number }

// Open returns an Interpreter of this dialect.
func (d *Dialect) Open() translate.Interpreter { return &interpreter{dialect: d} }

// Messages by family: their names without version.
const (
	familyTransfer     = "pacs.008"
	familyInitiation   = "pain.001"
	familyStatus       = "pacs.002"
	familyEnquiry      = "pacs.028"
	familyResolved     = "acmt.024"
	familyRecall       = "camt.056"
	familyRecallAnswer = "camt.029"
	familyReceipt      = "admi.007"
	familyReject       = "admi.002"
	familyEvent        = "admi.004"
	familyEventAnswer  = "admi.011"
)

// familyOf is the family of a definition; empty: no message.
func familyOf(d *codec.Definition) string {
	if d == nil {
		return ""
	}
	return d.Name[:len(familyTransfer)]
}

// service is the BizSvc of every message of the switch.
const service = "switchd.ips"

// Our kinds of pacs.008 and pacs.003, PmtTpInf/LclInstrm/Prtry.
const (
	instrumentPush   = "PUSH"   // a payer's bank asks for a credit transfer that it has debited
	instrumentDebit  = "DEBIT"  // the switch asks the payer's bank to debit
	instrumentCredit = "CREDIT" // the switch asks the payee's bank to credit
	instrumentDeemed = "DEEMED" // the switch has decided that the credit counts as made
)

// notProvided stands where a schema wants a value that does not exist.
const notProvided = "NOTPROVIDED"

var notProvidedText = []byte(notProvided)

// ifscSystem is the clearing system whose member numbers are IFSCs.
const ifscSystem = "INFSC"

// addressType is the type of a proxy that is an address, Prxy/Tp/Prtry.
const addressType = "VPA"

// Statuses of a transaction (ExternalPaymentTransactionStatus1Code).
const (
	statusSettled  = "ACSC"
	statusCredited = "ACCC"
	statusAccepted = "ACSP"
	statusChecked  = "ACTC"
	statusHeld     = "ACWP"
	statusPending  = "PDNG"
	statusReceived = "RCVD"
	statusRejected = "RJCT"
)

// eventCodes are the codes of admi.004 by the codes of DE70 that the session's
// automaton knows.
var eventCodes = []struct {
	code int
	name string
}{{1, "SGON"}, {2, "SGOF"}, {301, "ECHO"}, {201, "CUTO"}}

func eventName(code int) string {
	for i := range eventCodes {
		if eventCodes[i].code == code {
			return eventCodes[i].name
		}
	}
	return ""
}

// eventCode gives 0 for an event that this switch does not know.
func eventCode(name []byte) int {
	for i := range eventCodes {
		if eventCodes[i].name == string(name) {
			return eventCodes[i].code
		}
	}
	return 0
}

// Profile is what the participant's messages must have.
func (d *Dialect) Profile() *codec.Profile { return d.profile }
