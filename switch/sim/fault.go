package sim

// fault is a kind of trouble that the simulator makes.
type fault uint8

// The kinds of faults. Which a seed has, and how often, is drawn from it.
const (
	faultLost            fault = iota // a participant never sees a message
	faultMute                         // it does what it is told and says nothing
	faultLate                         // it answers after the deadline, and may also act only then
	faultTwice                        // it sends one answer twice
	faultAmbiguous                    // it does or does not do it, and says that it cannot tell
	faultRefused                      // it says a clear no and means it
	faultOtherAmount                  // its answer names another amount
	faultGarbled                      // its answer cannot be read
	faultContradict                   // it answers twice with different content
	faultStranger                     // it answers for another payment
	faultRefuseApply                  // it says a clear no and posts all the same
	faultRefuseRepair                 // it says a clear no to a reversal, a fence or an advice
	faultRestart                      // it restarts and remembers
	faultAmnesia                      // it restarts and has forgotten which messages it has seen
	faultLinkReset                    // a connection breaks, with all that is on its way
	faultHalfClosed                   // a connection stays up and what is written in one direction is lost
	faultClogged                      // a connection holds everything back for seconds
	faultSignOff                      // a participant signs off and comes back
	faultCrash                        // the switch dies between two instructions
	faultTorn                         // and its last group is half written
	faultStoreError                   // the journal or the state store fails, so the process stops
	faultSlowSync                     // an fsync takes up to seconds
	faultClockForward                 // the switch's clock jumps ahead
	faultClockBack                    // the switch's clock jumps back
	faultClockFrozen                  // the switch's clock stands still
	faultRingFull                     // an event finds the ring full
	faultDuplicate                    // a sender repeats a request that was answered or is under way
	faultEnquiry                      // a sender asks what became of its payment
	faultConflict                     // a sender reuses a reference for another payment
	faultTwin                         // a sender asks under a new reference for what it has asked for already
	faultOverload                     // the switch is more loaded, or less, than before
	faultCommand                      // an operator decides about a dead letter
	faultForget                       // what has ended long ago is forgotten
	faultCollect                      // a payee asks for money, and its payer has yet to approve
	faultUnapproved                   // the payer does not
	faultUndecided                    // it takes its time, perhaps too much
	faultRefund                       // a payee gives back what it got, or some of it
	faultSetCap                       // an operator sets a cap by command
	faultReloadCap                    // a file with another cap takes effect, here and below while payments go on
	faultReloadTimers                 // with other timers
	faultReloadBounds                 // with other breakers, flows, limits and room
	faultReloadAbilities              // that says otherwise what a participant can do
	faultReloadRoles                  // by which a participant is no PSP, no bank, or both again
	faultReloadMatch                  // by which a participant's answers are found in another way
	faultReloadAmounts                // by which a participant's messages can say other amounts
	faultRemoved                      // without a participant, whatever it is part of
	faultAdded                        // with one that was removed, or is new
	faultReloadBad                    // a file that is not good is to be taken
	faultEdited                       // a file is changed while the switch is down
	faultDrain                        // an operator drains a participant
	faultResume                       // and has one take payments again
	faultCount
)

var faultNames = [faultCount]string{
	"lost", "mute", "late", "twice", "ambiguous", "refused", "other-amount", "garbled", "contradict", "stranger",
	"refuse-then-apply", "refuse-repair", "restart", "amnesia", "link-reset", "half-closed", "clogged", "sign-off", "crash", "torn-group",
	"store-error", "slow-sync", "clock-forward", "clock-back", "clock-frozen", "ring-full", "duplicate", "enquiry", "conflict", "twin", "overload", "command", "forget",
	"collect", "unapproved", "undecided", "refund", "set-cap", "reload-cap", "reload-timers", "reload-bounds", "reload-abilities", "reload-roles", "reload-match", "reload-amounts", "removed", "added", "reload-bad", "edited", "drain", "resume",
}

// String is the name under which a fault is counted.
func (f fault) String() string { return faultNames[f] }

// lies are the faults by which a participant breaks its contract with the switch,
// so that its own book is wrong and not the switch's: a clear no that was a yes,
// a no to what must be done, an answer that contradicts the one before, an answer in another payment's name,
// a memory that is gone. After one of them the switch's promise shrinks to this:
// its own books stay consistent, and the difference shows when it compares them
// with the liar's statement (check_books.go).
var lies = [faultCount]bool{
	faultContradict: true, faultStranger: true, faultRefuseApply: true, faultRefuseRepair: true, faultAmnesia: true,
}
