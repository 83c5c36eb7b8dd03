package payment

// State is where a payment stands. Zero is no payment at all.
type State uint8

// The states of a push payment; (F) marks the final ones. Their values are on
// disk: never renumber.
const (
	StateNone      State = iota
	Received             // validated and durable
	Resolving            // the payee's PSP was asked for the account behind an address
	Resolved             // both accounts known
	DebitSent            // the debit may have reached the payer's bank
	Debited              // the payer's bank has debited
	CreditSent           // the credit may have reached the payee's bank
	Success              // (F) both legs confirmed
	Declined             // (F) failed, no money moved
	DebitRevSent         // a reversal of the debit is under way until it is answered
	FailedReversed       // (F) the debit was, or may have been, made, and is reversed
	CreditUnknown        // the credit was not answered in time; the payer was told "deemed"
	Deemed               // (F) unconfirmed credit that settles as success; the payee's bank is advised until it answers
	ReversalStuck        // (F) the reversal was refused or never answered: a person must decide
	AwaitAuth            // of a collect: the payer was asked to approve
	CollectExpired       // (F) of a collect: it was not approved in time
	stateCount
)

var stateNames = [stateCount]string{
	"NONE", "RECEIVED", "RESOLVING", "RESOLVED", "DEBIT_SENT", "DEBITED", "CREDIT_SENT", "SUCCESS",
	"DECLINED", "DEBIT_REV_SENT", "FAILED_REVERSED", "CREDIT_UNKNOWN", "DEEMED", "REVERSAL_STUCK",
	"AWAIT_AUTH", "EXPIRED",
}

// String is the name that documents, logs and metrics use.
func (s State) String() string {
	if s >= stateCount {
		return "INVALID"
	}
	return stateNames[s]
}

// Final says that the outcome of the payment can no longer change.
func (s State) Final() bool {
	switch s {
	case Success, Declined, FailedReversed, Deemed, ReversalStuck, CollectExpired:
		return true
	}
	return false
}

// The marks of states in which a payment has not come to rest.
const (
	markMoving   = 1 << iota // the payer's money is, or may be, on its way
	markDoubtful             // see Doubtful
	markPayers               // it is the payer's bank that is asked where the money is
)

// restless has the marks of each state: they are compared at every move.
var restless = [stateCount]uint8{
	DebitSent: markMoving, Debited: markMoving, CreditSent: markMoving,
	CreditUnknown: markMoving | markDoubtful, DebitRevSent: markMoving | markDoubtful | markPayers,
}

// moving says that the payer's money is, or may be, on its way.
func (s State) moving() bool { return restless[s]&markMoving != 0 }

// settled says that the payment counts: money moved, or is taken to have moved.
func (s State) settled() bool { return s == Success || s == Deemed }

// States lists all states, for metrics and documents.
func States() []State {
	all := make([]State, 0, stateCount-1)
	for s := Received; s < stateCount; s++ {
		all = append(all, s)
	}
	return all
}
