package payment

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"switchd/ledger"
	"switchd/switch/mutant"
	"switchd/switch/route"
)

// rowVersion is the first byte of every row in the state store. Rows of
// rowVersionOld differ in that participants have no breakers and no limits, and are
// read as well.
const (
	rowVersion    = 4
	rowVersionOld = 3
)

// Rows takes the rows that a Flush writes. Slices are valid during the call.
type Rows interface {
	// PutPayment stores the row of a payment under its ID. One that is Open must be
	// found again by a restart; one that is not is history. p tells what else it is
	// to be found by.
	PutPayment(p *Payment, row []byte)
	// Reopen takes a payment out of the history: the PutPayment that follows has it
	// open again. Its keys stay.
	Reopen(id ID)
	// PutKey makes the payment findable by its request key, or by another key that
	// FindRequest is asked for.
	PutKey(key []byte, id ID)
	// PutBusiness makes the payment findable by its business identity. A later
	// payment with the same identity takes the place of the earlier one.
	PutBusiness(business *Business, id ID)
	// PutParticipant stores position, links and counters of a participant.
	PutParticipant(n route.Participant, row []byte)
	// PutMachine stores what belongs to no participant and no payment.
	PutMachine(row []byte)
	// PutConfig stores the configuration in force.
	PutConfig(row []byte)
	// PutLimit stores what has been used under a limit.
	PutLimit(key *LimitKey, use LimitUse)
	// PutChange stores what an operator has done, under the number of its event.
	PutChange(seq uint64, row []byte)
	// DropLimits drops all counters of the key's kind from periods before its own.
	DropLimits(before LimitKey)
}

// Flush writes the rows of everything that has changed since the last Flush and
// takes finished payments out of memory. After it the rows are exactly the
// effect of all events so far.
func (m *Machine) Flush(rows Rows) {
	for i, p := range m.dirty {
		m.dirty[i] = nil
		if p.dirty {
			m.flushPayment(p, rows)
		}
	}
	m.dirty = m.dirty[:0]
	for n := range m.participants {
		if m.participants[n].dirty {
			m.participants[n].dirty = false
			m.row = m.appendParticipant(m.row[:0], route.Participant(n))
			rows.PutParticipant(route.Participant(n), m.row)
		}
	}
	if m.configDirty {
		m.configDirty = false
		text, err := json.Marshal(m.config)
		if err != nil {
			panic("payment: a configuration cannot be encoded: " + err.Error())
		}
		rows.PutConfig(text)
	}
	m.flushLimits(rows)
	m.flushChanges(rows)
	m.row = m.appendMachine(m.row[:0])
	rows.PutMachine(m.row)
}

func (m *Machine) flushPayment(p *Payment, rows Rows) {
	p.dirty = false
	m.row = p.append(m.row[:0])
	if p.Open() && p.recalled {
		rows.Reopen(p.ID)
		p.recalled = false
	}
	rows.PutPayment(p, m.row)
	if p.Open() {
		return
	}
	// The keys go to the store only now: as long as the payment is open, its keys
	// are found in memory, and a restart finds them in the open row.
	if !p.recalled && !mutant.Is(mutant.LoseKey) {
		m.row = AppendKey(m.row[:0], &p.Key)
		rows.PutKey(m.row, p.ID)
	}
	if p.Business != (Business{}) && m.business[p.Business] == p.ID { // not overtaken by a later payment
		rows.PutBusiness(&p.Business, p.ID)
		delete(m.business, p.Business)
	}
	m.unfollow(p, rows)
	delete(m.open, p.ID)
	if m.keys[p.Key] == p.ID { // not overtaken by another, after this one was forgotten
		delete(m.keys, p.Key)
	}
	if len(m.free) < freeMax {
		m.free = append(m.free, p)
	}
}

// AppendKey appends the store's look-up form of a request key to b. It begins with
// DE7, so that keys come nearly in order: a new key lies behind all that the store
// has on disk, and looking it up costs no read.
func AppendKey(b []byte, k *RequestKey) []byte {
	return putKey(binary.BigEndian.AppendUint32(b, k.Transmitted), k)
}

// EachKey calls f for every key that a Flush may have stored for p, with the same
// buffer: what a store must look at to forget p. A key may belong to another
// payment by now.
func (p *Payment) EachKey(f func(key []byte)) {
	b := AppendKey(nil, &p.Key)
	f(b)
	for leg := LegResolve; leg < legCount; leg++ {
		if p.Legs[leg].SentAt != 0 {
			key := p.trace(leg).key()
			b = AppendKey(b[:0], &key)
			f(b)
		}
	}
}

// AppendPayment appends the row of p, as a Flush writes it.
func AppendPayment(b []byte, p *Payment) []byte { return p.append(b) }

// DecodePayment reads a row that a Flush wrote, for history and reconciliation.
func DecodePayment(row []byte, p *Payment) error { return p.decode(row) }

func (m *Machine) appendParticipant(b []byte, n route.Participant) []byte {
	p := m.at(n)
	b = append(b, rowVersion)
	b = putU32(putU32(b, p.links), p.stan)
	b = putU64(b, uint64(p.caughtUp))
	count := len(b)
	b = append(b, 0)
	for _, c := range m.book.Currencies() { // all of them: a cap that a command has set to zero is one
		at := m.book.Position(n, c)
		b[count]++
		b = putU16(b, uint16(c))
		b = putU64(b, uint64(at.Posted))
		b = putU64(b, uint64(at.Reserved))
		b = append(putU64(b, uint64(at.Cap)), at.Warned)
	}
	b = putHealth(b, p)
	if p.drained {
		b = append(b, 1)
	}
	return b
}

