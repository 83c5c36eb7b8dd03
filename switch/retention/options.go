package retention

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/journal"
)

// Journal is the journal, as seen from here: journal.PebbleLog.
type Journal interface {
	Stat() (journal.Stat, error)
	FirstSince(at int64) (seq uint64, err error)
	Export(ctx context.Context, w io.Writer, first, last uint64, header journal.SegmentHeader) (journal.Segment, error)
	DeleteBefore(seq uint64) (journal.Base, error)
}

// Rows is the state store with the machine above it. Its methods may be called while
// both work.
type Rows interface {
	// Durable is the last event whose effect is in the rows on disk.
	Durable() (seq uint64, err error)
	// Flush brings everything there that has been applied.
	Flush(ctx context.Context) error
	// FirstSince is the least number that a payment made at that time (UTC ns) or
	// later can have.
	FirstSince(at int64) (payment uint64, err error)
	// Known is the number below which finished payments are forgotten.
	Known(ctx context.Context) (payment uint64, err error)
	// Forget makes the finished payments below a number unknown, by an event.
	Forget(ctx context.Context, before uint64) error
	// Sweep deletes the rows of forgotten payments. It looks at about so many rows, and
	// says how many payments it has deleted and whether there may be more.
	Sweep(ctx context.Context, before uint64, rows int) (deleted int, more bool, err error)
}

// Folder is the archive. Its methods are called by one goroutine.
type Folder interface {
	// String names the folder, for messages.
	String() string
	// Names are the files in it, sorted.
	Names() ([]string, error)
	// Create makes a new file, with a name of its own in the place of the star.
	Create(pattern string) (f File, name string, err error)
	// Open reads a file.
	Open(name string) (io.ReadCloser, error)
	// Rename gives a file a name that nothing has: it replaces nothing, whoever else
	// writes here. It, Remove and Sync are those of a folder: only after Sync does what
	// was made, renamed or removed stay so.
	Rename(old, name string) error
	Remove(name string) error
	Sync() error
}

// File is a file of the archive that is being written.
type File interface {
	io.WriteCloser
	Sync() error
}

// Options of a Job.
type Options struct {
	Journal  Journal      // required
	Rows     Rows         // required
	Archive  Folder       // nil: nothing is deleted from the journal
	Calendar Calendar     // of business days
	Clock    func() int64 // required: UTC nanoseconds
	By       string       // which switch and which version writes the archive

	// Participants are the ids that the numbers in the journal stand for. A file of the
	// archive names them: in ten years nobody else will. Default: none.
	Participants func() []string

	JournalDays int // days that stay in the journal; required
	StateDays   int // days for which a finished payment is known; required
	ArchiveDays int // days that stay in the archive; required with Archive

	// ArchiveWait is how long a job that is told to end waits for an answer of the
	// archive. Default 5 s.
	ArchiveWait time.Duration

	// Spare is how many bytes the archive may take now; it is asked while a day is
	// written. Default: any number.
	Spare func() int64
	// Pause is how long a write of a mebibyte, or of a slice of rows, is waited after:
	// payments come first. Default 30 ms, which makes about 30 MiB/s.
	Pause time.Duration

	Log      *slog.Logger          // default: slog.Default()
	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	if o.Participants == nil {
		o.Participants = func() []string { return nil }
	}
	if o.Pause == 0 {
		o.Pause = 30 * time.Millisecond
	}
	if o.ArchiveWait == 0 {
		o.ArchiveWait = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

func (o *Options) validate() error {
	var faults []error
	if o.Journal == nil || o.Rows == nil || o.Clock == nil {
		faults = append(faults, errors.New("retention: Journal, Rows and Clock are required"))
	}
	if o.JournalDays < 1 || o.StateDays < 2 || o.Archive != nil && o.ArchiveDays <= o.JournalDays {
		faults = append(faults, fmt.Errorf("retention: %d days in the journal, %d in the state, %d in the archive: want at least 1, at least 2, and more than in the journal", o.JournalDays, o.StateDays, o.ArchiveDays))
	}
	if o.Calendar.Start < 0 || o.Calendar.Start >= dayLength {
		faults = append(faults, fmt.Errorf("retention: a day begins %v after midnight, want less than 24h", o.Calendar.Start))
	}
	return errors.Join(faults...)
}
