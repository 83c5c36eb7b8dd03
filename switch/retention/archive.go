package retention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"switchd/switch/journal"
)

const (
	segmentSuffix = ".swseg"
	partSuffix    = ".part" // of a file that is not whole, behind a number: nobody writes to another's
)

// segmentName is a file of ours: the day, and its first and last record when the day
// alone was taken.
var segmentName = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})(-[0-9]+-[0-9]+)?\.swseg((?:\.[0-9]+)?\.part)?$`)

// journal moves the days that are older than the limit into the archive. The day in
// which the journal ends stays, however old.
func (j *Job) journal(ctx context.Context, now int64) error {
	if err := j.ready(); err != nil {
		return err
	}
	limit := j.kept(now, j.o.JournalDays)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		s, err := j.o.Journal.Stat()
		if err != nil || s.Last < s.First {
			return err
		}
		j.metrics.oldest.Set(seconds(s.FirstAt))
		day := j.o.Calendar.DayOf(s.FirstAt)
		if day >= min(limit, j.o.Calendar.DayOf(s.LastAt)) {
			return nil
		}
		if j.o.Archive == nil {
			j.o.Log.Warn("the journal is older than retention.journal and has nowhere to go: set retention.archive_dir", "event", "retention.nowhere", "since", day.String(), "bytes", s.Bytes)
			return nil
		}
		if err := j.move(ctx, day, &s); err != nil {
			return fmt.Errorf("day %s: %w", day, err)
		}
	}
}

// move archives the first day of the journal and then deletes it there.
func (j *Job) move(ctx context.Context, day Day, s *journal.Stat) error {
	next, err := j.o.Journal.FirstSince(j.o.Calendar.Begin(day + 1))
	if err != nil {
		return err
	}
	last := next - 1
	if err := j.applied(ctx, last); err != nil {
		return err
	}
	seg, name, err := j.archive(ctx, day, s, last)
	if err != nil {
		return err
	}
	base, err := j.o.Journal.DeleteBefore(next)
	if err != nil {
		return err
	}
	if base.First != next { // it would be the same day again, for ever
		return fmt.Errorf("after deleting the records before %d the journal begins at %d", next, base.First)
	}
	j.metrics.days.Inc()
	j.o.Log.Info("business day archived", "event", "retention.archived", "day", day.String(), "file", name, "first", seg.First, "last", seg.Last, "records", seg.Records)
	return nil
}

// applied sees to it that the rows on disk have the effect of all events up to last:
// the journal must keep what a crash would have replayed.
func (j *Job) applied(ctx context.Context, last uint64) error {
	durable, err := j.o.Rows.Durable()
	if err == nil && durable < last {
		if err = j.o.Rows.Flush(ctx); err == nil {
			durable, err = j.o.Rows.Durable()
		}
	}
	if err != nil {
		return err
	}
	if durable < last {
		return fmt.Errorf("the state store has events up to %d on disk, the day goes to %d", durable, last)
	}
	return nil
}

// archive sees to it that the archive has the journal's records from its first to
// last in one file, and gives its name. A file that is there already is believed only
// when it holds what the journal holds; whatever else it is, it is left alone.
func (j *Job) archive(ctx context.Context, day Day, s *journal.Stat, last uint64) (seg journal.Segment, name string, err error) {
	names, err := j.archived.Names()
	if err != nil {
		return seg, "", err
	}
	name = day.String() + segmentSuffix
	if !slices.Contains(names, name) {
		seg, err = j.write(ctx, name, day, s.First, last)
		return seg, name, err
	}
	want, err := j.o.Journal.Export(ctx, pacedDrop{j.pace(ctx)}, s.First, last, j.header(day))
	if err != nil {
		return seg, name, err
	}
	if j.holds(ctx, name, &want) {
		return want, name, j.archived.Sync() // whoever has renamed it may have died before he could
	}
	// Another part of the day, from before business_day_start was changed, or
	// something that is not ours.
	name = fmt.Sprintf("%s-%d-%d%s", day, s.First, last, segmentSuffix)
	switch {
	case ctx.Err() != nil: // it was not read to its end
		return seg, name, ctx.Err()
	case !slices.Contains(names, name):
		seg, err = j.write(ctx, name, day, s.First, last)
		return seg, name, err
	case j.holds(ctx, name, &want):
		return want, name, j.archived.Sync()
	}
	return seg, name, fmt.Errorf("%s in %s does not hold those records of this journal: look what it is, and move it away", name, j.o.Archive)
}

// holds says whether a file is whole and holds what want says.
func (j *Job) holds(ctx context.Context, name string, want *journal.Segment) bool {
	got, err := j.readBack(ctx, name)
	if err != nil {
		return false
	}
	got.SHA256 = want.SHA256 // of the file: another version may compress in another way
	return got == *want
}

// readBack verifies a file of the archive from its first byte to its last.
func (j *Job) readBack(ctx context.Context, name string) (seg journal.Segment, err error) {
	f, err := j.archived.Open(name)
	if err != nil {
		return seg, err
	}
	_, seg, err = journal.VerifySegment(pacedReader{j.pace(ctx), f})
	return seg, errors.Join(err, f.Close())
}

func (j *Job) header(day Day) journal.SegmentHeader {
	return journal.SegmentHeader{Day: day.String(), By: j.o.By, Participants: j.o.Participants()}
}

// write writes a file under another name, reads it back, and renames it: what bears
// the name of a day is whole, and on disk.
func (j *Job) write(ctx context.Context, name string, day Day, first, last uint64) (seg journal.Segment, err error) {
	f, half, err := j.archived.Create(name + ".*" + partSuffix)
	if err != nil {
		return seg, err
	}
	seg, err = j.o.Journal.Export(ctx, pacedWriter{j.pace(ctx), f}, first, last, j.header(day))
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = j.same(ctx, half, &seg, first, last)
	}
	if err == nil {
		err = j.archived.Rename(half, name)
	}
	if err != nil {
		return seg, errors.Join(err, ignoreAbsent(j.archived.Remove(half)))
	}
	if err := j.archived.Sync(); err != nil {
		return seg, err
	}
	return seg, nil
}

// same compares what a file holds with what was written, and that with what was to
// be.
func (j *Job) same(ctx context.Context, name string, seg *journal.Segment, first, last uint64) error {
	got, err := j.readBack(ctx, name)
	if err != nil {
		return fmt.Errorf("%s was written and cannot be read back: %w", name, err)
	}
	if got != *seg || got.First != first || got.Last != last {
		return fmt.Errorf("%s was written with the records %d to %d and holds %d to %d", name, first, last, got.First, got.Last)
	}
	return nil
}

// ready looks whether the archive can take a day, each time, and not only when one is
// due.
func (j *Job) ready() error {
	if j.o.Archive == nil {
		return nil
	}
	if err := j.tidy(); err != nil {
		return err
	}
	return probe(j.archived)
}

// tidy removes what a crash has left half written.
func (j *Job) tidy() error {
	names, err := j.archived.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if m := segmentName.FindStringSubmatch(name); m != nil && m[3] != "" {
			if err := j.archived.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// prune deletes the files of days that are older than the archive keeps.
func (j *Job) prune(ctx context.Context, now int64) error {
	if j.o.Archive == nil {
		return nil
	}
	names, err := j.archived.Names()
	if err != nil {
		return err
	}
	removed := false
	for _, name := range names {
		m := segmentName.FindStringSubmatch(name)
		if m == nil || m[3] != "" {
			continue
		}
		if day, ok := ParseDay(m[1]); !ok || day >= j.kept(now, j.o.ArchiveDays) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := j.archived.Remove(name); err != nil {
			return err
		}
		removed = true
		j.o.Log.Info("business day deleted from the archive", "event", "retention.deleted", "file", name)
	}
	if removed {
		return j.archived.Sync()
	}
	return nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
