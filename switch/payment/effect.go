package payment

import "switchd/switch/route"

// Effect is what must happen next: a message to a participant, or a notice for
// history and metrics. Payment is a view of machine memory: read it before the
// next Step, keep nothing of it.
type Effect struct {
	Send     bool              // a message; otherwise a notice
	To       route.Participant // whom a message goes to
	Leg      Leg               // which message: LegRequest is the answer to the sender
	Repeat   bool              // a repeat of an advice (0421, 0221)
	NotAfter int64             // a message that could not leave by then must not leave at all
	At       int64             // the event's time

	Notice  Notice
	From    State
	State   State
	Cause   Cause
	Payment *Payment
}

// Notice says what a notice reports.
type Notice uint8

// The notices.
const (
	NoNotice  Notice = iota
	Moved            // a payment went From one state to State by Cause
	Repeated         // a known request came again and got the same answer, or none while in flight
	Conflict         // a known request came again with other content and was refused
	Late             // an answer after the payment had gone on without it
	Unmatched        // an answer that belongs to nothing
	Exception        // an answer that contradicts a decision: for reconciliation
	noticeCount
)

var noticeNames = [noticeCount]string{"none", "moved", "repeated", "conflict", "late", "unmatched", "exception"}

// String is the name that scenario texts and metrics use.
func (n Notice) String() string {
	if n >= noticeCount {
		return "invalid"
	}
	return noticeNames[n]
}

// Notices lists all notices, for metrics.
func Notices() []Notice {
	all := make([]Notice, 0, noticeCount-1)
	for n := Moved; n < noticeCount; n++ {
		all = append(all, n)
	}
	return all
}

// notice appends a notice to the effects of the current Step.
func (m *Machine) notice(ef Effect) {
	ef.At = m.now
	m.out = append(m.out, ef)
}
