package bench

import (
	"syscall"
	"time"
	"unsafe"
)

// cpuClock is the CPU time of a process to the nanosecond: /proc has it in steps of 10 ms,
// which is as long as what is looked for. It is unknown for process 0.
func cpuClock(pid int) (time.Duration, bool) {
	if pid <= 0 {
		return 0, false
	}
	const ofProcess = 2 // clock_getcpuclockid(3) makes the number of the clock like this
	var t syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(^pid<<3|ofProcess), uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano()), errno == 0
}
