package state

import (
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/seal"
	"switchd/switch/storage"
)

// Options of a Store.
type Options struct {
	FS    vfs.FS        // file system; default: the real one
	Log   *slog.Logger  // default: slog.Default()
	Fatal func(error)   // called when Pebble cannot go on after an I/O error; must not return. Default: panic
	Syncs *storage.Sync // measures syncs; nil: nobody does
	Rest  *storage.Rest // of the writing in the background; nil: it knows none
	Keys  *seal.Keys    // seal the secret parts of payment rows; nil: they are in the clear

	ReadOnly bool // for looking at a store that no process has open: nothing in the folder changes
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) { panic(err) }
	}
	return o
}

const (
	// memTableBytes is small because a layer comes as one batch, sorted, that Pebble
	// need not sort in: it does so with batches of more than half of this.
	memTableBytes = 4 << 20
	// memTables is how many of them, or of such batches, may wait for a flush.
	memTables = 16
	// A flush has rows of each kind, and the rows of most kinds come in the order of
	// their keys: they overlap with what is below them by the one file that has the
	// last of them and the first of the next kind. What a compaction writes again is
	// so many files for each kind, however much it takes down at once: so it takes
	// down some five layers, and there are no levels in between until there is more
	// than baseBytes (measured: 2.6 bytes written for each, of 3.9 before).
	flushesMax  = 5        // before they are taken down
	stallingMax = 20       // before the writer has to wait for that
	baseBytes   = 1 << 30  // of the rows before they are put into levels
	blockBytes  = 16 << 10 // 40 rows of payments: a look-up that finds something is rare
	// cacheBytes must leave room beside the memtables: Pebble takes their memory
	// out of it, and a cache of nothing makes every look-up read, check and
	// decompress blocks (measured: a third of the switch's CPU).
	cacheBytes = 192 << 20
	// bloomBits per key spare a look-up of what is not there the reading of blocks, as
	// long as the filters fit into the cache: those of some 100 million keys do.
	bloomBits = 10
)

// pebble returns the options of the database, which takes over the cache.
func (o Options) pebble(cache *pebble.Cache) *pebble.Options {
	po := storage.Options{FS: o.FS, Log: o.Log, Fatal: o.Fatal, Syncs: o.Syncs, Rest: o.Rest}.Pebble("state store")
	po.DisableWAL, po.ReadOnly, po.Cache = true, o.ReadOnly, cache
	if o.ReadOnly {
		po.EventListener.DataCorruption = func(pebble.DataCorruptionInfo) {} // whoever looks is given the error, and says it
	}
	po.MemTableSize, po.MemTableStopWritesThreshold = memTableBytes, memTables
	// Pebble counts a flush twice in the one, once in the other.
	po.L0CompactionThreshold, po.L0StopWritesThreshold, po.LBaseMaxBytes = 2*flushesMax, stallingMax, baseBytes
	for i := range po.Levels {
		po.Levels[i].BlockSize = blockBytes
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	return po
}
