package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Of what is warmed, one page in so many stays with this program: the free ones between
// two of them are less than the blocks that a kernel gives back to its host.
const (
	warmBlock = 512                  // pages
	warmKept  = 32                   // of them
	warmProbe = 1 << 30              // bytes: of less too much may be what a program gave back a moment ago
	warmDear  = 2 * time.Microsecond // for a page: more than any kernel takes for itself
)

// warm makes the memory that is free now cheap to touch, where it is not: a virtual machine
// may give free memory back to its host, and then all that grows (data in memory, a page
// cache, a heap) pays a fault of the host for each page, which a machine that a switch
// runs on does not. Nil: nothing had to be done. Otherwise end gives the memory back.
func warm(ctx context.Context, say func(format string, a ...any)) (end func(), err error) {
	free, err := freeMemory()
	if err != nil {
		return nil, err
	}
	probe, each, err := touched(ctx, min(warmProbe, free/4))
	if err != nil {
		return nil, err
	}
	_ = syscall.Munmap(probe)
	if each < warmDear {
		return nil, nil
	}
	bytes := free / 10 * 9
	say("a page of new memory costs %v here: taking %d GiB once, so that the runs find it cheap", each.Round(10*time.Nanosecond), bytes>>30)
	all, _, err := touched(ctx, bytes)
	if err != nil {
		return nil, err
	}
	end = func() { _ = syscall.Munmap(all) }
	page := os.Getpagesize()
	for at := 0; at+warmBlock*page <= len(all); at += warmBlock * page {
		if err := syscall.Madvise(all[at+warmKept*page:at+warmBlock*page], syscall.MADV_DONTNEED); err != nil {
			end()
			return nil, err
		}
	}
	return end, nil
}

// touched is memory of which each page was touched, and the CPU time of one.
func touched(ctx context.Context, bytes int) ([]byte, time.Duration, error) {
	all, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return nil, 0, fmt.Errorf("%d MiB of memory: %w", bytes>>20, err)
	}
	const noHuge = 15 // MADV_NOHUGEPAGE: a huge page could not be given back in part
	_ = syscall.Madvise(all, noHuge)
	begin, page := used(), os.Getpagesize()
	for at := 0; at < len(all); at += page {
		if at%(warmBlock*page) == 0 && ctx.Err() != nil {
			_ = syscall.Munmap(all)
			return nil, 0, ctx.Err()
		}
		all[at] = 1
	}
	return all, (used() - begin) / time.Duration(max(len(all)/page, 1)), nil
}

// used is the CPU time of this program.
func used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it has no other way to fail than wrong arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// freeMemory is what nothing uses.
func freeMemory() (int, error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "MemFree:"); ok {
			var kib int
			_, err := fmt.Sscanf(rest, "%d kB", &kib)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/meminfo has no MemFree")
}
