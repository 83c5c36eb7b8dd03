package sim

import (
	"fmt"
	"sync"
	"time"

	"switchd/codec/frame"
	codec20022 "switchd/codec/iso20022"
	codec "switchd/codec/iso8583"
	"switchd/session"
	"switchd/switch/mutant"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
	"switchd/switch/translate/iso20022"
	"switchd/switch/translate/iso8583"
)

// door is the switch's end of a connection. It does what switch/ingress does on an
// event loop, by the same rules, and is the session.Link that the egress writes to.
type door struct {
	n           *node
	c           *conn
	number      route.Participant
	framing     frame.Framing
	interpreter translate.Interpreter
	automaton   *session.Automaton
	attached    bool
	told        bool // the machine knows that it is there
	stan        uint32
	in          []byte
	out         []byte
	staged      []byte // by Queue, until Wake
	event       payment.Event

	dialect translate.Dialect // that it came with
	leaveBy int64             // when it ends whatever is unanswered; 0: it stays
	leaving bool              // and has said so
	waiting func() int        // messages on it without an answer, once it is to end
}

var _ session.Link = (*door)(nil)

// open accepts a connection.
func (n *node) open(c *conn, from route.Participant) *door {
	d := &door{
		n: n, c: c, number: from, framing: n.w.framing(from), dialect: n.table.dialect(from),
		automaton: session.New(session.Options{}, n.clock()),
	}
	d.interpreter = d.dialect.Open()
	n.doors = append(n.doors, d)
	d.upkeep()
	return d
}

// upkeepGap is how often a link looks at its timers.
const upkeepGap = 5 * time.Second

func (d *door) upkeep() {
	w := d.n.w
	w.agenda.addBackground(w.now+int64(upkeepGap), func() {
		if w.node != d.n || d.c.door != d {
			return
		}
		if d.act() {
			d.flush()
			d.upkeep()
		}
	})
}

// act does what is due; false: the link is closed.
func (d *door) act() bool {
	now := d.n.clock()
	d.review(now)
	action := d.automaton.Tick(now)
	if d.leaveBy != 0 && !d.leaving {
		d.leaving = true
		action = d.automaton.Drain(now)
	}
	switch {
	case action == session.Echo:
		d.network(session.CodeEcho)
	case action == session.SignOff:
		d.network(session.CodeSignOff)
	case action == session.Close && (d.leaveBy == 0 || now >= d.leaveBy || d.waiting() == 0):
		d.close()
		d.c.reset()
		return false
	}
	return true
}

// Queue takes whole frames; they leave with Wake. An error means that not one byte
// will.
func (d *door) Queue(b []byte) error {
	if d.c.door != d {
		return errClosed
	}
	d.n.w.point(midRelease)
	d.staged = append(d.staged, b...)
	return nil
}

// Wake lets what is queued leave.
func (d *door) Wake() {
	frames(d.framing, d.staged, func(body []byte) { d.n.w.judge.left(d.number, body) })
	d.c.send(toBank, d.staged)
	d.staged = d.staged[:0]
}

// Group is that of all links.
func (d *door) Group() int { return 0 }

// AppendHeader appends nothing: the framing has no header.
func (d *door) AppendHeader(dst []byte) []byte { return dst }

// close ends the link at the switch.
func (d *door) close() {
	if d.c.door != d {
		return
	}
	d.c.door = nil
	d.detach()
}

// receive takes bytes as they come.
func (d *door) receive(b []byte) {
	d.in = append(d.in, b...)
	rest := frames(d.framing, d.in, d.message)
	d.in = append(d.in[:0], rest...)
	d.flush()
}

// message takes one message.
func (d *door) message(body []byte) {
	now := d.n.clock()
	d.n.w.trace.bytes(d.n.w.now, 's', body)
	if mutant.Is(mutant.LogMessages) {
		d.n.w.quiet().Info("message", "body", string(body))
	}
	d.automaton.Traffic(now)
	text := d.event.Text
	text.Reset()
	d.event = payment.Event{Text: text}
	in := d.interpreter.Read(body, &d.event)
	switch in.Kind {
	case translate.Request:
		d.request()
	case translate.Answer:
		d.n.egress.Answered(d.number, &d.event.Answer)
		d.submit()
	case translate.Enquiry:
		d.enquiry()
	case translate.NetworkRequest:
		answer := d.automaton.Request(now, in.Code)
		d.out = framed(d.framing, d.out, func(dst []byte) ([]byte, error) { return d.interpreter.NetworkAnswer(dst, answer.Code) })
		d.change(answer.Change)
	case translate.NetworkAnswer:
		d.change(d.automaton.Response(now, in.Code, in.Accepted))
	case translate.Unsupported:
		d.refuse(translate.NotSupported)
	case translate.Malformed:
		d.refuse(translate.FormatFault(in.Note))
	}
}

