package sim

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash"
	"slices"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// rowKey is the key of one row: what it is, and its number or its request key.
type rowKey struct {
	tag    byte
	number uint64
	text   string
}

// The tags of rows, as in switch/state.
const (
	tagConfig      = 'c'
	tagMachine     = 'm'
	tagOpen        = 'o'
	tagParticipant = 'p'
	tagHistory     = 'h'
	tagKey         = 'k'
	tagBusiness    = 'b'
	tagLimit       = 'l'
	tagChange      = 'w'
)

// rows is the state store in memory, with the contract of switch/state: a batch is
// whole or not there, and a crash leaves an earlier state between two batches, with
// the sequence number that it is the effect of.
type rows struct {
	all     map[rowKey][]byte
	applied uint64

	crashable bool
	undo      []change // since the oldest state that a crash may leave
	marks     []mark   // the states that it may leave, oldest first
}

type change struct {
	key rowKey
	was []byte // nil: there was no row
}

type mark struct {
	undo    int // length of undo at that state
	applied uint64
}

func newRows(crashable bool) *rows {
	r := &rows{all: map[rowKey][]byte{}, crashable: crashable}
	if crashable {
		r.marks = []mark{{}}
	}
	return r
}

// commit ends a batch.
func (r *rows) commit(applied uint64) {
	r.applied = applied
	if r.crashable {
		r.marks = append(r.marks, mark{len(r.undo), applied})
	}
}

// states is the number of states that a crash may leave.
func (r *rows) states() int { return len(r.marks) }

// flushed makes state n the oldest that a crash may leave: up to it, everything is
// on the disk.
func (r *rows) flushed(n int) {
	gone := r.marks[n].undo
	r.undo = append(r.undo[:0], r.undo[gone:]...)
	r.marks = append(r.marks[:0], r.marks[n:]...)
	for i := range r.marks {
		r.marks[i].undo -= gone
	}
}

// crash goes back to state n.
func (r *rows) crash(n int) {
	m := r.marks[n]
	for i := len(r.undo) - 1; i >= m.undo; i-- {
		if u := &r.undo[i]; u.was == nil {
			delete(r.all, u.key)
		} else {
			r.all[u.key] = u.was
		}
	}
	r.undo, r.marks, r.applied = r.undo[:m.undo], r.marks[:n+1], m.applied
}

func (r *rows) put(key rowKey, row []byte) {
	if r.crashable {
		r.undo = append(r.undo, change{key, r.all[key]})
	}
	if row == nil {
		delete(r.all, key)
		return
	}
	r.all[key] = bytes.Clone(row)
}

// PutPayment stores a payment under what it is now: open, or history.
func (r *rows) PutPayment(p *payment.Payment, row []byte) {
	id := uint64(p.ID)
	if p.Open() {
		r.put(rowKey{tag: tagOpen, number: id}, row)
		return
	}
	r.put(rowKey{tag: tagOpen, number: id}, nil)
	r.put(rowKey{tag: tagHistory, number: id}, row)
}

// PutKey makes a finished payment findable by its request key.
func (r *rows) PutKey(key []byte, id payment.ID) {
	r.put(rowKey{tag: tagKey, text: string(key)}, binary.BigEndian.AppendUint64(nil, uint64(id)))
}

// PutBusiness makes it findable by its business identity.
func (r *rows) PutBusiness(business *payment.Business, id payment.ID) {
	r.put(rowKey{tag: tagBusiness, text: string(business[:])}, binary.BigEndian.AppendUint64(nil, uint64(id)))
}

// PutLimit stores what has been used under a limit.
func (r *rows) PutLimit(key *payment.LimitKey, use payment.LimitUse) {
	row := binary.BigEndian.AppendUint32(nil, use.Count)
	r.put(limitRow(key), binary.BigEndian.AppendUint64(row, uint64(use.Minor)))
}

// FindLimit returns it.
func (r *rows) FindLimit(key *payment.LimitKey) (payment.LimitUse, bool) {
	row, ok := r.all[limitRow(key)]
	if !ok {
		return payment.LimitUse{}, false
	}
	return payment.LimitUse{Count: binary.BigEndian.Uint32(row), Minor: int64(binary.BigEndian.Uint64(row[4:]))}, true
}

// PutChange stores what an operator has done.
func (r *rows) PutChange(seq uint64, row []byte) { r.put(rowKey{tag: tagChange, number: seq}, row) }

// DropLimits drops the counters of periods before the key's.
func (r *rows) DropLimits(before payment.LimitKey) {
	for _, key := range r.sorted() {
		if key.tag == tagLimit && key.text[0] == before.Kind && key.number < uint64(before.Period) {
			r.put(key, nil)
		}
	}
}

