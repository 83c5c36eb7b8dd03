package bench

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is CPU time used so far. It is unknown where there is no /proc, and for a
// process that has ended.
type usage struct {
	cpu   time.Duration
	rss   int64 // bytes; of a process
	known bool
}

// jiffy is the unit of /proc: 1/100 s on every Linux that Go runs on.
const jiffy = 10 * time.Millisecond

// processUsage reads the CPU time and memory of a process, "self" or a number.
func processUsage(pid string) usage {
	data, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return usage{}
	}
	// The command's name stands in brackets and may hold anything, brackets too.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	const utime, stime, rss = 11, 12, 21 // counted from behind the name
	if len(fields) <= rss {
		return usage{}
	}
	user, errUser := strconv.ParseInt(fields[utime], 10, 64)
	system, errSystem := strconv.ParseInt(fields[stime], 10, 64)
	pages, _ := strconv.ParseInt(fields[rss], 10, 64)
	return usage{
		cpu: time.Duration(user+system) * jiffy, rss: pages * int64(os.Getpagesize()),
		known: errUser == nil && errSystem == nil,
	}
}

// Columns of /proc/stat; guest times behind them are in the user time too.
const (
	idleTime   = 3
	iowaitTime = 4
	stealTime  = 7
)

// machineTimes reads what all CPUs together have done with their time, in jiffies.
func machineTimes() (times [stealTime + 1]int64, known bool) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return times, false
	}
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Fields(line)
	if len(fields) < 1+len(times) || fields[0] != "cpu" {
		return times, false
	}
	for i := range times {
		if times[i], err = strconv.ParseInt(fields[1+i], 10, 64); err != nil {
			return times, false
		}
	}
	return times, true
}

// machineUsage reads the time that all CPUs together were in use.
func machineUsage() usage {
	times, known := machineTimes()
	var total int64
	for i, n := range times {
		if i != idleTime && i != iowaitTime {
			total += n
		}
	}
	return usage{cpu: time.Duration(total) * jiffy, known: known}
}

// stolenTime is how long CPUs wanted to run and the machine below this one did not let
// them; 0 where nobody tells.
func stolenTime() time.Duration {
	times, _ := machineTimes()
	return time.Duration(times[stealTime]) * jiffy
}
