package engine

import (
	"context"
	"time"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// tickGap is the least time between two Ticks: deadlines are seconds, and one
// Tick fires all that have passed.
const tickGap = 5 * time.Millisecond

// sequence is the sequencer: it turns what is waiting into groups until ctx ends
// or the journal or the writer fails.
func (e *Engine) sequence(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var lastTick int64
	var busyUntil int64 // a commit before this time would make groups too small
	for {
		now := e.now()
		tick, wait := e.tickDue(now, lastTick)
		if b := e.q.swap(); b != nil || tick {
			if b == nil {
				b = &batch{}
			}
			if tick {
				lastTick = now
				e.ticking.Store(true)
				b.events = append(b.events, payment.Event{Kind: payment.Tick, From: route.Nobody})
			}
			busy := len(b.events) >= e.o.BusyEvents
			if err := e.commit(b, now); err != nil {
				return err
			}
			if busy {
				busyUntil = now + int64(e.o.CommitGap)
				e.pause(ctx, timer, busyUntil)
			}
			continue
		}
		if ctx.Err() != nil {
			e.q.close()
			if e.q.len() == 0 {
				return nil
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-e.q.wake:
		case <-e.deadKick:
		case <-timer.C:
		case <-e.done: // the writer has failed and says why itself
			return nil
		case <-ctx.Done():
		}
	}
}

// pause waits until the given time: what arrives meanwhile shares one fsync.
func (e *Engine) pause(ctx context.Context, timer *time.Timer, until int64) {
	wait := time.Duration(until - e.now())
	if wait <= 0 {
		return
	}
	timer.Reset(wait)
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// tickDue says whether a deadline has passed, and how long to wait for the next.
func (e *Engine) tickDue(now, lastTick int64) (due bool, wait time.Duration) {
	const idle = time.Second
	at := e.deadline.Load()
	if at == 0 || e.ticking.Load() {
		return false, idle
	}
	at = max(at, lastTick+int64(tickGap))
	if at <= now {
		return true, 0
	}
	return false, min(time.Duration(at-now), idle)
}

// commit stamps a batch, appends it to the journal as one group, or as several
// when it is larger than a group may be, and hands it to the writer.
func (e *Engine) commit(b *batch, now int64) error {
	e.lastAt = max(e.lastAt, now)
	for rest := b.events; len(rest) > 0; {
		n := min(len(rest), journal.GroupRecordsMax)
		c := e.take()
		c.events, c.batch = rest[:n], nil
		if rest = rest[n:]; len(rest) == 0 {
			c.batch = b
		}
		if err := e.append(c); err != nil {
			return err
		}
	}
	return nil
}

// append makes one group of c's events and hands it on.
func (e *Engine) append(c *commit) error {
	c.group.Reset(e.o.Log.Next())
	c.group.At(e.lastAt)
	for i := range c.events {
		ev := &c.events[i]
		ev.Seq, ev.At = c.group.Next(), e.lastAt
		e.record = payment.AppendEvent(e.record[:0], ev)
		c.group.End(e.sealer.Seal(c.group.Begin(), e.record, payment.SecretAt(e.record)))
	}
	var err error
	c.at = e.now()
	if c.ticket, err = e.o.Log.Append(c.group); err != nil {
		return err
	}
	e.metrics.groupEvents.Observe(float64(len(c.events)))
	e.metrics.groupBytes.Add(float64(c.group.Bytes()))
	select {
	case e.pipe <- *c:
		return nil
	case <-e.done:
		return nil
	}
}

// take gets a group to fill; the writer gives it back.
func (e *Engine) take() *commit {
	select {
	case c := <-e.free:
		return c
	default:
		return &commit{group: new(journal.Group)}
	}
}
