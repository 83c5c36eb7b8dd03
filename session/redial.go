package session

import "time"

// RedialOptions say when a link that we dial is dialled again.
type RedialOptions struct {
	Min     time.Duration // the longest first wait; 500 ms
	Max     time.Duration // the longest wait of all; 30 s
	Settled time.Duration // a link that was up so long ends the row of failures; 1 min
}

func (o RedialOptions) withDefaults() RedialOptions {
	wait := func(d *time.Duration, or time.Duration) {
		if *d <= 0 {
			*d = or
		}
	}
	wait(&o.Min, 500*time.Millisecond)
	wait(&o.Max, 30*time.Second)
	wait(&o.Settled, time.Minute)
	o.Max = max(o.Max, o.Min)
	return o
}

// Redial is the patience of one link that we dial: waits that double from Min to
// Max, each shortened by chance to half at the most, so that what was lost
// together does not come back as one. The zero value is not ready: see NewRedial.
type Redial struct {
	opt  RedialOptions
	wait time.Duration // the next wait, before chance
	up   bool
	upAt int64
}

// NewRedial returns the patience of a link that has not been dialled yet. Zero
// options mean their defaults.
func NewRedial(o RedialOptions) Redial {
	o = o.withDefaults()
	return Redial{opt: o, wait: o.Min}
}

// Up notes that the link is there.
func (r *Redial) Up(now int64) { r.up, r.upAt = true, now }

// Settled says whether a loss at now ends a life that was long enough to count.
func (r *Redial) Settled(now int64) bool { return r.up && now-r.upAt >= int64(r.opt.Settled) }

// Lost takes a failed attempt, or the loss of a link, and returns when to try
// again. A link that comes up and is gone at once is a failure like others: a peer
// that refuses us behind the handshake must not be dialled in a loop. chance is
// any number by chance.
func (r *Redial) Lost(now int64, chance uint64) (at int64) {
	if r.Settled(now) {
		r.wait = r.opt.Min
	}
	r.up = false
	half := r.wait / 2
	wait := r.wait - time.Duration(chance%uint64(half+1))
	r.wait = min(2*r.wait, r.opt.Max)
	return now + int64(wait)
}
