package state

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
	"switchd/switch/storage"
)

// FindRequest appends the row of the finished payment that this request key has
// made. A store that cannot be read must not guess: the process ends by Fatal, and
// the next one finds out whether the journal can make the rows again.
func (s *Store) FindRequest(key *payment.RequestKey, row []byte) ([]byte, bool) {
	s.key = appendRequestKey(s.key[:0], key)
	text := keyOf(s.key[1:])
	id, ok := s.recent(func(l *layer) (id payment.ID, ok bool) { id, ok = l.keys[text]; return id, ok })
	if !ok {
		if id, ok = s.findID(); !ok {
			return row, false
		}
	}
	if row, ok = s.FindPayment(id, row); !ok {
		s.stop(errors.New("a key names a payment that is not there"))
	}
	return row, true
}

// FindBusiness names the latest finished payment with a business identity.
func (s *Store) FindBusiness(business *payment.Business) (payment.ID, bool) {
	id, ok := s.recent(func(l *layer) (id payment.ID, ok bool) { id, ok = l.business[*business]; return id, ok })
	if ok {
		return id, true
	}
	s.key = appendBusiness(s.key[:0], business)
	return s.findID()
}

// FindPayment appends the row of the finished payment with a number.
func (s *Store) FindPayment(id payment.ID, row []byte) ([]byte, bool) {
	open := false
	_, ok := s.recent(func(l *layer) (payment.ID, bool) {
		at, ok := l.payments[id]
		if open = at.open; ok && !open {
			row = append(row, l.row(at)...)
		}
		return id, ok
	})
	if ok {
		return row, !open
	}
	s.key = appendID(s.key[:0], tagHistory, id)
	sealed, ok := s.find()
	if !ok {
		return row, false
	}
	row, err := s.opener.Open(row, sealed, payment.SecretAt(sealed))
	if err != nil {
		s.stop(fmt.Errorf("payment %d: %w", id, err))
	}
	return row, true
}

// recent asks the layers, the latest first: what is not in them is in the database,
// or was never there.
func (s *Store) recent(find func(*layer) (payment.ID, bool)) (payment.ID, bool) {
	s.mu.Lock() // others may hand over, and empty, a layer
	defer s.mu.Unlock()
	id, ok := find(s.pending)
	if !ok && s.spilling != nil {
		id, ok = find(s.spilling)
	}
	return id, ok
}

// findID reads the payment's number under s.key.
func (s *Store) findID() (payment.ID, bool) {
	v, ok := s.find()
	if !ok {
		return 0, false
	}
	return idOf(v), true
}

// find reads what is under s.key. It is valid until the next look-up.
func (s *Store) find() ([]byte, bool) {
	v, closer, err := s.db.Get(s.key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false
	}
	if err != nil {
		s.stop(err)
	}
	s.sealed = append(s.sealed[:0], v...)
	closer.Close()
	return s.sealed, true
}

// stop ends the process: a look-up has no other answer than yes and no.
func (s *Store) stop(err error) {
	err = fmt.Errorf("state store: look-up: %w", storage.Sentence(err))
	s.fatal(err)
	panic(err) // Fatal must not return
}
