package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
)

// Server is a bound admin server. Make it with Listen.
type Server struct {
	listener net.Listener
	http     *http.Server
	started  atomic.Bool
}

// Listen binds the address, so that the port is known, and prepares the pages.
// Nothing is answered before Run. A server that is not run must be closed.
func Listen(o Options) (*Server, error) {
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
	if tcp, ok := l.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("admin: %s is not a loopback address", l.Addr()), l.Close())
	}
	return &Server{
		listener: newBounded(l, o.ConnectionsMax, m),
		http: &http.Server{
			Handler:           newPages(o, m).handler(),
			ReadHeaderTimeout: headerTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    headerBytesMax,
			ErrorLog:          slog.NewLogLogger(o.Log.With("event", "admin.server").Handler(), slog.LevelWarn),
		},
	}, nil
}

// Addr is the bound address, host:port. Safe for concurrent use.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is the address of the index page. Safe for concurrent use.
func (s *Server) URL() string { return "http://" + s.Addr() }

// Run serves until ctx ends, gives open requests a moment to finish, and returns
// nil; any other end is an error. It can be called once.
func (s *Server) Run(ctx context.Context) error {
	if s.started.Swap(true) {
		return errors.New("admin: Run was called twice")
	}
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }() // ends by Shutdown or Close below
	select {
	case err := <-served:
		return fmt.Errorf("admin: serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if s.http.Shutdown(grace) != nil {
		s.http.Close() // what is still open is a slow reader, not work
	}
	<-served
	return nil
}

// Close frees the port of a server that was never run; after Run it is not
// needed. Safe for concurrent use.
func (s *Server) Close() error {
	if s.started.Swap(true) {
		return nil
	}
	return s.listener.Close()
}
