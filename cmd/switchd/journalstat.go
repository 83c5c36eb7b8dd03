package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"switchd/switch/backup"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/retention"
	"switchd/switch/state"
)

func newJournalStat() *cobra.Command {
	var f journalFlags
	c := &cobra.Command{
		Use: "stat (--dir D | --config FILE | --admin ADDRESS)", Short: "Say how much a journal holds, from when, and who signs for it",
		Long: `Prints ranges, sizes, chain hash and Merkle root of a journal, and the verifier: the
public line with which others check the proofs of this switch (journal verify-proof
--key). It reads the two ends of the journal only; verify reads all of it.`,
		Example: "  switchd journal stat --config switchd.yml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			v, err := either(c, &f, "/api/v1/journal", func(l *lookFolder) (journalView, error) { return l.stat(c.Context(), &f) })
			if err != nil {
				return err
			}
			return v.print(c.OutOrStdout(), &f.outputFlags)
		},
	}
	f.registerBoth(c)
	f.registerCheckpointKey(c)
	return c
}

// journalView is what a journal holds.
type journalView struct {
	journal.Stat
	FirstAt      instant        `json:"first_at,omitzero"` // of the first group and of the last one
	LastAt       instant        `json:"last_at,omitzero"`
	Base         baseView       `json:"base"`
	Records      uint64         `json:"records"`
	GroupRecords float64        `json:"group_records"` // of an average group
	FirstDay     string         `json:"first_day,omitempty"`
	LastDay      string         `json:"last_day,omitempty"` // business days
	Root         string         `json:"tree_root"`
	Format       int            `json:"format"`
	Writer       *backup.Writer `json:"writer,omitempty"` // of the folder, at last
	Logic        uint8          `json:"logic,omitempty"`  // rules of the machine under which the last record was written
	Replayable   bool           `json:"replayable"`       // by this version
	StateBytes   uint64         `json:"state_bytes"`
	Applied      *uint64        `json:"state_applied,omitempty"`
	Verifier     string         `json:"verifier,omitempty"`
	Checkpoint   string         `json:"checkpoint,omitempty"` // signed: the size of the journal and its root
}

// look fills v from a journal, which may be in use.
func (v *journalView) look(ctx context.Context, log *journal.PebbleLog, days retention.Calendar, signer *checkpointKey) (err error) {
	if v.Stat, err = log.Stat(); err != nil {
		return err
	}
	v.FirstAt, v.LastAt, v.Base = instant(v.Stat.FirstAt), instant(v.Stat.LastAt), viewBase(v.Stat.Base)
	_, root, err := log.TreeHash()
	if err != nil {
		return err
	}
	v.Root, v.Format = root.String(), journal.Format
	v.Replayable = true
	if v.Last >= v.First {
		v.Records = v.Last - v.First + 1
		v.GroupRecords = math.Round(100*float64(v.Records)/float64(max(v.Groups, 1))) / 100
		v.FirstDay, v.LastDay = days.DayOf(v.Stat.FirstAt).String(), days.DayOf(v.Stat.LastAt).String()
		last, err := log.Tail(v.Last).Next(ctx)
		if err != nil {
			return err
		}
		v.Logic, v.Replayable = payment.LogicOf(last.Bytes), payment.CheckLogic(last.Bytes) == nil
	}
	if signer == nil {
		return nil
	}
	v.Verifier = signer.verifier
	v.Checkpoint, err = log.SignedCheckpoint(signer)
	return err
}

// stat looks at a folder.
func (l *lookFolder) stat(ctx context.Context, f *journalFlags) (v journalView, err error) {
	signer, err := f.signer(l)
	if err != nil {
		return v, err
	}
	if err := v.look(ctx, l.log, l.days(), signer); err != nil {
		return v, err
	}
	v.StateBytes, v.Writer = folderBytes(filepath.Join(l.dir, stateDir)), writerOf(l.dir)
	err = l.rows(func(s *state.Store) error {
		applied := s.Applied()
		v.Applied = &applied
		return nil
	})
	if errors.Is(err, errNoRows) {
		err = nil
	}
	return v, err
}

// writerOf is who wrote a data folder last, or the folder of which this is a backup;
// nil when it does not say.
func writerOf(dir string) *backup.Writer {
	w := new(backup.Writer)
	text, err := os.ReadFile(filepath.Join(dir, "version.json")) // of switch/backup, as backup.json
	if err == nil && json.Unmarshal(text, w) == nil {
		return w
	}
	var made struct {
		Writer *backup.Writer `json:"writer"`
	}
	if text, err = os.ReadFile(filepath.Join(dir, "backup.json")); err != nil || json.Unmarshal(text, &made) != nil {
		return nil
	}
	return made.Writer
}

// folderBytes is the size of all files in a folder.
func folderBytes(dir string) (bytes uint64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // a file that has gone meanwhile, or a folder that is not there
		}
		if info, err := d.Info(); err == nil {
			bytes += uint64(info.Size())
		}
		return nil
	})
	return bytes
}

func (v *journalView) print(w io.Writer, o *outputFlags) error {
	if o.programs() {
		return o.encode(w, v)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	if v.Records == 0 {
		fmt.Fprintln(t, "records\tnone")
	} else {
		fmt.Fprintf(t, "records\t%d to %d (%d)\n", v.First, v.Last, v.Records)
		fmt.Fprintf(t, "groups\t%d, of %.2f records on average\n", v.Groups, v.GroupRecords)
		fmt.Fprintf(t, "time\t%s to %s\n", v.FirstAt, v.LastAt)
		fmt.Fprintf(t, "business days\t%s to %s\n", v.FirstDay, v.LastDay)
	}
	if v.Base.Groups > 0 {
		fmt.Fprintf(t, "deleted before\t%s, up to record %d of %s\n", count(int(v.Base.Groups), "group"), v.Base.First-1, v.Base.At)
		fmt.Fprintf(t, "their end\t%s\n", v.Base.Chain)
	}
	fmt.Fprintf(t, "chain hash\t%s\n", v.Chain)
	fmt.Fprintf(t, "Merkle log\t%s\nits root\t%s\n", count(int(v.Tree), "group"), v.Root)
	fmt.Fprintf(t, "size\tjournal %s, state store %s\n", sizeText(v.Bytes), sizeText(v.StateBytes))
	if v.Applied != nil {
		fmt.Fprintf(t, "state store\tthe effect of the records up to %d\n", *v.Applied)
	}
	if v.Writer != nil {
		fmt.Fprintf(t, "written by\tswitchd %s (commit %s)\n", v.Writer.Version, v.Writer.Commit)
	}
	written := strconv.Itoa(v.Format)
	if v.Logic != 0 {
		written += fmt.Sprintf(", rules %d of the payment machine", v.Logic)
	}
	if !v.Replayable {
		written += ": another version must finish it (see operations)"
	}
	fmt.Fprintf(t, "format\t%s\n", written)
	if v.Verifier != "" {
		fmt.Fprintf(t, "verifier\t%s\n", v.Verifier)
	} else {
		fmt.Fprintln(t, "verifier\tnone: the key that signs checkpoints is not there (--checkpoint-key)")
	}
	return t.Flush()
}
