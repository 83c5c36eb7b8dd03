package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/admin"
	"switchd/switch/backup"
	"switchd/switch/screen"
	"switchd/switch/view"
)

// backupOrder asks the admin port for a backup.
type backupOrder struct {
	Out      string `json:"out"`                // absolute path of a folder that is not there yet
	Reason   string `json:"reason"`             // why: kept for ever
	Operator string `json:"operator,omitempty"` // who wants it, where nobody has to show who he is
}

// backupView is what is told of a backup.
type backupView struct {
	Dir       string     `json:"dir"`
	MadeAt    string     `json:"made_at"`
	Version   string     `json:"version"`
	Applied   uint64     `json:"applied"`
	StateHash string     `json:"state_hash,omitempty"`
	Journal   extentView `json:"journal"`
	Keys      []uint32   `json:"keys"`
	Bytes     int64      `json:"bytes"`
	Files     int        `json:"files"`
}

func viewBackup(dir string, m *backup.Manifest) *backupView {
	return &backupView{
		Dir: dir, MadeAt: m.MadeAt, Version: m.Writer.Version, Applied: m.Applied, StateHash: m.StateHash,
		Journal: extentView{m.Journal, instant(m.Journal.LastAt)}, Keys: m.Keys, Bytes: m.Bytes, Files: len(m.Files),
	}
}

// print says what a backup is.
func (v *backupView) print(w io.Writer, did string) {
	fmt.Fprintf(w, "%s %s: events %d to %d, the last of %s; %d MiB in %d files, made at %s by version %s\n",
		did, v.Dir, v.Journal.First, v.Journal.Last, v.Journal.LastAt, mib(v.Bytes), v.Files, v.MadeAt, v.Version)
	fmt.Fprintf(w, "rows up to event %d, hash %s\n", v.Applied, v.StateHash)
	if len(v.Keys) > 0 {
		fmt.Fprintf(w, "sealed with the keys %v, which are not in it: keep the key file elsewhere\n", v.Keys)
	}
}

