package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"
	pebblewal "github.com/cockroachdb/pebble/v2/wal"

	"switchd/switch/storage"
)

// survey is what the files of a folder say before Pebble opens it. Pebble cuts the
// last write-ahead log where it can no longer be read, which is right for a write
// that a crash has torn, and forgets what is behind damage. It notices damage by
// how far later chunks say that the file was synced; but it looks at later blocks
// only, that number does not count whole blocks, and a wrong log number in the
// middle is an end without question. The list of files ends for it at the first
// change that it cannot read. So we look first, and compare what it has opened
// with what must be there.
type survey struct {
	mark  uint64 // last record that was durable for sure
	wals  []wal  // oldest first
	first uint64 // sequence numbers in the logs: of the first group, 0: there is none
	next  uint64 // after the last one
	torn  string // the last change of the MANIFEST, if it is not whole
	lost  string // that no log is there which Pebble would read; a crash may leave none
	there bool   // there are files
	found error  // damage to what the groups can be read without
}

// newSurvey reads the logs of a folder, and of its second one if it has one. It fails when
// one of them is damaged for sure, with what it has found until then; a folder without a
// journal gives an empty survey.
func newSurvey(disk vfs.FS, dir, second string) (*survey, error) {
	s := &survey{}
	names, err := disk.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, readError(err)
	}
	s.there = len(names) > 0
	if s.mark, err = readMark(disk, dir); errors.Is(err, ErrDamaged) {
		s.found = err
	} else if err != nil {
		return s, err
	}
	oldest, err := s.readManifest(disk, dir, names)
	if err != nil {
		return s, err
	}
	if err := storage.CheckOptions(disk, dir); err != nil {
		return s, readError(err)
	}
	files, err := walFiles(disk, dir, second)
	if err != nil {
		return s, err
	}
	return s, s.readWALs(disk, dir, files, oldest)
}

// readManifest checks the list of files, and returns the number of the oldest log
// that it still needs.
func (s *survey) readManifest(disk vfs.FS, dir string, names []string) (oldest uint64, err error) {
	manifest, err := atomicfs.ReadMarker(disk, dir, "manifest")
	switch {
	case err != nil:
		return 0, readError(err)
	case manifest != "":
		s.torn, oldest, err = checkManifest(disk, disk.PathJoin(dir, manifest))
		return oldest, err
	case s.mark > 0 || s.found != nil || slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, ".sst") }):
		// Pebble would begin a new database here and remove what it does not know.
		return 0, fmt.Errorf("%w: the file marker.manifest.* is missing in %s", ErrDamaged, dir)
	}
	return 0, nil
}

// openError is what an error of Pebble means that could not open the folder.
func (s *survey) openError(err error) error {
	switch {
	case storage.Corrupt(err):
		return readError(err)
	case s.there && errors.Is(err, fs.ErrNotExist): // the list of files was read: one that it names is not there
		if name := storage.Missing(err); name != "" {
			return fmt.Errorf("%w: the file %s is missing", ErrDamaged, name)
		}
		return fmt.Errorf("%w: a file is missing: %w", ErrDamaged, storage.Sentence(err))
	}
	return storage.Sentence(err)
}

// walFile is one file of a write-ahead log.
type walFile struct {
	path   string
	number pebblewal.NumWAL // of the log
	index  pebblewal.LogNameIndex
}

// walFiles are the files of the write-ahead logs, in the order in which they were written,
// wherever they are. second may be empty.
func walFiles(disk vfs.FS, dir, second string) (files []walFile, err error) {
	for _, folder := range []string{dir, second} {
		if folder == "" {
			continue
		}
		names, err := logsIn(disk, folder)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			number, index, _ := pebblewal.ParseLogFilename(name)
			files = append(files, walFile{disk.PathJoin(folder, name), number, index})
		}
	}
	slices.SortFunc(files, func(a, b walFile) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.index, b.index))
	})
	return files, nil
}

