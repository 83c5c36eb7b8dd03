package payment

import (
	"slices"

	"switchd/ledger"
)

// Standing is what of the whole has not come to rest. Amounts are in the switch's own
// currency. Payments of canaries are in none of it, except dead letters: a person has
// to decide about any.
type Standing struct {
	Doubtful      int   // payments in doubt, see State.Doubtful
	DoubtfulMinor int64 // their amounts
	Oldest        int64 // when the oldest of them was made, UTC ns; 0: there is none
	MovingMinor   int64 // amounts of payments whose money is, or may be, on its way
	DeadLetters   int   // payments about which a person must decide now
}

// Doubtful says that the time of a bank's answer is over and no bank has said yet
// where the money is: a credit that may be posted or not, or a debit that is to be
// taken back and may not be yet (domain reference 7.2). A debit or a credit that still
// waits for its first answer in its time is not in doubt, only on its way; what is
// deemed, or stuck, is decided.
func (s State) Doubtful() bool { return doubtfulStates.has(s) }

// standing keeps count of it, so that who looks need not look at every payment.
type standing struct {
	doubtful      int
	doubtfulMinor int64
	movingMinor   int64
	deadLetters   int
	doubts        []ID // those in doubt, ascending, and some that are no more
}

// doubtsSlack is how many more numbers than payments in doubt are kept before those
// that are not in doubt any more are dropped.
const doubtsSlack = 64

// stand takes note of a payment that goes from one state to another.
func (m *Machine) stand(p *Payment, from, to State) {
	if from.moving() == to.moving() && from.Doubtful() == to.Doubtful() || m.Canary(p) {
		return
	}
	minor := m.ownMinor(p.Amount)
	s := &m.standing
	switch {
	case to.moving() && !from.moving():
		s.movingMinor += minor
	case from.moving() && !to.moving():
		s.movingMinor -= minor
	}
	switch {
	case to.Doubtful() && !from.Doubtful():
		s.doubtful++
		s.doubtfulMinor += minor
		if at, found := slices.BinarySearch(s.doubts, p.ID); !found { // nearly always behind the last
			s.doubts = slices.Insert(s.doubts, at, p.ID)
		}
	case from.Doubtful() && !to.Doubtful():
		s.doubtful--
		s.doubtfulMinor -= minor
		if len(s.doubts) > 2*s.doubtful+doubtsSlack {
			s.doubts = slices.DeleteFunc(s.doubts, func(id ID) bool { return id == p.ID || !m.inDoubt(id) })
		}
	}
}

func (m *Machine) inDoubt(id ID) bool {
	p := m.open[id]
	return p != nil && p.State.Doubtful()
}

func (m *Machine) ownMinor(a ledger.Amount) int64 {
	if a.Currency != m.config.Currency {
		return 0
	}
	return a.Minor
}

// Standing returns that of now. Its cost does not depend on how much is open.
func (m *Machine) Standing() Standing {
	s := &m.standing
	past := 0
	for past < len(s.doubts) && !m.inDoubt(s.doubts[past]) {
		past++
	}
	s.doubts = slices.Delete(s.doubts, 0, past)
	v := Standing{Doubtful: s.doubtful, DoubtfulMinor: s.doubtfulMinor, MovingMinor: s.movingMinor, DeadLetters: s.deadLetters}
	if len(s.doubts) > 0 {
		v.Oldest = m.open[s.doubts[0]].CreatedAt
	}
	return v
}
