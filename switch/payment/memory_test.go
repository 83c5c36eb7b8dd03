package payment

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"switchd/ledger"
	"switchd/switch/route"
)

// memory is a Store and Rows in memory: the state store of the tests.
type memory struct {
	payments     map[ID][]byte
	open         map[ID]bool
	keys         map[string]ID
	business     map[Business]ID
	participants map[route.Participant][]byte
	machine      []byte
	config       []byte
	limits       map[LimitKey]LimitUse
	changes      map[uint64][]byte
}

func newMemory() *memory {
	return &memory{payments: map[ID][]byte{}, open: map[ID]bool{}, keys: map[string]ID{}, business: map[Business]ID{}, participants: map[route.Participant][]byte{}, limits: map[LimitKey]LimitUse{}, changes: map[uint64][]byte{}}
}

func (s *memory) FindRequest(key *RequestKey, row []byte) ([]byte, bool) {
	id, ok := s.keys[string(AppendKey(nil, key))]
	if !ok {
		return row, false
	}
	return append(row, s.payments[id]...), true
}

func (s *memory) FindBusiness(business *Business) (ID, bool) {
	id, ok := s.business[*business]
	return id, ok
}

func (s *memory) Reopen(ID) {}

func (s *memory) FindLimit(key *LimitKey) (LimitUse, bool) {
	use, ok := s.limits[*key]
	return use, ok
}

func (s *memory) PutLimit(key *LimitKey, use LimitUse) { s.limits[*key] = use }

func (s *memory) PutChange(seq uint64, row []byte) { s.changes[seq] = bytes.Clone(row) }

func (s *memory) DropLimits(before LimitKey) {
	for key := range s.limits {
		if key.Kind == before.Kind && key.Period < before.Period {
			delete(s.limits, key)
		}
	}
}

func (s *memory) FindPayment(id ID, row []byte) ([]byte, bool) {
	found, ok := s.payments[id]
	if !ok || s.open[id] {
		return row, false
	}
	return append(row, found...), true
}

func (s *memory) PutPayment(p *Payment, row []byte) {
	s.payments[p.ID] = bytes.Clone(row)
	delete(s.open, p.ID)
	if p.Open() {
		s.open[p.ID] = true
	}
}
func (s *memory) PutKey(key []byte, id ID)              { s.keys[string(key)] = id }
func (s *memory) PutBusiness(business *Business, id ID) { s.business[*business] = id }
func (s *memory) PutParticipant(n route.Participant, row []byte) {
	s.participants[n] = bytes.Clone(row)
}
func (s *memory) PutMachine(row []byte) { s.machine = bytes.Clone(row) }
func (s *memory) PutConfig(row []byte)  { s.config = bytes.Clone(row) }

func (s *memory) snapshot() *Snapshot {
	snap := &Snapshot{Config: s.config, Machine: s.machine, Participants: s.participants}
	for _, row := range s.payments {
		var p Payment
		if p.decode(row) == nil && p.DeadLetter {
			snap.DeadLetters++
		}
	}
	for id := range s.open {
		snap.Open = append(snap.Open, s.payments[id])
	}
	return snap
}

// health is what the rim sees of breakers and limits.
func (m *Machine) health() (all []Health) {
	for n := range m.participants {
		for _, c := range Classes() {
			all = append(all, m.Health(route.Participant(n), c))
		}
	}
	return all
}

// fingerprint is everything that a machine would write, in a fixed order: two
// machines with equal fingerprints behave alike for ever.
func fingerprint(m *Machine) string {
	var b bytes.Buffer
	m.OpenPayments(func(p *Payment) { fmt.Fprintf(&b, "open %x heap=%v\n", p.append(nil), p.heapAt >= 0) })
	for n := range m.participants {
		fmt.Fprintf(&b, "participant %d %x\n", n, m.appendParticipant(nil, route.Participant(n)))
	}
	fmt.Fprintf(&b, "machine %x\n", m.appendMachine(nil))
	fmt.Fprintf(&b, "breakers and limits %v\n", m.health())
	fmt.Fprintf(&b, "traces %v\nlines %v\n", m.traces, m.lines)
	for n := range m.participants {
		fmt.Fprintf(&b, "outbox %d, collects %d, untold %+v of %d\n", m.participants[n].outbox, m.participants[n].collects, m.participants[n].untold, n)
	}
	fmt.Fprintf(&b, "standing %+v\n", m.Standing())
	at, ok := m.NextDeadline()
	fmt.Fprintf(&b, "next %d %v, %d open\n", at, ok, m.OpenCount())
	return b.String()
}

func restored(s *memory) (*Machine, error) {
	m := New(s)
	return m, m.Restore(s.snapshot())
}

// account is a participant's book in one currency.
type account struct {
	n        route.Participant
	currency ledger.Currency
}

