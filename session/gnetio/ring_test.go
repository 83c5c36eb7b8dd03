package gnetio

import (
	"sync/atomic"
	"testing"
	"time"

	"switchd/codec/frame"
)

// TestRingIsHeard: whoever rings while the loop is at work, or between two turns, is
// heard, and without the help of a tick.
func TestRingIsHeard(t *testing.T) {
	var done, heard atomic.Int64
	h := &handler{wire: Wire{Framing: frame.ASCII4}}
	h.onBurst = func() { heard.Store(done.Load()) }
	r := start(t, h, func(o *Options) { o.TickEvery = time.Hour })
	c := r.dial("BANKA")
	in := &reading{t: t, c: c, wire: h.wire}
	l := h.link(t, c)
	for n := int64(1); n <= 500; n++ {
		busy := n%2 == 0 // with frames at the same time
		if busy {
			if _, err := c.Write(h.wire.put(netMessage(1), nil)); err != nil {
				t.Fatal(err)
			}
		}
		done.Store(n)
		l.Ring()
		eventually(t, "the ring is heard", func() bool { return heard.Load() == n })
		if busy {
			in.message(netMessage(1), nil)
		}
	}
}
