package faultline

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

// Options say what a Proxy stands before, and how much it may hold.
type Options struct {
	Address  string       // to listen on; default a free port of the loopback
	Target   string       // where connections are passed on to; required
	Seed     uint64       // of chance
	Clock    func() int64 // nanoseconds, never going back; required
	LinesMax int          // lines at a time, more are reset at once; default 1024
	HeldMax  int          // bytes on their way in each direction of a line, then the sender waits; default 256 KiB
}

func (o Options) withDefaults() Options {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.LinesMax == 0 {
		o.LinesMax = 1024
	}
	if o.HeldMax == 0 {
		o.HeldMax = 256 << 10
	}
	return o
}

// validate lists all faults at once. REQUIRES: defaults are in.
func (o *Options) validate() error {
	var faults []error
	if o.Target == "" || o.Clock == nil {
		faults = append(faults, errors.New("faultline: Target and Clock are required"))
	}
	if o.LinesMax < 1 || o.HeldMax < pieceBytes {
		faults = append(faults, errors.New("faultline: LinesMax must be 1 at least, HeldMax 4 KiB"))
	}
	return errors.Join(faults...)
}

// dialLimit is how long the target may take to accept.
const dialLimit = 10 * time.Second

// Proxy passes connections on. Make it with Listen, let it live in Run; all other
// methods are safe for concurrent use.
type Proxy struct {
	o        Options
	listener net.Listener

	mu    sync.Mutex // guards all below
	plan  [directions]Way
	lines []*Line
	count uint64 // lines there have been
}

// Listen opens the port; connections are served by Run.
func Listen(o Options) (*Proxy, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, err
	}
	return &Proxy{o: o, listener: l}, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Plan sets how bytes travel on lines that come from now on. It panics on a way that
// there cannot be.
func (p *Proxy) Plan(up, down Way) {
	for _, w := range []Way{up, down} {
		if err := w.validate(); err != nil {
			panic(err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = [directions]Way{up, down}
}

// Lines are those that have not ended, the oldest first.
func (p *Proxy) Lines() []*Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines)
}

// Run serves until ctx ends, then ends all lines and returns. It may be called once.
func (p *Proxy) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.listener.Close() })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		open.Go(func() { p.serve(ctx, conn.(*net.TCPConn)) })
	}
}

// serve passes one connection on, to its end.
func (p *Proxy) serve(ctx context.Context, near *net.TCPConn) {
	l := p.enter(near)
	if l == nil {
		reset(near)
		return
	}
	defer p.leave(l)
	stop := context.AfterFunc(ctx, func() { l.End(Close) })
	defer stop()
	d := net.Dialer{Timeout: dialLimit}
	conn, err := d.DialContext(ctx, "tcp", p.o.Target)
	if err != nil {
		reset(near)
		return
	}
	l.run(conn.(*net.TCPConn))
}

// enter makes a line of a connection, if there is room.
func (p *Proxy) enter(near *net.TCPConn) *Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lines) >= p.o.LinesMax {
		return nil
	}
	l := newLine(&p.o, near, p.count, p.plan)
	p.count++
	p.lines = append(p.lines, l)
	return l
}

func (p *Proxy) leave(l *Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = slices.DeleteFunc(p.lines, func(other *Line) bool { return other == l })
}

// reset ends a connection so that its peer sees a reset.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0) // on a connection that has ended already there is nothing to do
	_ = c.Close()
}
