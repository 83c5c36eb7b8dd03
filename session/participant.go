package session

import "time"

// Participant is what the links of one participant share: how often they may
// sign on, the business day, the working key. Methods of their automatons touch
// it, so that one with links on several loops needs a lock around all but
// Traffic, State and Ready.
type Participant struct {
	opt     Options
	signOns []int64 // the latest ones, a ring
	next    int     // the oldest of them, once the ring is full
	cut     bool    // there was a cut-over
	cutAt   int64
	key     keys
}

// NewParticipant returns a participant without links. Zero options mean their
// defaults.
func NewParticipant(o Options) *Participant { return &Participant{opt: o.withDefaults()} }

// Set gives the participant other options from now on, also on links that are up.
// Keys and SignOnsMax stay as they were.
func (p *Participant) Set(o Options) {
	o.Keys, o.SignOnsMax = p.opt.Keys, p.opt.SignOnsMax
	p.opt = o.withDefaults()
}

// Open returns the automaton of a link that came up at now.
func (p *Participant) Open(now int64) *Automaton { return &Automaton{of: p, heard: now} }

// admit takes one of the sign-ons of a minute. Each costs the machine two events,
// and a link that flaps would have it do nothing else. It returns until when
// there is none left; 0: there was one.
func (p *Participant) admit(now int64) (until int64) {
	if len(p.signOns) < p.opt.SignOnsMax {
		p.signOns = append(p.signOns, now)
		return 0
	}
	free := p.signOns[p.next] + int64(time.Minute)
	if now < free {
		return free
	}
	p.signOns[p.next] = now
	p.next = (p.next + 1) % len(p.signOns)
	return 0
}

// dayCut says whether a cut-over is a new one. Peers tell it on every link, and
// again when the answer was lost.
func (p *Participant) dayCut(now int64) bool {
	if p.cut && now-p.cutAt < int64(p.opt.DayMin) {
		return false
	}
	p.cut, p.cutAt = true, now
	return true
}
