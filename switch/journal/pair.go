package journal

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	pebblewal "github.com/cockroachdb/pebble/v2/wal"

	"switchd/switch/storage"
)

// ErrSecondFolder is wrapped by the refusal to open a journal without the second folder
// that its records may be in, or with another one.
var ErrSecondFolder = errors.New("the journal is in two folders")

// pair is what is known of the second folder of a journal before it is opened, and what
// an opening that writes has to change.
type pair struct {
	note *pairNote // of the journal's folder; nil: it has none
	read string    // the second folder, when logs in it may be needed
	use  string    // the second folder, when the log may go on in it
	part bool      // the two are to be parted: the log goes on in one folder only
}

// pairOf finds the second folder of a journal, and whether it may be opened so: where wanted
// says, and for who only reads and does not know, where the note says. It changes nothing.
func pairOf(disk vfs.FS, dir, wanted string, readOnly bool) (p pair, err error) {
	if p.note, err = readNote(disk, disk.PathJoin(dir, FailoverNote)); err != nil {
		return p, err
	}
	needed := p.note.needs()
	if !readOnly && wanted != "" && (storage.WithinFolder(disk, wanted, dir) || storage.WithinFolder(disk, dir, wanted)) {
		return p, fmt.Errorf("%w that lie in each other, %s and %s: name a folder of its own on another disk", ErrSecondFolder, wanted, dir)
	}
	if readOnly || p.note == nil && wanted == "" {
		if needed {
			p.read = cmp.Or(wanted, p.note.other)
			err = isSecond(disk, p.read, p.note)
		}
		return p, err
	}
	switch {
	case wanted == "":
		if p.part = true; needed {
			p.read = p.note.other
			err = p.isOurs(disk, dir, p.read)
		}
	case needed:
		p.read, p.use = wanted, wanted
		err = p.isOurs(disk, dir, wanted)
	default: // what is in the second folder is not needed: it may be another one
		p.use = wanted
		err = p.isFree(disk, dir)
	}
	return p, err
}

// isSecond refuses a folder that is not the second one of a note.
func isSecond(disk vfs.FS, dir string, note *pairNote) error {
	owner, err := readNote(disk, disk.PathJoin(dir, ownerNote))
	switch {
	case err != nil:
		return err
	case owner == nil:
		return fmt.Errorf("%w: its latest records may be in the second one, which was %s, and %s is not it or is not there: mount its disk, or name where it is now: in journal.wal_failover_dir, or with --wal-failover-dir where a command has no configuration", ErrSecondFolder, note.other, dir)
	case owner.id != note.id:
		return fmt.Errorf("%w: its latest records may be in the second one, which was %s, and %s is that of the journal in %s: name the right one in journal.wal_failover_dir", ErrSecondFolder, note.other, dir, owner.other)
	case owner.turn > note.turn:
		return fmt.Errorf("%w: %s has gone on with the journal in %s since this one was copied, and what this one needs is there no more: use that, or restore a backup", ErrSecondFolder, dir, owner.other)
	case owner.turn < note.turn && !(note.state == pairTurned && owner.turn+1 == note.turn):
		return fmt.Errorf("%w: %s is that of an earlier time (a copy, a snapshot, an old disk): the latest records are in the one that was there at the last start: bring that back, or restore a backup", ErrSecondFolder, dir)
	}
	return nil
}

// isOurs refuses a second folder that is not the one of the journal in dir.
func (p *pair) isOurs(disk vfs.FS, dir, folder string) error {
	if err := isSecond(disk, folder, p.note); err != nil {
		return err
	}
	return isNoCopy(disk, dir, folder)
}

// isNoCopy refuses a journal that was copied with its note: two journals would write to
// one second folder, and each would delete what the other one needs.
func isNoCopy(disk vfs.FS, dir, folder string) error {
	owner, err := readNote(disk, disk.PathJoin(folder, ownerNote))
	if err != nil || owner == nil || storage.SameFolder(disk, owner.other, dir) {
		return err
	}
	there, err := readNote(disk, disk.PathJoin(owner.other, FailoverNote))
	if err == nil && there != nil && there.id == owner.id {
		return fmt.Errorf("%w: %s is the second folder of the journal in %s, of which this one is a copy: use that, or restore a backup in place of copying", ErrSecondFolder, folder, owner.other)
	}
	return nil // it has moved
}

// isFree refuses as a new second folder one that is another journal's, or has logs.
func (p *pair) isFree(disk vfs.FS, dir string) error {
	owner, err := readNote(disk, disk.PathJoin(p.use, ownerNote))
	if err != nil {
		return err
	}
	if owner != nil && (p.note == nil || owner.id != p.note.id) {
		return fmt.Errorf("%w: %s is the second folder of the journal in %s: name another one, or empty it when that journal is no more", ErrSecondFolder, p.use, owner.other)
	}
	if owner == nil { // a folder that this pair never had: the one that it had must not pass for it
		p.note = nil
	} else if err := isNoCopy(disk, dir, p.use); err != nil {
		return err
	}
	logs, err := logsIn(disk, p.use)
	if err == nil && len(logs) > 0 {
		return fmt.Errorf("%w: %s has write-ahead logs (%s) that are not of this journal: name an empty folder", ErrSecondFolder, p.use, logs[0])
	}
	return err
}

// logsIn are the names of the write-ahead logs in a folder, which need not be there.
func logsIn(disk vfs.FS, dir string) ([]string, error) {
	names, err := disk.List(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, readError(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, _, isLog := pebblewal.ParseLogFilename(name)
		return !isLog
	})
	slices.Sort(names)
	return names, nil
}

