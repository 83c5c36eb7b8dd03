package translate

import (
	"strconv"

	"switchd/hsm"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// Directory is what is common to all dialects of one switch. It does not change
// after it is built; a participant that comes later finds its place in Institutions
// empty, and it is filled before anything names the participant.
type Directory struct {
	Institution  string          // of the switch: DE33, digits
	Currency     ledger.Currency // the one currency of this switch
	CurrencyCode string          // the same by its letters
	Decimals     int             // of its minor unit
	Institutions []string        // of the participants by number: DE32, digits

	// Found says by what banks are found now, beside an IFSC; nil: by nothing. It is
	// asked for each request and safe for concurrent use.
	Found func() Found
}

// Found says that some bank is found by its BIC, or by the first digits of an account
// or a card. Without, a BIC means nothing and a payee's account needs the IFSC of its
// bank.
type Found struct{ ByBIC, ByAccount bool }

// FoundBy is what Found says.
func (d *Directory) FoundBy() Found {
	if d.Found == nil {
		return Found{}
	}
	return d.Found()
}

// InstitutionOf is the number of a participant as an institution; empty when it
// has none.
func (d *Directory) InstitutionOf(n route.Participant) string {
	if int(n) >= len(d.Institutions) {
		return ""
	}
	return d.Institutions[n]
}

// Dialect is how one participant speaks. It does not change after it is built and
// may be used by several goroutines at once.
type Dialect interface {
	// Participant is whose dialect it is.
	Participant() route.Participant
	// Open returns a new Interpreter.
	Open() Interpreter
}

// Interpreter reads and writes the messages of one link, or writes those of one
// participant. It keeps the message that it has read last, and its buffers; it
// belongs to one goroutine.
type Interpreter interface {
	// Read takes one message. With Request, Answer and Enquiry ev is filled, with
	// copies; with Unmatched ev.Answer has what there is of the key that an answer
	// must echo; otherwise what is in ev does not count. Ownership of body stays with
	// the caller, who must not change it before he has called Refuse or
	// NetworkAnswer for it.
	Read(body []byte, ev *payment.Event) Inbound

	// AppendUnknown appends the names of what the message read last has and the tables
	// of its format do not know, each ended by a newline: names only, never values.
	AppendUnknown(dst []byte) []byte

	// Refuse appends the refusal of the message read last to dst. A message that
	// has no answer gets none: ok is false.
	Refuse(dst []byte, r Refusal) (b []byte, ok bool)

	// RefuseRequest appends the refusal of a request that was read but not taken:
	// what the machine would have answered, had it declined it for r.Why, but for the
	// note if there is one.
	RefuseRequest(dst []byte, ev *payment.Event, r Refusal) ([]byte, error)

	// Network appends a network management request with a code of DE70, at the
	// time at (UTC nanoseconds), with a running number of up to six digits.
	Network(dst []byte, at int64, number uint32, code int) ([]byte, error)

	// NetworkAnswer appends the answer to the network management request read
	// last; code is a DE39.
	NetworkAnswer(dst []byte, code string) ([]byte, error)

	// Compose appends the message that ef asks for. On an error dst is unchanged;
	// it means that a value of the payment does not fit this dialect.
	Compose(dst []byte, ef *payment.Effect) ([]byte, error)
}

// Kind says what a message is.
type Kind uint8

// The kinds of messages.
const (
	Malformed      Kind = iota // a request, or what may be one, that cannot be read: Inbound.Fault
	NetworkRequest             // Inbound.Code
	NetworkAnswer              // Inbound.Code, Inbound.Accepted
	Request                    // of a payment: the event
	Enquiry                    // about a payment: the event
	Answer                     // to a message of ours: the event; with Inbound.Fault only its leg could be read
	Unmatched                  // an answer that names no message of ours
	Unsupported                // in order, but asks for what this switch does not do
	Silent                     // nothing to do and nothing to say, such as a notice
)

// Inbound is what a message is about, as far as no event says it.
type Inbound struct {
	Kind     Kind
	Code     int    // of network management, as in DE70
	Accepted bool   // the network answer is a yes
	Fault    error  // what is wrong with the message; never its content
	Note     string // of the fault, or what an Unmatched lacks, for people: 25 characters

	PINBlock hsm.Secret // of a Request, as it came; a view, until the next Read
	Offer    KeyOffer   // of a NetworkRequest that brings a key
}

// KeyOffer is a working key on its way, as session.KeyOffer.
type KeyOffer struct{ Purpose, Block, KCV string }

// Refusal is why a message is answered by the rim without becoming an event.
type Refusal struct {
	Why  payment.Outcome
	Note string // for people: 25 characters, in DE44 or AddtlInf; empty: what the outcome says itself
}

// NoteBytesMax bounds the note of a refusal: DE44 holds 25 characters.
const NoteBytesMax = 25

// The refusals that are not about a field.
var (
	NotSignedOn  = Refusal{payment.PayerOffline, "NOT SIGNED ON"}
	NotSupported = Refusal{payment.FunctionUnsupported, "NOT SUPPORTED"}
	Busy         = Refusal{Why: payment.Busy}
)

// TryAgain is the refusal of what may come again after a while, in nanoseconds. Its
// seconds are rounded up, and are 1 to 90. About an enquiry why is payment.Pending:
// whatever else it is answered with can be taken for how the payment has ended.
func TryAgain(why payment.Outcome, after int64) Refusal {
	const second = 1_000_000_000
	n := (min(max(after, 1), againMax*second) + second - 1) / second
	return Refusal{why, again[n-1]}
}

// againMax is the longest time that TryAgain says, in seconds: that between two
// enquiries about one payment.
const againMax = 90

// again are the notes by seconds: to refuse must cost nothing.
var again = func() (all [againMax]string) {
	for i := range all {
		all[i] = "TRY AGAIN IN " + strconv.Itoa(i+1) + " S"
	}
	return all
}()

// FormatFault is the refusal of a message with a wrong field.
func FormatFault(note string) Refusal {
	if len(note) > NoteBytesMax {
		note = note[:NoteBytesMax]
	}
	return Refusal{payment.Format, note}
}
