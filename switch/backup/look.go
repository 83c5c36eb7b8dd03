package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"switchd/switch/journal"
	"switchd/switch/state"
	"switchd/switch/storage"
)

// extent says what the journal below dir holds.
func (o *Options) extent(ctx context.Context, d disk, dir string) (x Extent, err error) {
	j, err := o.journal(ctx, d, dir)
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

// journal opens the journal below dir to look at it, as long as ctx lasts.
func (o *Options) journal(ctx context.Context, d disk, dir string) (*journal.PebbleLog, error) {
	return journal.OpenReadOnly(d.PathJoin(dir, journalDir), journal.Options{FS: looking{d.FS, ctx}, Log: o.Log, Fatal: o.Fatal})
}

// rows opens the rows below dir to look at them, as long as ctx lasts.
func (o *Options) rows(ctx context.Context, d disk, dir string) (*state.Store, error) {
	return state.Open(d.PathJoin(dir, stateDir), state.Options{FS: looking{d.FS, ctx}, Log: o.Log, Fatal: o.Fatal, Keys: o.Keys, ReadOnly: true})
}

// applied is the event that the rows below dir reach to.
func (o *Options) applied(ctx context.Context, d disk, dir string) (uint64, error) {
	s, err := o.rows(ctx, d, dir)
	if err != nil {
		return 0, err
	}
	return s.Applied(), s.Close()
}

// hash is the hash of the rows below dir, and the event that they reach to.
func (o *Options) hash(ctx context.Context, d disk, dir string) (hash string, applied uint64, err error) {
	o.Progress(Progress{Step: StepHash})
	s, err := o.rows(ctx, d, dir)
	if err != nil {
		return "", 0, err
	}
	sum, applied, err := s.Hash()
	return hex.EncodeToString(sum[:]), applied, ended(ctx, errors.Join(err, s.Close()))
}

// verifyJournal reads a whole journal and compares it with what m says of it.
func (o *Options) verifyJournal(ctx context.Context, d disk, dir string, m *Manifest) error {
	is, err := o.extent(ctx, d, dir)
	if err != nil {
		return err
	}
	if is != m.Journal {
		return fmt.Errorf("%w: its journal is %+v, it was %+v", ErrDamaged, is, m.Journal)
	}
	j, err := o.journal(ctx, d, dir)
	if err != nil {
		return err
	}
	_, err = j.Verify(ctx, func(done, of uint64) {
		o.Progress(Progress{Step: StepJournal, Done: int64(done), Total: int64(of)})
	})
	return ended(ctx, errors.Join(err, j.Close()))
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

// ended is err, or why ctx has ended: that is what a reading has failed of then,
// whatever the store takes it for.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// looking is a file system on which stores are opened without their lock: to look
// into a backup must not leave anything behind in it, and it may lie on a medium
// that cannot be written. Its files can be read as long as ctx lasts, which is how a
// reading of a whole store is interrupted.
type looking struct {
	storage.FS
	ctx context.Context
}

// Lock locks nothing.
func (looking) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

// Open opens a file.
func (l looking) Open(name string, options ...storage.OpenOption) (storage.File, error) {
	if err := l.ctx.Err(); err != nil {
		return nil, err
	}
	f, err := l.FS.Open(name, options...)
	if err != nil {
		return nil, err
	}
	return lookedAt{f, l.ctx}, nil
}

// lookedAt is a file that can be read as long as ctx lasts.
type lookedAt struct {
	storage.File
	ctx context.Context
}

// Read reads on.
func (f lookedAt) Read(b []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.Read(b)
}

// ReadAt reads at a place.
func (f lookedAt) ReadAt(b []byte, at int64) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, at)
}
