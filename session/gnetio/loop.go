package gnetio

import (
	"context"
	"sync/atomic"

	"github.com/panjf2000/gnet/v2"
)

// recordMax is the longest plaintext that one TLS record brings.
const recordMax = 16 << 10

// plainBytes takes what one socket read brings, behind an unfinished frame of up
// to restCopy bytes and with room for two records.
const plainBytes = 64 << 10

// cipherKeep is the largest ciphertext buffer that a loop keeps.
const cipherKeep = 256 << 10

// loop is one event loop's share of the links, with the buffers that all of
// them use in turn: an idle link has none of its own.
type loop struct {
	server *Server
	el     gnet.EventLoop
	links  []*Link
	plain  []byte      // decrypted input of the link at work
	cipher []byte      // encrypted output of the link at work
	due    atomic.Bool // a tick waits to run here
}

func newLoop(s *Server, el gnet.EventLoop) *loop {
	return &loop{server: s, el: el, plain: make([]byte, plainBytes)}
}

func (lp *loop) add(l *Link) {
	l.index = len(lp.links)
	lp.links = append(lp.links, l)
}

func (lp *loop) remove(l *Link) {
	last := len(lp.links) - 1
	lp.links[l.index] = lp.links[last]
	lp.links[l.index].index = l.index
	lp.links[last] = nil
	lp.links = lp.links[:last]
}

// keep takes the ciphertext buffer back.
func (lp *loop) keep(buf []byte) {
	if cap(buf) <= cipherKeep && cap(buf) > cap(lp.cipher) {
		lp.cipher = buf[:0]
	}
}

// schedule puts one tick for all links of the loop into its queue: a wake-up
// for each link would cost an idle link a hundred times as much. A loop that
// is behind gets no second one.
func (lp *loop) schedule() {
	if lp.due.Swap(true) {
		return
	}
	if lp.el.Execute(context.Background(), lp) != nil {
		lp.due.Store(false)
	}
}

// Run is the tick, called by gnet on the loop.
func (lp *loop) Run(context.Context) error {
	lp.due.Store(false)
	now := lp.server.opt.Clock()
	// Backwards: a link that ends here is replaced by the last one, which has
	// had its turn.
	for i := len(lp.links) - 1; i >= 0; i-- {
		l := lp.links[i]
		l.tick(now)
		if l.verdict() == gnet.Close {
			_ = lp.el.Close(l.conn)
		}
	}
	return nil
}
