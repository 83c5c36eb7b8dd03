package gnetio

import (
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// callbacks are gnet's: OnOpen, OnTraffic and OnClose run on the connection's
// loop, OnTick on a goroutine of gnet's own.
type callbacks struct {
	gnet.BuiltinEventEngine
	s *Server
}

// OnBoot learns the address and waits for Run.
func (cb *callbacks) OnBoot(eng gnet.Engine) gnet.Action {
	s := cb.s
	address, err := boundAddress(eng)
	if err != nil {
		s.opt.Log.Error("listening address is not known", "event", "listen.unknown", "error", err)
		return gnet.Shutdown
	}
	s.engine = eng
	s.address = address
	close(s.booted)
	<-s.begin
	if s.base == nil {
		return gnet.Shutdown // closed without having been run
	}
	return gnet.None
}

// boundAddress asks a copy of the listening socket, since gnet does not tell
// which port the system chose.
func boundAddress(eng gnet.Engine) (string, error) {
	fd, err := eng.Dup()
	if err != nil {
		return "", err
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	ln, err := net.FileListener(f)
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// OnOpen starts a link, or refuses the connection for what it costs to close it.
func (cb *callbacks) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	s, now, from := cb.s, cb.s.opt.Clock(), addressOf(c.RemoteAddr())
	if d, ours := c.Context().(*dialing); ours {
		d.taken.Store(true)
		d.link.pool = &s.dialed
		s.dialed.open.Add(1)
		d.link.begin(c, from, now)
		d.link.startWorker()
		return nil, gnet.None
	}
	p, why := s.admit(from, now)
	if p == nil {
		s.metrics.closed[why.label].Inc()
		if times, due := s.causes.tell(why.label, now); due {
			s.opt.Log.Warn("connection refused", "event", "listen.refused", "reason", why.text, "remote", c.RemoteAddr().String(), "times", times)
		}
		return nil, gnet.Close // without a context: OnClose leaves it alone
	}
	l := &Link{server: s, pool: p}
	l.begin(c, from, now)
	return nil, gnet.None
}

// begin gives a link its connection.
func (l *Link) begin(c gnet.Conn, from netip.Addr, now int64) {
	s := l.server
	l.id, l.loop, l.conn = s.ids.Add(1), s.loopOf(c.EventLoop()), c
	l.address, l.remote = from, c.RemoteAddr().String()
	l.begun, l.deadline = now, now+int64(s.opt.HandshakeDeadline)
	l.tls = l.newSession()
	l.settings = nil // the session has them, as long as it lives
	l.enter(phaseShaking)
	l.loop.add(l)
	c.SetContext(l)
}

// OnTraffic is called for input and for each wake-up.
func (cb *callbacks) OnTraffic(c gnet.Conn) gnet.Action {
	b, _ := c.Next(-1)
	l, ok := c.Context().(*Link)
	if !ok {
		return gnet.None
	}
	l.turn(b)
	return l.verdict()
}

// lastBursts bounds how often the Handler of a link that goes down with the server is
// heard, whoever rings. What may wait for a link is fewer of its turns.
const lastBursts = 256

// OnClose is the last call for a connection, whoever closed it. It may come
// inside a turn, when a write fails.
func (cb *callbacks) OnClose(c gnet.Conn, _ error) gnet.Action {
	l, ok := c.Context().(*Link)
	if !ok {
		return gnet.None
	}
	s := cb.s
	l.mu.Lock()
	l.gone = true
	l.mu.Unlock()
	why := ending{endPeer, "connection lost"}
	if s.stopping.Load() {
		why = ending{endShutdown, "shutdown"}
	}
	if l.slot != nil {
		s.dialer.lost(l.slot, s.opt.Clock(), l.established)
	}
	switch l.phase {
	case phaseShaking:
		l.lost()
		l.retire(ending{endHandshake, shakeClosed})
	case phaseUp:
		if why.label == endShutdown {
			for n := 0; n < lastBursts && l.rung.Swap(false); n++ {
				s.handler.BurstEnd(l) // it rings again as long as it has more for the last burst
			}
			l.farewell()
		}
		l.retire(why)
	}
	l.enter(phaseGone)
	l.tls, l.rest = nil, nil
	l.loop.remove(l)
	l.depart()
	return gnet.None
}

// farewell sends the last burst and close_notify of a link that goes down with
// the server; gnet writes what it still holds after OnClose.
func (l *Link) farewell() {
	l.mu.Lock()
	l.closed = true
	out := l.outbox
	l.outbox = nil
	l.mu.Unlock()
	l.tls.Lend(l.loop.cipher)
	if out != nil {
		_, _ = l.tls.Write(out.b)
		l.server.giveBox(out)
	}
	l.tls.CloseNotify()
	l.send(l.tls.Take())
}

// OnTick has every loop look after its links, and dials what is due. gnet calls it
// once all loops turn.
func (cb *callbacks) OnTick() (time.Duration, gnet.Action) {
	s := cb.s
	s.dialer.tick(s.opt.Clock())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, lp := range s.loops {
		lp.schedule()
	}
	return s.opt.TickEvery, gnet.None
}
