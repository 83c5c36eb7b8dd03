package session

import "time"

// Network management codes (DE70) that the automaton knows.
const (
	CodeSignOn    = 1   // sign-on
	CodeSignOff   = 2   // sign-off
	CodeKeyChange = 161 // a new working key
	CodeCutOver   = 201 // the next business day begins
	CodeEcho      = 301 // echo
)

// Response codes (DE39) of the answers the automaton gives.
const (
	approved       = "00"
	inProgress     = "09" // request in progress
	notSupported   = "40" // function not supported
	notOperational = "91" // issuer or switch inoperative
)

// None is "nothing to do" for both Action and Change.
const None = 0

// Action is what the caller has to do on the link.
type Action uint8

// Actions; the zero value is None.
const (
	Echo      Action = iota + 1 // send 0800 with DE70 301
	SignOn                      // send 0800 with DE70 001
	SignOff                     // send 0800 with DE70 002
	Close                       // close the link
	OfferKey                    // send 0800 with DE70 161 and the new key
	KeyLapsed                   // an offer of a key came to nothing in time: the key stays as it is
	RetireKey                   // the key before the present one does not count any more
)

// Change is what an input did to the link's standing.
type Change uint8

// Changes; the zero value is None.
const (
	SignedOn   Change = iota + 1 // financial traffic is allowed from here
	SignedOff                    // no new financial traffic from here; answers to what is open still count
	HeldOff                      // the participant signs on too often: this link has to wait
	KeyOffered                   // the peer offers a key: look at it, then say KeySettled
	KeyChanged                   // the new key counts from here, the one before is accepted for Options.KeyOverlap
	KeyRefused                   // the peer does not take our key: the key stays as it is
	DayCut                       // the peer's next business day has begun; told once
)

// Answer is the 0810 to a 0800: it echoes DE7, DE11 and DE70 and carries Code.
type Answer struct {
	Code   string // DE39; empty: the answer is that of KeySettled
	Change Change
}

// State is the standing of a link.
type State uint8

// States of a link.
const (
	Connected State = iota // handshake done, nobody signed on yet
	Active                 // signed on
	Left                   // signed off, link kept for a later sign-on
	Draining               // we asked to sign off and wait for the answer
	Held                   // wants to sign on, too soon after too many: we sign on when the time has come
	Closed                 // over: Tick says Close
)

// Options are the timers and bounds of a participant's links.
type Options struct {
	Idle        time.Duration // silence of the peer before an echo; 30 s
	EchoTimeout time.Duration // wait for the answer to any 0800 of ours, and for KeySettled; 5 s
	MissesMax   int           // unanswered echoes, or sign-ons of ours, in a row that close the link; 3
	SignOnEvery time.Duration // from a sign-on of ours that was refused to the next; 30 s
	SignOnsMax  int           // sign-ons of all links of the participant within any minute, 1 to 1000; 60
	Keys        bool          // keys may change: without it 0800/161 is answered "not supported"
	KeyOverlap  time.Duration // how long the key before a new one is accepted; 120 s
	DayMin      time.Duration // a cut-over sooner than this after the last is the same one again; 1 h
}

// signOnsLimit is the largest SignOnsMax: each costs eight bytes.
const signOnsLimit = 1000

func (o Options) withDefaults() Options {
	wait := func(d *time.Duration, or time.Duration) {
		if *d <= 0 {
			*d = or
		}
	}
	wait(&o.Idle, 30*time.Second)
	wait(&o.EchoTimeout, 5*time.Second)
	wait(&o.SignOnEvery, 30*time.Second)
	wait(&o.KeyOverlap, 120*time.Second)
	wait(&o.DayMin, time.Hour)
	if o.MissesMax <= 0 {
		o.MissesMax = 3
	}
	if o.SignOnsMax <= 0 {
		o.SignOnsMax = 60
	}
	o.SignOnsMax = min(o.SignOnsMax, signOnsLimit)
	return o
}

// Automaton is the state of one link. It is not safe for concurrent use: it
// belongs to the link's loop, and its Participant's lock if that has others.
type Automaton struct {
	of      *Participant
	state   State
	heard   int64 // when the last frame arrived, or the link came up
	sent    int64 // when the echo or sign-off that waits was sent
	waiting bool  // an echo is unanswered
	misses  int   // echoes in a row without any frame from the peer

	asked   bool  // a sign-on of ours is unanswered
	refused bool  // or was refused, and is due again
	askedAt int64 // when it was sent
	asks    int   // sign-ons in a row without an answer
	held    int64 // until when the link is Held
}

// New returns the automaton of a link that came up at now and shares nothing
// with others. Zero options mean their defaults.
func New(o Options, now int64) *Automaton { return NewParticipant(o).Open(now) }

// State returns the standing of the link.
func (a *Automaton) State() State { return a.state }

// Ready says whether new financial requests are allowed. Answers to requests
// that are already open are welcome as long as the link is up: a peer that has
// signed off, or is being drained, still finishes what it began.
func (a *Automaton) Ready() bool { return a.state == Active }

// HeldUntil is when a Held link may sign on.
func (a *Automaton) HeldUntil() int64 { return a.held }
