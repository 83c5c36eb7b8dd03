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

// idleNap is how long the sequencer sleeps at most when nothing wakes it.
const idleNap = time.Second

// sequence is the sequencer: it turns what is waiting into groups, when the pacer
// says so, until ctx ends or the journal or the writer fails.
func (e *Engine) sequence(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	stop, stopping := ctx.Done(), false
	var lastTick, over int64 // over: the end of a wait that has come, whatever the clock says
	held := holdNone         // what the next group was last made to wait for
	for {
		now, landed := e.now(), e.landed.Load()
		ticks, nap := e.tickDue(now, lastTick)
		own := ticks + e.look(now) // events of the engine itself
		why, enough, until := e.pace.decide(max(now, over), e.q.len()+own, int(e.appended-landed))
		switch why {
		case holdNone:
			if ticks > 0 {
				lastTick = now
			}
			if err := e.commit(now, ticks, held); err != nil {
				return err
			}
			held, over = holdNone, 0
			continue
		case holdEvents:
			if stopping {
				return nil
			}
		case holdCompany:
			held, nap = why, time.Duration(until-now)
		case holdDisk:
			held, nap = why, time.Duration(loadLook)
		}
		e.awaited.Store(why == holdDisk)
		if e.q.await(enough-own) || e.landed.Load() != landed {
			continue
		}
		timer.Reset(nap)
		switch e.sleep(timer, stop) {
		case failed:
			return nil // the writer says why itself
		case timeout:
			over = until
		case stopped:
			stop, stopping = nil, true
			e.q.close()
		}
	}
}

// waker is what ends the sequencer's sleep.
type waker uint8

const (
	work    waker = iota
	timeout       // the nap is over
	stopped       // the engine is to end
	failed        // the writer has ended
)

func (e *Engine) sleep(timer *time.Timer, stop <-chan struct{}) waker {
	select {
	case <-e.q.wake:
	case <-e.landing:
	case <-e.deadKick:
	case <-timer.C:
		return timeout
	case <-e.done:
		return failed
	case <-stop:
		return stopped
	}
	return work
}

// tickDue says how many Ticks are due, one or none, and how long to wait for the
// next.
func (e *Engine) tickDue(now, lastTick int64) (ticks int, nap time.Duration) {
	at := e.deadline.Load()
	if at == 0 || e.ticking.Load() {
		return 0, idleNap
	}
	at = max(at, lastTick+int64(tickGap))
	if at <= now {
		return 1, 0
	}
	return 0, min(time.Duration(at-now), idleNap)
}

// commit makes the oldest batch that waits, a Tick if one is due, and a LoadChanged
// if the machine does not know the step yet, the next group.
func (e *Engine) commit(now int64, ticks int, held hold) error {
	b := e.q.swap()
	if b == nil {
		b = &batch{}
	}
	if ticks > 0 {
		e.ticking.Store(true)
		b.events = append(b.events, payment.Event{Kind: payment.Tick, From: route.Nobody})
	}
	b.events = e.loadEvent(b.events)
	e.lastAt = max(e.lastAt, now)
	e.pace.closed(now, len(b.events))
	e.metrics.held[held].Inc()
	c := e.take()
	c.events, c.batch = b.events, b
	return e.append(c)
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
	e.onWay.Add(int64(len(c.events)))
	c.at = e.now()
	if c.ticket, err = e.o.Log.Append(c.group); err != nil {
		return err
	}
	e.metrics.groupEvents.Observe(float64(len(c.events)))
	e.metrics.groupBytes.Add(float64(c.group.Bytes()))
	e.appended++
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
