package disk

// State is what the room on the disk allows.
type State uint8

// The states, in the order in which a disk that fills up goes through them.
const (
	OK      State = iota
	Low           // the reserve is near: the log warns
	Reserve       // new payments are declined
)

// String is the name that logs use.
func (s State) String() string { return [...]string{"ok", "low", "reserve"}[s] }

// levels are the bytes below which a state begins. One is left again only an
// eighth above, so that a disk that stands at a level does not flap.
type levels struct{ reserve, warning int64 }

func leave(level int64) int64 { return level + level/8 }

// next is the state after a look that found so much room.
func (s State) next(room int64, l levels) State {
	reserve, warning := l.reserve, l.warning
	if s == Reserve {
		reserve = leave(reserve)
	}
	if s != OK {
		warning = leave(warning)
	}
	switch {
	case room < reserve:
		return Reserve
	case room < warning:
		return Low
	}
	return OK
}

// What must be writable, in bytes. The stores keep rows and records in memory and
// write them out in files of up to 32 MiB; the state store has up to 32 MiB of rows
// before that. At the start the journal writes out what it has not sorted yet, and
// sets 35 MiB aside for what comes; at the end the rows are written. While they run
// they merge files, which takes the size of what is merged for a moment.
const (
	openBytes    = 96 << 20 // to open both stores
	finishBytes  = 64 << 20 // to close them in good order
	paymentBytes = 8 << 10  // to finish one open payment: its events, rows and look-ups. Measured: 2,300 with the longest texts and a reversal; repeats add to it
)

// least is what so many open payments need to be finished.
func least(open int) int64 { return finishBytes + int64(open)*paymentBytes }

// ballastShare of the reserve is left when the ballast is given up: early enough
// that a merge of files does not meet a full disk between two looks.
const ballastShare = 4
