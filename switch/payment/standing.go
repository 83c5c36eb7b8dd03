package payment

import (
	"slices"

	"switchd/ledger"
	"switchd/switch/route"
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
func (s State) Doubtful() bool { return restless[s]&markDoubtful != 0 }

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

// stand takes note of a payment that goes from one state to another whose restless
// marks differ.
func (m *Machine) stand(p *Payment, from, to State) {
	if m.Canary(p) {
		return
	}
	minor, changed := m.ownMinor(p.Amount), restless[from]^restless[to]
	if changed&markMoving != 0 {
		if to.moving() {
			m.standing.movingMinor += minor
		} else {
			m.standing.movingMinor -= minor
		}
	}
	if changed&markDoubtful != 0 {
		m.standing.doubt(m, p.ID, minor, to.Doubtful())
	}
	if from.Doubtful() {
		m.at(p.untold(from)).untold.add(-1, -minor)
	}
	if to.Doubtful() {
		m.at(p.untold(to)).untold.add(1, minor)
	}
}

// Untold is the payments in doubt whose outcome one participant has not told. Amounts
// are in the switch's own currency.
type Untold struct {
	Payments int
	Minor    int64
}

func (u *Untold) add(payments int, minor int64) {
	u.Payments += payments
	u.Minor += minor
}

// untold is who is asked where the money of p is, in a state that is in doubt.
func (p *Payment) untold(s State) route.Participant {
	if restless[s]&markPayers != 0 {
		return p.PayerBank
	}
	return p.PayeeBank
}

// Untold returns what a participant has not told yet; all of them add up to what is
// in doubt of Standing.
func (m *Machine) Untold(n route.Participant) Untold { return m.at(n).untold }

// doubt takes note of a payment that comes into doubt, or leaves it.
func (s *standing) doubt(m *Machine, id ID, minor int64, comes bool) {
	if comes {
		s.doubtful++
		s.doubtfulMinor += minor
		if at, found := slices.BinarySearch(s.doubts, id); !found { // nearly always behind the last
			s.doubts = slices.Insert(s.doubts, at, id)
		}
		return
	}
	s.doubtful--
	s.doubtfulMinor -= minor
	if len(s.doubts) > 2*s.doubtful+doubtsSlack {
		s.doubts = slices.DeleteFunc(s.doubts, func(other ID) bool { return other == id || !m.inDoubt(other) })
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
