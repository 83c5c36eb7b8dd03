package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"switchd/switch/journal"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// verifyReport is what verify has found.
type verifyReport struct {
	OK       bool            `json:"ok"`
	Damage   []string        `json:"damage,omitempty"` // which file, group, record, byte
	Dir      string          `json:"dir,omitempty"`
	Journal  *reportView     `json:"journal,omitempty"`
	State    *state.Verified `json:"state,omitempty"`
	Applied  *uint64         `json:"state_applied,omitempty"` // the state store is the effect of the events up to here
	Rows     string          `json:"state_hash,omitempty"`    // of all of its rows, opened, as in a backup made then
	Opened   bool            `json:"sealed_parts_opened"`
	Notes    []string        `json:"notes,omitempty"` // what was not looked at
	Segments []segmentReport `json:"segments,omitempty"`
}

// segmentReport is what verify has found in a segment.
type segmentReport struct {
	File   string     `json:"file"`
	Header headerView `json:"header"`
	segmentView
}

func newJournalVerify() *cobra.Command {
	var f journalFlags
	var segments []string
	c := &cobra.Command{
		Use: "verify (--dir D | --config FILE) [--segment FILE]...", Short: "Check every byte of a journal, and of exported segments",
		Long: `Reads everything: every block of every file, every group against the one before it
(number, order, time, hash chain), every record against its checksum and its group,
every hash of the Merkle log. Then, with the key, that every record opens and is an
event with the number under which it stands; all rows of the state store, and that
they are not ahead of the journal. Exit code 1 and a line with file, group, record
and byte for what is damaged.

--segment names files that export has written; they need no folder. Segments that
touch each other, or the journal of --dir, must follow each other.`,
		Example: "  switchd journal verify --dir /backup/today --seal-key seal.key",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := f.verify(c, segments)
			if err != nil {
				return err
			}
			return r.print(c.OutOrStdout(), &f.outputFlags)
		},
	}
	f.registerFolder(c)
	f.registerSealKey(c)
	c.Flags().StringArrayVar(&segments, "segment", nil, "file that export has written; may be given several times")
	return c
}

// verify checks what the flags name. Its error is about something that is not
// damage.
func (f *journalFlags) verify(c *cobra.Command, segments []string) (*verifyReport, error) {
	v := &verifier{progress: newProgress(c.ErrOrStderr())}
	defer v.progress.end()
	defer v.progress.endAtOnce(c)()
	var err error
	if f.dir != "" || f.config != "" && len(segments) == 0 {
		err = v.folder(f, c)
	} else if len(segments) == 0 {
		return nil, usageError{errors.New("what? Name the data folder with --dir, the --config of its switch, or a --segment")}
	} else {
		v.keys, err = f.segmentKeys()
	}
	for _, file := range segments {
		if err == nil {
			err = v.segment(file)
		}
	}
	if err == nil {
		v.follow()
	}
	v.OK = len(v.Damage) == 0
	if v.Opened = v.keys != nil; !v.Opened {
		v.Notes = append(v.Notes, "not looked at without the key (--seal-key): what is sealed (accounts, addresses, names, notes)")
	}
	return &v.verifyReport, err
}

// segmentKeys reads the key for segments without a folder; nil when none is named.
func (f *journalFlags) segmentKeys() (*seal.Keys, error) {
	cfg, err := f.load()
	if err != nil {
		return nil, err
	}
	switch {
	case f.sealKey != "":
		return f.sealKeys(&lookFolder{})
	case cfg != nil:
		return f.sealKeys(&lookFolder{dir: cfg.DataDir, cfg: cfg})
	}
	return nil, nil
}

// verifier collects what is found.
type verifier struct {
	verifyReport
	progress *progress
	keys     *seal.Keys
	before   journal.Hash // of the group before the journal
}

// note adds damage to the report; it returns any other error.
func (v *verifier) note(err error) error {
	if !errors.Is(err, journal.ErrDamaged) && !errors.Is(err, errEvent) {
		return err
	}
	v.Damage = append(v.Damage, err.Error())
	return nil
}