// checkBooks recomputes every position and every sum of refunds from the rows and
// compares, and holds the invariants that a row can show.
func checkBooks(m *Machine, s *memory) error {
	posted, reserved := map[account]int64{}, map[account]int64{}
	refunded, holds := map[ID]int64{}, map[ID]int64{}
	for _, id := range sortedIDs(s.payments) {
		var p Payment
		if err := p.decode(s.payments[id]); err != nil {
			return err
		}
		payer := account{p.PayerBank, p.Amount.Currency}
		switch p.State {
		case Success, Deemed:
			posted[payer] -= p.Amount.Minor
			posted[account{p.PayeeBank, p.Amount.Currency}] += p.Amount.Minor
		case DebitSent, Debited, CreditSent, CreditUnknown, DebitRevSent:
			reserved[payer] += p.Amount.Minor
		}
		holds[id] = p.Refunded
		if p.Refunded < 0 || p.Refunded > p.Amount.Minor {
			return fmt.Errorf("payment %d of %d has refunds of %d", id, p.Amount.Minor, p.Refunded)
		}
		if p.Original != 0 && (!p.State.Final() || p.State.settled()) {
			refunded[p.Original] += p.Amount.Minor
		}
		if err := checkRow(&p); err != nil {
			return fmt.Errorf("payment %d in %v: %w", id, p.State, err)
		}
	}
	for id, sum := range refunded {
		if holds[id] != sum {
			return fmt.Errorf("payment %d says refunds of %d, they are %d", id, holds[id], sum)
		}
	}
	for _, c := range m.book.Currencies() {
		for n := range m.participants {
			k := account{route.Participant(n), c}
			at := m.PositionIn(k.n, c)
			if at.Posted != posted[k] || at.Reserved != reserved[k] {
				return fmt.Errorf("participant %d: ledger %+v, rows say posted %d reserved %d of %d", n, at, posted[k], reserved[k], c)
			}
		}
		if sum := m.book.Sum(c); sum != 0 {
			return fmt.Errorf("positions in %d sum to %d", c, sum)
		}
	}
	if err := checkStanding(m, s); err != nil {
		return err
	}
	return checkLines(m)
}

// checkStanding counts anew what the machine keeps count of.
func checkStanding(m *Machine, s *memory) error {
	var want Standing
	untold := make([]Untold, len(m.participants))
	for _, id := range sortedIDs(s.payments) {
		var p Payment
		if err := p.decode(s.payments[id]); err != nil {
			return err
		}
		if p.DeadLetter {
			want.DeadLetters++
		}
		if m.Canary(&p) {
			continue
		}
		switch minor := m.ownMinor(p.Amount); p.State {
		case CreditUnknown, DebitRevSent:
			want.Doubtful++
			want.DoubtfulMinor += minor
			asked := p.PayeeBank
			if p.State == DebitRevSent {
				asked = p.PayerBank
			}
			untold[asked].Payments++
			untold[asked].Minor += minor
			want.MovingMinor += minor
			if want.Oldest == 0 {
				want.Oldest = p.CreatedAt
			}
		case DebitSent, Debited, CreditSent:
			want.MovingMinor += minor
		}
	}
	for n, want := range untold {
		if got := m.Untold(route.Participant(n)); got != want {
			return fmt.Errorf("the machine says that participant %d has not told %+v, its rows say %+v", n, got, want)
		}
	}
	if got := m.Standing(); got != want {
		return fmt.Errorf("the machine says %+v has not come to rest, its rows say %+v", got, want)
	}
	return nil
}

func checkRow(p *Payment) error {
	timed := p.due != 0
	for leg := range p.Legs {
		l := &p.Legs[leg]
		timed = timed || l.Due != 0
		if l.Owed() && l.Due == 0 || !l.Owed() && l.Due != 0 {
			return fmt.Errorf("%v is owed: %v, due %d", Leg(leg), l.Owed(), l.Due)
		}
	}
	credit, debit := &p.Legs[LegCredit], &p.Legs[LegDebit]
	switch {
	case !p.State.Final() && !timed:
		return errors.New("has no timer (I7)")
	case p.State.Final() != (p.ClosedSeq >= uint64(p.ID)) || !p.State.Final() && p.ClosedSeq != 0:
		return errors.New("is final without the event that made it so, or has one and is not")
	case p.Model == ModelA && credit.SentAt != 0 && debit.Answer != OK:
		return errors.New("was credited without a debit (I3)")
	case p.Model == ModelB && (debit.SentAt != 0 || p.Legs[LegReversal].SentAt != 0):
		return errors.New("model B was debited or reversed")
	case p.Legs[LegReversal].SentAt != 0 && credit.Answer == OK && p.Posting == PostImmediate && p.Legs[LegFence].Answer == NoOutcome:
		return errors.New("was reversed although the credit stands (I4)")
	}
	return nil
}

// checkLines: one message about an account at a time.
func checkLines(m *Machine) error {
	under := map[lineKey]int{}
	m.OpenPayments(func(p *Payment) {
		for leg := range p.Legs {
			if l := &p.Legs[leg]; l.Owed() && Leg(leg).inLine() && l.owed&isWaiting == 0 {
				under[p.lineKey(Leg(leg))]++
			}
		}
	})
	for key, n := range under {
		if n > 1 {
			return fmt.Errorf("%d messages are under way for one account at participant %d", n, key.to)
		}
	}
	for key, l := range m.lines {
		if !l.busy || under[key] == 0 {
			return fmt.Errorf("a line at participant %d stands still, %d wait", key.to, len(l.waiting))
		}
	}
	return nil
}

func sortedIDs(rows map[ID][]byte) []ID {
	ids := make([]ID, 0, len(rows))
	for id := range rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