func (d *door) refuse(r translate.Refusal) {
	d.out = framed(d.framing, d.out, func(dst []byte) ([]byte, error) {
		b, ok := d.interpreter.Refuse(dst, r)
		if !ok {
			return b, errClosed
		}
		return b, nil
	})
}

// submit hands the event over. What finds no room is lost; its timer takes over.
func (d *door) submit() { _, _ = d.n.submit([]payment.Event{d.event}) }

func (d *door) change(c session.Change) {
	switch c {
	case session.SignedOn:
		d.flush() // the answer leaves before anything that the sign-on allows
		if d.leaveBy != 0 || d.ends() {
			return
		}
		d.attached = true
		d.n.egress.Attach(d.number, d)
		d.tell(true)
	case session.SignedOff:
		if d.leaveBy == 0 { // else it is held for what is unanswered on it
			d.detach()
		}
	}
}

// tell tells the machine of a link that is there, or is not any more.
func (d *door) tell(up bool) {
	if d.told == up {
		return
	}
	d.told = up
	ev := payment.Event{Kind: payment.LinkDown, From: d.number}
	if up {
		ev.Kind = payment.LinkUp
	}
	_, _ = d.n.submit([]payment.Event{ev})
}

func (d *door) detach() {
	if d.attached {
		d.attached = false
		d.n.egress.Detach(d.number, d)
		d.tell(false)
	}
}

func (d *door) network(code int) {
	d.stan = d.stan%999_999 + 1
	d.out = framed(d.framing, d.out, func(dst []byte) ([]byte, error) { return d.interpreter.Network(dst, d.n.clock(), d.stan, code) })
}

// flush lets answers of the link itself leave.
func (d *door) flush() {
	if len(d.out) > 0 && d.c.door == d {
		frames(d.framing, d.out, func(body []byte) { d.n.w.judge.rim(d.number, body) })
		d.c.send(toBank, d.out)
	}
	d.out = d.out[:0]
}

// specNames are the dialects, one for each participant in turn.
var specNames = []string{"iso87-npci", "iso87-ascii", "iso87-binary", "iso87-ebcdic"}

// specs are shared by all runs: they never change. They are made when they are used:
// every command has this package, and few run it.
var specs = sync.OnceValue(func() (all []*codec.Spec) {
	for _, name := range specNames {
		spec, err := codec.Builtin(name)
		if err != nil {
			panic(err)
		}
		all = append(all, spec)
	}
	return all
})

// specOf is the dialect of a participant.
func specOf(n route.Participant) *codec.Spec {
	all := specs()
	return all[int(n)%len(all)]
}

// profile20022 is that of all who speak ISO 20022.
var profile20022 = sync.OnceValue(func() *codec20022.Profile {
	p, err := codec20022.Builtin("ips-base")
	if err != nil {
		panic(err)
	}
	return p
})

func (w *world) directory() *translate.Directory {
	d := &translate.Directory{Institution: switchInstitution, Currency: currency, CurrencyCode: currencyName, Decimals: 2}
	for i := range w.file.Participants {
		d.Institutions = append(d.Institutions, w.file.Participants[i].Institution)
	}
	return d
}

// dialect is how the switch speaks with a participant.
func (w *world) dialect(p *payment.Profile) translate.Dialect {
	if w.swarm.traits[p.Number].xml {
		d, err := iso20022.New(profile20022(), w.directory(), p.Number)
		if err != nil {
			panic(fmt.Sprintf("sim: participant %d: %v", p.Number, err))
		}
		return &withSlips{Dialect: d}
	}
	d := &iso8583.Dialect{Spec: specOf(p.Number), Directory: w.directory(), Number: p.Number}
	if _, err := d.With(nil, matchKeys[p.Match]); err != nil {
		panic(fmt.Sprintf("sim: participant %d: %v", p.Number, err))
	}
	return &withSlips{d, p.Match == payment.Match{Transmitted: true, STAN: true}}
}

// matchKeys are the data elements by which answers find their leg.
var matchKeys = map[payment.Match][]int{{Reference: true}: {37}, {Transmitted: true, STAN: true}: {7, 11}}
