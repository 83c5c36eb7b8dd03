package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/storage"
)

// Options of a Pebble log.
type Options = storage.Options

const (
	// memTableBytes is how much of the journal Pebble keeps in memory before it
	// writes a sorted file. Larger means fewer, larger files, and more to read
	// again after a crash.
	memTableBytes = 32 << 20
	// fileBytes is the size of a sorted file: days are deleted by the file.
	fileBytes = 64 << 20
	// flushesMax is how many of the smaller ones are made one larger, and levelBytes
	// more than a disk has, because there is nothing to be put into levels: groups come
	// in the order of their keys.
	flushesMax, levelBytes = 5, 1 << 50
	// blockSize is what is read and checked at once; small groups share a block.
	blockSize = 32 << 10
)

// PebbleLog keeps the journal in a Pebble database of its own, with a
// synchronous write-ahead log. Append, Replay, CutAfter and Close belong to one
// goroutine; everything else is safe beside it, until Close.
type PebbleLog struct {
	dir     string
	db      *pebble.DB
	lock    *pebble.Lock // of the folder; nil when Pebble has made it, and locked it itself
	o       Options
	end     end
	tree    tree                 // the Merkle log, up to end
	mark    *mark                // durable, on disk; nil when opened for reading
	second  *second              // of two folders; nil: there is one
	place   place                // in which of them the log goes on
	base    atomic.Pointer[Base] // where it begins
	durable atomic.Uint64        // last record that is known to be on disk
	watch   watch                // for those who wait for durable to move
	synced  synced
}

// OpenPebble opens or creates the journal in dir and reads its end. It fails
// when another process has it open, and when the end is not what was written.
func OpenPebble(dir string, o Options) (*PebbleLog, error) { return openWhole(dir, o, false) }

// OpenReadOnly opens the journal in dir, which no process has open, and changes
// nothing in it. Append fails.
func OpenReadOnly(dir string, o Options) (*PebbleLog, error) { return openWhole(dir, o, true) }

// OpenToVerify is OpenReadOnly for Verify: damage to what the groups can be read
// without does not end it. found is that damage, which Verify does not look for; it
// comes with an error, too.
func OpenToVerify(dir string, o Options) (l *PebbleLog, found, err error) {
	return openLog(dir, o, true)
}

// openWhole opens a journal in which nothing that an opening looks at is damaged.
func openWhole(dir string, o Options, readOnly bool) (*PebbleLog, error) {
	l, found, err := openLog(dir, o, readOnly)
	if err != nil {
		return nil, err
	}
	if found != nil {
		_ = l.Close() // what closing says after a failure is only its echo
		return nil, found
	}
	return l, nil
}

func openLog(dir string, o Options, readOnly bool) (l *PebbleLog, found, err error) {
	o = o.WithDefaults()
	l = &PebbleLog{dir: dir, o: o}
	found, err = l.open(readOnly)
	if found != nil {
		found = fmt.Errorf("open journal %s: %w", dir, found)
	}
	if err != nil {
		_ = l.Close()
		return nil, found, fmt.Errorf("open journal %s: %w", dir, err)
	}
	return l, found, nil
}

// open opens the database. With damage that is found it leaves a journal to be read
// only, and changes nothing.
func (l *PebbleLog) open(readOnly bool) (found, err error) {
	po := l.o.Pebble("journal")
	keep := &keeper{FS: po.FS} // over what storage puts around the file system, not in its place
	po.FS, po.MemTableSize = keep, memTableBytes
	po.Levels[0].BlockSize, po.TargetFileSizes[0] = blockSize, fileBytes
	po.L0CompactionThreshold, po.LBaseMaxBytes = 2*flushesMax, levelBytes // Pebble counts a flush twice
	if err := l.take(keep, readOnly); err != nil {
		return nil, err
	}
	po.Lock = l.lock
	p, err := pairOf(l.o.FS, l.dir, l.o.Failover.Dir, readOnly)
	if err != nil {
		return nil, err
	}
	survey, err := newSurvey(l.o.FS, l.dir, p.read)
	if err != nil {
		return survey.found, err
	}
	if readOnly = readOnly || survey.found != nil; readOnly {
		po.ReadOnly, po.ErrorIfNotExists, p.use = true, true, ""
		po.EventListener.DataCorruption = func(pebble.DataCorruptionInfo) {} // whoever looks is given the error, and says it
	}
	if err := l.openSecond(p, po); err != nil {
		return survey.found, err
	}
	if l.db, err = pebble.Open(l.dir, po); err != nil {
		return survey.found, survey.openError(err)
	}
	if err := l.begin(readOnly); err != nil {
		return survey.found, err
	}
	if err := survey.check(l); err != nil {
		return survey.found, err
	}
	survey.report(l.o.Log, l)
	if readOnly {
		return survey.found, nil
	}
	return nil, l.goOn(keep)
}