// folder checks a data folder.
func (v *verifier) folder(f *journalFlags, c *cobra.Command) (err error) {
	var found error
	l, err := f.openWith(c, func(dir string, o journal.Options) (log *journal.PebbleLog, err error) {
		log, found, err = journal.OpenToVerify(dir, o)
		return log, err
	})
	if l != nil {
		v.Dir, v.keys = l.dir, l.keys
	}
	if found != nil {
		v.Damage = append(v.Damage, found.Error())
	}
	if err != nil {
		return v.note(err)
	}
	defer func() { err = errors.Join(err, l.close()) }()
	stat, err := l.log.Stat()
	if err != nil {
		return v.note(err)
	}
	if _, err := os.Stat(filepath.Join(l.dir, "restore.unfinished")); err == nil { // of switch/backup
		v.Notes = append(v.Notes, "a restore into this folder was begun and has not ended: events may be missing, no switch starts on it; restore again into another folder")
	}
	v.before = stat.Base.Chain
	r, err := l.log.Verify(c.Context(), func(done, of uint64) { v.progress.show("journal", done, of) })
	if v.Journal = viewReport(r); err != nil {
		return v.note(err)
	}
	if err := v.events(c.Context(), l, &r); err != nil {
		return v.note(err)
	}
	return v.state(c.Context(), l, &r)
}

// errEvent is wrapped by errors about records that are no events of this journal.
var errEvent = errors.New("the journal's records are not its events")

// events checks that every record opens and is the event of its number and time.
func (v *verifier) events(ctx context.Context, l *lookFolder, r *journal.Report) error {
	check := newEventReader(l.keys, nil)
	return eachRecord(ctx, l.log, r.First, r.Last, func(rec *journal.Record) error {
		v.progress.show("events", rec.Seq-r.First+1, r.Records)
		return checkEvent(check, rec)
	})
}

// checkEvent checks a record whose bytes are known to be those that were written:
// what is sealed and does not open has another key.
func checkEvent(check *eventReader, rec *journal.Record) error {
	err := check.read(rec.Seq, rec.Bytes)
	switch {
	case errors.Is(err, seal.ErrUnreadable):
		return fmt.Errorf("%w: the key file is not that of this journal: %w", seal.ErrOtherKeys, err)
	case err != nil:
		return fmt.Errorf("%w: %w", errEvent, err)
	}
	if check.event.At != rec.At {
		return fmt.Errorf("%w: record %d is of time %d, its group of %d", errEvent, rec.Seq, check.event.At, rec.At)
	}
	return nil
}

// eachRecord calls f for the records of a journal from first to last. The record is
// valid during the call.
func eachRecord(ctx context.Context, log *journal.PebbleLog, first, last uint64, f func(*journal.Record) error) error {
	if first > last {
		return nil
	}
	for r := log.Tail(first); ; {
		rec, err := r.Next(ctx)
		if err == nil {
			err = f(&rec)
		}
		if err != nil || rec.Seq >= last {
			return err
		}
	}
}

// state reads all rows, and checks that they are not ahead of the journal: then
// records that had taken effect would be missing.
func (v *verifier) state(ctx context.Context, l *lookFolder, r *journal.Report) error {
	err := l.rows(func(s *state.Store) error {
		read, err := s.Verify(ctx)
		if err != nil {
			return err
		}
		v.State = &read
		sum, applied, err := s.Hash()
		if err != nil {
			return err
		}
		v.Rows, v.Applied = hex.EncodeToString(sum[:]), &applied
		if applied > r.Last {
			v.Damage = append(v.Damage, fmt.Sprintf("the state store is the effect of records up to %d, but the journal ends at record %d: records are missing", applied, r.Last))
		}
		return nil
	})
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, seal.ErrOtherKeys), err != nil && ctx.Err() != nil:
		return err
	case errors.Is(err, errNoRows):
		v.Notes = append(v.Notes, "not looked at: "+err.Error())
	case err != nil:
		v.Damage = append(v.Damage, rowsUnreadable(err, r.First == 1).Error())
	}
	return nil
}