func limitRow(key *payment.LimitKey) rowKey {
	return rowKey{tag: tagLimit, number: uint64(key.Period), text: string(key.Kind) + string(key.Whose[:])}
}

// Reopen takes a payment out of the history.
func (r *rows) Reopen(id payment.ID) { r.put(rowKey{tag: tagHistory, number: uint64(id)}, nil) }

// PutParticipant stores the row of a participant.
func (r *rows) PutParticipant(n route.Participant, row []byte) {
	r.put(rowKey{tag: tagParticipant, number: uint64(n)}, row)
}

// PutMachine stores the machine's own row.
func (r *rows) PutMachine(row []byte) { r.put(rowKey{tag: tagMachine}, row) }

// PutConfig stores the configuration in force.
func (r *rows) PutConfig(row []byte) { r.put(rowKey{tag: tagConfig}, row) }

// FindRequest appends the row of the finished payment that this key has made.
func (r *rows) FindRequest(key *payment.RequestKey, row []byte) ([]byte, bool) {
	var room [64]byte
	id, ok := r.all[rowKey{tag: tagKey, text: string(payment.AppendKey(room[:0], key))}]
	if !ok {
		return row, false
	}
	return r.FindPayment(payment.ID(binary.BigEndian.Uint64(id)), row)
}

// FindBusiness names the latest finished payment with this business identity.
func (r *rows) FindBusiness(business *payment.Business) (payment.ID, bool) {
	id, ok := r.all[rowKey{tag: tagBusiness, text: string(business[:])}]
	if !ok {
		return 0, false
	}
	return payment.ID(binary.BigEndian.Uint64(id)), true
}

// FindPayment appends the row of the finished payment with this number.
func (r *rows) FindPayment(id payment.ID, row []byte) ([]byte, bool) {
	found, ok := r.all[rowKey{tag: tagHistory, number: uint64(id)}]
	return append(row, found...), ok
}

// snapshot is what a machine is restored from.
func (r *rows) snapshot() *payment.Snapshot {
	s := &payment.Snapshot{Participants: map[route.Participant][]byte{}}
	for _, key := range r.sorted() {
		row := r.all[key]
		switch key.tag {
		case tagConfig:
			s.Config = row
		case tagMachine:
			s.Machine = row
		case tagParticipant:
			s.Participants[route.Participant(key.number)] = row
		case tagOpen:
			s.Open = append(s.Open, row)
		}
	}
	r.payments(func(p *payment.Payment) {
		if p.DeadLetter {
			s.DeadLetters++
		}
	})
	return s
}

// sorted lists all keys in order.
func (r *rows) sorted() []rowKey {
	keys := make([]rowKey, 0, len(r.all))
	for key := range r.all {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b rowKey) int {
		return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.number, b.number), cmp.Compare(a.text, b.text))
	})
	return keys
}

// inMemory names the rows that do not matter: keys, traces and business identities
// that a payment has which is open. They are there if a flush came between the end of a
// payment and its second life, or the next one of the same name, and not otherwise;
// the machine looks in its memory first.
func (r *rows) inMemory() map[rowKey]bool {
	found := map[rowKey]bool{}
	var p payment.Payment
	for key, row := range r.all {
		if key.tag != tagOpen {
			continue
		}
		if err := payment.DecodePayment(row, &p); err != nil {
			panic("sim: row of a payment: " + err.Error())
		}
		p.EachKey(func(key []byte) { found[rowKey{tag: tagKey, text: string(key)}] = true })
		if p.Business != (payment.Business{}) {
			found[rowKey{tag: tagBusiness, text: string(p.Business[:])}] = true
		}
	}
	return found
}

// sum adds all rows to h, in order.
func (r *rows) sum(h hash.Hash) {
	inMemory := r.inMemory()
	for _, key := range r.sorted() {
		if inMemory[key] {
			continue
		}
		h.Write(binary.BigEndian.AppendUint64([]byte{key.tag}, key.number))
		h.Write([]byte(key.text))
		h.Write(r.all[key])
	}
}

// payments calls f for every payment, in the order of their numbers; it is valid
// during the call.
func (r *rows) payments(f func(p *payment.Payment)) {
	keys := r.sorted()
	keys = slices.DeleteFunc(keys, func(k rowKey) bool { return k.tag != tagOpen && k.tag != tagHistory })
	slices.SortStableFunc(keys, func(a, b rowKey) int { return cmp.Compare(a.number, b.number) })
	var p payment.Payment
	for _, key := range keys {
		if err := payment.DecodePayment(r.all[key], &p); err != nil {
			panic("sim: row of a payment: " + err.Error())
		}
		f(&p)
	}
}
