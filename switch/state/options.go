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
	// A flush has rows of each kind, and most rows are of kinds that come in the order of
	// their keys. A file of such a kind alone lies behind the others of it, but for the few
	// rows that were open when the layer before was handed over: it is taken down as it
	// is, or with its neighbour, where one with two kinds in it would be written again
	// with all that it covers. So the files of a flush end where the kind does (fileEnd).
	// Measured: 0.3 bytes written again for each at full load; of rows alone, all of which
	// begin and end in one layer, 0.1, and 0.7 before.
	flushesMax  = 5        // before rows that lie above each other are taken down
	stallingMax = 20       // before the writer has to wait for that
	filesMax    = 100      // before files that nothing lies above are taken down
	flushBytes  = 64 << 20 // of a file of a flush: one for each kind
	// mergedBytes is of a file of rows that are written again. Pebble writes those beside
	// them again too, up to 25 times as much, rather than take each file down as it is.
	mergedBytes = 1 << 20
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
	po.L0CompactionFileThreshold, po.TargetFileSizes[0] = filesMax, flushBytes
	for i := range po.TargetFileSizes[1:] {
		po.TargetFileSizes[1+i] = mergedBytes
	}
	po.Experimental.SpanPolicyFunc = fileEnd
	for i := range po.Levels {
		po.Levels[i].BlockSize = blockBytes
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	return po
}
