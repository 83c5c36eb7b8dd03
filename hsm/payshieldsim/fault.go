package payshieldsim

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"switchd/hsm/payshield/wire"
)

// FaultKind is a way to misbehave.
type FaultKind string

// The ways.
const (
	Delay   FaultKind = "delay"   // answer Fault.Delay later; others go before it
	Hang    FaultKind = "hang"    // do not answer
	Wrong   FaultKind = "wrong"   // answer with the code of another command
	Unknown FaultKind = "unknown" // answer with another header
	Twice   FaultKind = "twice"   // answer twice
	Garbage FaultKind = "garbage" // send bytes that are no answer
	Cut     FaultKind = "cut"     // close in the middle of the answer
	Close   FaultKind = "close"   // close instead of answering
	Error   FaultKind = "error"   // answer with Fault.Code
	Reverse FaultKind = "reverse" // hold Fault.Count answers, then send them in reverse order
)

// Fault is how the server misbehaves.
type Fault struct {
	// Kind of it.
	Kind FaultKind
	// Command is the one that it is about, "" for all.
	Command string
	// Every is how many of these commands come to one with the fault; 0 is 1.
	Every int
	// Delay, Code and Count are for the kinds that need them.
	Delay time.Duration
	Code  wire.Code
	Count int
}

// Most of what a fault can be given.
const (
	everyMax = 1_000_000_000
	countMax = 256
)

// ParseFault reads [COMMAND:]KIND[=VALUE][/EVERY], such as "CC:delay=50ms/3".
func ParseFault(text string) (Fault, error) {
	var f Fault
	rest := text
	if command, after, ok := strings.Cut(rest, ":"); ok {
		f.Command, rest = command, after
	}
	if before, every, ok := strings.Cut(rest, "/"); ok {
		n, err := strconv.Atoi(every)
		if err != nil || n < 1 {
			return f, fmt.Errorf("fault %q: after / comes a number from 1", text)
		}
		f.Every, rest = n, before
	}
	kind, value, _ := strings.Cut(rest, "=")
	f.Kind = FaultKind(kind)
	var err error
	switch f.Kind {
	case Delay:
		f.Delay, err = time.ParseDuration(value)
	case Reverse:
		f.Count, err = strconv.Atoi(value)
	case Error:
		f.Code = wire.Code(value)
	default:
		if value != "" {
			err = fmt.Errorf("%s has no value", kind)
		}
	}
	if err == nil {
		err = f.validate()
	}
	if err != nil {
		return f, fmt.Errorf("fault %q: %w", text, err)
	}
	return f, nil
}

func (f *Fault) validate() error {
	code := wire.Take([]byte(f.Code))
	code.Command()
	bad := false
	switch f.Kind {
	case Delay:
		bad = f.Delay <= 0 || f.Delay > time.Hour
	case Reverse:
		bad = f.Count < 2 || f.Count > countMax
	case Error:
		bad = !code.Done()
	case Hang, Wrong, Unknown, Twice, Garbage, Cut, Close:
	default:
		return fmt.Errorf("payshieldsim: %q is none of delay, hang, wrong, unknown, twice, garbage, cut, close, error, reverse", string(f.Kind))
	}
	if bad {
		return fmt.Errorf("payshieldsim: %s needs a value: delay=TIME up to 1h, error=CODE of two characters, reverse=COUNT from 2 to %d", f.Kind, countMax)
	}
	if f.Command != "" && handlers[f.Command] == nil {
		return fmt.Errorf("payshieldsim: no command %q is answered here", f.Command)
	}
	if f.Every < 0 || f.Every > everyMax {
		return fmt.Errorf("payshieldsim: Every %d is not up to %d", f.Every, everyMax)
	}
	return nil
}

// counted is a fault and how many of its commands have come.
type counted struct {
	Fault
	seen atomic.Int64
}

// fault gives the first fault that is due for a command, nil for none.
func (s *Server) fault(command string) *Fault {
	for _, f := range s.faults {
		if f.Command != "" && f.Command != command {
			continue
		}
		if f.seen.Add(1)%int64(max(1, f.Every)) == 0 {
			return &f.Fault
		}
	}
	return nil
}
