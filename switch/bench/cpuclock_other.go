//go:build !linux

package bench

import "time"

// cpuClock is not known here.
func cpuClock(int) (time.Duration, bool) { return 0, false }
