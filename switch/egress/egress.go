package egress

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
	"switchd/session"
	"switchd/switch/guard"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Lane is how one participant is written to. The header of a frame, where the
// framing has one, is a matter of the link.
type Lane struct {
	ID      string // of the participant, as metrics and log call it
	Dialect translate.Dialect
	Framing frame.Framing
	Limits  frame.Limits
	Match   payment.Match // how its answers find their message, as in its payment.Profile
	// Window is how many new requests may be unanswered on one link, 1 to 65,536;
	// an eighth is kept for credits; 16,384. What is over it does not leave, and its
	// payment is told so. Repairs and answers are not counted and not held back.
	Window int
	// Unanswered is how long a message without an answer counts, for the window and
	// for the link of its account; 1 min.
	Unanswered time.Duration
}

// voice is how messages to a participant are written. A link keeps that of its first
// moment.
type voice struct {
	dialect     translate.Dialect
	framing     frame.Framing
	limits      frame.Limits
	interpreter translate.Interpreter // writer goroutine only
}

// windowMax is the largest Window.
const windowMax = 1 << 16

func (l Lane) withDefaults() Lane {
	if l.Window <= 0 {
		l.Window = 16_384
	}
	l.Window = min(l.Window, windowMax)
	if l.Unanswered <= 0 {
		l.Unanswered = time.Minute
	}
	return l
}

// Options of an Egress.
type Options struct {
	Lanes []Lane // by participant number; a lane without a Dialect is never written to
	// Submit takes the SendFailed events of messages that did not leave. It keeps
	// nothing of the slice.
	Submit func(events []payment.Event) (int, error)
	// Drop wipes the PIN block of a payment that no debit will take; nil: there are none.
	Drop func(token []byte)
	// Watched says whose debug lines are written now. The writer asks for each parcel:
	// it must be quick. Default: nobody's.
	Watched  func(participant string) bool
	Clock    func() int64 // UTC nanoseconds
	Log      *slog.Logger
	Registry prometheus.Registerer
}

// lane is a Lane at work.
type lane struct {
	byTrace atomic.Bool // answers carry DE7 and DE11 only

	id       atomic.Pointer[string]                         // Lane.ID
	counters atomic.Pointer[[classCount]prometheus.Counter] // of its messages

	mu      sync.Mutex // guards the rest: links come, go and bring answers on their loops
	Lane               // in force
	voice   *voice     // of links that come; nil: it is not written to any more
	links   []*outlet  // signed on, in order of their groups
	flights flights
	turn    int     // where to begin to look for a link
	current *outlet // where this group has begun
	release uint64  // number of the release that comes next

	// Of the group that is being encoded; writer goroutine only.
	parcels []*parcel
	dirty   bool
}

// Egress is the engine's sink.
type Egress struct {
	o      Options
	lanes  atomic.Pointer[[]*lane] // by participant number; only ever longer
	nobody *lane                   // of participants that have none yet
	dirty  []*lane
	spare  []*parcel       // empty ones
	failed []payment.Event // what did not leave, until Release
	other  []byte          // room for the header of a link

	outgoing []guard.Message // room for those of a parcel
	postings sync.Pool       // of *posting; safe for any goroutine

	metrics *metrics

	unreported atomic.Int64 // when a line last said that a send could not be reported
	keyTold    atomic.Int64 // when a line last said that the module refuses a key
}

// New returns an Egress without links.
func New(o Options) *Egress {
	if o.Drop == nil {
		o.Drop = func([]byte) {}
	}
	if o.Watched == nil {
		o.Watched = func(string) bool { return false }
	}
	e := &Egress{o: o, metrics: newMetrics(o.Registry), nobody: &lane{flights: newFlights(), release: 1}}
	e.lanes.Store(new([]*lane))
	e.SetLanes(o.Lanes)
	return e
}

// SetLanes changes how participants are written to, by their numbers, of which there
// are as many as before or more. Another Dialect, Framing or Limits count for links
// that come: those that are up go on as they began, and are for the caller to end
// (Retire). The rest counts at once. Safe for concurrent use.
func (e *Egress) SetLanes(lanes []Lane) {
	all := slices.Clone(*e.lanes.Load())
	for i := range lanes {
		if i == len(all) {
			all = append(all, &lane{flights: newFlights(), release: 1})
		}
		all[i].set(lanes[i].withDefaults())
		if id := lanes[i].ID; id != "" && all[i].name() != id {
			all[i].counters.Store(e.metrics.of(id))
			all[i].id.Store(&id)
		}
	}
	e.lanes.Store(&all)
}

func (l *lane) set(to Lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byTrace.Store(to.Match != (payment.Match{}) && !to.Match.Reference)
	l.Lane = to
	switch v := l.voice; {
	case to.Dialect == nil:
		l.voice = nil
	case v == nil || v.dialect != to.Dialect || v.framing != to.Framing || v.limits != to.Limits:
		l.voice = &voice{dialect: to.Dialect, framing: to.Framing, limits: to.Limits, interpreter: to.Dialect.Open()}
	}
}

// lane is that of a participant. The machine knows one that is new a moment before
// its lane is there: it has no link then, and is not written to.
func (e *Egress) lane(n route.Participant) *lane {
	if all := *e.lanes.Load(); int(n) < len(all) {
		return all[n]
	}
	return e.nobody
}

