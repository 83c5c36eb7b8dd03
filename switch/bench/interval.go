package bench

import (
	"cmp"
	"slices"
	"sync"
)

// interval is a stretch of time, in UTC nanoseconds.
type interval struct{ from, to int64 }

func (i interval) length() int64 { return i.to - i.from }

// intervalsMax bounds what one list of stretches remembers. A list that was full says so:
// nothing may be concluded from what it does not have.
const intervalsMax = 1 << 14

// intervals are the stretches of one kind. The zero value is ready. Safe for concurrent
// use.
type intervals struct {
	mu   sync.Mutex // guards all below
	all  []interval
	lost bool // there were more
}

// add remembers one, unless there are too many.
func (s *intervals) add(i interval) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost = s.lost || len(s.all) == intervalsMax; !s.lost {
		s.all = append(s.all, i)
	}
}

// full says that there were more of them than are remembered. Nil had none.
func (s *intervals) full() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// within appends the parts of them that lie in a stretch. Nil has none.
func (s *intervals) within(of interval, dst []interval) []interval {
	if s == nil {
		return dst
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.all {
		if i = (interval{max(i.from, of.from), min(i.to, of.to)}); i.length() > 0 {
			dst = append(dst, i)
		}
	}
	return dst
}

// union is how long stretches are together; what lies over each other counts once. It
// sorts them.
func union(all []interval) (total int64) {
	slices.SortFunc(all, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	var end int64
	for n, i := range all {
		if n == 0 || i.from > end {
			end = i.from
		}
		total += max(0, i.to-end)
		end = max(end, i.to)
	}
	return total
}

// list is a copy of them.
func (s *intervals) list() []interval {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]interval(nil), s.all...)
}
