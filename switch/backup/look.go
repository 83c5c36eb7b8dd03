package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"switchd/switch/journal"
	"switchd/switch/state"
)

// extent says what the journal below dir holds.
func (o *Options) extent(d disk, dir string) (x Extent, err error) {
	j, err := o.journal(d, dir)
	if err != nil {
		return x, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	is, err := j.Stat()
	if err != nil {
		return x, err
	}
	x = Extent{First: is.First, Last: is.Last, LastAt: is.LastAt, Chain: is.Chain}
	x.Groups, x.Root, err = j.TreeHash()
	return x, err
}

// journal opens the journal below dir to look at it.
func (o *Options) journal(d disk, dir string) (*journal.PebbleLog, error) {
	return journal.OpenReadOnly(d.PathJoin(dir, journalDir), journal.Options{FS: unlocked{d.FS}, Log: o.Log, Fatal: o.Fatal})
}

// rows opens the rows below dir to look at them.
func (o *Options) rows(d disk, dir string) (*state.Store, error) {
	return state.Open(d.PathJoin(dir, stateDir), state.Options{FS: unlocked{d.FS}, Log: o.Log, Fatal: o.Fatal, Keys: o.Keys, ReadOnly: true})
}

// applied is the event that the rows below dir reach to.
func (o *Options) applied(d disk, dir string) (uint64, error) {
	s, err := o.rows(d, dir)
	if err != nil {
		return 0, err
	}
	return s.Applied(), s.Close()
}

// hash is the hash of the rows below dir, and the event that they reach to.
func (o *Options) hash(ctx context.Context, d disk, dir string) (hash string, applied uint64, err error) {
	o.Progress(Progress{Step: StepHash})
	err = abandoning(ctx, func() error {
		s, err := o.rows(d, dir)
		if err != nil {
			return err
		}
		sum, last, err := s.Hash()
		if err = errors.Join(err, s.Close()); err == nil {
			hash, applied = hex.EncodeToString(sum[:]), last
		}
		return err
	})
	return hash, applied, err
}

// verifyJournal reads a whole journal and compares it with what m says of it.
func (o *Options) verifyJournal(ctx context.Context, d disk, dir string, m *Manifest) error {
	is, err := o.extent(d, dir)
	if err != nil {
		return err
	}
	if is != m.Journal {
		return fmt.Errorf("%w: its journal is %+v, it was %+v", ErrDamaged, is, m.Journal)
	}
	return abandoning(ctx, func() error {
		j, err := o.journal(d, dir)
		if err != nil {
			return err
		}
		_, err = j.Verify(nil)
		return errors.Join(err, j.Close())
	})
}

// verifyRows compares the rows with what m says of them.
func (o *Options) verifyRows(ctx context.Context, d disk, dir string, m *Manifest) error {
	hash, applied, err := o.hash(ctx, d, dir)
	switch {
	case err != nil:
		return err
	case applied != m.Applied:
		return fmt.Errorf("%w: its rows are the effect of the events up to %d, they were that of %d", ErrDamaged, applied, m.Applied)
	case hash != m.StateHash:
		return fmt.Errorf("%w: the hash of its rows is %s, it was %s", ErrDamaged, hash, m.StateHash)
	}
	return nil
}

// abandoning runs f, which cannot be interrupted, and does not wait for its end
// when ctx ends first: f changes nothing and closes what it has opened.
func abandoning(ctx context.Context, f func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
