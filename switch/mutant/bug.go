package mutant

// Bug is a deliberate bug.
type Bug uint8

// The bugs: of where the process is put together.
const (
	None          Bug = iota
	SkipBarrier       // a group is stepped and its effects leave before its fsync
	SkipReplay        // a start does not replay what the journal has after the rows
	RowsFirst         // rows are stored before the journal has their events
	Restamp           // an event is stepped with another time than the journal has
	ReplaySends       // the effects of replayed events leave
	BusyToRepeats     // a repeat that finds the ring full is told "busy"
	LogMessages       // the process logs the messages that it gets
	bugCount
)

var names = [bugCount]string{
	"none", "skip-barrier", "skip-replay", "rows-first", "restamp", "replay-sends", "busy-to-repeats", "log-messages",
}

// String is the name that tests and documents use.
func (b Bug) String() string { return names[b] }

// Bugs lists all of them.
func Bugs() []Bug {
	all := make([]Bug, 0, bugCount-1)
	for b := None + 1; b < bugCount; b++ {
		all = append(all, b)
	}
	return all
}
