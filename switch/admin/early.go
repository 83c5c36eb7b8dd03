package admin

import (
	"errors"
	"fmt"
	"net/http"
)

// ListenEarly is Listen for a switch that is not there yet. The health pages and the
// metrics are answered, by what o says of them and to whom Listen would; every other
// question is refused with what Started says, until Open. Until then nothing of what else
// o offers is looked at.
func ListenEarly(o Options) (*Server, error) {
	s, err := bind(o)
	if err != nil {
		return nil, err
	}
	s.answer(s.pages.early())
	return s, nil
}

// Open has a server of ListenEarly, which may be running, answer all that o offers. The
// port and its connections stay; so does who is let in, and what is bound to that: of
// Address, Clock, Users, TLS, Hosts, Look, Log, Gatherer, Registry and ConnectionsMax those
// of ListenEarly count. After an error the server answers as it did before. Call it once.
func (s *Server) Open(o Options) error {
	was := s.pages
	o.Address, o.Clock, o.Users, o.TLS, o.Hosts, o.Log, o.Gatherer = was.Address, was.Clock, was.Users, was.TLS, was.Hosts, was.Log, was.Gatherer
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	now := &pages{Options: o, metrics: was.metrics, failures: was.failures, sessions: was.sessions, streams: was.streams}
	handler, err := now.handler()
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	s.answer(handler)
	return nil
}

// answer has all requests from now on answered by a handler.
func (s *Server) answer(by http.Handler) { s.handler.Store(&by) }

// serveHTTP answers a request by what is answered now.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	(*s.handler.Load()).ServeHTTP(w, r)
}

// early answers for a switch that is not there yet.
func (p *pages) early() http.Handler {
	mux := http.NewServeMux()
	for _, r := range p.healthRoutes() {
		mux.Handle(r.Path, p.serve([]*Route{&r}))
	}
	mux.Handle("/", p.counted("other", http.HandlerFunc(p.notYet)))
	return p.guarded(mux)
}

// notYet refuses what only a switch that is there can answer. It says no more than
// /startupz, and so to anyone.
func (p *pages) notYet(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // the body is not read
	}
	err := p.Started()
	if err == nil {
		err = errors.New("its pages are about to come")
	}
	fail(w, r, http.StatusServiceUnavailable, "the switch is starting: "+oneLine(err.Error()))
}