func mib(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

// build is this binary.
func build() backup.Build {
	v := readVersion()
	return backup.Build{Version: v.Version, Commit: v.Commit}
}

// takeBackup makes a backup that the admin port was asked for.
func (n *node) takeBackup(c *admin.Call, progress func(any)) (any, error) {
	in := json.NewDecoder(bytes.NewReader(c.Body))
	in.DisallowUnknownFields()
	var order backupOrder
	if err := in.Decode(&order); err != nil || in.More() || !filepath.IsAbs(order.Out) {
		return nil, errors.New(`this asks for no backup: want {"out": "/absolute/path", "reason": "why"}`)
	}
	out := filepath.Clean(order.Out)
	order.Operator = cmp.Or(orderedBy(c.Caller, order.Operator), "admin port")
	if err := n.desk.Note("backup", "Make a backup in "+out, order.Reason, order.Operator); err != nil {
		return nil, err
	}
	m, err := n.backups.Take(c.Context, out, seldom(func(p backup.Progress) { progress(p) }))
	if errors.Is(err, backup.ErrBusy) || errors.Is(err, backup.ErrStopped) {
		return nil, fmt.Errorf("%w: %w", view.ErrConflict, err)
	}
	if err != nil {
		return nil, err
	}
	return viewBackup(out, m), nil
}

// tellEvery is how often people are told how far something is.
const tellEvery = 2 * time.Second

// seldom passes each new step on, and how far it is now and then.
func seldom(f func(backup.Progress)) func(backup.Progress) {
	var step string
	var told int64
	return func(p backup.Progress) {
		now := clock()
		if p.Step == step && now-told < int64(tellEvery) {
			return
		}
		if p.Step != step {
			p.Done = 0 // "1 of 43 MiB" would be all that is said of a quick step
		}
		step, told = p.Step, now
		f(p)
	}
}

// tell writes progress for people.
func tell(w io.Writer) func(backup.Progress) {
	return seldom(func(p backup.Progress) { fmt.Fprintln(w, "switchd: "+progressLine(&p)) })
}

func progressLine(p *backup.Progress) string {
	done, total, unit := p.Done, p.Total, "events"
	if p.Step != backup.StepReplay && p.Step != backup.StepJournal {
		done, total, unit = mib(done), mib(total), "MiB"
	}
	switch {
	case total == 0:
		return p.Step
	case done == 0:
		return fmt.Sprintf("%s: %d %s", p.Step, total, unit)
	}
	return fmt.Sprintf("%s: %d of %d %s", p.Step, done, total, unit)
}

func newBackup() *cobra.Command {
	var f backupFlags
	c := &cobra.Command{
		Use: "backup --out DIR (--config FILE | --admin ADDRESS | --dir DATA) --reason WHY", Short: "Copy the data folder of a running or a stopped switch",
		Long: `Writes a backup to DIR, which must not be there yet: journal, rows, and backup.json
with the hash of every file. Payments go on meanwhile. Name the running switch by
--config or --admin, or the data folder of a stopped one by --dir; with --config the
switch is asked if it runs, otherwise its data folder is copied. A running switch has
the order in its audit list, with DIR and the reason; of a data folder none is asked.
A backup that fails, or is ended by Ctrl-C, leaves nothing behind.

The key file that account numbers are sealed with is not copied: without it the
backup cannot be read. Keep it elsewhere.`,
		Example: "  switchd backup --out /backup/today --reason 'before the upgrade' --config switchd.yml\n  switchd backup --out /backup/today --dir /var/lib/switchd --reason 'weekly'",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			out, err := filepath.Abs(f.out)
			if err != nil {
				return err
			}
			v, err := f.make(c, out)
			if err != nil {
				return err
			}
			if !f.unverified {
				if _, err := backup.Verify(c.Context(), out, backup.Options{Build: build(), Fatal: storageFailed(), Progress: tell(c.ErrOrStderr())}); err != nil {
					return err
				}
			}
			return f.show(c.OutOrStdout(), v, func(p *screen.Page) { v.print(p, "made") })
		},
	}
	f.register(c, true)
	c.Flags().Lookup("config").Usage = "configuration of the switch: it is asked if it runs, otherwise its data folder is copied"
	c.Flags().StringVar(&f.out, "out", "", "folder to make (required)")
	c.Flags().StringVar(&f.dir, "dir", "", "data folder of a switch that does not run")
	c.Flags().StringVar(&f.sealKey, "seal-key", "", "of a data folder: the key file (default: that of the configuration, or seal.key in the data folder)")
	f.registerSecond(c)
	c.Flags().BoolVar(&f.unverified, "no-verify", false, "do not read the backup again after it was made")
	if err := c.MarkFlagRequired("out"); err != nil {
		panic(err)
	}
	c.AddCommand(newBackupVerify())
	return c
}

// backupFlags say what is backed up, and where to.
type backupFlags struct {
	journalFlags
	out        string
	unverified bool
}

// make has the running switch make a backup, or makes one of a data folder.
func (f *backupFlags) make(c *cobra.Command, out string) (*backupView, error) {
	if err := f.named(); err != nil {
		return nil, err
	}
	if f.dir != "" {
		return f.closed(c, out)
	}
	v, err := f.backup(c, out)
	switch {
	case !errors.Is(err, errNoSwitch) || c.Context().Err() != nil:
		return v, err
	case f.address != "":
		return nil, fmt.Errorf("%w; if it does not, name its data folder with --dir", err)
	}
	fmt.Fprintf(c.ErrOrStderr(), "switchd: %v; making a backup of its data folder\n", err)
	return f.closed(c, out)
}

