package state

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// Batch collects the rows of one group; it is payment.Rows. The first error is
// kept and reported by Commit.
type Batch struct {
	store *Store
	b     *pebble.Batch
	key   []byte
	err   error
}

// Begin starts the batch of the next group. One batch at a time.
func (s *Store) Begin() *Batch {
	s.batch.store, s.batch.err = s, nil
	if s.batch.b == nil {
		s.batch.b = s.db.NewBatch()
	}
	return &s.batch
}

// Commit makes the rows visible together with applied, the sequence number of
// the last event they are the effect of.
func (b *Batch) Commit(applied uint64) error {
	if applied < b.store.applied {
		panic(fmt.Sprintf("state: group up to %d after %d", applied, b.store.applied))
	}
	b.set(b.tagged(tagApplied), binary.BigEndian.AppendUint64(nil, applied))
	if b.err == nil {
		b.err = b.b.Commit(pebble.NoSync)
	}
	if b.err != nil {
		return fmt.Errorf("write state store: %w", b.err)
	}
	b.store.applied = applied
	b.b.Reset()
	return nil
}

func (b *Batch) tagged(tag byte) []byte {
	b.key = append(b.key[:0], tag)
	return b.key
}

func (b *Batch) set(key, row []byte) {
	if err := b.b.Set(key, row, nil); err != nil && b.err == nil {
		b.err = err
	}
}

// PutPayment stores a payment under what it is now: open, or history.
func (b *Batch) PutPayment(p *payment.Payment, row []byte) {
	id := uint64(p.ID)
	if p.Open() {
		b.set(binary.BigEndian.AppendUint64(b.tagged(tagOpen), id), row)
		return
	}
	if err := b.b.Delete(binary.BigEndian.AppendUint64(b.tagged(tagOpen), id), nil); err != nil && b.err == nil {
		b.err = err
	}
	b.set(binary.BigEndian.AppendUint64(b.tagged(tagHistory), id), row)
}

// Reopen takes a payment out of the history.
func (b *Batch) Reopen(id payment.ID) {
	if err := b.b.Delete(binary.BigEndian.AppendUint64(b.tagged(tagHistory), uint64(id)), nil); err != nil && b.err == nil {
		b.err = err
	}
}

// PutKey makes a finished payment findable by its request key.
func (b *Batch) PutKey(key []byte, id payment.ID) {
	var v [8]byte
	binary.BigEndian.PutUint64(v[:], uint64(id))
	b.set(append(b.tagged(tagKey), key...), v[:])
}

// PutBusiness makes a finished payment findable by its business identity.
func (b *Batch) PutBusiness(business *payment.Business, id payment.ID) {
	var v [8]byte
	binary.BigEndian.PutUint64(v[:], uint64(id))
	b.set(append(b.tagged(tagBusiness), business[:]...), v[:])
}

// PutParticipant stores the row of a participant.
func (b *Batch) PutParticipant(n route.Participant, row []byte) {
	b.set(binary.BigEndian.AppendUint16(b.tagged(tagParticipant), uint16(n)), row)
}

// PutMachine stores the machine's own row.
func (b *Batch) PutMachine(row []byte) { b.set(b.tagged(tagMachine), row) }

// PutConfig stores the configuration in force.
func (b *Batch) PutConfig(row []byte) { b.set(b.tagged(tagConfig), row) }