func (m *Machine) appendMachine(b []byte) []byte {
	b = append(b, rowVersion)
	b = putU64(putU64(b, uint64(m.lastAt)), uint64(m.known))
	for _, n := range m.totals {
		b = putU64(b, n)
	}
	return putU32(append(b, byte(m.load)), m.limitDay)
}

// Snapshot is the rows that a machine is restored from.
type Snapshot struct {
	Config       []byte
	Machine      []byte
	Participants map[route.Participant][]byte
	Open         [][]byte // rows of open payments, best in the order of their numbers
	DeadLetters  int      // how many there are, open or finished
}

// Restore makes an empty machine equal to the one whose rows s holds.
func (m *Machine) Restore(s *Snapshot) error {
	if s.Config != nil {
		c := new(Config)
		if err := json.Unmarshal(s.Config, c); err != nil {
			return fmt.Errorf("configuration in the state store: %w", err)
		}
		m.configure(c)
		m.configDirty = false
	}
	if err := m.restoreMachine(s.Machine); err != nil {
		return err
	}
	//tidy:unordered each row sets its own participant only
	for n, row := range s.Participants {
		if err := m.restoreParticipant(n, row); err != nil {
			return fmt.Errorf("row of participant %d: %w", n, err)
		}
	}
	m.standing.deadLetters = s.DeadLetters
	for _, row := range s.Open {
		p := m.take()
		if err := p.decode(row); err != nil {
			return fmt.Errorf("row of an open payment: %w", err)
		}
		m.readmit(p)
	}
	return nil
}

// readmit takes a restored payment in.
func (m *Machine) readmit(p *Payment) {
	m.open[p.ID], m.keys[p.Key] = p, p.ID
	if p.Business != (Business{}) && m.business[p.Business] < p.ID {
		if later, ok := m.store.FindBusiness(&p.Business); !ok || later < p.ID {
			m.business[p.Business] = p.ID
		}
	}
	m.revive(p)
	m.countCollect(p, StateNone, p.State)
	m.stand(p, StateNone, p.State)
	if !mutant.Is(mutant.LoseInFlight) {
		m.recount(p)
	}
	for leg := range p.Legs {
		if mutant.Is(mutant.LoseOutbox) {
			p.Legs[leg].owed, p.Legs[leg].Due, p.owes = 0, 0, 0
		}
		if !p.Legs[leg].Owed() {
			continue
		}
		m.outboxCount(p, Leg(leg), 1)
		if Leg(leg).inLine() {
			m.rejoin(p, Leg(leg))
		}
	}
	m.schedule(p)
}

// recount counts a restored payment among what is under way.
func (m *Machine) recount(p *Payment) {
	if p.State.underWay() {
		m.countAsking(p, p.State)
	}
	m.enterFlow(p, p.State)
}

func (m *Machine) restoreMachine(row []byte) error {
	if row == nil {
		return nil
	}
	r := reader{b: row}
	version := r.u8()
	if version != rowVersion && version != rowVersionOld {
		return fmt.Errorf("machine row has version %d, this binary reads %d and %d", version, rowVersionOld, rowVersion)
	}
	m.lastAt, m.known = int64(r.u64()), ID(r.u64())
	for s := range m.totals {
		m.totals[s] = r.u64()
	}
	if version == rowVersion {
		m.load, m.limitDay = Load(r.below(uint8(loadCount))), r.u32()
		if mutant.Is(mutant.LoseLoad) {
			m.load = LoadNormal
		}
	}
	return r.done()
}

func (m *Machine) restoreParticipant(n route.Participant, row []byte) error {
	r := reader{b: row}
	version := r.u8()
	if version != rowVersion && version != rowVersionOld {
		return fmt.Errorf("version %d, this binary reads %d and %d", version, rowVersionOld, rowVersion)
	}
	for int(n) >= len(m.participants) {
		m.participants = append(m.participants, participant{})
	}
	p := m.at(n)
	p.dirty = false
	p.links, p.stan, p.caughtUp = r.u32(), r.u32(), int64(r.u64())
	for k := r.u8(); k > 0 && !r.bad; k-- {
		c := ledger.Currency(r.u16())
		m.book.Restore(n, c, ledger.Position{Posted: int64(r.u64()), Reserved: int64(r.u64()), Cap: int64(r.u64()), Warned: r.u8()})
	}
	if version == rowVersion {
		r.health(p)
		if len(r.b) > 0 { // most rows have nothing there
			p.drained = true
			r.bad = r.bad || r.u8() != 1
		}
	}
	if mutant.Is(mutant.LoseBreaker) {
		p.breakers = [classCount]breaker{}
	}
	return r.done()
}

// LastAt is the time of the last event: the sequencer never stamps less.
func (m *Machine) LastAt() int64 { return m.lastAt }

// OpenPayments calls f for each payment in memory, in the order of their numbers:
// the open ones, and those that have closed since the last Flush.
func (m *Machine) OpenPayments(f func(*Payment)) {
	ids := make([]ID, 0, len(m.open))
	//tidy:unordered sorted below
	for id := range m.open {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		f(m.open[id])
	}
}
