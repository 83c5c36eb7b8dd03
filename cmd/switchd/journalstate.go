package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/state"
)

// errNoRows is wrapped by errors about a state store that cannot be looked at.
var errNoRows = errors.New("the state store")

// rows lets f look at the state store of the folder.
func (l *lookFolder) rows(f func(s *state.Store) error) error {
	dir := filepath.Join(l.dir, stateDir)
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("%w: it is not there, the next start makes it from the journal", errNoRows)
	}
	if l.keys == nil {
		return fmt.Errorf("%w: it is sealed, and the key is not there (--seal-key)", errNoRows)
	}
	s, err := state.Open(dir, state.Options{Log: l.out, Fatal: storageFailed(), Keys: l.keys, ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close())
}

// prepare tells a reader the participants' names, and a filter what is known of its
// payment. Without the state store the filter knows what the records say, and the
// names are those of the configuration with which the journal begins.
func (l *lookFolder) prepare(ctx context.Context, r *eventReader, f *eventFilter) error {
	err := l.rows(func(s *state.Store) error {
		c, err := s.Config()
		if err != nil || c == nil {
			return err
		}
		r.learn(c)
		if f.payment == 0 {
			return nil
		}
		_, err = find(s, f.payment, f.know)
		return err
	})
	if !errors.Is(err, errNoRows) {
		return err
	}
	stat, err := l.log.Stat()
	if err != nil || stat.Last < stat.First {
		return err
	}
	return eachRecord(ctx, l.log, stat.First, stat.First, func(rec *journal.Record) error { return r.read(rec.Seq, rec.Bytes) })
}

// find calls f for a payment, if it is known.
func find(s *state.Store, id payment.ID, f func(p *payment.Payment)) (found bool, err error) {
	err = s.Payments(func(p *payment.Payment) error {
		if p.ID != id {
			return nil
		}
		found = true
		f(p)
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}

// prove proves how a payment of a folder has ended.
func (l *lookFolder) prove(f *journalFlags, id payment.ID) (p paymentProof, err error) {
	signer, err := f.signer(l)
	if err != nil {
		return p, err
	}
	if signer == nil {
		return p, fmt.Errorf("%s has no key that signs (%s): name it with --checkpoint-key", l.dir, checkpointKeyFile)
	}
	r := newEventReader(nil, nil)
	var s statement
	var not error
	err = l.rows(func(rows *state.Store) error {
		c, err := rows.Config()
		if err != nil {
			return err
		}
		if c != nil {
			r.learn(c)
		}
		found, err := find(rows, id, func(p *payment.Payment) { s, not = statementOf(p, r.party), provable(p) })
		if err == nil && !found {
			err = fmt.Errorf("no payment %d is known in %s", id, l.dir)
		}
		return errors.Join(err, not)
	})
	if err != nil {
		return p, err
	}
	made, err := newProof(l.log, signer, &s)
	if err != nil {
		return p, err
	}
	return *made, nil
}
