package raw

import (
	"context"
	"runtime"
)

// Memory is what the kernel takes for memory that a process touches for the first time. A
// virtual machine may give free memory back to its host: then each page that was free for
// some seconds costs a fault of the host as well, ten times and more of what it costs again.
// All that grows pays that: files in memory, the page cache, a heap.
type Memory struct {
	Pages int      `json:"pages"`                 // touched
	First *float64 `json:"first_touch_us_a_page"` // CPU, of pages that this process never had; null: not known here
	Again *float64 `json:"again_us_a_page"`       // CPU, of pages that it gave back a moment ago
}

// memoryBytes is touched at most: more than what a process lately gave back, which would
// be taken for new.
const memoryBytes = 256 << 20

// memory touches new memory for as long as a part takes, or until there is enough of it.
func memory(ctx context.Context, o *Options) (m Memory, err error) {
	runtime.LockOSThread() // the CPU time is the thread's
	defer runtime.UnlockOSThread()
	p, err := newPages(memoryBytes)
	if err != nil || p == nil {
		return Memory{}, err
	}
	defer closing(p, &err)
	touch := func(most int) (pages int, each *float64, err error) {
		begin, known := threadCPU()
		for from := o.Clock(); pages < most && o.Clock()-from < int64(o.Duration); pages += p.touch(pages, min(pagesOfRound, most-pages)) {
			if err := ctx.Err(); err != nil {
				return 0, nil, err
			}
		}
		end, _ := threadCPU()
		return pages, per(end-begin, known, pages), nil
	}
	if m.Pages, m.First, err = touch(p.count()); err != nil {
		return Memory{}, err
	}
	if err := p.giveBack(); err != nil {
		return Memory{}, err
	}
	_, m.Again, err = touch(m.Pages)
	return m, err
}

// pagesOfRound are touched between two looks at the clock: at most some milliseconds.
const pagesOfRound = 256
