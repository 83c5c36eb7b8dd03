package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/state"
	"switchd/switch/storage"
)

// Until says up to where a history is restored; the zero value is all of it.
type Until struct {
	Seq  uint64 // the last event
	Time int64  // every event before it, UTC ns
	// AcceptFork says that the caller knows what leaving out the end of a history
	// means: participants have seen payments that the switch will not know.
	AcceptFork bool
}

// ErrFork is wrapped by the refusal to leave out the end of a history that nobody
// has accepted.
var ErrFork = errors.New("the history that follows would be another one")

// Restored is what a restore has made.
type Restored struct {
	Last      uint64 `json:"last"` // event; all of them are in the rows
	StateHash string `json:"state_hash"`
	Cut       uint64 `json:"cut"`      // events of the backup that were left out
	Rebuilt   bool   `json:"rebuilt"`  // the rows are the effect of all events from the first, not those of the backup
	Replayed  uint64 `json:"replayed"` // events
	Open      int    `json:"open"`     // payments: a start acts on them as after a crash
}

// Restore makes a data folder of a backup: it copies it, checks every byte, and
// brings the rows up to the end, or up to until. The folder must be empty or not
// there. Until all has succeeded, a file in it keeps a switch from starting on it.
func Restore(ctx context.Context, from, to string, until Until, o Options) (*Restored, error) {
	o = o.withDefaults()
	r := &restoring{d: diskOf(o.FS), o: &o, from: from, to: to, until: until}
	if err := r.check(ctx); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if err := r.restore(ctx); err != nil {
		return nil, fmt.Errorf("restore: %w; %s is not a data folder now: remove it before you try again", err, to)
	}
	return &r.result, nil
}

// restoring is one restore on its way.
type restoring struct {
	d        disk
	o        *Options
	from, to string
	until    Until
	m        *Manifest
	last     uint64 // event to be kept
	result   Restored
}

// check refuses whatever can be refused before anything is written.
func (r *restoring) check(ctx context.Context) (err error) {
	if r.m, err = r.o.open(r.d, r.from); err != nil {
		return err
	}
	if r.o.Keys == nil && len(r.m.Keys) > 0 {
		return fmt.Errorf("backup %s is sealed with the keys %v: name the key file of the data folder that was backed up", r.from, r.m.Keys)
	}
	if err := r.vacant(); err != nil {
		return err
	}
	if err := r.end(ctx); err != nil {
		return err
	}
	r.result.Cut = r.m.Journal.Last - r.last
	r.result.Rebuilt = r.last < r.m.Applied || r.m.Applied == 0
	if r.result.Rebuilt && r.m.Journal.First > 1 {
		return fmt.Errorf("the rows of the backup are the effect of the events up to %d, and its journal begins at %d, so that they cannot be made again from the first event: the earliest end is %d", r.m.Applied, r.m.Journal.First, r.m.Applied)
	}
	if r.result.Cut > 0 && !r.until.AcceptFork {
		return fmt.Errorf("%w: %d events of the backup, from %d on, would be left out", ErrFork, r.result.Cut, r.last+1)
	}
	return room(r.d, r.parent(), r.m.Bytes+manifestRoom, "it")
}

// parent is the nearest folder above the target that is there.
func (r *restoring) parent() string {
	dir := r.to
	for {
		if there, err := r.d.there(dir); there || err != nil || r.d.PathDir(dir) == dir {
			return dir
		}
		dir = r.d.PathDir(dir)
	}
}

// vacant refuses a target in which something is.
func (r *restoring) vacant() error {
	if inside(r.to, r.from) {
		return fmt.Errorf("%s lies in the backup %s, which must stay as it is: name a folder elsewhere", r.to, r.from)
	}
	there, err := r.d.there(r.to)
	if err != nil || !there {
		return err
	}
	names, err := r.d.List(r.to)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("%s is not empty (%s): name an empty folder, or one that is not there", r.to, strings.Join(names[:min(len(names), 3)], ", "))
	}
	return nil
}

