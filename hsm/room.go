package hsm

import (
	"context"
	"slices"
	"sync/atomic"
)

// seeker waits for room in a full pool.
type seeker struct {
	told   atomic.Bool
	answer func(room bool)
	cancel context.CancelFunc
}

// tell answers a seeker, once.
func (s *seeker) tell(room bool) bool {
	if s.told.Swap(true) {
		return false
	}
	s.cancel()
	s.answer(room)
	return true
}

// AwaitRoom is for who was refused because the pool is full. answer is called once, on
// a goroutine of the pool: with true when a call has left it, so that there may be room,
// in the order of those who wait; with false when none has for as long as a call may
// take, or when the pool ends. It must not block.
func (p *Pool) AwaitRoom(answer func(room bool)) {
	s := &seeker{answer: answer}
	var ctx context.Context
	ctx, s.cancel = p.o.Deadline(p.base, p.o.Timeout)
	p.mu.Lock()
	p.seekers = append(p.seekers, s)
	p.mu.Unlock()
	if len(p.queue) < cap(p.queue) { // the last calls may have left just now
		now, end := context.WithCancel(ctx)
		end()
		context.AfterFunc(now, p.left)
	}
	context.AfterFunc(ctx, func() {
		if s.tell(false) {
			p.mu.Lock()
			p.seekers = slices.DeleteFunc(p.seekers, func(other *seeker) bool { return other == s })
			p.mu.Unlock()
		}
	})
}

// left tells the first who waits for room that a call has left.
func (p *Pool) left() {
	for {
		p.mu.Lock()
		if len(p.seekers) == 0 {
			p.mu.Unlock()
			return
		}
		s := p.seekers[0]
		p.seekers[0] = nil
		p.seekers = p.seekers[1:]
		p.mu.Unlock()
		if s.tell(true) {
			return
		}
	}
}
