package ingress

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/session"
	"switchd/session/gnetio"
	"switchd/switch/guard"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Participant is how messages of one participant are read.
type Participant struct {
	Dialect translate.Dialect
	Wire    gnetio.Wire
	Session session.Options
	Limits  Limits
	Guard   guard.Scheme // how its messages are protected; nil: only by TLS
	Zone    guard.Zone   // of the PIN blocks that it sends

	KeyExchange bool // it may bring new keys, which the Hook takes

	GuardFault payment.Outcome // what its requests are told when Guard says no; with a Guard
}

// Submitter is the engine, as seen from here.
type Submitter interface {
	Submit(events []payment.Event) (taken int, err error)
	SubmitStray(answers []payment.Event) (taken int, err error)
}

// Links is told which links messages may go out on, which are to end, and what was
// answered: the egress, as seen from here.
type Links interface {
	Attach(n route.Participant, l session.Link)
	Retire(n route.Participant, l session.Link) (waiting func() int)
	Detach(n route.Participant, l session.Link)
	Answered(n route.Participant, a *payment.Answer) (awaited bool)
}

// Options of an Ingress; all but Hook, Load, SmallAmount, Inspect, Declining,
// Security and Watched are required.
type Options struct {
	Participants map[string]Participant // by id, as in the certificate; see SetTable
	Engine       Submitter
	Links        Links
	Hook         session.Hook                                        // for keys and business days; nil: the switch has neither
	Load         func() payment.Load                                 // the step of the brown-out ladder in force, safe for concurrent use; nil: always normal
	SmallAmount  int64                                               // minor units; above it payments wait from payment.LoadSmallOnly on, as in payment.Config.BrownOut; 0: none do
	Inspect      func(context.Context, func(*payment.Machine)) error // the engine's, for Diagnose; nil: which leg an answer is nearest to is not known
	Declining    func()                                              // told when requests of a participant are turned away without a record and for a day none were (see Declined); must not block; nil: nobody
	Security     Security                                            // for participants with a Guard
	Watched      func(participant string) bool                       // whose debug lines are written now, asked for each message: it must be quick; nil: nobody's
	Clock        func() int64
	Log          *slog.Logger
	Registry     prometheus.Registerer
}

// Ingress handles the links of all participants.
type Ingress struct {
	o        Options
	metrics  *metrics
	draining atomic.Bool // no new payments
	leaving  atomic.Bool // sign off every link
	hold     hold        // new payments are declined without a record
	seed     maphash.Seed
	table    atomic.Pointer[table]

	// swap is held while table and the Links change, and for reading while a link is
	// attached: it is with both, or with neither.
	swap     sync.RWMutex
	standing map[string]*standing // of all participants that there ever were; guarded by swap
	suspect  map[string]int64     // what Suspect has said; guarded by swap
}

var _ gnetio.Handler = (*Ingress)(nil)

// New returns an Ingress.
func New(o Options) *Ingress {
	if o.Watched == nil {
		o.Watched = func(string) bool { return false }
	}
	in := &Ingress{o: o, metrics: newMetrics(o.Registry), seed: maphash.MakeSeed(), standing: map[string]*standing{}, suspect: map[string]int64{}}
	in.SetTable(Table{Participants: o.Participants, SmallAmount: o.SmallAmount}, func() {})
	return in
}

// Drain has new payments declined from now on; what is open goes on, and repeats
// are still answered. Safe for concurrent use.
func (in *Ingress) Drain() { in.draining.Store(true) }

// SignOff asks every link to sign off at its next tick. Safe for concurrent use.
func (in *Ingress) SignOff() { in.leaving.Store(true) }

// link is the state of one link, used on its loop only.
type link struct {
	*gnetio.Link
	way session.Link // where its messages leave: the Link, or out
	Participant
	number    route.Participant
	standing  *standing
	automaton *session.Automaton
	attached  bool // egress may use it
	gone      bool // it is down
	told      bool // the machine counts it
	leaving   bool // it has been asked to sign off
	stan      uint32

	table   *table    // that was looked at last
	stands  linkState // as metrics count it
	counted bool      // in them
	echoAt  int64     // when an echo was sent that has no answer; 0: none

	ending  string     // why it is to end
	leaveBy int64      // when it ends whatever is unanswered; 0: it stays
	waiting func() int // messages on it without an answer, once it is to end

	offer *offer          // that the hook looks at; nil: none
	in    *incoming       // nil: its messages are not protected
	out   *guard.Outbound // nil likewise

	interpreter translate.Interpreter
	understood  bool            // a message could be read
	header      []byte          // of the frame to write, where the framing has one
	reply       []byte          // the header that answers the message at hand, which is not the latest; nil: it is
	replies     []byte          // room for those of this burst
	answers     []byte          // of this burst: framed, or for out
	ends        []guard.Message // of those for out
	names       []byte          // room for those of unknown fields
	events      []payment.Event
	used        int             // events in use; the rest keep their text buffers for reuse
	strays      []payment.Event // answers of the burst that no message waits for
	strayed     int             // in use, as used
}

