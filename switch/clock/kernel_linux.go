package clock

import (
	"fmt"
	"syscall"
	"time"
)

// What adjtimex(2) says.
const (
	timeError      = 5      // its answer when nothing keeps the clock right
	unsynchronized = 0x0040 // and this bit of its status
	inNanoseconds  = 0x2000 // the offset is in nanoseconds, not in microseconds
)

// Kernel asks the kernel. Safe for concurrent use.
func Kernel() (State, error) {
	var t syscall.Timex
	answer, err := syscall.Adjtimex(&t)
	if err != nil {
		return State{}, fmt.Errorf("adjtimex: %w", err)
	}
	return stateOf(answer, int64(t.Status), int64(t.Offset), int64(t.Maxerror)), nil
}

func stateOf(answer int, status, offset, errorMax int64) State {
	s := State{
		Synchronized: answer != timeError && status&unsynchronized == 0,
		Offset:       time.Duration(offset) * time.Microsecond,
		ErrorMax:     time.Duration(errorMax) * time.Microsecond,
	}
	if status&inNanoseconds != 0 {
		s.Offset = time.Duration(offset)
	}
	return s
}