// end finds the last event to keep.
func (r *restoring) end(ctx context.Context) error {
	r.last = r.m.Journal.Last
	switch {
	case r.until.Seq != 0:
		r.last = r.until.Seq
	case r.until.Time != 0:
		j, err := r.o.journal(ctx, r.d, r.from)
		if err != nil {
			return err
		}
		next, err := j.FirstSince(r.until.Time)
		if err = errors.Join(err, j.Close()); err != nil {
			return err
		}
		r.last = next - 1
	}
	if r.last > r.m.Journal.Last || r.last < r.m.Journal.First {
		return fmt.Errorf("the backup has the events %d to %d: it cannot be restored up to %d", r.m.Journal.First, r.m.Journal.Last, r.last)
	}
	return nil
}

func (r *restoring) restore(ctx context.Context) error {
	if err := r.mark(); err != nil {
		return err
	}
	if err := r.copy(ctx); err != nil {
		return err
	}
	if err := r.o.verifyJournal(ctx, r.d, r.to, r.m); err != nil {
		return err
	}
	if !r.result.Rebuilt && r.m.StateHash != "" {
		if err := r.o.verifyRows(ctx, r.d, r.to, r.m); err != nil {
			return err
		}
	}
	if err := r.replay(ctx); err != nil {
		return err
	}
	var err error
	if r.result.StateHash, r.result.Last, err = r.o.hash(ctx, r.d, r.to); err != nil {
		return err
	}
	if r.result.Last != r.last {
		return fmt.Errorf("the rows are the effect of the events up to %d, not of all %d", r.result.Last, r.last)
	}
	w := Writer{Build: r.o.Build, Formats: ours}
	if err := w.write(r.d, r.to); err != nil {
		return err
	}
	if err := r.o.Finish(r.to); err != nil {
		return err
	}
	if err := r.d.Remove(r.d.PathJoin(r.to, unfinished)); err != nil {
		return err
	}
	return r.d.syncDir(r.to)
}

// unfinishedText is for who finds the file.
const unfinishedText = "A restore into this folder was begun and has not ended: what is here is not whole. Remove the folder and restore again.\n"

// mark makes the target a folder that no switch starts on.
func (r *restoring) mark() error {
	if err := storage.MakeDir(r.d.FS, r.to); err != nil {
		return err
	}
	if err := r.d.create(r.d.PathJoin(r.to, unfinished), []byte(unfinishedText)); err != nil {
		return err
	}
	return r.d.syncDir(r.to)
}

// copy copies what is needed and checks every byte of it.
func (r *restoring) copy(ctx context.Context) error {
	c := newCopier(r.d, r.o, StepCopy, r.m.Bytes)
	for _, store := range stores {
		if err := r.d.MkdirAll(r.d.PathJoin(r.to, store), 0o700); err != nil {
			return err
		}
		for i := range r.m.Files {
			f := &r.m.Files[i]
			if !strings.HasPrefix(f.Path, store) || store == stateDir && r.result.Rebuilt {
				continue
			}
			if err := c.check(ctx, r.d.path(r.from, f.Path), r.d.path(r.to, f.Path), f); err != nil {
				return err
			}
		}
		if err := r.d.syncDir(r.d.PathJoin(r.to, store)); err != nil {
			return err
		}
	}
	return r.d.syncDir(r.to)
}

// replay cuts the journal and brings the rows up to its end.
func (r *restoring) replay(ctx context.Context) error {
	j, err := journal.OpenPebble(r.d.PathJoin(r.to, journalDir), journal.Options{FS: r.d.FS, Log: r.o.Log, Fatal: r.o.Fatal})
	if err != nil {
		return err
	}
	if r.result.Cut > 0 {
		if err := j.CutAfter(r.last); err != nil {
			return errors.Join(err, j.Close())
		}
	}
	s, err := state.Open(r.d.PathJoin(r.to, stateDir), state.Options{FS: r.d.FS, Log: r.o.Log, Fatal: r.o.Fatal, Keys: r.o.Keys})
	if err != nil {
		return errors.Join(err, j.Close())
	}
	total := int64(r.last - s.Applied())
	r.result.Replayed, err = engine.Replay(engine.ReplayOptions{
		Log: j, State: s, Keys: r.o.Keys,
		Progress: func(replayed uint64) error {
			r.o.Progress(Progress{Step: StepReplay, Done: int64(replayed), Total: total})
			return ctx.Err()
		},
	})
	if err == nil {
		err = s.Flush()
	}
	if err == nil {
		var rows *payment.Snapshot
		if rows, err = s.Snapshot(); err == nil {
			r.result.Open = len(rows.Open)
		}
	}
	return errors.Join(err, s.Close(), j.Close())
}