// LinkUp prepares the state of a new link.
func (in *Ingress) LinkUp(l *gnetio.Link) {
	table := in.table.Load()
	e := table.participants[l.Participant()]
	if e == nil { // the handshake admits configured participants only; it was removed meanwhile
		l.Close("participant is not configured")
		return
	}
	if in.leaving.Load() {
		l.Close("the switch is closing")
		return
	}
	l.Use(e.Wire)
	now, st := in.o.Clock(), e.standing
	s := &link{
		Link: l, Participant: e.Participant, number: e.Dialect.Participant(), interpreter: e.Dialect.Open(),
		standing: st, table: table, automaton: st.shared.Open(now),
	}
	in.guard(s)
	l.SetState(s)
	s.stand(linkConnected)
	if l.Dialed() { // who calls says why
		in.act(s, now, s.automaton.SignOn(now))
		s.flush()
	}
}

func stateOf(l *gnetio.Link) *link {
	s, _ := l.State().(*link)
	return s
}

// BurstEnd submits the events of a burst as one hand-over and lets the answers
// leave.
func (in *Ingress) BurstEnd(l *gnetio.Link) {
	s := stateOf(l)
	if s == nil {
		return
	}
	in.checked(s)
	in.settle(s)
	in.submit(s)
	s.flush()
	s.replies = s.replies[:0]
}

func (in *Ingress) submit(s *link) {
	if s.used > 0 {
		taken, err := in.o.Engine.Submit(s.events[:s.used])
		if err != nil {
			in.shed(s, s.events[taken:s.used], err)
		}
		s.used = 0
	}
	in.submitStray(s) // after what was awaited: of two answers to one message the first counts
}

// LinkDown ends the state of a link.
func (in *Ingress) LinkDown(l *gnetio.Link, _ string) {
	if s := stateOf(l); s != nil {
		s.gone = true
		in.checked(s) // what is proven counts; a sign-on among it does not
		in.detach(s)
		in.settle(s)
		in.submit(s)
		s.unstand()
		if s.out != nil {
			s.out.Close()
		}
	}
}

// attach lets messages go out on the link and tells the machine. A link whose
// participant has changed since it came up is about to end.
func (in *Ingress) attach(s *link) {
	if s.attached || s.gone || s.leaveBy != 0 {
		return
	}
	in.swap.RLock()
	defer in.swap.RUnlock()
	if in.table.Load().ends(s) != "" {
		return
	}
	s.attached = true
	in.o.Links.Attach(s.number, s.way)
	s.stand(linkSignedOn)
	in.count(s, true)
	in.o.Log.Info("signed on", "event", "link.signed_on", "participant", s.Link.Participant(), "link", s.ID())
}

// detach is the opposite of attach.
func (in *Ingress) detach(s *link) {
	if s.attached {
		s.attached = false
		s.stand(linkSignedOff)
		in.o.Links.Detach(s.number, s.way)
		in.count(s, false)
	}
}

// count tells the machine of a link that is there, or is not any more.
func (in *Ingress) count(s *link, up bool) {
	if s.told == up {
		return
	}
	s.told = up
	ev := s.event()
	ev.Kind, ev.From = payment.LinkDown, s.number
	if up {
		ev.Kind = payment.LinkUp
	}
}

// event takes the next event of the burst to fill.
func (s *link) event() *payment.Event {
	if s.used == len(s.events) {
		s.events = append(s.events, payment.Event{})
	}
	ev := &s.events[s.used]
	text := ev.Text
	text.Reset()
	*ev = payment.Event{Text: text}
	s.used++
	return ev
}

// append frames one message that compose appends to the answers of this burst. It
// carries the header that answers the message at hand.
func (s *link) append(compose func(dst []byte) ([]byte, error)) {
	if s.out != nil {
		if b, err := compose(s.answers); err == nil {
			s.answers = b
			s.ends = append(s.ends, guard.Message{End: len(b), Header: s.reply})
		}
		return
	}
	start, w := len(s.answers), &s.Wire
	if s.header = append(s.header[:0], s.reply...); s.reply == nil {
		s.header = s.AppendHeader(s.header)
	}
	b, err := w.Framing.BeginHeader(s.answers, s.header)
	if err == nil {
		b, err = compose(b)
	}
	if err == nil {
		b, err = w.Framing.End(b, start, w.Limits)
	}
	if err != nil {
		b = b[:start] // nothing that can be said in this dialect: the peer's timer takes over
	}
	s.answers = b
}

func (s *link) flush() {
	switch {
	case len(s.answers) == 0, s.gone:
	case s.out != nil: // what finds no room there leaves it to the peer's timer
		_ = s.out.Post(guard.Parcel{Bytes: s.answers, Messages: s.ends})
	case s.Queue(s.answers) == nil:
		s.Wake()
	}
	s.answers, s.ends = s.answers[:0], s.ends[:0]
	if s.out != nil && !s.gone { // what others have posted too
		s.out.Turn()
	}
}

// Draining says whether Drain was called.
func (in *Ingress) Draining() bool { return in.draining.Load() }
