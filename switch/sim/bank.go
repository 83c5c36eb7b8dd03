package sim

import (
	"time"

	"switchd/codec/frame"
	"switchd/session"
	"switchd/switch/route"
)

// bank is one participant: connections, a book, and what it sends as a payment
// service provider. It shares nothing with the switch but the wire.
type bank struct {
	w       *world
	number  route.Participant
	framing frame.Framing
	speak   speaker
	book    book
	sender  sender
	lines   []*line
	nextID  uint32 // of network management

	msg message
}

func newBank(w *world, n route.Participant) *bank {
	b := &bank{
		w: w, number: n, framing: w.framing(n), speak: newSpeaker(w, n), book: newBook(w.swarm.traits[n]), sender: newSender(),
	}
	for range w.swarm.lines {
		b.lines = append(b.lines, &line{b: b})
	}
	return b
}

// begin connects all lines.
func (b *bank) begin() {
	for _, l := range b.lines {
		b.w.agenda.add(b.w.now+b.w.upTo(100*time.Millisecond), l.connect)
	}
}

// line is the participant's end of one connection, and its will to have one.
type line struct {
	b       *bank
	c       *conn
	ready   bool // signed on
	leaving bool // signed off on purpose
	in      []byte
	heard   int64
}

// connect dials the switch, and goes on until it is there.
func (l *line) connect() {
	w := l.b.w
	if l.c != nil {
		return
	}
	if w.node == nil || w.node.table.dialect(l.b.number) == nil {
		w.agenda.add(w.now+int64(100*time.Millisecond)+w.upTo(2*time.Second), l.connect)
		return
	}
	l.c = &conn{w: w, line: l}
	l.ready, l.leaving, l.in, l.heard = false, false, nil, w.now
	l.c.door = w.node.open(l.c, l.b.number)
	w.conns = append(w.conns, l.c)
	l.signOn()
	l.watch(l.c)
}

// signOn asks to be let in, until it is.
func (l *line) signOn() {
	c := l.c
	if c == nil || l.ready || l.leaving {
		return
	}
	l.network(session.CodeSignOn)
	l.b.w.agenda.addBackground(l.b.w.now+int64(5*time.Second), func() {
		if l.c == c {
			l.signOn()
		}
	})
}

// watch gives a connection up on which nothing comes any more: the switch's echo
// is every 30 s.
func (l *line) watch(c *conn) {
	w := l.b.w
	w.agenda.addBackground(w.now+int64(20*time.Second), func() {
		if l.c != c {
			return
		}
		if w.now-l.heard > int64(50*time.Second) {
			c.reset()
			return
		}
		l.watch(c)
	})
}

// lost is the end of the connection, as the participant sees it.
func (l *line) lost() {
	if l.c == nil || !l.c.down {
		return
	}
	w := l.b.w
	for i, c := range w.conns {
		if c == l.c {
			w.conns = append(w.conns[:i], w.conns[i+1:]...)
			break
		}
	}
	l.c, l.ready = nil, false
	w.agenda.add(w.now+w.upTo(3*time.Second), l.connect)
}

func (l *line) network(code int) {
	l.b.nextID = l.b.nextID%999_999 + 1
	l.send(framed(l.b.framing, nil, func(dst []byte) ([]byte, error) { return l.b.speak.network(dst, code, l.b.nextID) }))
}

func (l *line) send(b []byte) {
	if l.c != nil && len(b) > 0 {
		l.c.send(toSwitch, b)
	}
}

func (l *line) receive(b []byte) {
	l.heard = l.b.w.now
	l.in = append(l.in, b...)
	rest := frames(l.b.framing, l.in, l.message)
	l.in = append(l.in[:0], rest...)
}

// message takes one message of the switch.
func (l *line) message(body []byte) {
	b := l.b
	b.w.trace.bytes(b.w.now, 'b', body)
	m := &b.msg
	if !b.speak.read(body, m) {
		b.w.judge.violation("wire", 0, "%s cannot read a message of the switch", b.name())
		return
	}
	switch m.kind {
	case netRequest:
		l.send(framed(l.b.framing, nil, func(dst []byte) ([]byte, error) { return b.speak.networkAnswer(dst, m, "00") }))
		if m.code == session.CodeSignOff {
			l.ready = false
		}
	case netAnswer:
		if m.code == session.CodeSignOn {
			l.ready = m.result == "00" && !l.leaving
		}
	default:
		if !b.w.chance(faultLost) {
			b.heed(m)
		}
	}
}

// heed takes a message that is about a payment.
func (b *bank) heed(m *message) {
	j := b.w.judge
	switch m.kind {
	case reply:
		a := b.sender.orders[m.stan]
		j.told(b, a, m)
		b.heard(a, m)
		if !b.book.traits.receipts {
			return
		}
	case enquiryReply:
		a := b.sender.orders[m.stan]
		j.enquired(b, a, m)
		b.heard(a, m)
		return
	case update:
		a := b.sender.orders[m.original]
		j.updated(b, a, m)
		b.heard(a, m)
	}
	b.take(m)
}

// out sends bytes on a line that is signed on; false: there is none.
func (b *bank) out(bytes []byte) bool {
	start := b.w.rng.IntN(len(b.lines))
	for i := range b.lines {
		if l := b.lines[(start+i)%len(b.lines)]; l.ready && l.c != nil && !l.c.down {
			l.send(bytes)
			return true
		}
	}
	return false
}

// signOff leaves with one line for a while.
func (b *bank) signOff() {
	l := b.lines[b.w.rng.IntN(len(b.lines))]
	if !l.ready {
		return
	}
	b.w.count(faultSignOff)
	l.ready, l.leaving = false, true
	l.network(session.CodeSignOff)
	c := l.c
	b.w.agenda.add(b.w.now+b.w.upTo(30*time.Second), func() {
		if l.c == c {
			l.ready, l.leaving = false, false
			l.signOn()
		}
	})
}

// restart is a process that ends and comes back, with its memory or without it.
// Its book is on the disk either way.
func (b *bank) restart() {
	fault := faultRestart
	if b.w.swarm.rates[faultAmnesia] > 0 && b.w.rng.IntN(2) == 0 {
		fault = faultAmnesia
		b.book.forget()
	}
	b.w.count(fault)
	for _, l := range b.lines {
		if l.c != nil {
			l.c.reset()
		}
	}
}

func (b *bank) name() string { return b.w.file.Participants[b.number].ID }
