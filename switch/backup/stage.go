package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"switchd/switch/journal"
	"switchd/switch/storage"
)

// Checkpointer is a store that can write a consistent copy of itself to a folder
// that does not exist yet: an open journal, or an open state store.
type Checkpointer interface {
	Checkpoint(dir string) error
}

// Source is a data folder that is to be backed up. Both stores are open, or
// nobody has them open.
type Source struct {
	Dir     string // the data folder; checkpoints are made in it, so that they are hard links
	Journal Checkpointer
	State   Checkpointer
}

// stage makes the checkpoints of a source in a folder of its data folder and
// returns that. The state store comes first: then the journal has every event that
// the rows are the effect of.
func stage(d disk, s *Source) (dir string, err error) {
	dir = d.PathJoin(s.Dir, stagingDir)
	if err := d.RemoveAll(dir); err != nil { // of a backup that was killed
		return dir, err
	}
	if err := d.MkdirAll(dir, 0o700); err != nil {
		return dir, err
	}
	if err := s.State.Checkpoint(d.PathJoin(dir, stateDir)); err != nil {
		return dir, err
	}
	return dir, s.Journal.Checkpoint(d.PathJoin(dir, journalDir))
}

// Closed is the source of a data folder that no process has open. Until release is
// called, none can open it.
func Closed(dir string, o Options) (s *Source, release func() error, err error) {
	o = o.withDefaults()
	d := diskOf(o.FS)
	if err := d.restored(dir); err != nil {
		return nil, nil, err
	}
	// The journal is opened first by everybody, so its lock is that of the folder.
	j, err := journal.OpenReadOnly(d.PathJoin(dir, journalDir), journal.Options{FS: d.FS, Log: o.Log, Fatal: o.Fatal, Failover: storage.Failover{Dir: o.Second}})
	if err != nil {
		return nil, nil, err
	}
	beside, err := j.Beside()
	if err != nil {
		return nil, nil, errors.Join(err, j.Close())
	}
	return &Source{Dir: dir, Journal: closed{d, d.PathJoin(dir, journalDir), beside}, State: closed{d, d.PathJoin(dir, stateDir), nil}}, j.Close, nil
}

// closed is a store that no process changes.
type closed struct {
	d      disk
	dir    string
	beside []string // its files in other folders, whose names are none in this one
}

// Checkpoint links the files that a store never changes after it has written them,
// and copies the others.
func (c closed) Checkpoint(dir string) error {
	names, err := c.d.List(c.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // rows may have been taken away, to be made again
		return err
	}
	if err := c.d.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		if name == lockFile || name == journal.FailoverNote {
			continue
		}
		if err := c.linkOrCopy(c.d.PathJoin(c.dir, name), c.d.PathJoin(dir, name)); err != nil {
			return fmt.Errorf("checkpoint to %s: %w", dir, err)
		}
	}
	for _, path := range c.beside {
		if err := c.linkOrCopy(path, c.d.PathJoin(dir, c.d.PathBase(path))); err != nil {
			return fmt.Errorf("checkpoint to %s: %w", dir, err)
		}
	}
	return c.d.syncDir(dir)
}

func (c closed) linkOrCopy(from, to string) error {
	if ext := path.Ext(from); ext == ".sst" || ext == ".blob" {
		if c.d.Link(from, to) == nil {
			return nil
		}
		// A file system without links, or a store on another one than the folder.
	}
	in, err := c.d.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := c.d.Create(to, writeCategory)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
