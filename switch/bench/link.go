package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// Bounds of a link.
const (
	readBytes      = 128 << 10 // room for what one read brings, eight records
	outboxBytesMax = 64 << 20  // more than all open payments together
)

// link is one connection of a participant.
type link struct {
	run  *run
	at   *station
	conn *tls.Conn
	wake chan struct{} // tells the writer that the pacer has put something in
	due  bool          // the writer is to be woken; pacer only
	on   chan struct{} // closed when signed on

	mu      sync.Mutex // guards all below
	outbox  []byte
	spare   []byte
	writing bool // somebody is in flush and takes what comes meanwhile

	// Of the reader alone, from here on.
	msg      iso8583.Message
	xml      *iso20022.Message // nil: it speaks ISO 8583
	speaker  speaker
	answers  []byte
	signedOn bool
	tally    tally
}

// dial opens a link; it is not signed on yet.
func (r *run) dial(ctx context.Context, at *station) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, signOnLimit)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", r.o.Address)
	if err != nil {
		return nil, fmt.Errorf("connect %s: %w", at.ID, err)
	}
	conn := tls.Client(raw, at.TLS)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, fmt.Errorf("TLS of %s: %w", at.ID, err)
	}
	return newLinkOf(r, at, conn), nil
}

// newLinkOf is a link over a connection.
func newLinkOf(r *run, at *station, conn *tls.Conn) *link {
	l := &link{
		run: r, at: at, conn: conn, wake: make(chan struct{}, 1), on: make(chan struct{}),
		speaker: newSpeaker(at), tally: newTallyOf(r.o, len(r.stations)),
	}
	l.tally.fateOf = r.o.fateOf
	if at.Profile != nil {
		l.xml = new(iso20022.Message)
	}
	return l
}

// read parses what comes and answers it until the connection ends. All answers to
// one read leave as one write. Reader goroutine.
func (l *link) read() error {
	buf := make([]byte, readBytes)
	have := 0
	for {
		n, err := l.conn.Read(buf[have:])
		have += n
		used, bad := l.burst(buf[:have], l.run.o.Clock())
		if err = errors.Join(bad, err); err != nil {
			return err
		}
		have = copy(buf, buf[used:have])
	}
}

// burst takes the whole frames at the front of b and says how many bytes they are.
func (l *link) burst(b []byte, now int64) (used int, err error) {
	l.answers = l.answers[:0]
	settled, before := l.tally.answered, l.tally.before
	for {
		body, n, err := l.at.Framing.Next(b[used:], frame.Limits{})
		if err != nil {
			return used, err
		}
		if n == 0 {
			break
		}
		if used += n; len(body) == 0 {
			continue // a keep-alive
		}
		l.take(body, now)
	}
	if settled = l.tally.answered - settled; settled > 0 {
		l.run.answered.Add(settled - (l.tally.before - before)) // as sent, see [run.kill]
		l.run.answeredAt(now)
	}
	if len(l.answers) == 0 {
		return used, nil
	}
	l.mu.Lock()
	l.outbox = append(l.outbox, l.answers...)
	full := len(l.outbox) > outboxBytesMax
	l.mu.Unlock()
	if full {
		return used, errors.New("the switch does not read: outbox full")
	}
	return used, l.flush()
}

// take handles one message. Reader goroutine.
func (l *link) take(body []byte, now int64) {
	if l.xml != nil {
		l.takeXML(body, now)
		return
	}
	if err := l.msg.Parse(l.at.Dialect, body); err != nil {
		l.tally.malformed++
		return
	}
	if !l.speaker.proven(&l.at.Proof, &l.msg) {
		l.tally.unproven++
		return
	}
	var err error
	before := len(l.answers)
	switch m := &l.msg; m.MTI().Original() {
	case mtiPosting.Response():
		l.settle(now)
	case mtiPosting, mtiAdvice, mtiReversal:
		l.answers, err = l.serve(l.answers)
	case mtiResolve:
		l.answers, err = l.speaker.resolved(l.answers, m)
	case mtiNetwork:
		l.answers, err = l.speaker.network(l.answers, m)
	case mtiNetwork.Response():
		l.networkAnswered()
	default:
		l.tally.strange++
	}
	if err != nil {
		l.answers = l.answers[:before]
		l.tally.strange++
	}
}

