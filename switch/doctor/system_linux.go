package doctor

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"

	"switchd/switch/screen"
)

// space is what is free and what there is on the disk of a folder.
func space(dir string) (free, total int64, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, 0, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return int64(st.Bavail) * st.Frsize, int64(st.Blocks) * st.Frsize, nil
}

// Holder is the process on this machine that has a file locked; 0: none, or it cannot be
// seen from here.
func Holder(file string) int {
	var st syscall.Stat_t
	text, err := os.ReadFile("/proc/locks")
	if err != nil || syscall.Stat(file, &st) != nil {
		return 0
	}
	// 1: POSIX  ADVISORY  WRITE 4711 fd:00:131090 0 EOF
	inode := ":" + strconv.FormatUint(st.Ino, 10)
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 5 && strings.HasSuffix(words[5], inode) {
			pid, err := strconv.Atoi(words[4])
			if err == nil && pid > 0 {
				return pid
			}
		}
	}
	return 0
}

// limitOf is a limit of a process: of the running switch, or of this one.
func limitOf(o *Options, row string, own int) (soft uint64, whose string, err error) {
	if o.Process == 0 {
		var l syscall.Rlimit
		if err := syscall.Getrlimit(own, &l); err != nil {
			return 0, "", err
		}
		return l.Cur, "of this shell, where a switch would have it", nil
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/limits", o.Process))
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		rest, found := strings.CutPrefix(lines.Text(), row)
		if !found {
			continue
		}
		first := strings.Fields(rest)
		if len(first) > 0 && first[0] == "unlimited" {
			return math.MaxUint64, "of the running switch", nil
		}
		if len(first) > 0 {
			soft, err = strconv.ParseUint(first[0], 10, 64)
			return soft, "of the running switch", err
		}
	}
	return 0, "", fmt.Errorf("/proc/%d/limits has no %q", o.Process, row)
}

// filesBeside is what a switch opens besides its links.
const filesBeside = 1024

// files looks whether there are enough file descriptors for all links and the stores.
func files(o *Options) Finding {
	const name = "file descriptors"
	limit, whose, err := limitOf(o, "Max open files", syscall.RLIMIT_NOFILE)
	if err != nil {
		return unknown(name, err)
	}
	need := uint64(o.Links) + filesBeside
	if limit < need {
		return Wrong(Bad, name, "set LimitNOFILE= in the unit of systemd, as deploy/systemd has it", "the limit is %s (%s); %d links and the stores need %s", screen.Count(limit), whose, o.Links, screen.Count(need))
	}
	return Good(name, "the limit is %s (%s), %s are needed", screen.Count(limit), whose, screen.Count(need))
}

// cores looks whether a crash would write the memory, with keys in it, to a disk.
func cores(o *Options) Finding {
	const name = "core dumps"
	limit, whose, err := limitOf(o, "Max core file size", syscall.RLIMIT_CORE)
	if err != nil {
		return unknown(name, err)
	}
	if limit == 0 {
		return Good(name, "off (%s)", whose)
	}
	return Wrong(Warn, name, "set LimitCORE=0 in the unit of systemd: a core has keys and account numbers in it", "on (%s)", whose)
}

// swap looks whether memory may be written to a disk.
func swap() Finding {
	const name = "swap"
	text, err := os.ReadFile("/proc/swaps")
	if err != nil {
		return unknown(name, err)
	}
	rows := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(rows) < 2 {
		return Good(name, "off")
	}
	return Wrong(Warn, name, "turn it off (swapoff -a), encrypt it, or set MemorySwapMax=0 in the unit of systemd: keys in memory may be written to it, and a switch that swaps is late", "on: %d areas", len(rows)-1)
}
