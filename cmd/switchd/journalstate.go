package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/seal"
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
	if errors.Is(err, seal.ErrOtherKeys) {
		return fmt.Errorf("%w: %w", errNoRows, err)
	}
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close())
}

// prepare tells a reader the participants' names, and a filter what is known of its
// payment; without the state store that is what the records say.
func (l *lookFolder) prepare(ctx context.Context, r *eventReader, f *eventFilter) error {
	if err := l.introduce(ctx, r); err != nil || f.payment == 0 {
		return err
	}
	err := l.rows(func(s *state.Store) error {
		_, err := findPayment(s, f.payment, f.about.Know)
		return err
	})
	if errors.Is(err, errNoRows) {
		return nil
	}
	return err
}

// introduce tells a reader the participants' names: those of the state store, or, if
// it cannot be looked at, of the configuration with which the journal begins.
func (l *lookFolder) introduce(ctx context.Context, r *eventReader) error {
	err := l.rows(func(s *state.Store) error {
		c, err := s.Config()
		if err == nil && c != nil {
			r.learn(c)
		}
		return err
	})
	if err == nil && len(r.names) > 0 || err != nil && !errors.Is(err, errNoRows) {
		return err
	}
	stat, err := l.log.Stat()
	if err != nil {
		return err
	}
	return eachRecord(ctx, l.log, stat.First, min(stat.First, stat.Last), func(rec *journal.Record) error { return r.read(rec.Seq, rec.Bytes) })
}

// behind says on talk that the rows do not have the effect of all events yet.
func (l *lookFolder) behind(s *state.Store, talk io.Writer) error {
	stat, err := l.log.Stat()
	if applied := s.Applied(); err == nil && applied < stat.Last {
		fmt.Fprintf(talk, "switchd: the state store has events up to %d, the journal goes to %d: what came after is not looked at until the switch has started again\n", applied, stat.Last)
	}
	return err
}

// names are the participants' ids by number, as far as the folder tells them.
func (l *lookFolder) names(ctx context.Context) ([]string, error) {
	r := newEventReader(l.keys, nil)
	err := l.introduce(ctx, r)
	return r.names, err
}

// prove proves how a payment of a folder has ended.
func (l *lookFolder) prove(ctx context.Context, f *journalFlags, id payment.ID) (p paymentProof, err error) {
	signer, err := f.signer(l)
	if err != nil {
		return p, err
	}
	if signer == nil {
		return p, fmt.Errorf("%s has no key that signs (%s): name it with --checkpoint-key", l.dir, checkpointKeyFile)
	}
	r := newEventReader(l.keys, nil)
	if err := l.introduce(ctx, r); err != nil {
		return p, err
	}
	var s statement
	var not error
	err = l.rows(func(rows *state.Store) error {
		found, err := findPayment(rows, id, func(p *payment.Payment) { s, not = statementOf(p, r.party), provable(p) })
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
