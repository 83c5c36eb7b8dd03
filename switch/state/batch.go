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
	store  *Store
	b      *pebble.Batch
	key    []byte
	sealed []byte
	number [8]byte
	err    error
}

// Begin starts the batch of the next group. One batch at a time.
func (s *Store) Begin() *Batch {
	b := &s.batch
	b.err = nil
	if b.b == nil {
		b.b = s.db.NewBatch()
	}
	return b
}

// Commit makes the rows visible together with applied, the sequence number of
// the last event they are the effect of.
func (b *Batch) Commit(applied uint64) error {
	if before := b.store.Applied(); applied < before {
		panic(fmt.Sprintf("state: group up to %d after %d", applied, before))
	}
	b.key = append(b.key[:0], tagApplied)
	b.set(binary.BigEndian.AppendUint64(b.number[:0], applied))
	if b.err == nil {
		b.err = b.b.Commit(pebble.NoSync)
	}
	if b.err != nil {
		return fmt.Errorf("write state store: %w", b.err)
	}
	b.store.applied.Store(applied)
	b.b.Reset()
	return nil
}

// set stores a row under b.key.
func (b *Batch) set(row []byte) {
	if err := b.b.Set(b.key, row, nil); err != nil && b.err == nil {
		b.err = err
	}
}

// remove deletes the row under b.key.
func (b *Batch) remove() {
	if err := b.b.Delete(b.key, nil); err != nil && b.err == nil {
		b.err = err
	}
}

// setID stores a payment's number under b.key.
func (b *Batch) setID(id payment.ID) {
	b.set(binary.BigEndian.AppendUint64(b.number[:0], uint64(id)))
}

// PutPayment stores a payment under what it is now: open, or history. The secret
// part of the row is sealed.
func (b *Batch) PutPayment(p *payment.Payment, row []byte) {
	b.sealed = b.store.sealer.Seal(b.sealed[:0], row, payment.SecretAt(row))
	b.key = appendID(b.key[:0], tagOpen, p.ID)
	if p.Open() {
		b.set(b.sealed)
		return
	}
	b.remove()
	b.key = appendID(b.key[:0], tagHistory, p.ID)
	b.set(b.sealed)
}

// Reopen takes a payment out of the history.
func (b *Batch) Reopen(id payment.ID) {
	b.key = appendID(b.key[:0], tagHistory, id)
	b.remove()
}

// PutKey makes a finished payment findable by its request key.
func (b *Batch) PutKey(key []byte, id payment.ID) {
	b.key = append(append(b.key[:0], tagKey), key...)
	b.setID(id)
}

// PutBusiness makes a finished payment findable by its business identity.
func (b *Batch) PutBusiness(business *payment.Business, id payment.ID) {
	b.key = appendBusiness(b.key[:0], business)
	b.setID(id)
}

// PutParticipant stores the row of a participant.
func (b *Batch) PutParticipant(n route.Participant, row []byte) {
	b.key = appendParticipant(b.key[:0], n)
	b.set(row)
}

// PutMachine stores the machine's own row.
func (b *Batch) PutMachine(row []byte) {
	b.key = append(b.key[:0], tagMachine)
	b.set(row)
}

// PutConfig stores the configuration in force.
func (b *Batch) PutConfig(row []byte) {
	b.key = append(b.key[:0], tagConfig)
	b.set(row)
}
