package sim

import "time"

// clock is the switch's clock: the true time with whatever is wrong with it. It
// survives the process.
type clock struct {
	skew   int64 // ahead of the true time
	frozen int64 // it stands still at this time; 0: it goes
}

func (c *clock) read(now int64) int64 {
	if c.frozen != 0 {
		return c.frozen
	}
	return now + c.skew
}

// disturb steps or stops the clock.
func (c *clock) disturb(w *world) {
	switch w.rng.IntN(3) {
	case 0:
		w.count(faultClockForward)
		c.skew += w.upTo(20 * time.Minute)
	case 1:
		w.count(faultClockBack)
		c.skew -= w.upTo(20 * time.Minute)
	default:
		if c.frozen != 0 {
			return
		}
		w.count(faultClockFrozen)
		c.frozen = c.read(w.now)
		w.agenda.addBackground(w.now+w.upTo(40*time.Second), func() { c.thaw(w) })
	}
	w.look()
}

// thaw lets the clock go on from the true time.
func (c *clock) thaw(w *world) {
	c.frozen = 0
	w.look()
}
