package simbank

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// schedule runs work at a later time, in one goroutine for all of it and with a
// bound on how much may wait.
type schedule struct {
	clock func() int64
	max   int
	wake  chan struct{} // holds one: the earliest time may have changed

	mu    sync.Mutex // guards tasks and next
	tasks tasks
	next  uint64
}

type task struct {
	at  int64
	seq uint64 // keeps the order of equal times
	run func()
}

func newSchedule(clock func() int64, max int) *schedule {
	return &schedule{clock: clock, max: max, wake: make(chan struct{}, 1)}
}

// after runs work in d, or at once when d is zero or the schedule is full: an
// answer too early is better than memory without bound.
func (s *schedule) after(d time.Duration, work func()) {
	if d <= 0 || !s.add(s.clock()+int64(d), work) {
		work()
	}
}

func (s *schedule) add(at int64, work func()) bool {
	s.mu.Lock()
	if len(s.tasks) >= s.max {
		s.mu.Unlock()
		return false
	}
	s.next++
	heap.Push(&s.tasks, task{at, s.next, work})
	first := s.tasks[0].seq == s.next
	s.mu.Unlock()
	if first {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// waiting is how much work waits.
func (s *schedule) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tasks)
}

// run does the work when it is due until ctx ends; what waits then is dropped.
func (s *schedule) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(s.runDue())
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// runDue does what is due and says how long until more is.
func (s *schedule) runDue() time.Duration {
	for {
		s.mu.Lock()
		if len(s.tasks) == 0 {
			s.mu.Unlock()
			return time.Hour
		}
		if wait := s.tasks[0].at - s.clock(); wait > 0 {
			s.mu.Unlock()
			return time.Duration(wait)
		}
		due := heap.Pop(&s.tasks).(task)
		s.mu.Unlock()
		due.run()
	}
}

// tasks is a heap by time, then order.
type tasks []task

// Len is for container/heap.
func (t tasks) Len() int { return len(t) }

// Less is for container/heap.
func (t tasks) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].seq < t[j].seq
}

// Swap is for container/heap.
func (t tasks) Swap(i, j int) { t[i], t[j] = t[j], t[i] }

// Push is for container/heap.
func (t *tasks) Push(x any) { *t = append(*t, x.(task)) }

// Pop is for container/heap. The slot is cleared, so that work done does not
// keep its message alive.
func (t *tasks) Pop() any {
	last := len(*t) - 1
	out := (*t)[last]
	(*t)[last] = task{}
	*t = (*t)[:last]
	return out
}
