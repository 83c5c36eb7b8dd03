// Package storage is what the two Pebble databases of a data folder have in
// common: the options that both are opened with, and what becomes of an error
// that Pebble cannot hand to a caller.
//
// It promises that such an error (a log, a flush, a compaction that cannot be
// written) reaches Options.Fatal once, as one sentence that names the database and
// the file, and that nothing of Pebble's chatter reaches the log of an operator. A
// power cut leaves no folder that names a list of files which is not there. The
// format of the files is pinned: a newer Pebble does not change a data folder by
// being linked in.
//
// Its callers are switch/journal and switch/state. It opens nothing itself and
// knows nothing of what is stored.
//
//	po := storage.Options{Log: log, Fatal: stop}.Pebble("journal")
//	db, err := pebble.Open(dir, po)
package storage
