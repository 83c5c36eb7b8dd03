package payment

import "fmt"

// Logic is the number of the machine's rules. Whoever changes what Step makes of
// an event gives it the next number: the journal keeps events, and the same events
// under other rules are another history. A change that only adds an event or a
// command, which no older journal can hold, keeps it.
const Logic = 3

// The formats of what the machine has on disk, for who must know whether a data
// folder can be read. Every record and row begins with its own.
const (
	EventVersion = eventVersion
	RowVersion   = rowVersion
)

// replayable are the rules under which this binary reaches the same states as the
// binary that wrote the events.
var replayable = [...]uint8{Logic}

// LogicOf is the number of the rules under which an event record was written; 0: it
// is no record.
func LogicOf(record []byte) uint8 {
	if len(record) < 2 {
		return 0
	}
	return record[1]
}

// CheckLogic refuses an event record that was written under rules that this binary
// would not replay in the same way.
func CheckLogic(record []byte) error {
	logic := LogicOf(record)
	if logic == 0 {
		return errShort
	}
	for _, known := range replayable {
		if logic == known {
			return nil
		}
	}
	return fmt.Errorf("it was written under rules %d of the payment machine, this binary has rules %d and would make another history of it: start the version that wrote it once, stop it with Ctrl-C, then start this one", logic, Logic)
}
