package state

import (
	"fmt"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// Batch collects the rows of one group; it is payment.Rows.
type Batch struct {
	store *Store
	*layer
}

// Begin starts the batch of the next group. One batch at a time; nothing is looked
// up before its Commit.
func (s *Store) Begin() *Batch {
	s.mu.Lock() // nobody hands over half a group
	s.batch.layer = s.pending
	return &s.batch
}

// Commit makes the rows visible together with applied, the sequence number of
// the last event they are the effect of. It waits for the disk only when rows come
// faster than it takes them.
func (b *Batch) Commit(applied uint64) error {
	s := b.store
	defer s.mu.Unlock()
	if before := s.Applied(); applied < before {
		panic(fmt.Sprintf("state: group up to %d after %d", applied, before))
	}
	b.layer.applied, b.used, b.layer = applied, true, nil
	s.applied.Store(applied)
	if s.spilling != nil && s.pending.filled(2) {
		s.writer.hurry.Store(true)
	}
	if s.pending.full() {
		for s.spilling != nil && s.failed == nil {
			s.spilled.Wait()
		}
		if s.failed == nil {
			go s.spill(s.handOver())
		}
	}
	return s.failed
}

// PutPayment stores a payment under what it is now: open, or history.
func (b *Batch) PutPayment(p *payment.Payment, row []byte) { b.putPayment(p.ID, row, p.Open()) }

// Reopen takes a payment out of the history.
func (b *Batch) Reopen(id payment.ID) { b.reopen(id) }

// PutKey makes a finished payment findable by its request key.
func (b *Batch) PutKey(key []byte, id payment.ID) { b.keys[keyOf(key)] = id }

// PutBusiness makes a finished payment findable by its business identity.
func (b *Batch) PutBusiness(business *payment.Business, id payment.ID) { b.business[*business] = id }

// PutParticipant stores the row of a participant.
func (b *Batch) PutParticipant(n route.Participant, row []byte) {
	b.putParticipant(n, row)
}

// PutMachine stores the machine's own row.
func (b *Batch) PutMachine(row []byte) { b.machine = append(b.machine[:0], row...) }

// PutConfig stores the configuration in force.
func (b *Batch) PutConfig(row []byte) { b.config = append(b.config[:0], row...) }

// PutTidings stores the tidings of some events.
func (b *Batch) PutTidings(at payment.TidingsRow, row []byte) { b.tidings.put(at, row) }
