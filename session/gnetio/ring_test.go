package gnetio

import (
	"bytes"
	"io"
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

// TestRingsAtTheEnd: at shutdown a Handler that rings again is heard again, so that all
// that it has leaves, and who never stops ringing is not heard for ever.
func TestRingsAtTheEnd(t *testing.T) {
	for name, rings := range map[string]int64{"some": 20, "without end": 1 << 40} {
		t.Run(name, func(t *testing.T) {
			var link atomic.Pointer[Link]
			h := &handler{wire: Wire{Framing: frame.ASCII4}}
			h.onBurst = func() {
				if l := link.Load(); l != nil {
					l.State().(*bytes.Buffer).Write(h.wire.put(netMessage(1), nil))
					if h.bursts.Load() < rings {
						l.Ring()
					}
				}
			}
			r := start(t, h, func(o *Options) { o.TickEvery = time.Hour })
			c := r.dial("BANKA")
			l := h.link(t, c)
			link.Store(l)
			l.rung.Store(true) // without a wake-up: the shutdown hears it
			r.stop()
			got, err := io.ReadAll(c)
			if err != nil {
				t.Fatal(err)
			}
			want := min(rings, lastBursts)
			if n := len(got) / len(h.wire.put(netMessage(1), nil)); int64(n) != want || h.bursts.Load() != want {
				t.Errorf("%d messages of %d turns, want %d", n, h.bursts.Load(), want)
			}
		})
	}
}
