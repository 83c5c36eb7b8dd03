package storage

import "sync"

// LatestMax is how many syncs are remembered: half a minute of a busy log on a fast
// disk, in 256 KiB.
const LatestMax = 1 << 14

// Span is what one sync took.
type Span struct {
	Ended int64 // by the clock that the syncs are measured with, nanoseconds
	Took  int64 // nanoseconds
}

// LatestSyncs remembers the latest syncs of a database's log, so that who measures from
// outside knows when the disk was slow, and by how much exactly, which no histogram
// tells. The zero value is ready. Safe for concurrent use.
type LatestSyncs struct {
	mu    sync.Mutex // guards all below; held for a copy of 256 KiB at most
	spans [LatestMax]Span
	next  uint64 // how many there were
}

// note remembers one sync.
func (l *LatestSyncs) note(s Span) {
	l.mu.Lock()
	l.spans[l.next%LatestMax] = s
	l.next++
	l.mu.Unlock()
}

// Since returns the syncs from number since on, the first sync of the process has
// number 0, oldest first, as many of them as are remembered and at most limit. first is
// the number of the first that is returned: more than since when older ones are
// forgotten, and the number of the next sync when there is none.
func (l *LatestSyncs) Since(since uint64, limit int) (first uint64, spans []Span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = min(since, l.next)
	if l.next > LatestMax {
		first = max(first, l.next-LatestMax)
	}
	n := min(int(l.next-first), max(limit, 0))
	spans = make([]Span, n)
	for i := range spans {
		spans[i] = l.spans[(first+uint64(i))%LatestMax]
	}
	return first, spans
}
