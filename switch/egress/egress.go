package egress

import (
	"bytes"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
	"switchd/session"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Lane is how one participant is written to. The header of a frame, where the
// framing has one, is a matter of the link.
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
	header []byte          // that the staged frames carry
	other  []byte          // room for the header of a link
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
		l.expect()
	}
	start := len(l.staged)
	b, err := l.Framing.BeginHeader(l.staged, l.header)
	if err == nil {
		b, err = l.interpreter.Compose(b, ef)
	}
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

// expect notes the header of the link that is likely to take the next group.
func (l *lane) expect() {
	l.header = l.header[:0]
	if !l.Framing.HasHeader() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.links); n > 0 {
		l.header = l.links[(l.turn+1)%n].AppendHeader(l.header)
	}
}

// handOver gives what is staged to the next link that takes it.
func (l *lane) handOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range l.links {
		l.turn++
		link := l.links[l.turn%len(l.links)]
		if l.address(link) && link.Queue(l.staged) == nil {
			link.Wake()
			return true
		}
	}
	return false
}

// address gives the staged frames the header of the link that is to take them. It
// seldom has to do anything: links have the same header all day, and the expected
// link takes its group unless it has broken since.
func (l *lane) address(link session.Link) bool {
	if !l.Framing.HasHeader() {
		return true
	}
	l.other = link.AppendHeader(l.other[:0])
	if bytes.Equal(l.other, l.header) {
		return true
	}
	out := make([]byte, 0, len(l.staged))
	for rest := l.staged; len(rest) > 0; {
		fr, err := l.Framing.Read(rest, l.Limits)
		start := len(out)
		if err == nil {
			rest = rest[fr.Bytes:]
			out, err = l.Framing.BeginHeader(out, l.other)
		}
		if err == nil {
			out, err = l.Framing.End(append(out, fr.Body...), start, l.Limits)
		}
		if err != nil || fr.Bytes == 0 {
			return false
		}
	}
	l.staged, l.header = out, append(l.header[:0], l.other...)
	return true
}
