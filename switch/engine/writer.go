package engine

import (
	"fmt"

	"switchd/switch/payment"
)

// write is the writer: the only goroutine that touches the machine. It ends when
// the pipe is closed and empty, or with the first error.
func (e *Engine) write(sink Sink) error {
	var effects []payment.Effect
	for {
		select {
		case ask := <-e.asks:
			ask(e.m)
		case c, ok := <-e.pipe:
			if !ok {
				return nil
			}
			var err error
			if effects, err = e.apply(&c, sink, effects); err != nil {
				return err
			}
		}
	}
}

// apply makes one group take effect, after it is durable.
func (e *Engine) apply(c *commit, sink Sink, effects []payment.Effect) ([]payment.Effect, error) {
	took, err := e.await(c)
	if err != nil {
		return effects, fmt.Errorf("a group is not durable, nothing of it takes effect: %w", err)
	}
	e.tallies.commit(len(c.events), c.at+took-e.ahead, took)
	e.land()
	e.onWay.Add(-int64(len(c.events)))
	ticked, judged := false, verdict{}
	var config *payment.Config
	for i := range c.events {
		ev := &c.events[i]
		ticked = ticked || ev.Kind == payment.Tick
		if ev.Kind == payment.ConfigChanged {
			config = ev.Config
			e.tallies.open(config)
		}
		effects = e.tidings.Step(e.m, ev, effects[:0])
		e.tell(ev, effects, sink)
		e.count()
		if ev.Kind == payment.CommandGiven {
			judged = judge(ev.Seq, effects)
		}
		e.metrics.events[ev.Kind].Inc()
	}
	if err := e.keep(c.group.Next() - 1); err != nil {
		return effects, err
	}
	sink.Release()
	e.o.Stored()
	e.publish(ticked)
	if config != nil {
		e.changed(config)
	}
	if judged.seq != 0 {
		e.give(judged)
	}
	e.recycle(c)
	return effects, nil
}

// tell hands the effects of an event on to those whom they concern.
func (e *Engine) tell(ev *payment.Event, effects []payment.Effect, sink Sink) {
	useful := ev.Kind == payment.AnswerArrived
	for i := range effects {
		ef := &effects[i]
		if ef.Send {
			if ef.NotAfter != 0 {
				ef.NotAfter -= e.ahead
			}
			sink.Encode(ef)
			continue
		}
		switch ef.Notice {
		case payment.Exception:
			e.exception(ef)
			useful = false
		case payment.BreakerTurned:
			e.turned(ef)
		case payment.Unmatched, payment.Late:
			useful = false
			if ef.Notice == payment.Unmatched || ef.Payment == nil {
				e.o.Unmatched(ev.From, &ev.Answer)
			}
		}
		e.metrics.count(ef)
		if ef.Notice == payment.Moved && !e.m.Canary(ef.Payment) {
			e.tallies.moved(ef)
			if ef.State.Final() {
				e.o.Ended(ef.Payment)
			}
		}
	}
	if useful {
		e.o.Useful(ev.From)
	}
}

// count takes what became of messages in the last step.
func (e *Engine) count() {
	notes := e.m.LegNotes()
	for i := range notes {
		e.tallies.leg(&notes[i])
	}
}

// stand publishes what has not come to rest.
func (e *Engine) stand() {
	e.metrics.open.Store(int64(e.m.OpenCount()))
	e.standing.set(e.m.Standing())
}

// land tells the sequencer, if it waits for that, that a group is durable.
func (e *Engine) land() {
	e.landed.Add(1)
	if e.awaited.Load() {
		select {
		case e.landing <- struct{}{}:
		default:
		}
	}
}

// publish tells the sequencer the next deadline.
func (e *Engine) publish(ticked bool) {
	e.stand()
	next, _ := e.m.NextDeadline()
	before := e.deadline.Swap(next)
	if ticked {
		e.ticking.Store(false)
	}
	// An earlier deadline, or the end of a Tick that left some, needs a look at
	// once; a later one is found when the sequencer wakes anyway.
	if next != 0 && (ticked || before == 0 || next < before) {
		select {
		case e.deadKick <- struct{}{}:
		default:
		}
	}
	select {
	case <-e.ready:
	default:
		close(e.ready)
	}
}

func (e *Engine) recycle(c *commit) {
	e.q.give(c.batch)
	back := &commit{group: c.group}
	select {
	case e.free <- back:
	default:
	}
}

func seconds(ns int64) float64 { return float64(ns) / 1e9 }
