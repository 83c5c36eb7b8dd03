package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/journal"
	"switchd/switch/retention"
	"switchd/switch/seal"
	"switchd/switch/storage"
)

func newJournal() *cobra.Command {
	c := &cobra.Command{
		Use: "journal", Short: "Look into the journal: verify, dump, stat, export, prove",
		Long: `The journal has every event of the switch in order. These commands look at it and
change nothing. A running switch has its data folder for itself: stat, dump and
prove ask it over its admin port (--config or --admin); for verify and export take a
backup and name its folder with --dir. With --config the switch is asked if it runs,
otherwise its data folder is read.

Account numbers are masked, and sealed in the folder: without its key (seal.key in
the folder, or --seal-key) verify does not look at what is sealed, and dump shows
the rest.`,
	}
	c.AddCommand(newJournalVerify(), newJournalDump(), newJournalStat(), newJournalExport(), newJournalProve(), newVerifyProof())
	return c
}

// journalFlags say which journal is looked at, and with which keys.
type journalFlags struct {
	adminFlags
	dir           string
	sealKey       string
	checkpointKey string
	secondDir     string
}

// registerFolder registers the flags of a command that reads a folder.
func (f *journalFlags) registerFolder(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.dir, "dir", "", "data folder of a switch that does not run, or a backup")
	fl.StringVar(&f.config, "config", "", "configuration of the switch, for its data folder and its keys")
	f.registerSecond(c)
	f.outputFlags.register(c)
}

// registerBoth registers the flags of a command that reads a folder or asks a
// running switch.
func (f *journalFlags) registerBoth(c *cobra.Command) {
	f.registerFolder(c)
	c.Flags().StringVar(&f.address, "admin", "", "address of the admin port of a running switch, host:port or https://host:port")
	f.registerCredentials(c)
	c.Flags().Lookup("config").Usage = "configuration of the switch: it is asked if it runs, otherwise its data folder is read"
}

// registerSecond registers where the second folder of the journal is.
func (f *journalFlags) registerSecond(c *cobra.Command) {
	c.Flags().StringVar(&f.secondDir, "wal-failover-dir", "", "second folder of the journal, when it is needed (default: that of the configuration, or where it was at the last start)")
}

// registerSealKey registers where the key of the sealed parts is.
func (f *journalFlags) registerSealKey(c *cobra.Command) {
	c.Flags().StringVar(&f.sealKey, "seal-key", "", "key file of what is sealed (default: that of the configuration, or seal.key in the data folder)")
}

// registerCheckpointKey registers where the key is that signs checkpoints.
func (f *journalFlags) registerCheckpointKey(c *cobra.Command) {
	c.Flags().StringVar(&f.checkpointKey, "checkpoint-key", "", "key file that signs checkpoints (default: that of the configuration, or checkpoint.key in the data folder)")
}

// load reads the configuration, if one is named.
func (f *journalFlags) load() (*config.Config, error) {
	if f.config == "" {
		return nil, nil
	}
	cfg, err := config.Load(f.config, known())
	if err != nil {
		return nil, usageError{err}
	}
	return cfg, nil
}

// lookFolder is a data folder that is only looked at: nothing in it changes.
type lookFolder struct {
	dir  string
	cfg  *config.Config // nil: --dir alone was named
	log  *journal.PebbleLog
	keys *seal.Keys // nil: the key is not there
	out  *slog.Logger
}

func (l *lookFolder) close() error { return l.log.Close() }

// days are the business days of the configuration; without one they begin at
// midnight.
func (l *lookFolder) days() retention.Calendar {
	if l.cfg == nil {
		return retention.Calendar{}
	}
	return retention.Calendar{Start: l.cfg.BusinessDayStart}
}

// open opens the folder that the flags name.
func (f *journalFlags) open(c *cobra.Command) (*lookFolder, error) {
	return f.openWith(c, journal.OpenReadOnly)
}

