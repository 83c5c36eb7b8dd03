package sim

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
	reply             // the answer to a request
	enquiryReply      // the answer to an enquiry
)

var kindNames = [...]string{
	"unknown", "network request", "network answer", "resolve", "status", "debit", "credit", "reversal", "fence", "advice",
	"confirm", "update", "reply", "enquiry reply",
}

// String names the kind in traces.
func (k kind) String() string { return kindNames[k] }

// reference is how a participant knows the leg of a payment: DE37. A reversal
// bears that of its debit, an advice, a fence and a status enquiry that of their
// credit.
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
	minor       int64
	result      string // of an answer
	upi         string
	payer       string // accounts
	payee       string
	named       bool   // it says which payment it is about
	original    uint32 // of an update: the trace number of the request that it is about
	body        []byte // as received; valid during the call
}

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
	repeat            bool
}

// speaker is a participant's dialect: wire bytes to messages and back. It belongs
// to one participant.
type speaker interface {
	// read understands a message of the switch; false: it cannot.
	read(body []byte, m *message) bool
	// network appends a network management request, answer the answer to one.
	network(dst []byte, code int, number uint32) ([]byte, error)
	networkAnswer(dst []byte, m *message, result string) ([]byte, error)
	// answer appends the answer to a message of the switch.
	answer(dst []byte, m *message, v *verdict) ([]byte, error)
	// request appends a request for a payment, enquire asks what became of it.
	enquire(dst []byte, o *order) ([]byte, error)
	request(dst []byte, o *order) ([]byte, error)
}
