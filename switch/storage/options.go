package storage

import (
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options of a database. The zero value is good for tests.
type Options struct {
	FS    vfs.FS       // file system; default: the real one
	Log   *slog.Logger // default: slog.Default()
	Fatal func(error)  // called when Pebble cannot go on after an I/O error; must not return. Default: panic
	Syncs *Sync        // measures syncs; nil: nobody does
	Rest  *Rest        // of work in the background; nil: it knows none

	Failover Failover // of a database that has a write-ahead log: where it goes on while the disk is slow
}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) { panic(err) }
	}
	return o
}

// Format is the format of Pebble's files in a data folder. It is the oldest one
// that has all that we rely on: chunks of the write-ahead log that say how far it
// was synced, and checksums on every part of a sorted file. To raise it is a
// decision, because no older binary opens the folder afterwards.
const Format = pebble.FormatValueSeparation

// Pebble returns the options to open the database called name with. The caller
// adds what only its own database needs.
func (o Options) Pebble(name string) *pebble.Options {
	o = o.WithDefaults()
	r := reporter{o, name}
	po := &pebble.Options{
		FS: folders{&strict{FS: o.FS, name: name, fatal: o.Fatal, syncs: o.Syncs, rest: o.Rest}}, Logger: r, FormatMajorVersion: Format,
		EventListener: &pebble.EventListener{
			BackgroundError: r.background, DataCorruption: r.corruption,
			WriteStallBegin: func(pebble.WriteStallBeginInfo) { o.Rest.Urge() }, WriteStallEnd: o.Rest.Relax,
		},
	}
	// On the way to durability a byte saved is worth less than the time it takes,
	// and rows are mostly numbers; exported segments are where compression belongs.
	po.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	return po
}

// reporter passes Pebble's errors on and drops its chatter.
type reporter struct {
	o    Options
	name string
}

// Infof drops what Pebble tells about its work.
func (reporter) Infof(string, ...any) {}

// Errorf logs an error that Pebble goes on after.
func (r reporter) Errorf(format string, args ...any) {
	r.o.Log.Error(r.name+" storage", "event", "storage.error", "error", fmt.Sprintf(format, args...))
}

// Fatalf ends the process: Pebble calls it when what it was told to make durable
// is not.
func (r reporter) Fatalf(format string, args ...any) {
	r.o.Fatal(Sentence(fmt.Errorf("%s: storage cannot go on: "+format, append([]any{r.name}, args...)...)))
}

// background ends the process when a flush or a compaction fails: Pebble would
// try again for ever, and what it cannot write now it may never be able to.
func (r reporter) background(err error) {
	r.o.Fatal(fmt.Errorf("%s: background write: %w", r.name, Sentence(err)))
}

// corruption logs which file is damaged. It does not end the process: whoever was
// reading is given the error, and stops or reports it.
func (r reporter) corruption(i pebble.DataCorruptionInfo) {
	r.o.Log.Error(r.name+" storage: a file is damaged", "event", "storage.damaged", "file", i.Path, "error", Sentence(i.Details).Error())
}
