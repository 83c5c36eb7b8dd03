package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Server is a bound admin server. Make it with Listen, or ListenEarly.
type Server struct {
	listener *bounded
	http     *http.Server
	pages    *pages                       // as they were bound
	handler  atomic.Pointer[http.Handler] // what answers now
	started  atomic.Bool
}

// Listen binds the address, so that the port is known, and prepares the pages.
// Nothing is answered before Run. A server that is not run must be closed.
func Listen(o Options) (*Server, error) {
	s, err := bind(o)
	if err != nil {
		return nil, err
	}
	handler, err := s.pages.handler()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("admin: %w", err), s.Close())
	}
	s.answer(handler)
	return s, nil
}

// bind makes a server that has its address, and no answer yet.
func bind(o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, fmt.Errorf("admin: register metrics: %w", err)
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	// A name like localhost is resolved by the system: look at what came out.
	if tcp, ok := l.Addr().(*net.TCPAddr); !o.guardedByLogin() && (!ok || !tcp.IP.IsLoopback()) {
		return nil, errors.Join(fmt.Errorf("admin: %s is not a loopback address", l.Addr()), l.Close())
	}
	s := &Server{listener: newBounded(l, o.ConnectionsMax, m, o.TLS == nil), pages: newPages(o, m)}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serveHTTP),
		TLSConfig:         o.TLS,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytesMax,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: requestsOfOne},
		ErrorLog:          slog.NewLogLogger(o.Log.With("event", "admin.server").Handler(), slog.LevelWarn),
	}
	return s, nil
}

// Addr is the bound address, host:port. Safe for concurrent use.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Usage is how many connections there are, of how many there may be. Safe for concurrent
// use.
func (s *Server) Usage() (open, most int) {
	return int(s.listener.open.Load()), int(s.listener.max)
}

// URL is the address of the index page. Safe for concurrent use.
func (s *Server) URL() string {
	if s.pages.TLS != nil {
		return "https://" + s.Addr()
	}
	return "http://" + s.Addr()
}

// serve answers connections until the listener is closed.
func (s *Server) serve() error {
	if s.pages.TLS != nil {
		return s.http.ServeTLS(s.listener, "", "") // the settings have the certificate
	}
	return s.http.Serve(s.listener)
}

// Run serves until ctx ends, gives open requests a moment to finish, and returns
// nil; any other end is an error. It can be called once.
func (s *Server) Run(ctx context.Context) error {
	if s.started.Swap(true) {
		return errors.New("admin: Run was called twice")
	}
	served := make(chan error, 1)
	go func() { served <- s.serve() }() // ends by Shutdown or Close below
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for ctx.Err() == nil {
		select {
		case err := <-served:
			return fmt.Errorf("admin: serve: %w", err)
		case <-look.C:
			if s.pages.Look != nil {
				s.pages.Look()
			}
			s.Recheck() // sessions and certificates also end by themselves
		case <-ctx.Done():
		}
	}
	s.pages.streams.stop()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if s.http.Shutdown(grace) != nil {
		s.http.Close() // what is still open is a slow reader, not work
	}
	<-served
	return nil
}

// Recheck ends the streams of callers who are not users any more, or other ones, and of
// sessions that have ended. Requests ask each time anyway. Safe for concurrent use.
func (s *Server) Recheck() { s.pages.streams.recheck() }

// Close frees the port of a server that was never run; after Run it is not
// needed. Safe for concurrent use.
func (s *Server) Close() error {
	if s.started.Swap(true) {
		return nil
	}
	return s.listener.Close()
}
