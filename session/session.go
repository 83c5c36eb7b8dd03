package session

import "time"

// Network management codes (DE70) that the automaton knows.
const (
	CodeSignOn  = 1   // sign-on
	CodeSignOff = 2   // sign-off
	CodeEcho    = 301 // echo
)

// Response codes (DE39) of the answers the automaton gives.
const (
	approved       = "00"
	notSupported   = "40" // function not supported
	notOperational = "91" // issuer or switch inoperative
)

// None is "nothing to do" for both Action and Change.
const None = 0

// Action is what the caller has to do on the link.
type Action uint8

// Actions; the zero value is None.
const (
	Echo    Action = iota + 1 // send 0800 with DE70 301
	SignOn                    // send 0800 with DE70 001
	SignOff                   // send 0800 with DE70 002
	Close                     // close the link
)

// Change is what an input did to the link's standing.
type Change uint8

// Changes; the zero value is None.
const (
	SignedOn  Change = iota + 1 // financial traffic is allowed from here
	SignedOff                   // no new financial traffic from here; answers to what is open still count
)

// Answer is the 0810 to a 0800: it echoes DE7, DE11 and DE70 and carries Code.
type Answer struct {
	Code   string // DE39
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
	Closed                 // over: Tick says Close
)

// Options are the timers of a link.
type Options struct {
	Idle        time.Duration // silence of the peer before an echo; 30 s
	EchoTimeout time.Duration // wait for the answer to an echo or to our sign-off; 5 s
	MissesMax   int           // unanswered echoes in a row that close the link; 3
}

func (o Options) withDefaults() Options {
	if o.Idle <= 0 {
		o.Idle = 30 * time.Second
	}
	if o.EchoTimeout <= 0 {
		o.EchoTimeout = 5 * time.Second
	}
	if o.MissesMax <= 0 {
		o.MissesMax = 3
	}
	return o
}

// Automaton is the state of one link. It is not safe for concurrent use: it
// belongs to the link's loop.
type Automaton struct {
	opt     Options
	state   State
	heard   int64 // when the last frame arrived, or the link came up
	sent    int64 // when the echo or sign-off that waits was sent
	waiting bool  // an echo is unanswered
	asked   bool  // a sign-on of ours is unanswered
	misses  int   // echoes in a row without any frame from the peer
}

// New returns the automaton of a link that came up at now. Zero options mean
// their defaults.
func New(o Options, now int64) *Automaton {
	return &Automaton{opt: o.withDefaults(), heard: now}
}

// State returns the standing of the link.
func (a *Automaton) State() State { return a.state }

// Ready says whether new financial requests are allowed. Answers to requests
// that are already open are welcome as long as the link is up: a peer that has
// signed off, or is being drained, still finishes what it began.
func (a *Automaton) Ready() bool { return a.state == Active }
