package backup

import (
	"errors"
	"log/slog"

	"switchd/switch/seal"
	"switchd/switch/storage"
)

// ErrDamaged is wrapped by every error about bytes that are not what was written.
var ErrDamaged = errors.New("backup is damaged")

// ErrExists is wrapped by every error about a folder that must not be there yet.
var ErrExists = errors.New("is there already")

// Options of everything that this package does.
type Options struct {
	Build Build        // the binary that runs
	Clock func() int64 // required by Take and Enter: UTC nanoseconds
	Keys  *seal.Keys   // of the data folder; nil: nothing in it is sealed

	// Second is where the second folder of the journal is, if its records may be there
	// (Closed, Enter). Default: where it was at the last start.
	Second string

	Reserve int64 // bytes that a backup must leave free on the disk of the data folder; default: any
	// Finish is called by Restore with the folder, when all is in it and before a
	// switch may start on it. Default: nothing.
	Finish   func(dir string) error
	Progress func(Progress) // called now and then by the goroutine that works; default: nobody
	Log      *slog.Logger   // default: slog.Default()
	Fatal    func(error)    // called when a store cannot go on after an I/O error; must not return. Default: panic
	FS       storage.FS     // file system; default: the real one
}

func (o Options) withDefaults() Options {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Finish == nil {
		o.Finish = func(string) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Progress is how far a backup or a restore is.
type Progress struct {
	Step  string `json:"step"`  // what is done now: one of the Steps
	Done  int64  `json:"done"`  // of Total, in bytes; of StepJournal and StepReplay in events
	Total int64  `json:"total"` // 0: not known
}

// The steps of a Progress.
const (
	StepCheckpoint = "checkpoint"
	StepHash       = "hash of the rows"
	StepCopy       = "copy"
	StepVerify     = "verify"
	StepJournal    = "verify the journal"
	StepReplay     = "replay"
)
