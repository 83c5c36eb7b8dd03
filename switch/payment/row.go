package payment

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"switchd/ledger"
	"switchd/switch/route"
)

// rowVersion is the first byte of every row in the state store.
const rowVersion = 1

// Rows takes the rows that a Flush writes. Slices are valid during the call.
type Rows interface {
	// PutPayment stores a payment under its ID. A payment that is open must be
	// found again by a restart; one that is not is history.
	PutPayment(id ID, open bool, row []byte)
	// PutKey makes the payment findable by its request key.
	PutKey(key []byte, id ID)
	// PutParticipant stores position, links and counters of a participant.
	PutParticipant(n route.Participant, row []byte)
	// PutMachine stores what belongs to no participant and no payment.
	PutMachine(row []byte)
	// PutConfig stores the configuration in force.
	PutConfig(row []byte)
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
	m.row = m.appendMachine(m.row[:0])
	rows.PutMachine(m.row)
}

func (m *Machine) flushPayment(p *Payment, rows Rows) {
	p.dirty = false
	m.row = p.append(m.row[:0])
	rows.PutPayment(p.ID, p.Open(), m.row)
	if p.Open() {
		return
	}
	// The key goes to the store only now: as long as the payment is open, its
	// key is found in memory, and a restart finds it in the open row.
	m.row = AppendKey(m.row[:0], &p.Key)
	rows.PutKey(m.row, p.ID)
	delete(m.open, p.ID)
	delete(m.keys, p.Key)
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

// append appends the row of p: all that a restart or a repeat needs.
func (p *Payment) append(b []byte) []byte {
	b = append(b, rowVersion, byte(p.State), byte(p.Reply), byte(p.Outcome))
	b = putU64(b, uint64(p.ID))
	b = append(b, p.ReplyCode[:]...)
	b = append(b, p.BankCode[:]...)
	b = append(b, p.Approval[:]...)
	b = putFlag(putFlag(b, p.Confirmed), p.Repairing)
	b = putEcho(putKey(b, &p.Key), &p.Echo)
	b = putU64(b, p.Hash)
	b = putU64(b, uint64(p.Amount.Minor))
	b = putU16(b, uint16(p.Amount.Currency))
	b = putU16(b, p.AccountTypes)
	b = putU16(b, uint16(p.PayerBank))
	b = putU16(b, uint16(p.PayeePSP))
	b = putU16(b, uint16(p.PayeeBank))
	b = putU64(b, uint64(p.CreatedAt))
	b = putU64(b, uint64(p.DeadlineD0))
	b = putU64(b, uint64(p.ClosedAt))
	b = putU64(b, uint64(p.deadline))
	for leg := LegResolve; leg < legCount; leg++ {
		l := &p.Legs[leg]
		b = putFlag(b, l.SentAt != 0)
		if l.SentAt != 0 {
			b = putU16(putU32(putU32(putU64(b, uint64(l.SentAt)), l.STAN), l.Transmitted), l.Tries)
		}
	}
	return putText(b, &p.Text)
}

// decode reads a row of append into p. p is not in the heap afterwards.
func (p *Payment) decode(row []byte) error {
	p.reset()
	r := reader{b: row}
	if v := r.u8(); v != rowVersion {
		return fmt.Errorf("payment row has version %d, this binary reads %d", v, rowVersion)
	}
	p.State = State(r.below(uint8(stateCount)))
	p.Reply = Outcome(r.below(uint8(outcomeCount)))
	p.Outcome = Outcome(r.below(uint8(outcomeCount)))
	p.ID = ID(r.u64())
	copy(p.ReplyCode[:], r.take(len(p.ReplyCode)))
	copy(p.BankCode[:], r.take(len(p.BankCode)))
	copy(p.Approval[:], r.take(len(p.Approval)))
	p.Confirmed, p.Repairing = r.flag(), r.flag()
	r.key(&p.Key)
	r.echo(&p.Echo)
	p.Hash = r.u64()
	p.Amount = ledger.Amount{Minor: int64(r.u64()), Currency: ledger.Currency(r.u16())}
	p.AccountTypes = r.u16()
	p.PayerBank, p.PayeePSP, p.PayeeBank = route.Participant(r.u16()), route.Participant(r.u16()), route.Participant(r.u16())
	p.CreatedAt, p.DeadlineD0 = int64(r.u64()), int64(r.u64())
	p.ClosedAt, p.deadline = int64(r.u64()), int64(r.u64())
	for leg := LegResolve; leg < legCount; leg++ {
		if r.flag() {
			p.Legs[leg] = LegState{SentAt: int64(r.u64()), STAN: r.u32(), Transmitted: r.u32(), Tries: r.u16()}
		}
	}
	r.text(&p.Text)
	return r.done()
}

// DecodePayment reads a row that a Flush wrote, for history and reconciliation.
func DecodePayment(row []byte, p *Payment) error { return p.decode(row) }

func (m *Machine) appendParticipant(b []byte, n route.Participant) []byte {
	p, at := m.at(n), m.book.Position(n)
	b = append(b, rowVersion)
	b = putU32(putU32(b, p.links), p.stan)
	b = putU64(b, uint64(at.Posted))
	b = putU64(b, uint64(at.Reserved))
	return putU64(b, uint64(at.Cap))
}

func (m *Machine) appendMachine(b []byte) []byte {
	b = append(b, rowVersion)
	b = putU64(b, uint64(m.lastAt))
	for _, n := range m.totals {
		b = putU64(b, n)
	}
	return b
}

// Snapshot is the rows that a machine is restored from.
type Snapshot struct {
	Config       []byte
	Machine      []byte
	Participants map[route.Participant][]byte
	Open         [][]byte // rows of open payments, in any order
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
	for _, row := range s.Open {
		p := m.take()
		if err := p.decode(row); err != nil {
			return fmt.Errorf("row of an open payment: %w", err)
		}
		m.open[p.ID], m.keys[p.Key] = p, p.ID
		m.active++
		m.followAll(p)
		if p.deadline != 0 {
			m.setDeadline(p, p.deadline)
		}
	}
	return nil
}

func (m *Machine) restoreMachine(row []byte) error {
	if row == nil {
		return nil
	}
	r := reader{b: row}
	if v := r.u8(); v != rowVersion {
		return fmt.Errorf("machine row has version %d, this binary reads %d", v, rowVersion)
	}
	m.lastAt = int64(r.u64())
	for s := range m.totals {
		m.totals[s] = r.u64()
	}
	return r.done()
}

func (m *Machine) restoreParticipant(n route.Participant, row []byte) error {
	r := reader{b: row}
	if v := r.u8(); v != rowVersion {
		return fmt.Errorf("version %d, this binary reads %d", v, rowVersion)
	}
	for int(n) >= len(m.participants) {
		m.participants = append(m.participants, participant{})
	}
	p := m.at(n)
	p.dirty = false
	p.links, p.stan = r.u32(), r.u32()
	m.book.Restore(n, ledger.Position{Posted: int64(r.u64()), Reserved: int64(r.u64()), Cap: int64(r.u64())})
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
