package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"

	"switchd/switch/config"
	"switchd/switch/disk"
	"switchd/switch/doctor"
	"switchd/switch/journal"
	"switchd/switch/screen"
	"switchd/switch/seal"
	"switchd/switch/state"
	"switchd/switch/storage"
)

// machineOptions are what a machine must have for a configuration.
func machineOptions(cfg *config.Config) doctor.Options {
	return doctor.Options{
		Dir: cfg.DataDir, Reserve: cfg.Disk.Reserve, Warning: cfg.Disk.Warning,
		Second: cfg.Journal.WALFailoverDir, SecondLeast: disk.SecondLeast, SecondLow: disk.SecondLow, Links: cfg.Limits.Links,
		KeyFiles: keyFilesOf(cfg), Clock: clock, Process: doctor.Holder(filepath.Join(cfg.DataDir, journalDir, folderLock)),
	}
}

// keyFilesOf are the files with keys that are there, or should be: those in the data
// folder are made by the first start.
func keyFilesOf(cfg *config.Config) (files []string) {
	for _, file := range []string{cfg.TLS.Key, cfg.AdminAccess.Key, cfg.SealKey, cfg.CheckpointKey, cfg.HSM.Unlock, cfg.HSM.PayShield.TLS.Key} {
		if file != "" {
			files = append(files, file)
		}
	}
	if cfg.HSM.Driver == "soft" {
		files = append(files, cfg.HSM.Keys)
	}
	for _, own := range []string{sealKeyFile, checkpointKeyFile} {
		if file := filepath.Join(cfg.DataDir, own); isThere(file) {
			files = append(files, file)
		}
	}
	return files
}

func machine(ctx context.Context, o doctor.Options, noSync bool) []doctor.Finding {
	if noSync {
		o.Syncs = -1
	}
	return doctor.Machine(ctx, o)
}

// writerFinding compares the binary with who wrote the data folder last.
func writerFinding(dir string) doctor.Finding {
	const name = "version of the data"
	is, was := build(), writerOf(dir)
	switch {
	case was == nil:
		return doctor.Good(name, "the data folder is new")
	case was.Version != is.Version || was.Commit != is.Commit:
		return doctor.Wrong(doctor.Warn, name, "after an upgrade the next start writes the new one, and keeps a snapshot to go back to", "data by %s, this binary is %s", buildText(was.Version, was.Commit), buildText(is.Version, is.Commit))
	}
	return doctor.Good(name, "data and binary are %s", buildText(is.Version, is.Commit))
}

func buildText(version, commit string) string {
	if commit == "" {
		return version
	}
	return version + " (" + commit[:min(len(commit), 12)] + ")"
}

// folderFindings say who has the data folder, and of one that nobody has whether a start
// could open it.
func folderFindings(ctx context.Context, cfg *config.Config, answers bool) []doctor.Finding {
	const name = "data folder"
	dir := cfg.DataDir
	err := folderFree(dir)
	switch {
	case errors.Is(err, syscall.EAGAIN) && !answers:
		return []doctor.Finding{doctor.Wrong(doctor.Bad, name, "look who has it (fuser, lsof): a switch that hangs, one with another admin port, or another command", "a process has %s, and no switch answers", dir)}
	case errors.Is(err, syscall.EAGAIN):
		return []doctor.Finding{doctor.Good(name, "the running switch has %s", dir)}
	case err != nil:
		return []doctor.Finding{doctor.Wrong(doctor.Warn, name, "run doctor as the user of the switch", "%v", err)}
	case answers:
		return []doctor.Finding{doctor.Wrong(doctor.Warn, name, "this configuration and the switch that answers are not one: look at --config and --admin", "nobody has %s, although a switch answers", dir)}
	}
	return append([]doctor.Finding{doctor.Good(name, "nobody has %s: the switch is stopped", dir)}, storeFindings(ctx, cfg)...)
}

// storeFindings open journal and state as a start does, to read.
func storeFindings(ctx context.Context, cfg *config.Config) []doctor.Finding {
	const name = "journal"
	l := &lookFolder{dir: cfg.DataDir, cfg: cfg, out: newLogger(discard{}, true)}
	if !isThere(filepath.Join(l.dir, journalDir)) {
		if isThere(filepath.Join(l.dir, stateDir)) {
			return []doctor.Finding{doctor.Wrong(doctor.Bad, name, "put it back, or restore a backup (switchd restore)", "%s has the folder %s, but no %s", l.dir, stateDir, journalDir)}
		}
		return []doctor.Finding{doctor.Good(name, "there is none yet: the first start makes it")}
	}
	log, err := journal.OpenReadOnly(filepath.Join(l.dir, journalDir), journal.Options{Log: l.out, Fatal: storageFailed(), Failover: failoverOf(cfg)})
	if err != nil {
		return []doctor.Finding{doctor.Wrong(doctor.Bad, name, "no start opens it: do not repair it by hand, restore the last backup (docs/operations.md)", "%v", err)}
	}
	l.log = log
	var v journalView
	err = v.look(ctx, log, l.days(), nil)
	if err = errors.Join(err, log.Close()); err != nil {
		return []doctor.Finding{doctor.Wrong(doctor.Bad, name, "'switchd journal verify' says what is damaged; restore the last backup (docs/operations.md)", "%v", err)}
	}
	found := []doctor.Finding{doctor.Good(name, "opens, with %s up to %s", count(int(v.Records), "record"), screen.Clock(v.LastAt.String()))}
	return append(found, l.stateFindings(&v)...)
}

// stateFindings open the state store beside a journal, if it is there and its key is to be
// had.
func (l *lookFolder) stateFindings(v *journalView) []doctor.Finding {
	const name = "state"
	whole := v.Stat.First == 1
	var err error
	if l.keys, err = (&journalFlags{}).sealKeys(l); err != nil {
		return []doctor.Finding{doctor.Wrong(doctor.Bad, name, "no start opens it: put the key file back that it was sealed with", "the key of what is sealed cannot be read: %v", err)}
	}
	var applied uint64
	err = l.rows(func(s *state.Store) error {
		applied = s.Applied()
		return nil
	})
	switch {
	case errors.Is(err, seal.ErrOtherKeys):
		return []doctor.Finding{doctor.Wrong(doctor.Bad, name, "no start opens it: put the key file back that it was sealed with", "%v", err)}
	case errors.Is(err, errNoRows):
		return []doctor.Finding{doctor.Good(name, "%v", strings.TrimPrefix(err.Error(), errNoRows.Error()+": "))}
	case err != nil && whole:
		return []doctor.Finding{doctor.Wrong(doctor.Bad, name, "no start opens it: move the folder "+stateDir+" away, the next start makes it again from the journal", "%v", storage.Sentence(err))}
	case err != nil:
		return []doctor.Finding{doctor.Wrong(doctor.Bad, name, "no start opens it: restore the last backup (docs/operations.md)", "%v", storage.Sentence(err))}
	}
	if applied < v.Last {
		return []doctor.Finding{doctor.Good(name, "opens; the next start replays %s of the journal", count(int(v.Last-applied), "record"))}
	}
	return []doctor.Finding{doctor.Good(name, "opens, with all events of the journal")}
}