// Attach makes a link one of those that n's messages may go to, in the dialect that
// its lane has now. Safe for concurrent use, like Retire, Detach and Answered.
func (e *Egress) Attach(n route.Participant, link session.Link) {
	l := e.lane(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attach(link)
}

// Retire has no new message go to a link that is to end, but answers and news to
// senders that have no other link. waiting says how many messages on it have no
// answer yet.
func (e *Egress) Retire(n route.Participant, link session.Link) (waiting func() int) {
	l := e.lane(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.retire(link)
	if o == nil {
		return func() int { return 0 }
	}
	return func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return o.open
	}
}

// Detach takes a link out. What was queued on it before may still leave.
func (e *Egress) Detach(n route.Participant, link session.Link) {
	l := e.lane(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.detach(link)
}

// Answered takes an answer of n, on whatever link it came: the message is not on its
// way any more. awaited says that it was: not for a second answer, one after
// Lane.Unanswered or to a message of before this start, nor for a receipt.
func (e *Egress) Answered(n route.Participant, a *payment.Answer) (awaited bool) {
	l := e.lane(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flights.landed(l.nameOf(a))
}

// Links is the number of links that n's messages may go to.
func (e *Egress) Links(n route.Participant) (up int) {
	l := e.lane(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.links {
		if !o.retired {
			up++
		}
	}
	return up
}

// Encode stages the message of ef for one link of its participant. Writer goroutine
// only.
func (e *Egress) Encode(ef *payment.Effect) {
	l, now := e.lane(ef.To), e.o.Clock()
	if !l.dirty {
		l.dirty = true
		e.dirty = append(e.dirty, l)
	}
	m := message{passage: l.passageOf(ef), at: now, until: ef.NotAfter, about: about{ef.Payment.ID, ef.Leg, ef.Repeat}}
	if ef.Leg != payment.LegRequest && !ef.Repeat {
		m.report, m.leg = true, legOf(ef)
	}
	o, full, never := l.offer(&m.passage, now, ef.NotAfter)
	m.token = e.pinOf(ef, o)
	if o == nil {
		if never {
			m.report, m.leg = true, legOf(ef)
		}
		e.unsent(&m, full)
		return
	}
	p := e.parcelOf(l, o)
	start := len(p.frames)
	b, err := p.append(ef)
	if err != nil {
		// A value that the dialect cannot carry: to the payment it is a message
		// that did not leave.
		p.frames = b[:start]
		l.mu.Lock()
		l.drop(&m.passage, o)
		l.mu.Unlock()
		e.o.Drop(m.token)
		e.metrics.unencodable.Inc()
		e.o.Log.Error("message does not fit the dialect", "event", "message.unencodable", "participant", l.name(), "leg", ef.Leg.String(), "reason", err)
		m.leg = legOf(ef)
		e.fail(&m)
		return
	}
	p.frames, m.end = b, len(b)
	p.messages = append(p.messages, m)
}

// pinOf gives the token of the PIN block that a debit takes with it, to the link o. The
// block of a payment whose debit takes none, or that has ended, is wiped.
func (e *Egress) pinOf(ef *payment.Effect, o *outlet) (token []byte) {
	debit := ef.Leg == payment.LegDebit
	if !debit && (ef.Leg != payment.LegRequest || ef.Payment.Open()) {
		return nil
	}
	if token = ef.Payment.Text.Get(payment.PINToken); len(token) == 0 {
		return nil
	}
	if debit && o != nil && o.guard != nil {
		return slices.Clone(token)
	}
	e.o.Drop(token)
	return nil
}

// offer is take for a message that leaves never when its participant is not
// configured any more, or its answer could not count.
func (l *lane) offer(p *passage, now, notAfter int64) (o *outlet, full, never bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.voice == nil || notAfter != 0 && now >= notAfter {
		return nil, false, true
	}
	o, full = l.take(p, now)
	return o, full, false
}

// legOf names the leg of ef.
func legOf(ef *payment.Effect) payment.Answer {
	leg := &ef.Payment.Legs[ef.Leg]
	return payment.Answer{Payment: ef.Payment.ID, Leg: ef.Leg, STAN: leg.STAN, Transmitted: leg.Transmitted, Minor: -1}
}

// unsent counts a message that found no link, or no room, and has the machine told
// if it has to know.
func (e *Egress) unsent(m *message, full bool) {
	e.o.Drop(m.token)
	if full {
		e.metrics.windowed.Inc()
	} else {
		e.metrics.unsent.Inc()
	}
	if m.report {
		e.fail(m)
	}
}

// fail notes that a leg has provably not left.
func (e *Egress) fail(m *message) {
	e.failed = append(e.failed, payment.Event{Kind: payment.SendFailed, From: route.Nobody, Answer: m.leg})
}

// Release hands what is staged to the links, and what did not leave to the machine.
// Writer goroutine only.
func (e *Egress) Release() {
	for i, l := range e.dirty {
		e.dirty[i] = nil
		// A parcel that is not taken adds to others, behind it or again.
		for j := 0; j < len(l.parcels); j++ {
			p := l.parcels[j]
			p.outlet.staged = nil
			switch {
			case len(p.messages) == 0:
			case p.outlet.guard != nil && e.protect(l, p), p.outlet.guard == nil && p.deliver(&e.other):
				e.left(l, p)
			default:
				e.move(l, p)
			}
		}
		l.mu.Lock()
		for _, p := range l.parcels {
			p.outlet.plain = 0
		}
		l.release++
		l.turn++
		l.current = nil
		l.mu.Unlock()
		for j, p := range l.parcels {
			e.empty(p)
			l.parcels[j] = nil
		}
		l.parcels, l.dirty = l.parcels[:0], false
	}
	e.dirty = e.dirty[:0]
	e.submit()
}

func (e *Egress) submit() {
	if len(e.failed) == 0 {
		return
	}
	if n, err := e.o.Submit(e.failed); err != nil {
		// Their timers take over: a send that could not be proven unsent counts
		// as sent, which is the safe way to be wrong.
		e.o.Log.Warn("failed sends could not be reported", "event", "message.unreported", "count", len(e.failed)-n, "reason", err)
	}
	e.failed = e.failed[:0]
}
