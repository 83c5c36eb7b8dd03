package raw

import (
	"fmt"
	"os"
	"syscall"
)

// pages is memory that is not there until it is touched.
type pages struct {
	all  []byte
	size int // of a page
}

// adviceNoHuge is MADV_NOHUGEPAGE: a huge page would come at one touch of 512.
const adviceNoHuge = 15

// newPages asks for memory; it costs nothing yet.
func newPages(bytes int) (*pages, error) {
	all, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("%d MiB of memory: %w", bytes>>20, err)
	}
	_ = syscall.Madvise(all, adviceNoHuge) // a kernel without huge pages refuses it, and needs none
	return &pages{all: all, size: os.Getpagesize()}, nil
}

func (p *pages) count() int { return len(p.all) / p.size }

// touch writes into some pages, and returns how many.
func (p *pages) touch(from, n int) int {
	for i := from; i < from+n; i++ {
		p.all[i*p.size] = 1
	}
	return n
}

// giveBack makes all of them new again.
func (p *pages) giveBack() error { return syscall.Madvise(p.all, syscall.MADV_DONTNEED) }

// Close ends the memory.
func (p *pages) Close() error { return syscall.Munmap(p.all) }
