package egress

import (
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
	"switchd/session"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Lane is how one participant is written to.
type Lane struct {
	Dialect translate.Dialect
	Framing frame.Framing
	Limits  frame.Limits
}

// Options of an Egress.
type Options struct {
	Lanes []Lane // by participant number; a lane without a Dialect is never written to
	// Submit takes the SendFailed events of messages that found no link.
	Submit   func(events []payment.Event) (int, error)
	Clock    func() int64 // UTC nanoseconds
	Log      *slog.Logger
	Registry prometheus.Registerer
}

// lane is a Lane at work.
type lane struct {
	Lane
	interpreter translate.Interpreter // writer goroutine only

	mu    sync.Mutex     // guards links and turn
	links []session.Link // signed on
	turn  int

	// Of the group that is being encoded; writer goroutine only.
	staged []byte
	legs   []payment.Event // SendFailed, one for each staged leg, used if no link takes it
	sent   int
}

// Egress is the engine's sink.
type Egress struct {
	o       Options
	lanes   []lane
	dirty   []*lane
	metrics *metrics
}

// New returns an Egress without links.
func New(o Options) *Egress {
	e := &Egress{o: o, lanes: make([]lane, len(o.Lanes)), metrics: newMetrics(o.Registry)}
	for i := range o.Lanes {
		e.lanes[i].Lane = o.Lanes[i]
		if o.Lanes[i].Dialect != nil {
			e.lanes[i].interpreter = o.Lanes[i].Dialect.Open()
		}
	}
	return e
}

// Attach makes l one of the links that n's messages may go to. Safe for
// concurrent use, like Detach.
func (e *Egress) Attach(n route.Participant, l session.Link) {
	lane := &e.lanes[n]
	lane.mu.Lock()
	defer lane.mu.Unlock()
	lane.links = append(lane.links, l)
}

// Detach takes l out. What was queued on it before may still leave.
func (e *Egress) Detach(n route.Participant, l session.Link) {
	lane := &e.lanes[n]
	lane.mu.Lock()
	defer lane.mu.Unlock()
	for i := range lane.links {
		if lane.links[i] == l {
			lane.links = append(lane.links[:i], lane.links[i+1:]...)
			return
		}
	}
}

// Links is the number of links that n's messages may go to.
func (e *Egress) Links(n route.Participant) int {
	lane := &e.lanes[n]
	lane.mu.Lock()
	defer lane.mu.Unlock()
	return len(lane.links)
}

// Encode stages the message of ef. Writer goroutine only.
func (e *Egress) Encode(ef *payment.Effect) {
	l := &e.lanes[ef.To]
	late := ef.NotAfter != 0 && e.o.Clock() >= ef.NotAfter
	if l.Dialect == nil || late { // no longer configured, or its answer could not count any more
		e.metrics.unsent.Inc()
		e.submit([]payment.Event{failed(ef)})
		return
	}
	if len(l.staged) == 0 && len(l.legs) == 0 {
		e.dirty = append(e.dirty, l)
	}
	start := len(l.staged)
	b, err := l.interpreter.Compose(l.Framing.Begin(l.staged), ef)
	if err == nil {
		b, err = l.Framing.End(b, start, l.Limits)
	}
	if err != nil {
		// A value that the dialect cannot carry: to the payment it is a message
		// that did not leave.
		l.staged = b[:start]
		e.metrics.unencodable.Inc()
		e.o.Log.Error("message does not fit the dialect", "participant", ef.To, "leg", ef.Leg.String(), "reason", err)
		e.submit([]payment.Event{failed(ef)})
		return
	}
	l.staged = b
	l.sent++
	if ef.Leg != payment.LegRequest && !ef.Repeat {
		l.legs = append(l.legs, failed(ef))
	}
}

// failed is the event that says that the leg of ef did not leave.
func failed(ef *payment.Effect) payment.Event {
	leg := &ef.Payment.Legs[ef.Leg]
	return payment.Event{Kind: payment.SendFailed, From: route.Nobody, Answer: payment.Answer{
		Payment: ef.Payment.ID, Leg: ef.Leg, STAN: leg.STAN, Transmitted: leg.Transmitted, Minor: -1,
	}}
}

// Release hands every staged lane to a link. Writer goroutine only.
func (e *Egress) Release() {
	for i, l := range e.dirty {
		e.dirty[i] = nil
		switch {
		case len(l.staged) == 0:
		case l.handOver():
			e.metrics.sent.Add(float64(l.sent))
		default:
			e.metrics.unsent.Add(float64(l.sent))
			e.submit(l.legs)
		}
		l.staged, l.legs, l.sent = l.staged[:0], l.legs[:0], 0
	}
	e.dirty = e.dirty[:0]
}

func (e *Egress) submit(events []payment.Event) {
	if len(events) == 0 {
		return
	}
	if n, err := e.o.Submit(events); err != nil {
		// Their timers take over: a send that could not be proven unsent counts
		// as sent, which is the safe way to be wrong.
		e.o.Log.Warn("failed sends could not be reported", "count", len(events)-n, "reason", err)
	}
}

// handOver gives what is staged to the next link that takes it.
func (l *lane) handOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range l.links {
		l.turn++
		link := l.links[l.turn%len(l.links)]
		if link.Queue(l.staged) == nil {
			link.Wake()
			return true
		}
	}
	return false
}
