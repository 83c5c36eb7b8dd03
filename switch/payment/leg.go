package payment

// Leg names one conversation with one participant inside a payment. Values are
// on disk and on the wire (part of DE37): never renumber.
type Leg uint8

// The legs.
const (
	LegRequest  Leg = iota // the sender's request; its answer goes back to the sender
	LegResolve             // address resolution at the payee's PSP; of a collect: the payer's approval at the payer's PSP
	LegDebit               // debit at the payer's bank
	LegCredit              // credit at the payee's bank
	LegReversal            // reversal of the debit, repeated until answered
	LegAdvice              // deemed credit advice, repeated until answered
	LegStatus              // enquiry about the credit at the payee's bank; each check is a message of its own, LegState.Tries is its number
	LegFence               // reversal of the credit at the payee's bank, repeated until answered: after it the credit can no longer be posted
	LegConfirm             // final confirmation to the payee's bank
	LegUpdate              // final state to the sender that was told something else before, or has asked
	LegEnquiry             // answer to a participant's enquiry: Effect.Request and Effect.Text are the enquiry
	legCount
)

var legNames = [legCount]string{
	"request", "resolve", "debit", "credit", "reversal", "advice", "status", "fence", "confirm", "update", "enquiry",
}

// String is the name that scenario texts and metrics use.
func (l Leg) String() string {
	if l >= legCount {
		return "invalid"
	}
	return legNames[l]
}

// LegState is what the machine knows of one leg.
type LegState struct {
	SentAt      int64   // UTC nanoseconds of the first send, or of when it should have been; 0: never
	Due         int64   // when an owed message is due again; 0: not owed
	STAN        uint32  // DE11 of the message
	Transmitted uint32  // DE7 of the message, MMDDhhmmss as a number
	AnsweredIn  uint32  // milliseconds from SentAt to the answer that counts, 1 at least; 0: none
	Tries       uint16  // sends after the first; of LegStatus: the number of the check
	Answer      Outcome // what that answer was; Pending: it proved nothing

	owed owed
}

// owed says what is still to be done about a message. Bits; on disk.
type owed uint8

const (
	isOwed    owed = 1 << iota // repeated until it is answered
	isWaiting                  // not sent yet: another message about the account is under way
	isSent                     // it has left once, or may have
	isDead                     // refused or never answered: a person must decide
	isAsked                    // its latest send waits for an answer by which the participant is judged
	owedLimit
)

// Owed says that the message goes out again until it is answered.
func (l *LegState) Owed() bool { return l.owed&isOwed != 0 }