// closed backs up a data folder that no process has open.
func (f *backupFlags) closed(c *cobra.Command, out string) (v *backupView, err error) {
	l := lookFolder{dir: f.dir}
	if l.cfg, err = f.load(); err != nil {
		return nil, err
	}
	if l.dir == "" {
		l.dir = l.cfg.DataDir
	}
	if err := isDataFolder(l.dir); err != nil {
		return nil, err
	}
	keys, err := f.sealKeys(&l)
	if err == nil && keys == nil {
		err = usageError{fmt.Errorf("%s has no key file %s: name the file with --seal-key", l.dir, sealKeyFile)}
	}
	if err != nil {
		return nil, err
	}
	log := newLogger(c.ErrOrStderr(), true)
	o := backup.Options{Build: build(), Clock: clock, Keys: keys, Log: log, Fatal: storageFailed(), Progress: tell(c.ErrOrStderr()), Second: f.second(&l)}
	s, release, err := backup.Closed(l.dir, o)
	if err != nil {
		return nil, inUse(l.dir, err, "if that is its switch, name it by --config or --admin, without --dir")
	}
	defer func() { err = errors.Join(err, release()) }()
	m, err := backup.Take(c.Context(), s, out, o)
	if err != nil {
		return nil, err
	}
	return viewBackup(out, m), nil
}

// backup asks a running switch for a backup and tells how far it is.
func (f *adminFlags) backup(c *cobra.Command, out string) (*backupView, error) {
	port, err := f.port()
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(f.reason) == "" {
		return nil, usageError{errors.New("why? --reason is kept with the record of the backup")}
	}
	body, err := json.Marshal(backupOrder{Out: out, Reason: f.reason, Operator: cmp.Or(f.operator, login())})
	if err != nil {
		return nil, err
	}
	answer, err := port.request(c.Context(), http.MethodPost, "/api/v1/backup", body)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<16)) // what there is of it says why
		return nil, port.refusal(answer.StatusCode, text)
	}
	return follow(answer.Body, c.ErrOrStderr())
}

// follow reads the answer to a backup, line by line, to its end.
func follow(answer io.Reader, talk io.Writer) (*backupView, error) {
	lines := json.NewDecoder(answer)
	for {
		var line struct {
			Progress *backup.Progress `json:"progress"`
			Backup   *backupView      `json:"backup"`
			Error    string           `json:"error"`
		}
		if err := lines.Decode(&line); err != nil {
			return nil, fmt.Errorf("the switch has not said how the backup ended: it is not made (%w)", err)
		}
		switch {
		case line.Error != "":
			return nil, errors.New(line.Error)
		case line.Backup != nil:
			return line.Backup, nil
		case line.Progress != nil:
			fmt.Fprintln(talk, "switchd: "+progressLine(line.Progress))
		}
	}
}

func newBackupVerify() *cobra.Command {
	var f outputFlags
	var from keySource
	c := &cobra.Command{
		Use: "verify DIR", Short: "Read all of a backup and compare it with what was written",
		Long: `Reads every file of a backup against its hash, and every group of its journal
against its checksums and the chain. With the key file it also compares the rows with
their hash; one that a security module has sealed (hsm.seal) is read with --config. It
changes nothing.`,
		Example: "  switchd backup verify /backup/today --seal-key seal.key",
		Args:    oneArg("which backup? name its folder"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := isFolder(args[0], "backup"); err != nil {
				return err
			}
			keys, err := from.keys()
			if err != nil {
				return err
			}
			o := backup.Options{Build: build(), Keys: keys, Fatal: storageFailed(), Progress: tell(c.ErrOrStderr()), Log: newLogger(c.ErrOrStderr(), true)}
			m, err := backup.Verify(c.Context(), args[0], o)
			if err != nil {
				return err
			}
			v := viewBackup(args[0], m)
			return f.show(c.OutOrStdout(), v, func(p *screen.Page) { v.print(p, "good") })
		},
	}
	from.register(c, "key file of the data folder: compares the rows too")
	f.register(c)
	return c
}
