package bench

import "sync"

// interval is a stretch of time, in UTC nanoseconds.
type interval struct{ from, to int64 }

func (i interval) length() int64 { return i.to - i.from }

// intervalsMax bounds what one list of stretches remembers. Who has more of them than
// that has no need to know each.
const intervalsMax = 1 << 14

// intervals are the stretches of one kind. The zero value is ready. Safe for concurrent
// use.
type intervals struct {
	mu  sync.Mutex // guards all
	all []interval
}

// add remembers one, unless there are too many.
func (s *intervals) add(i interval) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) < intervalsMax {
		s.all = append(s.all, i)
	}
}

// covers is how much of a stretch they take up; two that lie over each other count
// once each, so it may be more than the whole.
func (s *intervals) covers(of interval) (total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.all {
		total += max(0, min(i.to, of.to)-max(i.from, of.from))
	}
	return total
}

// list is a copy of them.
func (s *intervals) list() []interval {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]interval(nil), s.all...)
}