// take locks the folder: files that a running switch writes look like damaged ones to who
// reads them one after the other, so first of all nobody else may have it.
func (l *PebbleLog) take(keep *keeper, readOnly bool) (err error) {
	if l.o.Failover.Dir != "" && !readOnly { // the note of a pair is there before the journal
		if err := storage.MakeDir(l.o.FS, l.dir); err != nil {
			return storage.Sentence(err)
		}
	}
	if l.lock, err = pebble.LockDirectory(l.dir, keep); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storage.Sentence(err)
	}
	return nil
}

// goOn readies a journal that was found whole to be written to.
func (l *PebbleLog) goOn(keep *keeper) (err error) {
	if l.mark, err = openMark(l.o.FS, l.dir, l.Durable()); err != nil {
		return err
	}
	if err := keep.release(); err != nil {
		return err
	}
	return l.beginSecond()
}

// begin checks the folder's format and finds where the journal begins and ends.
func (l *PebbleLog) begin(readOnly bool) error {
	if err := l.format(readOnly); err != nil {
		return err
	}
	base, err := readBase(l.db)
	if err != nil {
		return err
	}
	l.base.Store(base)
	if err := l.readEnd(); err != nil {
		return err
	}
	// What can be read now is on disk: Pebble has written all of it to a new file.
	l.durable.Store(l.end.next - 1)
	return nil
}

// format reads the format row, and writes it into a folder that is empty.
func (l *PebbleLog) format(readOnly bool) error {
	row, closer, err := l.db.Get([]byte{tagFormat})
	if err == nil {
		defer closer.Close()
		if len(row) != 4 {
			return fmt.Errorf("%w: the format row has %d bytes", ErrDamaged, len(row))
		}
		if v := binary.BigEndian.Uint32(row); v != Format {
			return fmt.Errorf("it has format %d, this version of the switch reads format %d", v, Format)
		}
		return nil
	}
	if !errors.Is(err, pebble.ErrNotFound) {
		return readError(err)
	}
	it, err := l.db.NewIter(nil)
	if err != nil {
		return readError(err)
	}
	defer it.Close()
	if it.First() {
		return fmt.Errorf("it has no format row: it was written by a version before format %d, or is not a journal; use an empty data folder", Format)
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	if readOnly {
		return nil
	}
	if err := l.db.Set([]byte{tagFormat}, binary.BigEndian.AppendUint32(nil, Format), pebble.Sync); err != nil {
		return fmt.Errorf("journal: write the format row: %w", err)
	}
	return nil
}

// readEnd finds what the next group builds on: the last group, whole and under
// its own hash in the Merkle log, and the right edge of that log.
func (l *PebbleLog) readEnd() error {
	it, err := groups(l.db)
	if err != nil {
		return err
	}
	defer it.Close()
	l.end = l.base.Load().end()
	if !it.Last() {
		if err := it.Error(); err != nil {
			return readError(err)
		}
		return readTree(l.db, l.end.number, &l.tree)
	}
	h, value, err := groupAt(it)
	if err != nil {
		return err
	}
	var c checker
	if err := c.records(value, &h); err != nil {
		return err
	}
	l.end.move(&h, value)
	leaf, err := storedHash(l.db, 0, h.number)
	if err != nil {
		return err
	}
	if leaf != leafHash(value[:headBytes]) {
		return fmt.Errorf("%w: the head of group %d is not the one in the Merkle log", ErrDamaged, h.first)
	}
	return readTree(l.db, l.end.number, &l.tree)
}

// First is the sequence number of the first record that is kept. Safe for concurrent
// use.
func (l *PebbleLog) First() uint64 { return l.base.Load().First }

// Next is the sequence number that the next record must have.
func (l *PebbleLog) Next() uint64 { return l.end.next }

// Durable is the last sequence number that is known to be on disk. Safe for
// concurrent use.
func (l *PebbleLog) Durable() uint64 { return l.durable.Load() }

// Close closes the database. Its first error is the one that counts.
func (l *PebbleLog) Close() (err error) {
	if l.db != nil {
		err = l.place.closing(l.db)
	}
	if l.mark != nil {
		if marking := l.mark.close(); err == nil {
			err = marking
		}
	}
	if l.second != nil {
		if parting := l.closeSecond(err == nil && l.mark != nil); err == nil {
			err = parting
		}
	}
	if l.lock != nil {
		if unlocking := l.lock.Close(); err == nil {
			err = unlocking
		}
	}
	if err != nil {
		return fmt.Errorf("close journal %s: %w", l.dir, storage.Sentence(err))
	}
	return nil
}
