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

// machineUsage reads the time that all CPUs together were in use.
func machineUsage() usage {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return usage{}
	}
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Fields(line)
	const idle, iowait, steal = 4, 5, 8 // guest times behind them are in the user time too
	if len(fields) <= steal || fields[0] != "cpu" {
		return usage{}
	}
	var total int64
	for i := 1; i <= steal; i++ {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return usage{}
		}
		if i != idle && i != iowait {
			total += n
		}
	}
	return usage{cpu: time.Duration(total) * jiffy, known: true}
}
