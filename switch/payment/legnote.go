package payment

import "switchd/switch/route"

// LegResult is what became of a message to a participant.
type LegResult uint8

// The results.
const (
	LegAsked      LegResult = iota // it was sent, or sent again; what follows is about one that was
	LegApproved                    // yes
	LegDeclined                    // no, about the payment: funds, account, limit
	LegFailed                      // it did not leave, or the answer is about the participant, or proves nothing. This and the next count against it
	LegUnanswered                  // there was no answer in its time
	legResults
)

var legResultNames = [legResults]string{"asked", "approved", "declined", "failed", "unanswered"}

// String is the name that metrics use.
func (r LegResult) String() string {
	if r >= legResults {
		return "invalid"
	}
	return legResultNames[r]
}

// LegNote reports a message to a participant that is of a class, or what became of it.
// A collect's approval is none: a person takes his time.
type LegNote struct {
	To     route.Participant
	Class  Class
	Result LegResult
	Canary bool
	Took   int64 // of an answer, ns from its first send; 0: not known, because there were several
}

// LegNotes are those of the last Step, for counting. They are valid until the next.
func (m *Machine) LegNotes() []LegNote { return m.notes }

func (m *Machine) note(n route.Participant, c Class, r LegResult, took int64) {
	m.notes = append(m.notes, LegNote{To: n, Class: c, Result: r, Canary: m.canaries && m.at(n).profile.Canary, Took: took})
}

// noteSend takes a message that goes out.
func (m *Machine) noteSend(to route.Participant, p *Payment, leg Leg) {
	if c := leg.class(); c < classCount && !(leg == LegResolve && p.Type == Collect) {
		m.note(to, c, LegAsked, 0)
	}
}

// noteAnswer takes the first answer to the latest send of a message that is repeated.
func (m *Machine) noteAnswer(p *Payment, a *Answer) {
	l := &p.Legs[a.Leg]
	took := int64(0)
	if l.Tries == 0 || a.Leg == LegStatus { // each check is a message of its own
		took = m.now - l.SentAt
	}
	r := refusalResult(a.Outcome)
	switch {
	case undecided(a):
		r = LegFailed
	case positive(a.Leg, a.Outcome):
		r = LegApproved
	}
	m.note(p.Target(a.Leg), a.Leg.class(), r, took)
}

func refusalResult(o Outcome) LegResult {
	if sick(o) {
		return LegFailed
	}
	return LegDeclined
}
