package gnetio

import (
	"context"
	"crypto/tls"
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

// CloseLinks closes the links that are up and against whose certificate reject
// gives a reason, for example that it has been revoked. reject is called on the
// loops, at times on several at once, with what the handshake has agreed on. Safe
// for concurrent use.
func (s *Server) CloseLinks(reject func(participant string, peer tls.ConnectionState) (reason string)) {
	s.sweep(func(l *Link) ending {
		if why := reject(l.participant, l.tls.State()); why != "" {
			return ending{endCertificate, why}
		}
		return ending{}
	})
}

// sweep has every loop close the links that are up and for which why has a label.
func (s *Server) sweep(why func(*Link) ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, lp := range s.loops {
		// A loop that takes no more tasks is one that ends, with all its links.
		_ = lp.el.Execute(context.Background(), task(func() { lp.closeThose(why) }))
	}
}

// task is a function as gnet runs it on a loop.
type task func()

// Run is called by gnet on the loop.
func (t task) Run(context.Context) error { t(); return nil }

func (lp *loop) closeThose(why func(*Link) ending) {
	for i := len(lp.links) - 1; i >= 0; i-- {
		l := lp.links[i]
		if l.phase != phaseUp {
			continue
		}
		if e := why(l); e.label != "" {
			l.flush(e)
		}
		if l.verdict() == gnet.Close {
			_ = lp.el.Close(l.conn)
		}
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
