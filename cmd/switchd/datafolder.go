package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/backup"
	"switchd/switch/config"
	"switchd/switch/disk"
	"switchd/switch/journal"
	"switchd/switch/seal"
	"switchd/switch/state"
	"switchd/switch/storage"
)

// The names in a data folder.
const (
	journalDir  = "journal"
	stateDir    = "state"
	sealKeyFile = "seal.key"
)

// dataFolder is an open data folder. Whoever has it open keeps others out.
type dataFolder struct {
	journal *journal.PebbleLog
	state   *state.Store
	keys    *seal.Keys

	checkpoint *checkpointKey
	entry      *backup.Entry
	syncs      *storage.LatestSyncs // of the journal's log
	rest       *storage.Rest        // relaxed once payments are served
	second     *disk.Second         // the room for the journal's second folder
}

func (f *dataFolder) close() error {
	f.rest.Urge()
	return errors.Join(f.state.Close(), f.journal.Close())
}

// openDataFolder opens or creates the data folder of a switch.
func openDataFolder(cfg *config.Config, log *slog.Logger, m *security, reg prometheus.Registerer) (*dataFolder, error) {
	if err := makeDataFolder(cfg.DataDir); err != nil {
		return nil, err
	}
	if err := allowSecondDisk(cfg, log); err != nil {
		return nil, err
	}
	log.Info("opening the data folder", "event", "folder.opening", "dir", cfg.DataDir)
	if _, err := os.Stat(filepath.Join(cfg.DataDir, journalDir)); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(cfg.DataDir, stateDir)); err == nil {
			return nil, fmt.Errorf("data folder %s has the folder %s, but no %s: put it back, or restore a backup (switchd restore)", cfg.DataDir, stateDir, journalDir)
		}
		log.Warn("a new data folder: no payment is known; if there should be some, stop at once and look at data_dir", "event", "folder.new", "dir", cfg.DataDir)
	}
	fatal := storageFailed()
	entry, err := backup.Enter(cfg.DataDir, backup.Options{Build: build(), Clock: clock, Log: log, Fatal: fatal, Second: cfg.Journal.WALFailoverDir})
	if err != nil {
		return nil, err
	}
	keys, err := openSealKeys(cfg, m, log)
	if err != nil {
		return nil, err
	}
	if err := entry.Prepare(keys); err != nil {
		return nil, inUse(cfg.DataDir, err, anotherFolder)
	}
	checkpoint, err := openCheckpointKey(cfg.DataDir, cfg.CheckpointKey, cfg.Institution, log)
	if err != nil {
		return nil, err
	}
	syncs := storage.NewSyncs(reg, clock)
	ofJournal := syncs.Of("journal")
	rest := &storage.Rest{Clock: clock, Sleep: time.Sleep}
	rest.Urge() // nobody is to be spared before payments are served
	second := disk.OpenSecond(disk.SecondOptions{Dir: cfg.Journal.WALFailoverDir, Log: log, Registry: reg})
	failover := failoverOf(cfg)
	failover.Enough = second.Enough
	j, err := journal.OpenPebble(filepath.Join(cfg.DataDir, journalDir), journal.Options{Log: log, Fatal: fatal, Syncs: ofJournal, Rest: rest, Failover: failover})
	if errors.Is(err, journal.ErrDamaged) {
		return nil, fmt.Errorf("%w: do not repair it by hand, restore a backup (switchd restore)", err)
	}
	if err != nil {
		return nil, inUse(cfg.DataDir, err, anotherFolder)
	}
	s, err := state.Open(filepath.Join(cfg.DataDir, stateDir), state.Options{Log: log, Fatal: fatal, Keys: keys, Syncs: syncs.Of("state"), Rest: rest})
	if err != nil {
		stat, not := j.Stat()
		return nil, errors.Join(rowsUnreadable(err, stat.First == 1), not, j.Close())
	}
	watchFailover(reg, j)
	return &dataFolder{journal: j, state: s, keys: keys, checkpoint: checkpoint, entry: entry, syncs: ofJournal.Log(), rest: rest, second: second}, nil
}

// isFolder refuses what a command line names as a folder, and is none.
func isFolder(dir, what string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usageError{fmt.Errorf("%s is no %s: there is no such folder", dir, what)}
	}
	return nil
}

