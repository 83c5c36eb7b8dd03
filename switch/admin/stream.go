package admin

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"switchd/switch/access"
)

// Bounds of streams.
const (
	streamsMax   = 64 // beside one of each participant that is a user
	streamsByOne = 16 // of one user, so that none takes the places of all
)

// streams are the answers that have no end yet.
type streams struct {
	count func(int)

	mu    sync.Mutex // guards the rest
	all   map[*open]bool
	ended bool
}

// open is one stream.
type open struct {
	caller access.Caller
	known  func() bool // whether the caller is still who he was
	cancel context.CancelFunc
}

func newStreams(count func(int)) *streams { return &streams{count: count, all: map[*open]bool{}} }

// begin takes a place; false: there is none.
func (s *streams) begin(o *open) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || !s.room(&o.caller) {
		return false
	}
	s.all[o] = true
	s.count(len(s.all))
	return true
}

// room says whether there is a place for a stream of somebody. A participant's first has
// one of its own: the participants are many, and none must wait until another goes. There
// are no more of those than users.
func (s *streams) room(c *access.Caller) bool {
	own, shared := 0, 0
	first := map[string]bool{}
	for each := range s.all {
		if each.caller.Name == c.Name {
			own++
		}
		if outside(&each.caller) && !first[each.caller.Name] {
			first[each.caller.Name] = true
			continue
		}
		shared++
	}
	switch {
	case c.Secured && own >= streamsByOne:
		return false
	case outside(c) && own == 0:
		return true
	}
	return shared < streamsMax
}

// outside says that somebody is a participant, and none of those who run the switch.
func outside(c *access.Caller) bool { return c.Secured && c.Roles == access.Participant }

// end gives a place back.
func (s *streams) end(o *open) {
	o.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, o)
	s.count(len(s.all))
}

// stop ends all streams, and takes no more.
func (s *streams) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for o := range s.all {
		o.cancel()
	}
}

// recheck ends the streams of callers who are not what they were.
func (s *streams) recheck() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := range s.all {
		if !o.known() {
			o.cancel()
		}
	}
}

// stream has a route write an answer that has no end yet.
func (p *pages) stream(w http.ResponseWriter, r *http.Request, route *Route, call *Call, l login) {
	p.endless(w, r, l, func(ctx context.Context, s *steady) {
		call.Context = ctx
		if err := route.Stream(call, s); err != nil && !s.begun {
			p.failed(w, r, err)
		}
	})
}

// endless has an answer written that has no end yet. Those that were asked for by GET are
// bounded and end with their caller, and with the server at once; a POST is work that has
// its own bounds and its own end.
func (p *pages) endless(w http.ResponseWriter, r *http.Request, l login, write func(context.Context, *steady)) {
	if r.Method == http.MethodHead { // there would be nothing to write, and no end
		w.WriteHeader(http.StatusOK)
		return
	}
	if counted, is := w.(*statusWriter); is {
		counted.streamed = true
	}
	s := &steady{ResponseWriter: w, control: http.NewResponseController(w), clock: p.Clock}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if r.Method == http.MethodGet {
		o := &open{caller: l.caller, cancel: cancel, known: func() bool { return p.lasts(r, l) }}
		if !p.streams.begin(o) {
			p.metrics.streamsRefused.Inc()
			fail(w, r, http.StatusServiceUnavailable, "as many streams as may be are open: try again")
			return
		}
		defer p.streams.end(o)
		defer s.endWith(ctx)()
	}
	// The server's limits are for requests that are answered at once. The reading side
	// stays open, so that the end of the client is noticed.
	if err := errors.Join(s.control.SetReadDeadline(time.Time{}), s.control.SetWriteDeadline(time.Time{})); err != nil {
		p.Log.Error("admin: a connection without deadlines", "event", "admin.deadline", "error", err)
	}
	write(ctx, s)
}

// steady is an answer whose each write has its own time, however long it is as a whole.
type steady struct {
	http.ResponseWriter
	control *http.ResponseController
	clock   func() int64
	begun   bool
}

// farewell is what a stream that is over has to end in order, so that its reader can tell
// the end from a connection that broke.
const farewell = time.Second

// endWith bounds, once ctx has ended, a write that waits for the client and all that come.
// What it returns is called before the handler returns, behind which nobody may set a
// deadline any more, and bounds the last of the answer, which the server writes.
func (s *steady) endWith(ctx context.Context) (ended func()) {
	over, done := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		late := time.NewTimer(farewell)
		defer late.Stop()
		select {
		case <-late.C:
			s.abandon()
		case <-over:
			_ = s.control.SetWriteDeadline(time.Unix(0, s.clock()).Add(farewell))
		}
	})
	return func() {
		close(over)
		if !stop() {
			<-done
		}
	}
}

// abandon has a write that waits for the client fail, and all that come.
func (s *steady) abandon() { _ = s.control.SetWriteDeadline(time.Unix(1, 0)) }

// patience bounds what is done until it is called.
func (s *steady) patience() func() bool { return time.AfterFunc(writeTimeout, s.abandon).Stop }

// WriteHeader begins the answer.
func (s *steady) WriteHeader(status int) {
	s.begun = true
	s.ResponseWriter.WriteHeader(status)
}

// Write begins the answer, or goes on with it.
func (s *steady) Write(data []byte) (int, error) {
	s.begun = true
	defer s.patience()()
	return s.ResponseWriter.Write(data)
}

// FlushError sends what was written.
func (s *steady) FlushError() error {
	defer s.patience()()
	return s.control.Flush()
}

// Unwrap is the answer itself, for who sets its deadlines.
func (s *steady) Unwrap() http.ResponseWriter { return s.ResponseWriter }
