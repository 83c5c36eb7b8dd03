package mutant

// Bug is a deliberate bug.
type Bug uint8

// The bugs. Those of the first group are where the process is put together, the
// others in the machine and the ledger.
const (
	None           Bug = iota
	SkipBarrier        // a group is stepped and its effects leave before its fsync
	SkipReplay         // a start does not replay what the journal has after the rows
	RowsFirst          // rows are stored before the journal has their events
	Restamp            // an event is stepped with another time than the journal has
	ReplaySends        // the effects of replayed events leave
	BusyToRepeats      // a repeat that finds the ring full is told "busy"
	LogMessages        // the process logs the messages that it gets
	SkipDuplicate      // a known request makes a new payment
	LoseKey            // the key of a finished payment is not stored
	SkipReserve        // a debit goes out without a reservation
	WrongSign          // the payer is credited and the payee debited
	CreditFirst        // the credit goes out with the debit
	ReverseUnknown     // a credit without an answer is reversed
	NotFoundProves     // a credit that its bank does not know is reversed without a fence
	AcceptLate         // a late debit answer revives a payment whose debit is being reversed
	AmbiguousIsNo      // an answer that proves nothing counts as a no
	SkipAmount         // the amount in an answer is not compared
	ForgetTimer        // a debit has no deadline
	LoseOutbox         // what is owed is forgotten at a restart
	DeemSilently       // a deemed credit is not advised
	AnswerAnew         // a repeat is told what is true now, not what was told before
	IgnoreBreaker      // an open breaker stops nothing
	IgnoreLimit        // a payer's limits of the day stop nothing
	LimitTwice         // a payment counts twice towards its payer's day
	KeepLimit          // what a failed payment has used of its payer's day is not given back
	LoseLimit          // what payers have used is not stored
	IgnoreLoad         // the machine does not take note of the load
	ShedNothing        // every payment is taken whatever the load, at the rim and by the machine
	ShedReversal       // under load a reversal is dropped
	IgnoreInFlight     // a sender may have any number of requests under way
	LoseInFlight       // a restart forgets what is under way
	IgnoreFlow         // any number of messages may wait for a participant
	CountNoTries       // a breaker that is half open lets everything through
	DeafBreaker        // a breaker does not open by failures in a row
	LoseBreaker        // a restart closes every breaker
	ForgetTurned       // a repeat of what the rim has told busy is taken
	UnloggedConfig     // a reload takes effect without an event
	Retime             // a reload starts the timers of what is under way anew
	DropRemoved        // what a removed participant is part of has no timer any more
	KeepRemoved        // a removed participant goes on as if it were configured
	ResetCaps          // a reload undoes the caps that commands have set
	LoseLoad           // a start forgets the load before it replays
	PayUnapproved      // a collect is paid that its payer has declined
	PayTwice           // a second approval of a collect has it debited again
	RefundOver         // refunds of one payment are not added up
	IgnoreDrain        // a drained participant still gets new payments
	bugCount
)

var names = [bugCount]string{
	"none", "skip-barrier", "skip-replay", "rows-first", "restamp", "replay-sends", "busy-to-repeats", "log-messages",
	"skip-duplicate", "lose-key", "skip-reserve", "wrong-sign", "credit-first", "reverse-unknown", "not-found-proves",
	"accept-late", "ambiguous-is-no", "skip-amount", "forget-timer", "lose-outbox", "deem-silently", "answer-anew",
	"ignore-breaker",
	"ignore-limit", "limit-twice", "keep-limit", "lose-limit", "ignore-load", "shed-nothing", "shed-reversal", "ignore-in-flight",
	"lose-in-flight", "ignore-flow", "count-no-tries", "deaf-breaker", "lose-breaker", "forget-turned",
	"unlogged-config", "retime", "drop-removed", "keep-removed", "reset-caps", "lose-load",
	"pay-unapproved", "pay-twice", "refund-over", "ignore-drain",
}

// String is the name that tests and documents use.
func (b Bug) String() string { return names[b] }

// Bugs lists all of them.
func Bugs() []Bug {
	all := make([]Bug, 0, bugCount-1)
	for b := None + 1; b < bugCount; b++ {
		all = append(all, b)
	}
	return all
}
