package storage

import "sync"

// RecentMax is how many syncs are remembered: half a minute of a busy log on a fast
// disk, in 256 KiB.
const RecentMax = 1 << 14

// Span is what one sync took.
type Span struct {
	Ended int64 // by the clock that the syncs are measured with, nanoseconds
	Took  int64 // nanoseconds
}

// Recent remembers the latest syncs of a database's log, so that who measures from
// outside knows when the disk was slow, and by how much exactly, which no histogram
// tells. The zero value is ready. Safe for concurrent use.
type Recent struct {
	mu    sync.Mutex // guards all below; held for a copy of 256 KiB at most
	spans [RecentMax]Span
	next  uint64 // how many there were
}

// note remembers one sync.
func (r *Recent) note(s Span) {
	r.mu.Lock()
	r.spans[r.next%RecentMax] = s
	r.next++
	r.mu.Unlock()
}

// Since returns the syncs from number since on, the first sync of the process has
// number 0, oldest first, as many of them as are remembered and at most limit. first is
// the number of the first that is returned: more than since when older ones are
// forgotten, and the number of the next sync when there is none.
func (r *Recent) Since(since uint64, limit int) (first uint64, spans []Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first = min(since, r.next)
	if r.next > RecentMax {
		first = max(first, r.next-RecentMax)
	}
	n := min(int(r.next-first), max(limit, 0))
	spans = make([]Span, n)
	for i := range spans {
		spans[i] = r.spans[(first+uint64(i))%RecentMax]
	}
	return first, spans
}