// readWALs reads the write-ahead logs. Of those before the oldest that is needed
// every group is in a sorted file.
func (s *survey) readWALs(disk vfs.FS, dir string, files []walFile, oldest uint64) error {
	if oldest != 0 && !slices.ContainsFunc(files, func(f walFile) bool { return uint64(f.number) >= oldest }) {
		s.lost = fmt.Sprintf("the write-ahead log in %s that was written last is missing (%06d.log, or a later number)", dir, oldest)
	}
	for i, f := range files {
		goesOn := i > 0 && files[i-1].number == f.number
		if i > 0 && !goesOn && uint64(files[i-1].number) < oldest {
			s.leave(&s.wals[i-1])
		}
		w, err := readWAL(disk, f.path, uint32(f.number), s.next, goesOn)
		if err != nil {
			return err
		}
		s.add(w)
	}
	return s.damage(oldest)
}

// damage finds what was durable for sure, and is in no log any more. What is damaged in a
// file before the last shows in the groups behind it, which do not follow; but those that
// Pebble makes while a disk hangs may have none.
func (s *survey) damage(oldest uint64) error {
	for i := range s.wals {
		w, last := &s.wals[i], i == len(s.wals)-1
		if w.tail == walDamaged && (last || w.of >= oldest && w.next == s.next) {
			return fmt.Errorf("%w: %s cannot be read from offset %d on (%s), and %s", ErrDamaged, w.path, w.end, w.torn, w.proof)
		}
		if last && w.next != 0 && s.mark >= w.next {
			return fmt.Errorf("%w: records %d to %d were on disk, but %s", ErrDamaged, w.next, s.mark, s.ends(w))
		}
	}
	return nil
}

func (s *survey) add(w wal) {
	s.wals = append(s.wals, w)
	if w.first != 0 && (s.first == 0 || w.first < s.first) {
		s.first = w.first
	}
	s.next = w.next
}

// leave goes on to the next log after one that is not needed, of which w is the last file
// that is left. When there were more, in another folder, it does not say where the next
// log begins.
func (s *survey) leave(w *wal) {
	if w.tail != walClosed && s.mark >= s.next {
		s.next = 0
	}
}

// check compares the journal that Pebble has opened with the survey: all that was
// durable is there, and the groups of the logs follow each other and what the
// sorted files hold, without a gap.
func (s *survey) check(l *PebbleLog) error {
	if must := max(s.mark+1, s.next); l.end.next < must {
		return fmt.Errorf("%w: it ends at record %d, but record %d was on disk%s", ErrDamaged, l.end.next-1, must-1, s.suspects())
	}
	if s.first == 0 {
		return nil
	}
	// From the group before them on: it must be the one that they follow.
	err := walk(l.db, max(s.first-1, l.base.Load().First), l.end.next-1, func(*head, []byte) error { return nil })
	if err != nil && !storage.Corrupt(err) { // which names its own file
		err = fmt.Errorf("%w%s", err, s.suspects())
	}
	return err
}

// ends says why nothing is known of what was behind the last log.
func (s *survey) ends(last *wal) string {
	switch {
	case s.lost != "":
		return s.lost
	case last.tail == walClosed:
		return fmt.Sprintf("%s was closed before them, and the log after it is missing", last.path)
	}
	return fmt.Sprintf("%s cannot be read from offset %d on", last.path, last.end)
}

// suspects names the files that do not end as they should, or are not there.
func (s *survey) suspects() string {
	if s.lost != "" {
		return "; " + s.lost
	}
	var all strings.Builder
	if s.torn != "" {
		all.WriteString("; " + s.torn)
	}
	for i, w := range s.wals {
		if i < len(s.wals)-1 && w.tail != walClosed || w.tail == walTorn {
			fmt.Fprintf(&all, "; %s cannot be read from offset %d on", w.path, w.end)
		}
	}
	if n := len(s.wals); n > 0 && all.Len() == 0 {
		fmt.Fprintf(&all, "; %s ends at offset %d", s.wals[n-1].path, s.wals[n-1].end)
	}
	return all.String()
}

// report tells what the end of the last process has left torn: no record of it was
// ever durable, so that it is left out.
func (s *survey) report(log *slog.Logger, l *PebbleLog) {
	if n := len(s.wals); n > 0 && s.wals[n-1].tail == walTorn {
		w := s.wals[n-1]
		log.Warn("the last write to the journal was torn and is left out", "event", "journal.torn", "file", w.path, "offset", w.end, "torn", w.torn, "last_record", l.end.next-1)
	}
	if s.torn != "" {
		log.Warn("the last change of the journal's list of files was torn and is left out", "event", "journal.list.torn", "change", s.torn)
	}
}
