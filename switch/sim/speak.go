package sim

import (
	"switchd/codec/frame"
	"switchd/switch/route"
)

// kind is what a message means to a participant, whatever its dialect.
type kind uint8

const (
	unknown      kind = iota
	netRequest        // sign-on, sign-off, echo
	netAnswer         //
	resolve           // who is behind an address
	status            // what became of a credit
	debit             //
	credit            //
	reversal          // of a debit
	fence             // of a credit: it must not stand, nor ever come to stand
	advice            // a credit that is deemed done
	confirm           // the final word on a credit, for a participant that posts on it
	update            // the final word on a request that was told something less
	approve           // to have a payer approve of a collect
	reply             // the answer to a request
	enquiryReply      // the answer to an enquiry
)

var kindNames = [...]string{
	"unknown", "network request", "network answer", "resolve", "status", "debit", "credit", "reversal", "fence", "advice",
	"confirm", "update", "request to approve", "reply", "enquiry reply",
}

// String names the kind in traces.
func (k kind) String() string { return kindNames[k] }

// told says that a message of the kind only tells something: it can be
// acknowledged, not answered.
func (k kind) told() bool { return k == confirm || k == update || k == reply }

// reference is how a participant knows the leg of a payment: DE37, or what the ids
// of ISO 20022 say in other words. A reversal bears that of its debit, an advice, a
// fence and a status enquiry that of their credit.
type reference [12]byte

// message is one message as a participant understands it.
type message struct {
	kind        kind
	repeat      bool
	code        int       // of network management
	ref         reference // of the leg that it is about
	echo        reference // as received, for the answer
	stan        uint32
	transmitted uint32
	institution string
	minor       int64  // notStated: it names no amount
	result      string // of an answer
	upi         string
	payer       string // accounts
	payee       string
	named       bool   // it says which payment it is about
	original    uint32 // of an update: the trace number of the request that it is about
	body        []byte // as received, but for the mark of a repeat; valid during the call

	slip slip // without a kind: it is a message of a dialect

	// Of ISO 20022: what an answer echoes.
	id, endToEnd, transaction, uetr, about string
}

// notStated is the amount of a message that has none.
const notStated = -1

// told is what a sender understands of an answer; the same words in all dialects.
const (
	resultDone      = "00"
	resultPending   = "09"
	resultDeemed    = "68"
	resultUnknown   = "25"
	resultDuplicate = "94"
	resultBusy      = "96"
)

// verdict is a participant's answer to a message.
type verdict struct {
	result  string
	minor   int64 // -1: no amount
	account string
	ifsc    string
	garbled bool
}

// order is a request for a payment.
type order struct {
	stan, transmitted uint32
	rrn               reference
	minor             int64
	currency          uint64
	from              int // the payer's bank
	to                int // the payee's bank
	payer, payee      string
	vpa               string // of the payee; empty: by account
	purpose           string
	repeat            bool
	collect           bool      // the payer, behind vpa, has yet to approve
	expires           int64     // until when; 0: the switch decides
	refund            reference // of the credit that is given back; zero: it is no refund
	own               bool      // model B: the sender has debited its customer itself
	uetr              string    // of ISO 20022
	at                int64     // when it was made
}

// speaker is a participant's dialect: wire bytes to messages and back. It belongs
// to one participant.
type speaker interface {
	// read understands a message of the switch; false: it cannot.
	read(body []byte, m *message) bool
	// network appends a network management request, answer the answer to one.
	network(dst []byte, code int, number uint32) ([]byte, error)
	networkAnswer(dst []byte, m *message, result string) ([]byte, error)
	// answer appends the answer to a message of the switch, or its receipt.
	answer(dst []byte, m *message, v *verdict) ([]byte, error)
	// request appends a request for a payment, enquire asks what became of it.
	enquire(dst []byte, o *order) ([]byte, error)
	request(dst []byte, o *order) ([]byte, error)
}

// newSpeaker is how participant n speaks.
func newSpeaker(w *world, n route.Participant) speaker {
	t, institution := &w.swarm.traits[n], w.file.Participants[n].Institution
	if t.xml {
		return &speakerSlips{&speaker20022{institution: institution, onConfirm: t.onConfirm, now: func() int64 { return w.now }}}
	}
	return &speakerSlips{&speaker8583{spec: specOf(n), institution: institution, noReference: t.byTrace}}
}

// framing is how participant n frames its messages.
func (w *world) framing(n route.Participant) frame.Framing {
	if w.swarm.traits[n].xml {
		return frame.BIN4
	}
	return frame.BIN2
}