// makeDataFolder makes the folder, if it is not there, so that it stays.
func makeDataFolder(dir string) error {
	if err := storage.MakeDir(storage.Options{}.WithDefaults().FS, dir); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// rowsUnreadable says in one line why the state store cannot be read, and what
// helps. whole: the journal has all events, so that the rows can be made again.
func rowsUnreadable(err error, whole bool) error {
	if errors.Is(err, seal.ErrOtherKeys) { // says it itself
		return err
	}
	way := "if it is damaged, restore a backup (switchd restore)"
	if whole {
		way = "if it is damaged, move the folder " + stateDir + " away: the next start makes it again from the journal"
	}
	return fmt.Errorf("%w: %s", storage.Sentence(err), way)
}

// anotherFolder is the way out for a switch whose data folder is in use.
const anotherFolder = "stop that one, or set another data_dir"

// inUse says so when a data folder cannot be opened because somebody has it, and what
// the way out is.
func inUse(dir string, err error, way string) error {
	if errors.Is(err, syscall.EAGAIN) { // what a lock held by another process gives
		return fmt.Errorf("data folder %s is in use by another process: %s (%w)", dir, way, err)
	}
	return err
}

// folderLock is the journal's, which is that of the whole folder.
const folderLock = "LOCK"

// folderFree refuses a data folder that another process has. It comes before anything
// that only one process may open, and changes nothing: who else has the folder is what
// people have to know, and not which of its parts was found first.
func folderFree(dir string) error {
	disk := storage.Options{}.WithDefaults().FS
	lock := disk.PathJoin(dir, journalDir, folderLock)
	if _, err := disk.Stat(lock); err != nil {
		return nil // what is wrong with it, if it is there, who opens it says
	}
	held, err := disk.Lock(lock)
	if err != nil {
		if err = inUse(dir, storage.Sentence(err), anotherFolder); errors.Is(err, syscall.EAGAIN) {
			return err
		}
		return nil
	}
	return held.Close()
}

// isDataFolder refuses a folder that no switch has ever had, before anything in it is
// missed.
func isDataFolder(dir string) error {
	if info, err := os.Stat(filepath.Join(dir, journalDir)); err != nil || !info.IsDir() {
		return usageError{fmt.Errorf("%s is no data folder: it has no folder %s", dir, journalDir)}
	}
	return nil
}

// storageFailed ends the process when a store cannot go on: what is on disk is the
// truth, and the next start replays it. Both stores may fail at the same moment.
func storageFailed() func(error) {
	var once sync.Once
	return func(err error) {
		once.Do(func() {
			fmt.Fprintln(os.Stderr, "switchd: storage failed, stopping at once:", err)
			os.Exit(exitFailed)
		})
	}
}

// openSealKeys reads the keys that seal a data folder. Without a file of the
// configuration the folder has its own, made at the first start: enough for
// development, since the keys then lie beside what they seal.
func openSealKeys(cfg *config.Config, m *security, log *slog.Logger) (*seal.Keys, error) {
	own := filepath.Join(cfg.DataDir, sealKeyFile)
	file := sealKeys(cfg)
	if _, err := os.Stat(filepath.Join(cfg.DataDir, journalDir)); file == own && err != nil {
		if err := newSealKeys(own, log); err != nil {
			return nil, err
		}
	}
	keys, err := seal.LoadFileWith(file, m.unsealing(cfg.HSM.Seal))
	switch {
	case file == own && errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("data folder %s has payments, but its key file %s is missing: put it back, or name it in seal_key", cfg.DataDir, own)
	case err == nil && cfg.HSM.Seal != "":
		err = m.sealFile(file, cfg.HSM.Seal, log)
	}
	return keys, err
}

// newSealKeys makes the key file of a new folder, unless it is there.
func newSealKeys(own string, log *slog.Logger) error {
	_, err := os.Stat(own)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = seal.CreateFile(own)
	if err == nil {
		log.Warn("made the keys that seal account numbers; keep a copy elsewhere, and in production name a file outside of the data folder in seal_key", "event", "key.seal.made", "file", own)
	}
	return err
}
