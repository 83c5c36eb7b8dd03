package bench

import (
	"context"
	"fmt"
	"sort"
	"time"
)

// tick is the least time between two batches of payments. Shorter would send
// smaller batches and cost more on both sides; longer would show in the latency,
// which is counted from the due time.
const tick = time.Millisecond

// firstAfter is the number of the first payment that is due at a time or later.
func (s *schedule) firstAfter(at int64) int64 {
	return int64(sort.Search(int(s.count), func(n int) bool { return s.due(int64(n)) >= at }))
}

// pace sends the payments of a schedule until its end or that of ctx, and returns
// the first that it did not come to. Pacer goroutine.
func (r *run) pace(ctx context.Context, all schedule) (unsent int64) {
	s := sender{run: r, dealer: newDealer(r.o), speakers: make([]speaker, len(r.stations))}
	for i, at := range r.stations {
		s.speakers[i] = newSpeaker(at)
	}
	p := pacer{schedule: all, clock: r.o.Clock, send: s.send, stopped: ctx.Done()}
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for next := all.start; ; {
		now := r.o.Clock()
		if r.touches(interval{next, now}) {
			r.lagging.note(now, now-next)
		}
		var done bool
		r.gate.Lock()
		next, done = p.step()
		r.gate.Unlock()
		s.release()
		if s.err != nil {
			r.fail(fmt.Errorf("pacer: %w", s.err))
		}
		if done || ctx.Err() != nil {
			return p.next
		}
		timer.Reset(max(time.Duration(next-r.o.Clock()), tick))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// sender puts due payments into the outboxes. It belongs to the pacer.
type sender struct {
	run      *run
	dealer   *dealer
	speakers []speaker
	dirty    []*link
	out      request // of the payment under way, kept here so that it is not allocated each time
	second   int64   // the second of stamp
	stamp    uint64  // DE7
	err      error
}

// send puts payment n into the outbox of a link of its payer.
func (s *sender) send(n, due, now int64) {
	r := s.run
	s.out.order, s.out.number = s.dealer.next(), n+1
	if second := now / int64(time.Second); second != s.second {
		s.second, s.stamp = second, transmitted(now)
	}
	s.out.at = now
	s.out.transmitted, s.out.payee = s.stamp, r.stations[s.out.order.payee]
	if r.out.gone {
		r.skip(due)
		return
	}
	r.last = s.out.number
	if !r.open.open(s.out.number, due, &s.out.order) {
		r.full(due)
		return
	}
	r.left(due, now)
	r.sent.Add(1)
	payer := r.stations[s.out.payer]
	payer.turn++
	l := payer.links[payer.turn%len(payer.links)]
	l.mu.Lock()
	b, err := s.speakers[s.out.payer].pay(l.outbox, r.tag, r.o.Currency, &s.out)
	l.outbox = b
	l.mu.Unlock()
	if err != nil && s.err == nil {
		s.err = err
	}
	s.touch(l)
	if s.out.number%lookEvery == 0 {
		s.release() // a long row of late payments must not wait for its end
	}
}

// skip counts a payment that nobody can be sent.
func (r *run) skip(due int64) {
	if r.inWindow(due) {
		r.out.skipped++
	}
}

// full counts a payment for which there was no room among the open ones, and which nobody
// was sent. Its customer waits until the end all the same.
func (r *run) full(due int64) {
	r.overrun++
	if r.inWindow(due) {
		r.overran.record(r.to.Load() - due)
	}
}

// left counts how late a payment leaves. The warm-up is not counted: its punctual
// payments would make up for late ones of the window.
func (r *run) left(due, now int64) {
	to := r.to.Load()
	switch {
	case r.inWindow(due):
		r.late.record(now - due)
	case due >= to:
		r.surgeLate.record(now - due)
		if now < to+int64(r.o.Surge.For) {
			r.surgeSent++
		}
	}
}

// touch notes a link whose writer has to be woken.
func (s *sender) touch(l *link) {
	if !l.due {
		l.due = true
		s.dirty = append(s.dirty, l)
	}
}

// release wakes the writers of the links that have something to send.
func (s *sender) release() {
	for _, l := range s.dirty {
		l.due = false
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
	s.dirty = s.dirty[:0]
}

// transmitted is DE7 of a time: MMDDhhmmss in UTC.
func transmitted(now int64) uint64 {
	t := time.Unix(0, now).UTC()
	date := uint64(t.Month())*100 + uint64(t.Day())
	return date*1_000_000 + uint64(t.Hour()*10_000+t.Minute()*100+t.Second())
}
