package state

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable/block"

	"switchd/switch/payment"
	"switchd/switch/storage"
)

// FindRequest appends the row of the finished payment that this request key has
// made. A store that cannot be read must not guess: the process ends by Fatal, and
// the next one finds out whether the journal can make the rows again.
func (s *Store) FindRequest(key *payment.RequestKey, row []byte) ([]byte, bool) {
	s.beginFind()
	defer s.mu.Unlock()
	s.key = appendRequestKey(s.key[:0], key)
	text := keyOf(s.key[1:])
	id, ok := s.pending.keys[text]
	if !ok && s.spilling != nil {
		id, ok = s.spilling.keys[text]
	}
	if !ok && !s.recent.absent(&text) {
		id, ok = s.readID()
	}
	if !ok {
		return row, false
	}
	if row, ok = s.payment(id, row); !ok {
		s.stop(errors.New("a key names a payment that is not there"))
	}
	return row, true
}

// FindBusiness names the latest finished payment with a business identity.
func (s *Store) FindBusiness(business *payment.Business) (payment.ID, bool) {
	s.beginFind()
	defer s.mu.Unlock()
	id, ok := s.pending.business[*business]
	if !ok && s.spilling != nil {
		id, ok = s.spilling.business[*business]
	}
	if ok {
		return id, true
	}
	s.key = appendBusiness(s.key[:0], business)
	return s.readID()
}

// FindPayment appends the row of the finished payment with a number.
func (s *Store) FindPayment(id payment.ID, row []byte) ([]byte, bool) {
	s.beginFind()
	defer s.mu.Unlock()
	return s.payment(id, row)
}

// payment is FindPayment for who holds s.mu. What is in a layer is newer than what
// is below it: first the pending one, then the one on its way to the database.
func (s *Store) payment(id payment.ID, row []byte) ([]byte, bool) {
	for _, l := range [...]*layer{s.pending, s.spilling} {
		if l == nil {
			continue
		}
		if at, ok := l.payments.get(id); ok {
			if at.open {
				return row, false
			}
			return append(row, l.row(at)...), true
		}
	}
	s.key = appendID(s.key[:0], tagHistory, id)
	sealed, ok := s.read()
	if !ok {
		return row, false
	}
	row, err := s.opener.Open(row, sealed, payment.SecretAt(sealed))
	if err != nil {
		s.stop(fmt.Errorf("payment %d: %w", id, err))
	}
	return row, true
}

// readID reads the payment's number under s.key in the database.
func (s *Store) readID() (payment.ID, bool) {
	v, ok := s.read()
	if !ok {
		return 0, false
	}
	return idOf(v), true
}

// read reads what is under s.key in the database. It is valid until the next
// look-up. Most look-ups are for what is not there: a new request. Pebble's Get
// would read a block of the last level for each, because it leaves out the filters
// of that level. An iterator that is kept is asked instead: with those filters, and
// at two thirds of the time.
func (s *Store) read() ([]byte, bool) {
	if !s.lookup.SeekPrefixGE(s.key) { // the whole key is the prefix
		if err := s.lookup.Error(); err != nil {
			s.stop(err)
		}
		return nil, false
	}
	v, err := s.lookup.ValueAndErr()
	if err != nil {
		s.stop(err)
	}
	return v, true
}

// lookUps are counted by Pebble on their own.
var lookUps = block.RegisterCategory("switchd-look-ups", block.LatencySensitiveQoSLevel)

// beginFind begins a look-up: whoever holds s.mu sees the database, until the end of
// the look-up, as the layers have left it.
func (s *Store) beginFind() {
	s.mu.Lock()
	if !s.stale.Swap(false) && s.lookup != nil {
		return
	}
	var err error
	if s.lookup != nil {
		err = s.lookup.Close()
	}
	if err == nil {
		s.lookup, err = s.db.NewIter(&pebble.IterOptions{UseL6Filters: true, Category: lookUps})
	}
	if err != nil {
		s.stop(err)
	}
}

// stop ends the process: a look-up has no other answer than yes and no.
func (s *Store) stop(err error) {
	err = fmt.Errorf("state store: look-up: %w", storage.Sentence(err))
	s.fatal(err)
	panic(err) // Fatal must not return
}