// serve books a leg and answers it.
func (l *link) serve(dst []byte) ([]byte, error) {
	m := &l.msg
	institution, okInstitution := m.Uint(32)
	amount, okAmount := m.Uint(4)
	key, okKey := keyOf(institution, m.Value(37))
	if !okInstitution || !okAmount || !okKey {
		return dst, errors.New("a leg without its key")
	}
	processing, _ := m.Uint(3)
	credit := processing/10_000 == processingCredit
	side := 102
	if credit {
		side = 103
	}
	account := l.at.accountOf(m.Value(side))
	var v verdict
	if p := &l.at.Proof; p.PIN != nil && !credit && m.MTI().Original() == mtiPosting {
		if want := l.speaker.block(p, m.Value(side), pinOf(account)); string(m.Value(pinBlock)) != string(want) {
			return l.speaker.posted(dst, m, key, l.at.book.refuse(key, account, int64(amount), codePIN))
		}
	}
	switch m.MTI().Original() {
	case mtiReversal:
		v = l.at.book.reverse(key, account, int64(amount))
	case mtiAdvice:
		v = l.at.book.advise(key, account, int64(amount))
	default:
		silent := l.run.o.fateOf(int64(amount))
		if credit && silent == fateCreditSilent {
			return dst, nil
		}
		v = l.at.book.post(key, account, int64(amount), credit)
		if !credit && silent == fateDebitSilent {
			return dst, nil
		}
	}
	return l.speaker.posted(dst, m, key, v)
}

// settle takes the answer to an own payment.
func (l *link) settle(now int64) {
	m, t := &l.msg, &l.tally
	ref := m.Value(37)
	if len(ref) != referenceTagBytes+referenceDigits || string(ref[:referenceTagBytes]) != l.run.tag {
		t.unmatched++
		return
	}
	n, _ := number(ref[referenceTagBytes:])
	p, open := l.run.open.close(n)
	if !open && l.run.killed(n) {
		return // the switch that was started again does not know what it had answered
	}
	if !open {
		t.unmatched++ // answered before, or never sent
		return
	}
	amount, _ := m.Uint(4)
	stan, _ := m.Uint(11)
	if int64(amount) != p.amount || stan != stanOf(n) || p.payer != l.at.number {
		t.changed++
	}
	e := ending{code: m.Value(39)}
	if string(e.code) == "68" {
		upi, _ := iso8583.FindTLV(m.Value(120), tagUPI)
		e.deemed = string(upi) == "BT"
	}
	l.count(n, p, now, e)
}

// count counts the answer to own payment n. Reader goroutine.
func (l *link) count(n int64, p opened, now int64, e ending) {
	r, before := l.run, l.run.wasOpen(n)
	l.tally.answer(p, r.inWindow(p.due) && !before, now, e)
	if before {
		l.tally.before++
		return
	}
	l.tally.carry(p, r.from.Load(), r.to.Load(), now, e)
	if l.tally.surge != nil {
		begin := r.to.Load()
		l.tally.surge.answer(p.due-begin, now-begin, l.tally.fateOf(p.amount), e)
	}
}

// networkAnswered takes the 0810 to the sign-on.
func (l *link) networkAnswered() {
	code, _ := l.msg.Uint(70)
	l.signedOnBy(code == codeSignOn && string(l.msg.Value(39)) == "00")
}

// signedOnBy notes an answer to the sign-on.
func (l *link) signedOnBy(yes bool) {
	if yes && !l.signedOn {
		l.signedOn = true
		close(l.on)
	}
}

// signOn asks for it and waits for the answer.
func (l *link) signOn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, signOnLimit)
	defer cancel()
	s := newSpeaker(l.at)
	b, err := s.signOn(nil, l.run.o.Clock())
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.outbox = append(l.outbox, b...)
	l.mu.Unlock()
	if err := l.flush(); err != nil {
		return err
	}
	select {
	case <-l.on:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("sign-on of %s: %w", l.at.ID, ctx.Err())
	}
}

// write sends what the pacer has put in until ctx ends. Writer goroutine. Without
// it the pacer would stand still as soon as the switch does not read.
func (l *link) write(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
		}
		if err := l.flush(); err != nil {
			return err
		}
	}
}

// flush writes the outbox, all that waits as one write, unless somebody is at it
// already: then that one goes on with what came meanwhile. So a reader sends its
// answers without waking another goroutine, and nothing is ever sent out of turn.
func (l *link) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing {
		return nil
	}
	l.writing = true
	defer func() { l.writing = false }()
	for len(l.outbox) > 0 {
		out := l.outbox
		l.outbox = l.spare[:0]
		l.mu.Unlock()
		_, err := l.conn.Write(out)
		l.mu.Lock()
		l.spare = out
		if err != nil {
			return err
		}
	}
	return nil
}
