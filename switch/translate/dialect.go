package translate

import (
	"fmt"

	"switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/switch/route"
)

// Directory is what is common to all dialects of one switch. It does not change
// after it is built.
type Directory struct {
	Institution  string          // of the switch: DE33, digits
	Currency     ledger.Currency // the one currency of this switch
	Institutions []string        // of the participants by number: DE32, digits
}

// institution is the DE32 of a participant.
func (d *Directory) institution(n route.Participant) string {
	if int(n) >= len(d.Institutions) {
		return ""
	}
	return d.Institutions[n]
}

// Dialect is how one participant speaks ISO 8583.
type Dialect struct {
	Spec        *iso8583.Spec
	Directory   *Directory
	Participant route.Participant

	duplicate uint64 // fields of a request's key, set by With
	match     uint64 // fields that an answer must echo, set by With
}

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
	mtiAuthorisation  iso8583.MTI = 0x0100
	mtiFinancial      iso8583.MTI = 0x0200
	mtiAdvice         iso8583.MTI = 0x0220
	mtiAdviceRepeat   iso8583.MTI = 0x0221
	mtiReversal       iso8583.MTI = 0x0420
	mtiReversalRepeat iso8583.MTI = 0x0421
	mtiNetwork        iso8583.MTI = 0x0800
)

// Transaction part of DE3, positions 1-2.
const (
	processingPay     = 40 // debit of the payer; also the payer's push request
	processingCredit  = 21
	processingResolve = 33
)

// Tags of DE120 (domain reference 1.2).
const (
	tagType       = 1
	tagSwitchID   = 2
	tagPayerVPA   = 3
	tagPayeeVPA   = 4
	tagPayerName  = 5
	tagPayeeName  = 6
	tagEndToEndID = 10
	tagUPI        = 13
	tagPayerIFSC  = 16
	tagPayeeIFSC  = 17
	tagNote       = 18
)
