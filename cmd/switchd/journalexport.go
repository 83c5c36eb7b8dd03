package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/journal"
	"switchd/switch/retention"
)

// exportFlags say what is exported, and where to.
type exportFlags struct {
	journalFlags
	day, out string
	from, to uint64
}

func newJournalExport() *cobra.Command {
	var f exportFlags
	c := &cobra.Command{
		Use: "export (--day YYYY-MM-DD | --from N --to N) --out FILE (--dir D | --config FILE)", Short: "Write a business day of a journal to a file that needs nothing else to be verified",
		Long: `Writes the groups of a business day, or those that hold the records from N to N, to a
new file: compressed, with all that is needed to verify it (journal verify --segment)
and to look into it (journal dump --segment). The file is read back before it gets
its name, and no file is overwritten. Nothing is deleted from the journal.

A day begins at business_day_start of --config, without one at midnight UTC. It can
be exported when it is over. What is sealed stays sealed in the file: keep the key.

A running switch has its folder for itself. It writes the days that it deletes to
archive_dir by itself; for another one take a backup and name that with --dir.`,
		Example: "  switchd journal export --day 2026-11-22 --out day.journal --dir /backup/today",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return usageError{err}
			}
			l, err := f.open(c)
			if err != nil {
				return err
			}
			return errors.Join(f.export(c, l), l.close())
		},
	}
	f.registerFolder(c)
	c.Flags().StringVar(&f.day, "day", "", "business day")
	c.Flags().Uint64Var(&f.from, "from", 0, "first record, in place of a day")
	c.Flags().Uint64Var(&f.to, "to", 0, "last record")
	c.Flags().StringVar(&f.out, "out", "", "file to write (required)")
	return c
}

// check says what is wrong with the flags.
func (f *exportFlags) check() error {
	switch {
	case f.out == "":
		return errors.New("where to? --out names the file")
	case (f.day != "") == (f.from != 0 || f.to != 0):
		return errors.New("what? Name a --day, or records with --from and --to")
	case f.day == "" && (f.from == 0 || f.to == 0):
		return errors.New("which records? --from and --to belong together, and records count from 1")
	case f.to < f.from:
		return fmt.Errorf("--to %d is before --from %d", f.to, f.from)
	}
	if _, ok := retention.ParseDay(f.day); f.day != "" && !ok {
		return fmt.Errorf("day %q is not a date like 2026-11-22", f.day)
	}
	return nil
}

// exportView is what was written.
type exportView struct {
	File   string     `json:"file"`
	Bytes  int64      `json:"file_bytes"`
	Header headerView `json:"header"`
	segmentView
}

// export writes the file.
func (f *exportFlags) export(c *cobra.Command, l *lookFolder) error {
	from, to := f.from, f.to
	if day, ok := retention.ParseDay(f.day); ok {
		var err error
		if from, to, err = dayRecords(l.log, l.days(), day); err != nil {
			return err
		}
	}
	names, err := l.names(c.Context())
	if err != nil {
		return err
	}
	v := exportView{File: f.out}
	header := journal.SegmentHeader{Day: f.day, By: "switchd " + releaseVersion, Participants: names}
	ctx := c.Context()
	err = writeNew(f.out, 0o600, func(w io.Writer) (err error) {
		v.Segment, err = l.log.Export(ctx, w, from, to, header)
		return err
	}, func(file string) error { return v.readBack(ctx, file) })
	if err != nil {
		return err
	}
	return v.print(c.OutOrStdout(), &f.outputFlags)
}

// readBack reads a file that was just written to its end: what
// it says must be what was meant.
func (v *exportView) readBack(ctx context.Context, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	header, seg, err := journal.ReadSegment(in, func(journal.Record) error { return ctx.Err() })
	if err == nil && seg != v.Segment {
		err = fmt.Errorf("it holds records %d to %d with hash %s, not what was written", seg.First, seg.Last, seg.SHA256)
	}
	if err != nil {
		return fmt.Errorf("the file does not read back: %w", err)
	}
	v.Header, v.segmentView, v.Bytes = viewHeader(header), viewSegment(seg), info.Size()
	return nil
}

func (v *exportView) print(w io.Writer, o *outputFlags) error {
	if o.programs() {
		return o.encode(w, v)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "segment\t%s\n", v.File)
	fmt.Fprintf(t, "records\t%d to %d, in %s\n", v.First, v.Last, count(int(v.Groups), "group"))
	fmt.Fprintf(t, "time\t%s to %s\n", v.FirstAt, v.LastAt)
	fmt.Fprintf(t, "size\t%s, %s of groups\n", sizeText(uint64(v.Bytes)), sizeText(v.Segment.Bytes))
	fmt.Fprintf(t, "chain hash\t%s\n", v.Chain)
	return t.Flush()
}

// dayRecords are the first and the last record of a business day, which must be
// over and still there.
func dayRecords(log *journal.PebbleLog, days retention.Calendar, day retention.Day) (first, last uint64, err error) {
	begin, end := days.Begin(day), days.Begin(day+1)
	if clock() < end {
		return 0, 0, fmt.Errorf("the day %s is not over: it ends at %s", day, time.Unix(0, end).UTC().Format(time.RFC3339))
	}
	if first, err = log.FirstSince(begin); err != nil {
		return 0, 0, err
	}
	next, err := log.FirstSince(end)
	if err != nil {
		return 0, 0, err
	}
	stat, err := log.Stat()
	switch {
	case err != nil:
		return 0, 0, err
	case stat.Base.Groups > 0 && stat.Base.At >= begin:
		return 0, 0, fmt.Errorf("%w: the journal begins at record %d, behind records of the day %s: look for it in the archive", journal.ErrGone, stat.First, day)
	case first == next:
		return 0, 0, fmt.Errorf("the journal has no record of the day %s", day)
	}
	return first, next - 1, nil
}
