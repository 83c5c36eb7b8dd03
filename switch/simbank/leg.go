package simbank

import "fmt"

// text is what the constructors of fixed keys take, so that a caller that holds
// views over a buffer needs no string.
type text interface{ ~string | ~[]byte }

// Key is what a participant knows a leg by: the instructing institution (DE32; in
// ISO 20022 the sender of the message) and the reference that the sender made
// unique for the leg (DE37; in ISO 20022 InstrId).
type Key struct {
	institution [11]byte
	ref         [35]byte
}

// KeyOf makes the key of a leg. REQUIRES: at most 11 and 35 bytes.
func KeyOf[S text](institution, ref S) Key {
	var k Key
	fill(k.institution[:], institution)
	fill(k.ref[:], ref)
	return k
}

// Ref is the reference of the leg.
func (k Key) Ref() string { return trimmed(k.ref[:]) }

// Trace is DE11 and DE7 of a message, as DE90 of a later one names it.
type Trace [16]byte

// TraceOf makes a trace. REQUIRES: at most 16 bytes.
func TraceOf[S text](s S) Trace {
	var t Trace
	fill(t[:], s)
	return t
}

// TxnID is the transaction id: DE120 tag 002, or TxId.
type TxnID [35]byte

// TxnOf makes a transaction id. REQUIRES: at most 35 bytes.
func TxnOf[S text](id S) TxnID {
	var t TxnID
	fill(t[:], id)
	return t
}

// String is the id as it was on the wire.
func (t TxnID) String() string { return trimmed(t[:]) }

// Account is an account number. It masks itself wherever it is printed.
type Account [34]byte

// AccountOf makes an account number. REQUIRES: at most 34 bytes.
func AccountOf[S text](number S) Account {
	var a Account
	fill(a[:], number)
	return a
}

// String masks all but the last two characters: account numbers never reach a log.
func (a Account) String() string {
	s := trimmed(a[:])
	if len(s) <= 4 {
		return "****"
	}
	return "****" + s[len(s)-2:]
}

// Format masks under every verb: without it %x and %v of an array would print
// the number.
func (a Account) Format(f fmt.State, _ rune) { fmt.Fprint(f, a.String()) }

// MarshalText masks, too: encoding/json would print the array.
func (a Account) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Code is a DE39 response code, also where the wire says it in the words of
// ISO 20022. It is an array, so that a book of a million
// legs holds no pointer for the collector to follow.
type Code [2]byte

// Response codes that a book gives; a Verdict may bring others.
var (
	Approved       = Code{'0', '0'} // posted
	InvalidAmount  = Code{'1', '3'} // zero or above twelve digits
	NothingDone    = Code{'2', '1'} // reversal or fence of a leg that was not posted
	NotFound       = Code{'2', '5'} // reversal or fence before its original: stored
	NoFunds        = Code{'5', '1'} // insufficient funds
	AboveLimit     = Code{'6', '1'} // the balance could not hold it
	InvalidPayee   = Code{'7', '6'} // unknown account to credit
	InvalidPayer   = Code{'7', '7'} // unknown account to debit
	DuplicateOther = Code{'9', '4'} // known leg with other content, or reversed before it came
	Malfunction    = Code{'9', '6'} // the book is full
	Stays          = Code{'C', 'S'} // the fence came too late: the credit is posted
)

// CodeOf makes a code of its two characters. REQUIRES: two bytes.
func CodeOf(s string) Code { return Code{s[0], s[1]} }

// String is the code as on the wire; empty when there is none.
func (c Code) String() string {
	if c == (Code{}) {
		return ""
	}
	return string(c[:])
}

// MarshalText writes the two characters.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (c *Code) UnmarshalText(b []byte) error {
	*c = Code{}
	fill(c[:], b)
	return nil
}

// Approval is DE38, the code of a posted leg: six characters, or none.
type Approval [6]byte

// String is the code as on the wire; empty when there is none.
func (a Approval) String() string { return trimmed(a[:]) }

// Kind says which way a leg moves money at this participant.
type Kind uint8

// The two kinds of legs.
const (
	Debit Kind = iota + 1
	Credit
)

// String is the kind in a report.
func (k Kind) String() string { return [...]string{"", "debit", "credit"}[k] }

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *Kind) UnmarshalText(b []byte) error {
	for _, known := range []Kind{Debit, Credit} {
		if known.String() == string(b) {
			*k = known
			return nil
		}
	}
	return fmt.Errorf("simbank: unknown kind of leg")
}

// State is what became of a leg.
type State uint8

// The states of a leg. Only Posted moves money for good.
const (
	Posted        State = iota + 1 // the account holds it
	Declined                       // refused; no money moved
	Reversed                       // posted, then taken back
	ReversalFirst                  // its reversal or fence came before it: it will be declined
	Held                           // accepted, will post when the switch confirms
	Dropped                        // held, then called off; no money moved
)

var stateNames = [...]string{"", "posted", "declined", "reversed", "reversal_first", "held", "dropped"}

// String is the state in a report.
func (s State) String() string { return stateNames[s] }

// MarshalText writes the state's name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *State) UnmarshalText(b []byte) error {
	for i, known := range stateNames {
		if i > 0 && known == string(b) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("simbank: unknown state of a leg")
}

// fill copies src to the front of dst. A longer src is a broken program: a key
// cut short could stand for two legs.
func fill[S text](dst []byte, src S) {
	if len(src) > len(dst) {
		panic("simbank: value longer than its field")
	}
	copy(dst, src)
}

func trimmed(b []byte) string {
	n := len(b)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return string(b[:n])
}
