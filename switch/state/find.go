package state

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
)

// FindRequest appends the row of the finished payment that this request key has
// made. A store that cannot be read must not guess: it panics, and the process
// restarts from the journal.
func (s *Store) FindRequest(key *payment.RequestKey, row []byte) ([]byte, bool) {
	s.key = appendRequestKey(s.key[:0], key)
	id, ok := s.findID()
	if !ok {
		return row, false
	}
	if row, ok = s.FindPayment(id, row); !ok {
		panic("state store: a key names a payment that is not there")
	}
	return row, true
}

// FindBusiness names the latest finished payment with a business identity.
func (s *Store) FindBusiness(business *payment.Business) (payment.ID, bool) {
	s.key = appendBusiness(s.key[:0], business)
	return s.findID()
}

// FindPayment appends the row of the finished payment with a number.
func (s *Store) FindPayment(id payment.ID, row []byte) ([]byte, bool) {
	s.key = appendID(s.key[:0], tagHistory, id)
	sealed, ok := s.find()
	if !ok {
		return row, false
	}
	row, err := s.opener.Open(row, sealed, payment.SecretAt(sealed))
	if err != nil {
		panic(fmt.Sprintf("state store: payment %d: %v", id, err))
	}
	return row, true
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
		panic(fmt.Sprintf("state store: look up: %v", err))
	}
	s.sealed = append(s.sealed[:0], v...)
	closer.Close()
	return s.sealed, true
}
