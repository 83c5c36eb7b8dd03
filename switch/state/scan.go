package state

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
)

// Snapshot reads the rows that a machine is restored from.
func (s *Store) Snapshot() (*payment.Snapshot, error) {
	v, err := s.view()
	if err != nil {
		return nil, err
	}
	defer v.close()
	snap := &payment.Snapshot{Participants: map[route.Participant][]byte{}}
	if snap.Config, err = row(v.rows, []byte{tagConfig}); err != nil {
		return nil, err
	}
	if snap.Machine, err = row(v.rows, []byte{tagMachine}); err != nil {
		return nil, err
	}
	err = v.scan(tagParticipant, func(key, row []byte) error {
		if len(key) != 3 {
			return fmt.Errorf("participant row with a key of %d bytes", len(key))
		}
		snap.Participants[route.Participant(key[1])<<8|route.Participant(key[2])] = append([]byte{}, row...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = v.payments(tagOpen, func(_, row []byte) error {
		snap.Open = append(snap.Open, append([]byte{}, row...))
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = v.scan(tagDeadLetter, func(_, _ []byte) error {
		snap.DeadLetters++
		return nil
	})
	return snap, err
}

// Payments calls f for every payment in the store, finished ones first, each in
// the order of their numbers. The payment is valid during the call.
func (s *Store) Payments(f func(p *payment.Payment) error) error {
	v, err := s.view()
	if err != nil {
		return err
	}
	defer v.close()
	var p payment.Payment
	for _, tag := range [...]byte{tagHistory, tagOpen} {
		err := v.scan(tag, func(key, sealed []byte) error {
			if err := v.decode(idOf(key[1:]), sealed, &p); err != nil {
				return err
			}
			return f(&p)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// view is the store as it was at one moment, between two groups.
type view struct {
	rows   *pebble.Snapshot
	opener *seal.Opener
	opened []byte
}

// view returns the store as it is now. The caller closes it.
func (s *Store) view() (*view, error) {
	if err := s.settle(); err != nil {
		return nil, err
	}
	return &view{rows: s.db.NewSnapshot(), opener: s.keys.Opener()}, nil
}

func (v *view) close() { v.rows.Close() }

// iterator is over the rows of a tag.
func (v *view) iterator(tag byte) (*pebble.Iterator, error) {
	it, err := v.rows.NewIter(&pebble.IterOptions{LowerBound: []byte{tag}, UpperBound: []byte{tag + 1}})
	return it, readError(err)
}

// scan calls f for every row of a tag, in the order of the keys. Both are valid
// during the call.
func (v *view) scan(tag byte, f func(key, row []byte) error) error {
	it, err := v.iterator(tag)
	if err != nil {
		return err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		row, err := it.ValueAndErr()
		if err != nil {
			return readError(err)
		}
		if err := f(it.Key(), row); err != nil {
			return err
		}
	}
	return readError(it.Error())
}

// payments is scan with the rows opened, for the two tags of payments.
func (v *view) payments(tag byte, f func(key, row []byte) error) error {
	return v.scan(tag, func(key, row []byte) error {
		row, err := v.open(row)
		if err != nil {
			return fmt.Errorf("payment %d: %w", idOf(key[1:]), err)
		}
		return f(key, row)
	})
}

// open opens a payment's row. It is valid until the next call.
func (v *view) open(sealed []byte) ([]byte, error) {
	var err error
	v.opened, err = v.opener.Open(v.opened[:0], sealed, payment.SecretAt(sealed))
	return v.opened, err
}

// decode opens and reads a payment's row.
func (v *view) decode(id payment.ID, sealed []byte, p *payment.Payment) error {
	row, err := v.open(sealed)
	if err == nil {
		err = payment.DecodePayment(row, p)
	}
	if err != nil {
		return fmt.Errorf("payment %d: %w", id, err)
	}
	return nil
}
