package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/backup"
	"switchd/switch/disk"
)

// restoreFlags say what becomes a data folder.
type restoreFlags struct {
	from, to   string
	seq        uint64
	time       string
	acceptFork bool
	source     keySource
	outputFlags
}

func newRestore() *cobra.Command {
	var f restoreFlags
	c := &cobra.Command{
		Use: "restore --from DIR --to DATA", Short: "Make a data folder of a backup, up to its end or up to an event",
		Long: `Copies the backup DIR to DATA, an empty folder or one that is not there, reads every
byte of it against its hash, and brings the rows up to the end of the journal. Until
all of that has succeeded, a switch refuses to start on DATA.

--until-seq or --until-time leave out the end of the history. What follows then is
another history than the one that participants have seen; --accept-fork says that
you know what that means, and without it you are told.

The key file that account numbers are sealed with is needed, and not copied.`,
		Example: "  switchd restore --from /backup/today --to /var/lib/switchd --config switchd.yml",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	fl := c.Flags()
	fl.StringVar(&f.from, "from", "", "backup, or a snapshot of a data folder (required)")
	fl.StringVar(&f.to, "to", "", "data folder to make (required)")
	fl.Uint64Var(&f.seq, "until-seq", 0, "last event to restore")
	fl.StringVar(&f.time, "until-time", "", "restore the events before this time, as 2026-11-22T18:30:00Z")
	fl.BoolVar(&f.acceptFork, "accept-fork", false, "leave out the end of the history, knowing what it means")
	f.outputFlags.register(c)
	for _, name := range []string{"from", "to"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	c.MarkFlagsMutuallyExclusive("until-seq", "until-time")
	f.source.register(c, "key file of the data folder that was backed up")
	return c
}

func (f *restoreFlags) run(c *cobra.Command) error {
	until := backup.Until{Seq: f.seq, AcceptFork: f.acceptFork}
	if f.seq == 0 && c.Flags().Changed("until-seq") { // which would mean: all of it
		return usageError{errors.New("--until-seq 0 is no event: they count from 1")}
	}
	if f.time != "" {
		t, err := time.Parse(time.RFC3339, f.time)
		if err != nil || t.Year() <= 1970 || t.Year() >= 2262 { // nanoseconds of an int64
			return usageError{fmt.Errorf("--until-time %q is no time of a history: want 2026-11-22T18:30:00Z", f.time)}
		}
		until.Time = t.UnixNano()
	}
	if err := f.folders(); err != nil {
		return err
	}
	keys, err := f.source.keys()
	if err != nil {
		return err
	}
	talk := c.ErrOrStderr()
	o := backup.Options{
		Build: build(), Clock: clock, Keys: keys, Progress: tell(talk), Log: newLogger(talk, true), Fatal: storageFailed(),
		Finish: func(dir string) error { return disk.Suspect(disk.On(dir)) },
	}
	r, err := backup.Restore(c.Context(), filepath.Clean(f.from), filepath.Clean(f.to), until, o)
	if errors.Is(err, backup.ErrFork) {
		fmt.Fprint(talk, forkMeans)
		return fmt.Errorf("%w; if you have read what that means: --accept-fork", err)
	}
	if err != nil {
		return err
	}
	if f.programs() {
		return f.encode(c.OutOrStdout(), r)
	}
	f.print(c.OutOrStdout(), r)
	return nil
}

// folders refuses names that lead nowhere. A folder above the data folder that is not
// there is a slip of the pen, or a disk that is not mounted.
func (f *restoreFlags) folders() error {
	if err := isFolder(f.from, "backup"); err != nil {
		return err
	}
	above := filepath.Dir(filepath.Clean(f.to))
	if err := isFolder(above, "place for a data folder"); err != nil {
		return fmt.Errorf("--to %s: %w", f.to, err)
	}
	return nil
}

// forkMeans is what an operator must know before the end of a history is left out.
const forkMeans = `Leaving out the end of a history makes another one:
 - Participants know of payments that this data folder will not know. Banks may have
   debited or credited them; nothing here will confirm, reverse or settle them, and the
   positions here are without them. Compare the books of every participant from the
   time of the cut on, before you let traffic in.
 - Payments that were open at the cut are acted on as after a crash: a debit that was
   under way is reversed, a credit that was under way is in doubt. In the history that
   is left out they may have ended otherwise, and been paid.
 - Numbers are given again: new payments will bear payment numbers, transaction ids
   (SWD...) and references (DE37) that participants have seen on others. A late answer
   to a lost payment can look like one to a new payment.
 - A lost request that comes again is unknown here. Marked repeats of unknown requests
   are declined for 24 hours from the first start on; one that is not marked is paid.
 - Backups, exported days, checkpoints and receipts that were made after the cut are of
   the other history, and will not match this one.
`

// print says what was made and what an operator does next.
func (f *restoreFlags) print(w io.Writer, r *backup.Restored) {
	fmt.Fprintf(w, "restored %s: events up to %d, all of them in the rows\n", f.to, r.Last)
	fmt.Fprintf(w, "hash of the rows %s\n", r.StateHash)
	if r.Rebuilt {
		fmt.Fprintf(w, "rows made again from the first event: %d events\n", r.Replayed)
	} else {
		fmt.Fprintf(w, "rows of the backup, and %d events replayed after them\n", r.Replayed)
	}
	if r.Cut > 0 {
		fmt.Fprintf(w, "left out: %d events, from %d on; the history is another one from here\n", r.Cut, r.Last+1)
	} else {
		fmt.Fprintf(w, "if the switch went on after event %d, participants know of payments that are not here: compare books before you start\n", r.Last)
	}
	fmt.Fprintf(w, "open payments: %d; a start acts on them as after a crash\n", r.Open)
	fmt.Fprintln(w, "marked repeats of unknown requests are declined for 24 hours from the first start on")
	fmt.Fprintf(w, "not copied: %s and %s; put them into the folder, or name them in the configuration (seal_key, checkpoint_key)\n", sealKeyFile, checkpointKeyFile)
}
