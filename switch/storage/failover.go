package storage

import (
	"cmp"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

// Failover is a second folder, on another disk, in which a write-ahead log goes on while
// the first disk is slow. It helps against a disk that is slow, not against one that
// fails: an error of either of them ends the process, as ever.
type Failover struct {
	Dir   string        // the second folder; empty: there is none
	After time.Duration // a write or sync that takes longer is not waited for. Default 100 ms

	// Probe is how often the first disk is tried while the second is written to, Healthy
	// for how long each try must have been quick until it is written to again. Healthy is
	// at most 100 times Probe. Defaults 1 s and 15 s.
	Probe, Healthy time.Duration

	// Clock is UTC nanoseconds, by which it is counted for how long the second folder is
	// used. Default: that is not counted.
	Clock func() int64

	// Enough says whether the second disk has room for a log. Without it the log does not
	// go there: the first disk is waited for, however long it takes. It must not block.
	// Default: there is room.
	Enough func() bool
}

const (
	failoverAfter   = 100 * time.Millisecond
	failoverProbe   = time.Second
	failoverHealthy = 15 * time.Second
	// failoverLooks is how often a write is looked at before it is too slow: it is found
	// by a fourth of After too late.
	failoverLooks = 4
	// failoverQuick is by how much a try must be quicker than After. The first disk would
	// be left again at once if it were not well below.
	failoverQuick = 4
)

// Patience is After, or its default.
func (f Failover) Patience() time.Duration { return cmp.Or(f.After, failoverAfter) }

// WithSecond adds a second folder for the write-ahead log to options of Pebble, on a
// file system of SecondFS. there says whether the log is there now: without Enough it does
// not go there any more, but it may come back.
func (f Failover) WithSecond(po *pebble.Options, second vfs.FS, there func() bool) {
	free := func() bool { return f.Enough == nil || f.Enough() || there() }
	after, probe := f.Patience(), cmp.Or(f.Probe, failoverProbe)
	po.WALFailover = &pebble.WALFailoverOptions{
		Secondary: wal.Dir{FS: second, Dirname: f.Dir},
		FailoverOptions: wal.FailoverOptions{
			PrimaryDirProbeInterval:            probe,
			HealthyProbeLatencyThreshold:       max(after/failoverQuick, time.Millisecond),
			HealthyInterval:                    min(cmp.Or(f.Healthy, failoverHealthy), 100*probe),
			UnhealthySamplingInterval:          max(after/failoverLooks, time.Millisecond),
			UnhealthyOperationLatencyThreshold: func() (time.Duration, bool) { return after, free() },
		},
	}
}

// SecondFS is the file system of a second folder of the database called name, as strict
// as that of its first one from the moment on that the folder is locked.
func (o Options) SecondFS(name string) vfs.FS {
	o = o.WithDefaults()
	return folders{&strict{FS: o.FS, name: name, fatal: o.Fatal, syncs: o.Syncs}}
}
