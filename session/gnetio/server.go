package gnetio

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/panjf2000/gnet/v2"
)

// Server listens for participants and owns their links.
type Server struct {
	opt     Options
	handler Handler
	metrics *metrics
	address string
	engine  gnet.Engine

	booted chan struct{} // closed when the socket is bound
	begin  chan struct{} // closed by Run or Close: gnet may go on
	ended  chan error    // the end of the gnet goroutine, once
	used   atomic.Bool   // Run or Close was called
	base   context.Context

	stopping  atomic.Bool    // Run's context has ended
	workers   sync.WaitGroup // handshakes at work
	ids       atomic.Uint64
	boxes     sync.Pool
	causes    causes
	access    atomic.Pointer[table]
	gate      *gate
	dialer    dialer
	leaving   atomic.Bool   // no new links
	gone      chan struct{} // closed when the loops have ended
	dialed    pool          // connections that we have dialled and that are not links yet
	strangers pool          // connections that are not links yet, of unknown addresses
	familiar  pool          // and of those from which a participant has come, or comes
	roll      roll          // of the links that are up

	mu    sync.Mutex // guards the rest: each loop adds itself and counts its links, the ticker reads
	loops map[gnet.EventLoop]*loop
	up    int            // links, against LinksMax
	upOf  map[string]int // by participant, against Peer.LinksMax
}

// Listen binds the address, so that Addr is known and a second listener is
// refused, and returns a Server that accepts nothing before Run. A Server that
// is never run has to be closed.
func Listen(o Options, h Handler) (*Server, error) {
	o = o.withDefaults()
	if err := o.validate(h); err != nil {
		return nil, fmt.Errorf("gnetio options: %w", err)
	}
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, fmt.Errorf("gnetio metrics: %w", err)
	}
	s := &Server{
		opt: o, handler: h, metrics: m,
		booted: make(chan struct{}),
		begin:  make(chan struct{}),
		ended:  make(chan error, 1),
		gate:   newGate(o.HandshakeRate, o.HandshakeBurst, o.AddressesMax),
		loops:  map[gnet.EventLoop]*loop{},
		upOf:   map[string]int{},
		gone:   make(chan struct{}),
	}
	s.access.Store(newTable(o.Access))
	s.dialer.server, s.dialer.chance = s, o.Chance
	s.dialer.set(o.Access.Peers, o.Clock())
	// A signature takes as long as many messages do: handshakes that have all they
	// need queue for half of the processors, not with the loops for all of them.
	computing := max(1, runtime.GOMAXPROCS(0)/2)
	s.dialed.limit(math.MaxInt, math.MaxInt, computing) // as many as are configured
	s.strangers.limit(o.HalfOpenMax, o.HandshakesMax, computing)
	s.familiar.limit(o.HalfOpenMax, o.HandshakesMax, computing)
	s.boxes.New = func() any { return new(box) }
	if err := showOutbox(o.Registry, s); err != nil {
		return nil, fmt.Errorf("gnetio metrics: %w", err)
	}
	s.warnFewFiles()
	// gnet binds and runs in one call, so the call waits in OnBoot, with the
	// socket bound, until Run or Close says how it goes on.
	go func() {
		err := gnet.Run(&callbacks{s: s}, "tcp://"+o.Address,
			gnet.WithNumEventLoop(o.Loops),
			gnet.WithLoadBalancing(gnet.LeastConnections), // links live for days: even them out
			gnet.WithReuseAddr(true),                      // a restart must not wait for old connections
			gnet.WithTicker(true),
			gnet.WithLogger(gnetLog{o.Log}))
		close(s.gone)
		s.ended <- err
	}()
	select {
	case <-s.booted:
		return s, nil
	case err := <-s.ended:
		if err == nil {
			err = errors.New("event loops did not start")
		}
		return nil, fmt.Errorf("listen on %s: %w", o.Address, err)
	}
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() string { return s.address }

// Run serves until ctx ends, then sends what is queued, closes all links, waits
// for all goroutines and returns nil. It runs once. An error means that the
// event loops ended by themselves, for example without file descriptors.
func (s *Server) Run(ctx context.Context) error {
	if s.used.Swap(true) {
		return errors.New("gnetio: Run or Close was called before")
	}
	base, cancel := context.WithCancel(ctx)
	defer cancel()
	s.base = base
	close(s.begin)
	var err error
	select {
	case <-ctx.Done():
		s.stopping.Store(true)
		s.dialer.stop() // first: what is being made has to find its loop
		// ctx is over, so this only starts the stop; we wait for the end
		// itself, which is sooner than gnet's poll for it.
		_ = s.engine.Stop(ctx)
		err = <-s.ended
	case err = <-s.ended:
		if err == nil {
			err = errors.New("event loops ended by themselves")
		}
	}
	cancel()
	s.dialer.stop()
	s.workers.Wait()
	if err != nil {
		return fmt.Errorf("gnetio: %w", err)
	}
	return nil
}

// Leave has no new link come up: connections are closed as they are accepted, and
// nothing is dialled. Links that are up live on. Safe for concurrent use.
func (s *Server) Leave() {
	s.leaving.Store(true)
	s.dialer.hang()
}

// Close gives the address of a server that was never run free again.
func (s *Server) Close() {
	if !s.used.Swap(true) {
		close(s.begin)
		<-s.ended
	}
}

// loopOf returns our share of one of gnet's loops.
func (s *Server) loopOf(el gnet.EventLoop) *loop {
	s.mu.Lock()
	defer s.mu.Unlock()
	lp := s.loops[el]
	if lp == nil {
		lp = newLoop(s, el)
		s.loops[el] = lp
	}
	return lp
}

// giveBox puts an outbox back for any link to use, unless it has grown large.
func (s *Server) giveBox(b *box) {
	if cap(b.b) <= boxKeep {
		b.b = b.b[:0]
		s.boxes.Put(b)
	}
}

// warnFewFiles speaks up when file descriptors may run out before LinksMax and
// HalfOpenMax do their work: gnet gives up listening then. The margin is a full
// accept queue plus what the rest of the process has open.
func (s *Server) warnFewFiles() {
	const margin = 8192
	var lim syscall.Rlimit
	wanted := s.opt.LinksMax + 2*s.opt.HalfOpenMax + margin
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) == nil && lim.Cur < uint64(wanted) {
		s.opt.Log.Warn("few file descriptors: a flood of connections may stop the listener", "event", "listen.descriptors", "limit", lim.Cur, "wanted", wanted)
	}
}