// openWith is open with a way to open the journal in the folder.
func (f *journalFlags) openWith(c *cobra.Command, open func(string, journal.Options) (*journal.PebbleLog, error)) (*lookFolder, error) {
	cfg, err := f.load()
	if err != nil {
		return nil, err
	}
	l := &lookFolder{dir: f.dir, cfg: cfg, out: newLogger(c.ErrOrStderr(), true)}
	switch {
	case l.dir == "" && cfg == nil:
		return nil, usageError{errors.New("which journal? Name the data folder with --dir, or the --config of its switch")}
	case l.dir == "":
		l.dir = cfg.DataDir
	}
	if err := isDataFolder(l.dir); err != nil {
		return nil, err
	}
	if l.keys, err = f.sealKeys(l); err != nil {
		return nil, err
	}
	l.log, err = open(filepath.Join(l.dir, journalDir), journal.Options{Log: l.out, Fatal: storageFailed(), Failover: storage.Failover{Dir: f.second(l)}})
	if errors.Is(err, syscall.EAGAIN) { // what a lock held by another process gives
		what := "take a backup ('switchd backup') and name that with --dir"
		if c.Flags().Lookup("admin") != nil { // not verify, not export
			what = "ask the running switch with --config or --admin, or " + what
		}
		return nil, fmt.Errorf("%s is in use by another process: %s", l.dir, what)
	}
	return l, err
}

// second is where the second folder of the journal of a data folder is; empty: where it was
// at the last start. The configuration tells of its own data folder only.
func (f *journalFlags) second(l *lookFolder) string {
	if f.secondDir == "" && l.cfg != nil && storage.SameFolder(storage.Options{}.WithDefaults().FS, l.dir, l.cfg.DataDir) {
		return l.cfg.Journal.WALFailoverDir
	}
	return f.secondDir
}

// sealKeys reads the key file that goes with a folder; nil when there is none.
func (f *journalFlags) sealKeys(l *lookFolder) (*seal.Keys, error) {
	configured := ""
	if l.cfg != nil {
		configured = l.cfg.SealKey
	}
	return keyOf(l, f.sealKey, configured, sealKeyFile, sealLoader(l.cfg))
}

// signer reads the key that signs checkpoints and goes with a folder; nil when
// there is none.
func (f *journalFlags) signer(l *lookFolder) (*checkpointKey, error) {
	configured := ""
	if l.cfg != nil {
		configured = l.cfg.CheckpointKey
	}
	return keyOf(l, f.checkpointKey, configured, checkpointKeyFile, loadCheckpointKey)
}

// keyOf reads a key from the file of a flag, or from the folder, or from where the
// configuration has it: a backup may come without its keys. A file that was named
// must be there; nil when none is found.
func keyOf[K any](l *lookFolder, flag, configured, own string, load func(string) (*K, error)) (*K, error) {
	if flag != "" {
		key, err := load(flag)
		if err != nil {
			return nil, usageError{err}
		}
		return key, nil
	}
	places := []string{filepath.Join(l.dir, own)}
	switch {
	case l.cfg != nil && configured != "":
		places = append(places, configured)
	case l.cfg != nil:
		places = append(places, filepath.Join(l.cfg.DataDir, own))
	}
	for _, file := range places {
		key, err := load(file)
		if file == configured || !errors.Is(err, fs.ErrNotExist) {
			return key, err
		}
	}
	return nil, nil
}

// either asks the running switch under a path of its admin port, or lets local look
// at the folder, as the flags say.
func either[T any](c *cobra.Command, f *journalFlags, path string, local func(*lookFolder) (T, error)) (T, error) {
	return eitherOf(c, f, func() (T, error) { return ask[T](c.Context(), f, http.MethodGet, path, nil) }, local)
}

// eitherOf is either with a question that is not a path alone.
func eitherOf[T any](c *cobra.Command, f *journalFlags, remote func() (T, error), local func(*lookFolder) (T, error)) (v T, err error) {
	if f.dir != "" && f.address != "" {
		return v, f.named()
	}
	if f.dir == "" && (f.address != "" || f.config != "") {
		v, err = remote()
		if f.address != "" || !errors.Is(err, errNoSwitch) {
			return v, err
		}
	}
	l, err := f.open(c)
	if err != nil {
		return v, err
	}
	v, err = local(l)
	return v, errors.Join(err, l.close())
}

// ask gets an answer of the admin port.
func ask[T any](ctx context.Context, f *journalFlags, method, path string, body []byte) (v T, err error) {
	answer, err := f.call(ctx, method, path, body)
	if err != nil {
		return v, err
	}
	return v, understand(answer, &v)
}
