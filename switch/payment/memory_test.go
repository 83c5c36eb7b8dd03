package payment

import (
	"bytes"
	"fmt"
	"slices"

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
}

func newMemory() *memory {
	return &memory{payments: map[ID][]byte{}, open: map[ID]bool{}, keys: map[string]ID{}, business: map[Business]ID{}, participants: map[route.Participant][]byte{}}
}

func (s *memory) FindRequest(key *RequestKey, row []byte) ([]byte, bool) {
	id, ok := s.keys[string(AppendKey(nil, key))]
	if !ok {
		return row, false
	}
	return append(row, s.payments[id]...), true
}

func (s *memory) FindBusiness(business *Business, row []byte) ([]byte, bool) {
	id, ok := s.business[*business]
	if !ok {
		return row, false
	}
	return append(row, s.payments[id]...), true
}

func (s *memory) FindPayment(id ID, row []byte) ([]byte, bool) {
	found, ok := s.payments[id]
	if !ok || s.open[id] {
		return row, false
	}
	return append(row, found...), true
}

func (s *memory) PutPayment(id ID, open bool, row []byte) {
	s.payments[id] = bytes.Clone(row)
	delete(s.open, id)
	if open {
		s.open[id] = true
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
	for id := range s.open {
		snap.Open = append(snap.Open, s.payments[id])
	}
	return snap
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
	fmt.Fprintf(&b, "traces %v\n", m.traces)
	at, ok := m.NextDeadline()
	fmt.Fprintf(&b, "next %d %v, %d open\n", at, ok, m.OpenCount())
	return b.String()
}

func restored(s *memory) (*Machine, error) {
	m := New(s)
	return m, m.Restore(s.snapshot())
}

// checkBooks recomputes every position from the rows and compares.
func checkBooks(m *Machine, s *memory) error {
	posted, reserved := map[route.Participant]int64{}, map[route.Participant]int64{}
	for _, id := range sortedIDs(s.payments) {
		var p Payment
		if err := p.decode(s.payments[id]); err != nil {
			return err
		}
		switch p.State {
		case Success, Deemed:
			posted[p.PayerBank] -= p.Amount.Minor
			posted[p.PayeeBank] += p.Amount.Minor
		case DebitSent, Debited, CreditSent, CreditUnknown, DebitRevSent:
			reserved[p.PayerBank] += p.Amount.Minor
		}
		if !p.State.Final() && p.deadline == 0 {
			return fmt.Errorf("payment %d in %v has no timer (I7)", p.ID, p.State)
		}
	}
	for n := range m.participants {
		at := m.Position(route.Participant(n))
		if at.Posted != posted[route.Participant(n)] || at.Reserved != reserved[route.Participant(n)] {
			return fmt.Errorf("participant %d: ledger %+v, rows say posted %d reserved %d", n, at, posted[route.Participant(n)], reserved[route.Participant(n)])
		}
	}
	if m.PositionSum() != 0 {
		return fmt.Errorf("positions sum to %d", m.PositionSum())
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
