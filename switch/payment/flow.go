package payment

import (
	"math/bits"

	"switchd/switch/mutant"
	"switchd/switch/route"
)

// How many messages may wait for a participant's answer at once follows its answer
// time: one that gets slower than it usually is gets fewer, so that it holds less
// of the switch, and one that keeps its pace gets more. The limit is the gradient
// of the usual answer time over the latest one, in whole numbers, so that a replay
// finds the same.

// flowCount are the classes with a limit: those that start with a payment. What
// repairs one is never held back by it.
const flowCount = ClassCredit + 1

// Flow bounds the limit of a participant. Zero values stand for the defaults.
type Flow struct {
	Off bool  `json:"off,omitempty"`
	Min int32 `json:"min,omitempty"` // never less; 256
	Max int32 `json:"max,omitempty"` // never more; 65536
}

// The defaults. The first limit is in the geometric middle.
const (
	flowMin   = 256
	flowMax   = 65_536
	flowStart = 4096
)

func (f *Flow) bounds() (least, most int64) {
	least, most = int64(f.Min), int64(f.Max)
	if least == 0 {
		least = flowMin
	}
	if most == 0 {
		most = flowMax
	}
	return min(least, most), most
}

// flow is the limit of one class at one participant.
type flow struct {
	inFlight int32 // not stored: open payments say it
	limit    int64 // in 1/256; 0: not learned yet
	usual    int64 // slow mean of the answer time, ns
}

const (
	flowScale   = 256 // of flow.limit
	flowSlow    = 512 // answers that the usual time is the mean of
	flowSmooth  = 8   // a limit goes this part of the way to its new value
	flowGrace   = 2   // an answer time up to so many times the usual one is none the worse
	flowForgets = 20  // when answers are faster, the usual time loses this part with each
)

// most is how many may be under way.
func (f *flow) most(s *Flow) int {
	least, most := s.bounds()
	if f.limit == 0 {
		return int(min(max(flowStart, least), most))
	}
	return int(min(max(f.limit/flowScale, least), most))
}

// learn takes one answer time, or the time after which there was none.
func (f *flow) learn(took int64, s *Flow) {
	took = max(took, 1)
	if f.usual == 0 {
		f.usual = took
	}
	f.usual += (took - f.usual) / flowSlow
	if f.usual > 2*took {
		f.usual -= f.usual / flowForgets
	}
	least, most := s.bounds()
	if f.limit == 0 {
		f.limit = int64(f.most(s)) * flowScale
	}
	// With few under way the answer time says nothing about more of them.
	if int64(f.inFlight)+1 < f.limit/flowScale/2 && took <= flowGrace*f.usual {
		return
	}
	limit := f.limit / flowScale
	gradient := min(max(flowScale*flowGrace*f.usual/took, flowScale/2), flowScale)
	next := limit*gradient + root(limit)*flowScale
	f.limit += (next - f.limit) / flowSmooth
	f.limit = min(max(f.limit, least*flowScale), most*flowScale)
}

// root is the whole square root of what is above zero: the room in which a limit
// looks for more.
func root(n int64) int64 {
	r := int64(1) << ((bits.Len64(uint64(n)) + 1) / 2) // Newton's steps from above
	for next := (r + n/r) / 2; next < r; next = (r + n/r) / 2 {
		r = next
	}
	return r
}

// full says that no further message of a class may start to go to a participant.
func (m *Machine) full(n route.Participant, c Class) bool {
	p := m.at(n)
	return !p.profile.Flow.Off && !mutant.Is(mutant.IgnoreFlow) && int(p.flows[c].inFlight) >= p.flows[c].most(&p.profile.Flow)
}

// underWay says that whoever has asked for the payment waits for its answer.
func (s State) underWay() bool { return s >= Received && s <= CreditSent }

// countAsking keeps count of a sender's requests that are under way.
func (m *Machine) countAsking(p *Payment, to State) {
	if n := m.at(p.Key.From); to.underWay() {
		n.asking++
	} else {
		n.asking--
	}
}

// asksTooMuch says that a sender has as many requests under way as it may have.
func (p *participant) asksTooMuch() bool {
	return p.profile.InFlight > 0 && !mutant.Is(mutant.IgnoreInFlight) && p.asking >= p.profile.InFlight
}

func (m *Machine) enterFlow(p *Payment, to State) {
	if n, c := p.asked(to); c != classCount {
		m.at(n).flows[c].inFlight++
	}
}

func (m *Machine) leaveFlow(n route.Participant, c Class) { m.at(n).flows[c].inFlight-- }
