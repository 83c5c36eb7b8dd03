package payshieldsim

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"switchd/hsm/payshield/wire"
)

// Server answers. It is made by New and works in Serve.
type Server struct {
	o      Options
	faults []*counted

	answered, refused atomic.Int64
	conns             atomic.Int64
}

// New makes a server.
func New(o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Server{o: o}
	for _, f := range o.Faults {
		s.faults = append(s.faults, &counted{Fault: f})
	}
	return s, nil
}

// Stats is what a server has done.
type Stats struct {
	// Answered counts the commands that were answered, Refused the connections that
	// were one too many; Conns is how many there are now.
	Answered, Refused, Conns int64
}

// Stats counts. Safe for concurrent use.
func (s *Server) Stats() Stats {
	return Stats{Answered: s.answered.Load(), Refused: s.refused.Load(), Conns: s.conns.Load()}
}

// Serve answers on a listener until ctx is done, closes it and all connections, and
// returns when they have ended.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if s.conns.Add(1) > int64(s.o.ConnsMax) {
			s.conns.Add(-1)
			s.refused.Add(1)
			_ = conn.Close()
			continue
		}
		open.Go(func() {
			defer s.conns.Add(-1)
			err := s.serve(ctx, conn)
			s.o.Log.Info("connection ended", "from", conn.RemoteAddr().String(), "error", err)
		})
	}
}

// session is one connection.
type session struct {
	s    *Server
	conn net.Conn
	late chan struct{} // places of answers that are delayed

	mu   sync.Mutex // guards what is below, and writing
	out  *bufio.Writer
	held [][]byte // answers that a fault holds
}

// serve answers on one connection until it ends.
func (s *Server) serve(ctx context.Context, conn net.Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	var delayed sync.WaitGroup
	defer delayed.Wait()
	defer cancel()
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c := &session{s: s, conn: conn, late: make(chan struct{}, s.o.LateMax), out: bufio.NewWriter(conn)}
	in := bufio.NewReaderSize(conn, 16<<10)
	var buf []byte
	for {
		frame, err := wire.Read(in, buf, s.o.FrameMax)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		answer := s.Answer(frame)
		if answer == nil {
			return errors.New("a frame without a header and a command")
		}
		command := string(frame[s.o.HeaderLen : s.o.HeaderLen+wire.CommandLen])
		clear(frame)
		buf = frame
		s.answered.Add(1)
		if err := c.answer(ctx, &delayed, answer, s.fault(command)); err != nil {
			return err
		}
		if in.Buffered() == 0 {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
}

// errFault ends a connection because a fault says so.
var errFault = errors.New("a fault ends the connection")

// answer sends an answer, or does with it what a fault says.
func (c *session) answer(ctx context.Context, delayed *sync.WaitGroup, answer []byte, f *Fault) error {
	framed := append(make([]byte, wire.LengthSize, wire.LengthSize+len(answer)), answer...)
	header := wire.LengthSize + c.s.o.HeaderLen
	if f != nil && f.Kind == Error {
		framed = append(framed[:header+wire.CommandLen], f.Code...)
	}
	wire.PutLength(framed)
	if f == nil {
		return c.send(framed)
	}
	switch f.Kind {
	case Hang:
		return nil
	case Close:
		return errors.Join(c.flush(), errFault)
	case Delay:
		return c.delay(ctx, delayed, framed, f)
	case Cut:
		err := c.send(framed[:len(framed)/2])
		return errors.Join(err, c.flush(), errFault)
	case Garbage:
		garbage := make([]byte, 64)
		_, _ = io.ReadFull(c.s.o.Random, garbage)
		garbage[0] = 0xFF // longer than any frame
		return c.send(garbage)
	case Reverse:
		return c.hold(framed, f.Count)
	case Twice:
		return errors.Join(c.send(framed), c.send(framed))
	case Wrong:
		other := "B3"
		if string(framed[header:header+wire.CommandLen]) == other {
			other = "ND"
		}
		copy(framed[header:], other)
	case Unknown:
		for i := range c.s.o.HeaderLen {
			framed[wire.LengthSize+i] = '~'
		}
	}
	return c.send(framed)
}

// send puts an answer into the buffer, which serve flushes.
func (c *session) send(framed []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.out.Write(framed)
	return err
}

func (c *session) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Flush()
}

// delay sends an answer later. With too many of them, the connection waits.
func (c *session) delay(ctx context.Context, delayed *sync.WaitGroup, framed []byte, f *Fault) error {
	select {
	case c.late <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	delayed.Go(func() {
		defer func() { <-c.late }()
		if c.s.o.Wait(ctx, f.Delay) && c.send(framed) == nil {
			_ = c.flush() // a connection that has ended says so to its reader
		}
	})
	return nil
}

// hold keeps an answer back until there are enough, and sends the last first.
func (c *session) hold(framed []byte, count int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = append(c.held, framed)
	if len(c.held) < count {
		return nil
	}
	for _, held := range slices.Backward(c.held) {
		if _, err := c.out.Write(held); err != nil {
			return err
		}
	}
	c.held = nil
	return nil
}