// begin writes the notes of a pair before the log may go on in its second folder: first
// that of the journal, so that a folder never has an owner that does not know of it.
func (p *pair) begin(disk vfs.FS, dir string) error {
	if p.note == nil {
		var id [16]byte
		_, _ = rand.Read(id[:]) // never fails (crypto/rand)
		p.note = &pairNote{id: hex.EncodeToString(id[:])}
	}
	owner, err := readNote(disk, disk.PathJoin(p.use, ownerNote))
	if err != nil {
		return err
	}
	if p.note.state != pairTurned || owner == nil || owner.turn == p.note.turn { // else an opening was cut off right here
		p.note.turn++
	}
	first := pairBegun
	if p.read != "" {
		first = pairTurned
	}
	if err := p.say(disk, dir, first); err != nil {
		return err
	}
	owner = &pairNote{id: p.note.id, state: pairOwned, turn: p.note.turn, other: storage.Absolute(disk, dir)}
	if err := owner.write(disk, p.use, ownerNote); err != nil {
		return err
	}
	return p.say(disk, dir, pairOpen)
}

func (p *pair) say(disk vfs.FS, dir string, state pairState) error {
	p.note.state, p.note.other = state, storage.Absolute(disk, p.use)
	return p.note.write(disk, dir, FailoverNote)
}

// end parts the two folders once every record is in the first one: logs that are still
// in the second one are no longer needed.
func (p *pair) end(disk vfs.FS, dir string) error {
	if p.read != "" {
		logs, err := logsIn(disk, p.read)
		if err != nil {
			return err
		}
		for _, name := range logs {
			err := disk.Remove(disk.PathJoin(p.read, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // Pebble removes them, too
				return writeError(err)
			}
		}
	}
	was := *p.note
	if err := removeNote(disk, dir, FailoverNote); err != nil {
		return err
	}
	p.note = nil
	if owner, err := readNote(disk, disk.PathJoin(was.other, ownerNote)); err != nil || owner == nil || owner.id != was.id {
		return nil // it is gone, or another's by now: nothing of ours is there
	}
	return removeNote(disk, was.other, ownerNote)
}

// close says that the second folder is not needed, if the log has left nothing in it. What
// was removed there must not come back: it would be taken for another journal's.
func (p *pair) close(disk vfs.FS, dir string) error {
	logs, err := logsIn(disk, p.use)
	if err != nil || len(logs) > 0 {
		return err
	}
	if err := storage.SyncDir(disk, p.use); err != nil {
		return writeError(err)
	}
	return p.say(disk, dir, pairClosed)
}

// second is the open second folder of a journal.
type second struct {
	pair
	lock *pebble.Lock
	keep *keeper
}

// openSecond makes the second folder ready, and tells Pebble of it.
func (l *PebbleLog) openSecond(p pair, po *pebble.Options) error {
	l.second = &second{pair: p, keep: &keeper{FS: l.o.SecondFS("journal")}}
	if p.use != "" {
		if err := l.second.begun(l); err != nil {
			return err
		}
	}
	l.second.addTo(po, l)
	l.place.watch(po, l)
	return nil
}

// begun makes the folder, locks it and writes the notes.
func (s *second) begun(l *PebbleLog) (err error) {
	if err := storage.MakeDir(l.o.FS, s.use); err != nil {
		return fmt.Errorf("the second folder %s cannot be made: %w", s.use, storage.Sentence(err))
	}
	if s.lock, err = pebble.LockDirectory(s.use, s.keep); err != nil {
		return fmt.Errorf("the second folder %s cannot be locked: another process may have it: %v", s.use, storage.Sentence(err))
	}
	return s.begin(l.o.FS, l.dir)
}

// addTo tells Pebble of the second folder. To whom only reads it is one more folder with
// logs.
func (s *second) addTo(po *pebble.Options, l *PebbleLog) {
	// The notes are what says whether a folder is missing; Pebble compares paths only.
	po.Unsafe.AllowMissingWALDirs = true
	switch {
	case s.use != "" && !po.ReadOnly:
		l.o.Failover.WithSecond(po, s.keep, func() bool { return l.Failover().Active })
	case s.read != "":
		po.WALRecoveryDirs = []pebblewal.Dir{{FS: s.keep, Dirname: s.read}}
	}
}

// Beside are the files of the journal that are in its second folder. Who copies a journal
// that nobody has open puts them beside those of its own folder, and leaves FailoverNote
// out: then the copy is whole, and in one folder.
func (l *PebbleLog) Beside() ([]string, error) {
	if l.second.read == "" {
		return nil, nil
	}
	names, err := logsIn(l.o.FS, l.second.read)
	for i := range names {
		names[i] = l.o.FS.PathJoin(l.second.read, names[i])
	}
	return names, err
}

// beginSecond makes use of the second folder once the journal is found whole, or parts
// the two.
func (l *PebbleLog) beginSecond() error {
	s := l.second
	if err := s.keep.release(); err != nil {
		return err
	}
	if s.part {
		was := *s.note
		if err := s.end(l.o.FS, l.dir); err != nil {
			return err
		}
		s.read = ""
		l.o.Log.Info("the journal has no second folder any more", "event", "journal.second.left", "folder", was.other)
	}
	if s.use == "" {
		return nil
	}
	l.mark.beside()
	l.o.Log.Info("the journal goes on in a second folder while the disk is slow", "event", "journal.second.ready", "folder", s.use, "after", l.o.Failover.Patience().String())
	return nil
}

// closeSecond says that the second folder is not needed, if the journal was closed well
// and nothing is left there, and gives it up.
func (l *PebbleLog) closeSecond(well bool) (err error) {
	if well && l.second.use != "" {
		err = l.second.close(l.o.FS, l.dir)
	}
	if l.second.lock != nil {
		if unlocking := l.second.lock.Close(); err == nil {
			err = unlocking
		}
	}
	return err
}
