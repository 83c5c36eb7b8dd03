package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"switchd/switch/seal"
)

// Entry is a start of a switch on a data folder.
type Entry struct {
	d   disk
	o   Options
	dir string
	was *Writer // nil: it does not say
}

// Enter looks at a data folder, which is there, before anything else does. It
// refuses one that is not whole, and one that a newer version has written.
func Enter(dir string, o Options) (*Entry, error) {
	e := &Entry{d: diskOf(o.FS), o: o.withDefaults(), dir: dir}
	if err := e.d.restored(dir); err != nil {
		return nil, err
	}
	there, err := e.d.there(e.d.PathJoin(dir, manifest))
	if err != nil {
		return nil, err
	}
	if there { // a start would make it one that no longer verifies
		return nil, fmt.Errorf("data folder %s is a backup: make a data folder of it (switchd restore --from %s --to NEW_FOLDER) and name that", dir, dir)
	}
	if e.was, err = readWriter(e.d, dir); err != nil {
		return nil, err
	}
	if e.was != nil {
		if newer := e.was.Formats.newer(); newer != "" {
			return nil, e.refuse(newer)
		}
	}
	return e, nil
}

// restored refuses a folder into which a restore was begun and has not ended.
func (d disk) restored(dir string) error {
	there, err := d.there(d.PathJoin(dir, unfinished))
	if err == nil && there {
		err = fmt.Errorf("data folder %s: a restore into it was begun and has not ended: remove it and restore again", dir)
	}
	return err
}

// Prepare is called with the keys of the folder before its stores are opened: a
// folder that another version has written gets a snapshot, to go back to. It fails
// when another process has the folder and there is something to do.
func (e *Entry) Prepare(keys *seal.Keys) error {
	e.o.Keys = keys
	begun, err := e.begun()
	if err != nil || !begun {
		return err
	}
	left, err := e.d.there(e.d.PathJoin(e.dir, stagingDir))
	if err != nil {
		return err
	}
	upgrade := e.differs()
	if !left && !upgrade {
		return nil
	}
	s, release, err := Closed(e.dir, e.o) // a backup of a switch that runs is not ours to remove
	if err != nil {
		return err
	}
	if left {
		err = e.d.RemoveAll(e.d.PathJoin(e.dir, stagingDir))
	}
	if err == nil && upgrade {
		err = e.snapshot(s)
	}
	return errors.Join(err, release())
}

// begun says that there is a journal: a first start that was killed may have left its
// folder and no journal in it, and the next one begins with that. Whether something
// has been there, the journal itself sees when it is opened.
func (e *Entry) begun() (bool, error) {
	names, err := e.d.List(e.d.PathJoin(e.dir, journalDir))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, storeMarker) }), err
}

// refuse says why this binary must not touch the folder, and what to do.
func (e *Entry) refuse(newer string) error {
	back := "there is no snapshot of before to go back to"
	if dir := e.usable(); dir != "" {
		back = fmt.Sprintf("to go back to what was before, without what has happened since: switchd restore --from %s --to NEW_FOLDER", dir)
	}
	return fmt.Errorf("data folder %s was last written by version %s, which is newer than this one (%s): %s. Start that version; %s",
		e.dir, e.was.Version, e.o.Build.Version, newer, back)
}

// differs says whether what this binary will write is not what was written before.
func (e *Entry) differs() bool {
	return e.was == nil || e.was.Formats != ours || e.o.Build.release() && e.was.Version != e.o.Build.Version
}

// Begin notes that this binary writes the folder from now on. It is called when the
// rows have been read and the journal replayed: a binary that fails in that leaves
// the folder to the one before.
func (e *Entry) Begin() error {
	w := Writer{Build: e.o.Build, Formats: ours}
	if err := w.write(e.d, e.dir); err != nil {
		return fmt.Errorf("data folder %s: %w", e.dir, err)
	}
	return nil
}
