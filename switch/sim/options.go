package sim

import (
	"math/rand/v2"
	"time"
)

// Options of a run. The zero value means all defaults; what a seed decides is
// drawn and not set.
type Options struct {
	Payments int // requests for payments that are sent in one seed; default 150
}

func (o Options) withDefaults() Options {
	if o.Payments <= 0 {
		o.Payments = 150
	}
	return o
}

// swarm is what one seed is about. Each kind of fault is there or not, and often
// or seldom: runs with few kinds get further in than runs with all of them.
type swarm struct {
	participants int
	lines        int           // connections of each participant
	window       time.Duration // in which the requests are sent
	rates        [faultCount]float64
	crashes      int // times that the switch is made to die
	troubles     int // other things that go wrong once
	cap          int64
	openMax      int
	queueMax     int
	traits       []traits
	vpaShare     float64       // payees that are given by address
	commitGap    time.Duration // least time between two groups
	syncTime     time.Duration // of an fsync, at most
	flushEvery   int           // groups between two flushes of the state store, on average
	bounds       bounds
	payers       int  // accounts at each participant from which is paid
	overloads    int  // times that the load changes
	edits        int  // times that the configuration changes
	drains       int  // times that an operator drains a participant, or has one resume
	joins        bool // the last participant is not configured at first
	forgets      bool
	collects     float64 // of the requests
	refunds      float64
}

// traits are what one participant is like.
type traits struct {
	xml        bool // it speaks ISO 20022
	byTrace    bool // its answers carry no reference
	receipts   bool // it acknowledges answers, confirmations and updates; ISO 20022 only
	checks     bool // it answers status enquiries and fences
	binding    bool // its "not done" is a promise
	updates    bool // it takes confirmations and updates
	onConfirm  bool // it posts a credit when it gets the confirmation
	repeatSafe bool // a debit may be repeated
	undoes     bool // a fence makes it undo a credit; otherwise it says that the credit stands
}

// xmlOneIn is the share of the participants that speak ISO 20022. Their messages
// cost several times those of ISO 8583.
const xmlOneIn = 2

func drawTraits(rng *rand.Rand) traits {
	half := func() bool { return rng.IntN(2) == 0 }
	return traits{
		xml: rng.IntN(xmlOneIn) == 0, byTrace: rng.IntN(8) == 0, receipts: half(), checks: half(), binding: half(), updates: half(), onConfirm: rng.IntN(5) == 0,
		repeatSafe: rng.IntN(3) == 0, undoes: half(),
	}
}

// rateMax bounds how often a fault comes: a share of the messages that it can
// come to.
var rateMax = [faultCount]float64{
	faultLost: 0.1, faultMute: 0.1, faultLate: 0.1, faultTwice: 0.2, faultAmbiguous: 0.1, faultRefused: 0.15,
	faultOtherAmount: 0.03, faultGarbled: 0.03, faultContradict: 0.03, faultStranger: 0.03, faultRefuseApply: 0.03,
	faultAmnesia: 1, faultRefuseRepair: 0.1, faultStoreError: 0.002, faultSlowSync: 0.02, faultDuplicate: 0.2, faultEnquiry: 0.2, faultConflict: 0.05, faultTwin: 0.1,
	faultUnapproved: 0.3, faultUndecided: 0.5,
}

func drawSwarm(rng *rand.Rand) swarm {
	s := swarm{
		participants: 2 + rng.IntN(3), lines: 1 + rng.IntN(3),
		window:  time.Duration(5+rng.IntN(240)) * time.Second,
		crashes: rng.IntN(8), troubles: rng.IntN(16),
		cap: 2_000 * int64(1+rng.IntN(200)), openMax: drawOpenMax(rng), queueMax: 4 << rng.IntN(8),
		vpaShare:  rng.Float64(),
		commitGap: time.Duration(rng.IntN(3)) * time.Millisecond, syncTime: time.Duration(1+rng.IntN(5)) * time.Millisecond,
		flushEvery: 1 + rng.IntN(200),
	}
	for i := range s.participants {
		s.traits = append(s.traits, drawTraits(rng))
		s.traits[i].byTrace = s.traits[i].byTrace && !s.traits[i].xml
		s.traits[i].binding = s.traits[i].binding && s.traits[i].checks
		s.traits[i].onConfirm = s.traits[i].onConfirm && i > 0 // the first one is always a sender
		s.traits[i].receipts = s.traits[i].xml && (s.traits[i].receipts || s.traits[i].onConfirm)
	}
	s.bounds, s.payers, s.forgets = drawBounds(rng), 100, rng.IntN(2) == 0
	if rng.IntN(2) == 0 {
		s.payers = 1 + rng.IntN(8)
	}
	if rng.IntN(2) == 0 {
		s.overloads = 1 + rng.IntN(12)
	}
	s.drawEdits(rng)
	s.collects, s.refunds = drawShare(rng), drawShare(rng)
	for f := range faultCount {
		if rng.IntN(2) == 0 {
			s.rates[f] = rateMax[f] * rng.Float64()
		}
	}
	if rng.IntN(4) == 0 { // as it should be, but for crashes and networks: liars hide faults of ours
		for f := range faultCount {
			if lies[f] {
				s.rates[f] = 0
			}
		}
	}
	if rng.IntN(3) == 0 {
		s.drains = 1 + rng.IntN(6)
	}
	return s
}

// drawEdits draws how often the configuration changes.
func (s *swarm) drawEdits(rng *rand.Rand) {
	if rng.IntN(2) == 0 {
		s.edits, s.joins = 1+rng.IntN(10), s.participants > 2 && rng.IntN(4) == 0
	}
}

// drawShare is how many of the requests are of some other kind: none, or some.
func drawShare(rng *rand.Rand) float64 {
	if rng.IntN(2) == 0 {
		return 0
	}
	return 0.3 * rng.Float64()
}

func drawOpenMax(rng *rand.Rand) int { return 4 + rng.IntN(200) }
