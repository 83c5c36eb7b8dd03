package iso8583

import (
	"fmt"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Dialect is how one participant speaks ISO 8583. It is a translate.Dialect.
type Dialect struct {
	Spec      *codec.Spec
	Directory *translate.Directory
	Number    route.Participant

	duplicate uint64 // fields of a request's key, set by With
	match     uint64 // fields that an answer must echo, set by With
	quirks    Quirks // set by WithQuirks
}

var _ translate.Dialect = (*Dialect)(nil)

// Participant is whose dialect it is.
func (d *Dialect) Participant() route.Participant { return d.Number }

// Fault says which field of a well-formed message is wrong, and how. It never
// holds the field's content.
type Fault struct {
	DE   int
	Want string // what was expected, from a fixed set: "missing", "n12 > 0"

	Unsupported bool // the message is in order, but asks for what this switch does not do
}

// Error names field and expectation.
func (f *Fault) Error() string { return fmt.Sprintf("DE%d %s", f.DE, f.Want) }

// Message types of this package's messages.
const (
	mtiAuthorisation  codec.MTI = 0x0100
	mtiFinancial      codec.MTI = 0x0200
	mtiAdvice         codec.MTI = 0x0220
	mtiAdviceRepeat   codec.MTI = 0x0221
	mtiReversal       codec.MTI = 0x0420
	mtiReversalRepeat codec.MTI = 0x0421
	mtiNetwork        codec.MTI = 0x0800
)

// Transaction part of DE3, positions 1-2.
const (
	processingPay     = 40 // debit of the payer; also the payer's push request
	processingRefund  = 20 // a payee's request to give back what it got
	processingCredit  = 21
	processingResolve = 33
	processingStatus  = 38 // status enquiry: of the switch about a credit, of a participant about a payment
)

// Tags of DE120 (domain reference 1.2).
const (
	tagType       = 1
	tagSwitchID   = 2
	tagPayerVPA   = 3
	tagPayeeVPA   = 4
	tagPayerName  = 5
	tagPayeeName  = 6
	tagPurpose    = 8
	tagEndToEndID = 10
	tagUETR       = 11
	tagUPI        = 13
	tagPayerIFSC  = 16
	tagPayeeIFSC  = 17
	tagNote       = 18

	tagKeyPurpose = 30 // of DE48, in an 0800 that brings a key
	tagKeyBlock   = 31
	tagKeyCheck   = 32
)

// functions are the requests of a participant, by the type of payment: their DE3
// and their DE120 tag 001.
var functions = [...]struct {
	processing uint64
	kind       string
}{
	payment.Push:   {processingPay, "PAY"},
	payment.Refund: {processingRefund, "REFUND"},
}
