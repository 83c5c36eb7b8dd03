package doctor

import (
	"errors"
	"time"

	"switchd/switch/clock"
	"switchd/switch/screen"
)

// clockBad is what a clock may be off.
const clockBad = time.Second

// clockFinding judges what the kernel says of its clock.
func clockFinding(s clock.State, err error) Finding {
	const name = "clock"
	switch {
	case errors.Is(err, clock.ErrUnknown):
		return unknown(name, errors.ErrUnsupported)
	case err != nil:
		return unknown(name, err)
	case !s.Synchronized:
		return Wrong(Warn, name, "start chrony or systemd-timesyncd, and look at 'timedatectl' until it says that the clock is synchronised", "nothing keeps the clock right (the kernel says not synchronised)")
	case s.Offset.Abs() > clockBad || s.ErrorMax > clockBad:
		return Wrong(Bad, name, "look at 'chronyc tracking': messages carry times, and banks refuse those that are off", "the clock is off by %s, or by up to %s", screen.Lasts(s.Offset), screen.Lasts(s.ErrorMax))
	}
	return Good(name, "synchronised, off by %s, at most by %s", brief(s.Offset.Abs()), brief(s.ErrorMax))
}