// segment checks one exported file.
func (v *verifier) segment(file string) error {
	in, err := os.Open(file)
	if err != nil {
		return usageError{err}
	}
	defer in.Close()
	check := newEventReader(v.keys, nil)
	read := uint64(0)
	header, seg, err := journal.ReadSegment(in, func(rec journal.Record) error {
		read++
		v.progress.show(filepath.Base(file), read, 0)
		return checkEvent(check, &rec)
	})
	if err != nil {
		return v.note(fmt.Errorf("%s: %w", file, err))
	}
	v.Segments = append(v.Segments, segmentReport{file, viewHeader(header), viewSegment(seg)})
	return nil
}

// follow checks that segments which touch each other, or the journal, are of one
// history.
func (v *verifier) follow() {
	type edge struct {
		name  string
		chain journal.Hash
	}
	ends := map[uint64]edge{} // by the record after them
	for _, s := range v.Segments {
		ends[s.Last+1] = edge{s.File, s.Chain}
	}
	match := func(name string, first uint64, chain journal.Hash) {
		if before, touches := ends[first]; touches && before.chain != chain {
			v.Damage = append(v.Damage, fmt.Sprintf("%s does not follow %s: record %d has another history (hash chain)", name, before.name, first))
		}
	}
	for _, s := range v.Segments {
		match(s.File, s.First, s.Header.Base.Chain)
	}
	if v.Journal != nil {
		match("the journal", v.Journal.First, v.before)
	}
}

// print writes the report. Its error says that something is damaged.
func (r *verifyReport) print(w io.Writer, o *outputFlags) error {
	if o.programs() {
		if err := o.encode(w, r); err != nil {
			return err
		}
	} else if err := r.table(w); err != nil {
		return err
	}
	if n := len(r.Damage); n > 0 {
		return errors.New("damaged: " + r.Damage[0])
	}
	return nil
}

func (r *verifyReport) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	if j := r.Journal; j != nil {
		fmt.Fprintf(t, "journal\t%s\n", r.Dir)
		fmt.Fprintf(t, "records\t%d to %d, in %s\n", j.First, j.Last, count(int(j.Groups), "group"))
		fmt.Fprintf(t, "time\t%s to %s\n", j.FirstAt, j.LastAt)
		fmt.Fprintf(t, "read\t%s of groups, %s and the write-ahead logs\n", sizeText(j.Bytes), count(j.Files, "sorted file"))
		fmt.Fprintf(t, "chain hash\t%s\n", j.Chain)
		fmt.Fprintf(t, "Merkle log\t%s\nits root\t%s\n", count(int(j.Tree), "group"), j.Root)
	}
	if r.Applied != nil {
		fmt.Fprintf(t, "state store\t%s, %s that name them, %s\n", count(int(r.State.Payments), "payment"), count(int(r.State.Keys), "key"), count(r.State.Files, "sorted file"))
		fmt.Fprintf(t, "\tthe effect of the records up to %d\n", *r.Applied)
		fmt.Fprintf(t, "hash of rows\t%s\n", r.Rows)
	}
	for _, s := range r.Segments {
		fmt.Fprintf(t, "segment\t%s\n", s.File)
		fmt.Fprintf(t, "  records\t%d to %d, in %s\n", s.First, s.Last, count(int(s.Groups), "group"))
		fmt.Fprintf(t, "  time\t%s to %s\n", s.FirstAt, s.LastAt)
		fmt.Fprintf(t, "  by\t%s\n", s.Header.By)
		fmt.Fprintf(t, "  chain hash\t%s\n", s.Chain)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(t, "note\t%s\n", note)
	}
	for _, damage := range r.Damage {
		fmt.Fprintf(t, "DAMAGED\t%s\n", damage)
	}
	if r.OK {
		fmt.Fprintf(t, "result\tgood: nothing is damaged\n")
	}
	return t.Flush()
}
