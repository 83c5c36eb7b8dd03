package sim

import (
	"errors"
	"time"

	"switchd/codec/frame"
)

// way is a direction of a connection.
type way uint8

const (
	toBank way = iota
	toSwitch
)

// conn is one connection between a participant and the process. Bytes come in
// order and whole, or not at all: when it breaks, all that is on its way is lost.
type conn struct {
	w      *world
	line   *line // the participant's end
	door   *door // the switch's end; nil when the process has closed it or died
	down   bool
	dead   [2]bool  // half-closed: what is written this way is lost
	arrive [2]int64 // when the last bytes arrive, so that later ones do not overtake
}

// send puts bytes on the way.
func (c *conn) send(to way, b []byte) {
	w := c.w
	if c.down || c.dead[to] {
		return
	}
	at := max(c.arrive[to], w.now+int64(200*time.Microsecond)+w.upTo(4*time.Millisecond))
	c.arrive[to] = at
	b = append([]byte{}, b...)
	if len(b) > 1 && w.rng.IntN(16) == 0 { // TCP keeps no boundaries
		cut := 1 + w.rng.IntN(len(b)-1)
		first := b[:cut]
		w.agenda.add(at, func() { c.deliver(to, first) })
		b = b[cut:]
	}
	w.agenda.add(at, func() { c.deliver(to, b) })
}

func (c *conn) deliver(to way, b []byte) {
	switch {
	case c.down || c.dead[to]:
	case to == toBank:
		c.line.receive(b)
	case c.door != nil:
		c.door.receive(b)
	}
}

// reset breaks the connection; each end learns of it a little later.
func (c *conn) reset() {
	if c.down {
		return
	}
	c.down = true
	w := c.w
	w.agenda.add(w.now+w.upTo(50*time.Millisecond), func() {
		if c.door != nil {
			c.door.close()
		}
	})
	w.agenda.add(w.now+w.upTo(50*time.Millisecond), c.line.lost)
}

// broken is the end of the process, as the connection sees it.
func (c *conn) broken() {
	c.door, c.down = nil, true
	c.w.agenda.add(c.w.now+c.w.upTo(time.Second), c.line.lost)
}

// heal undoes a half-close. What was lost stays lost.
func (c *conn) heal() { c.dead = [2]bool{} }

// trouble makes the connection break, half-close or clog.
func (c *conn) trouble() {
	w := c.w
	switch w.rng.IntN(3) {
	case 0:
		w.count(faultLinkReset)
		c.reset()
	case 1:
		w.count(faultHalfClosed)
		c.dead[w.rng.IntN(2)] = true
		w.agenda.addBackground(w.now+w.upTo(2*time.Minute), c.heal)
	default:
		w.count(faultClogged)
		for to := range c.arrive {
			c.arrive[to] = max(c.arrive[to], w.now) + w.upTo(25*time.Second)
		}
	}
}

// trouble is one thing that goes wrong, whatever the traffic.
func (w *world) trouble() {
	if w.calm {
		return
	}
	b := w.banks[w.rng.IntN(len(w.banks))]
	switch n := w.rng.IntN(12); {
	case n < 6 && len(w.conns) > 0:
		w.conns[w.rng.IntN(len(w.conns))].trouble()
	case n < 8:
		b.signOff()
	case n < 10:
		b.restart()
	default:
		w.clock.disturb(w)
	}
}

// errClosed is what a link says that cannot take anything any more.
var errClosed = errors.New("the link is closed")

// frames cuts a stream into messages and calls f for each; it returns the rest.
func frames(by frame.Framing, stream []byte, f func(body []byte)) []byte {
	for {
		body, n, err := by.Next(stream, frame.Limits{})
		if err != nil {
			panic("sim: a stream without frames: " + err.Error())
		}
		if n == 0 {
			return stream
		}
		f(body)
		stream = stream[n:]
	}
}

// framed appends a message that compose appends as a frame; nothing when it cannot.
func framed(by frame.Framing, dst []byte, compose func(dst []byte) ([]byte, error)) []byte {
	start := len(dst)
	b, err := compose(by.Begin(dst))
	if err == nil {
		b, err = by.End(b, start, frame.Limits{})
	}
	if err != nil {
		return b[:start]
	}
	return b
}
