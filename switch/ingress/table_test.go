package ingress

import (
	"crypto/tls"
	"io"
	"path/filepath"
	"testing"
	"time"

	"switchd/certs"
	"switchd/codec/iso8583"
	"switchd/session"
	"switchd/switch/payment"
	"switchd/switch/translate"
	dialect8583 "switchd/switch/translate/iso8583"
)

// redial gives the rig another link of its participant, beside the one that it had.
func (r *rig) redial() {
	r.t.Helper()
	conf, err := certs.ClientConfig(certs.Paths{
		CA: filepath.Join(r.dir, "ca.pem"), Cert: filepath.Join(r.dir, "BANKA.pem"), Key: filepath.Join(r.dir, "BANKA-key.pem"),
	}, clock)
	if err != nil {
		r.t.Fatal(err)
	}
	if r.conn, err = tls.Dial("tcp", r.server.Addr(), conf); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { r.conn.Close() })
	r.received = nil
}

// participant is BANKA as it is now.
func (r *rig) participant() Participant { return r.in.table.Load().participants["BANKA"].Participant }

// otherDialect is the same dialect, configured anew.
func (r *rig) otherDialect() translate.Dialect {
	d := *r.participant().Dialect.(*dialect8583.Dialect)
	return &d
}

func (r *rig) set(p Participant) {
	r.in.SetTable(Table{Participants: map[string]Participant{"BANKA": p}}, func() {})
}

// signedOff reads our sign-off and answers it.
func (r *rig) signedOff() (answer []byte) {
	r.t.Helper()
	m := r.receive()
	if m.MTI() != 0x0800 || string(m.Value(70)) != "002" {
		r.t.Fatalf("got %v DE70 %s, want a sign-off", m.MTI(), m.Value(70))
	}
	a := network("002")
	a[7], a[11], a[39] = string(m.Value(7)), string(m.Value(11)), "00"
	return r.message(0x0810, a)
}

func (r *rig) closed(what string) {
	r.t.Helper()
	if err := r.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		r.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r.conn); err != nil {
		r.t.Errorf("%s: %v", what, err)
	}
}

func (r *rig) signOn() {
	r.t.Helper()
	r.network("001", "00")
	r.expect(payment.LinkUp)
}

// TestParticipantChanges: a link whose participant is read in another way is signed
// off, waits for what is unanswered, and ends; the next is read in the new way. What
// is not about reading counts on links that are up.
func TestParticipantChanges(t *testing.T) {
	r := newRig(t, 100)
	r.signOn()
	p := r.participant()
	p.Session, p.Limits = session.Options{Idle: time.Hour}, Limits{Requests: Rate{Rate: 1}}
	r.set(p)
	r.send(r.message(0x0200, pushTo("000001")))
	r.expect(payment.RequestArrived)
	r.send(r.message(0x0200, pushTo("000002")))
	if m := r.receive(); string(m.Value(39)) != "96" {
		t.Errorf("over the new rate: %s", m.Value(39))
	}
	r.links.waiting.Store(1)
	p.Dialect = r.otherDialect()
	r.set(p)
	answer := r.signedOff()
	r.expect(payment.LinkDown)
	p.Limits = Limits{}
	r.set(p)
	r.send(r.message(0x0200, pushTo("000003"))) // has crossed our sign-off
	r.expect(payment.RequestArrived)
	r.send(answer)
	ref := translate.Reference(2, payment.LegDebit)
	r.send(r.message(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}))
	r.expect(payment.AnswerArrived)
	if r.links.count() != 1 {
		t.Errorf("%d links, want the one that is still read", r.links.count())
	}
	first := r.conn
	r.redial()
	r.signOn()
	r.conn, first = first, r.conn
	r.links.waiting.Store(0)
	r.closed("the link of before")
	r.conn, r.received = first, nil
	r.network("301", "00")
	if r.links.count() != 1 {
		t.Errorf("%d links, want the new one", r.links.count())
	}
	r.in.swap.RLock()
	defer r.in.swap.RUnlock()
	if len(r.in.standing) != 1 {
		t.Errorf("%d standings for one participant", len(r.in.standing))
	}
}

// TestLinkOfBefore: a link that came up under another configuration is not one that
// messages may go to, however late it signs on.
func TestLinkOfBefore(t *testing.T) {
	r := newRig(t, 100)
	r.network("301", "00")
	p := r.participant()
	p.Wire.Swallow = true
	r.in.swap.Lock() // the change is under way when it signs on
	r.send(r.message(0x0800, network("001")))
	next := &table{participants: map[string]*entry{"BANKA": {p, r.in.standing["BANKA"]}}}
	r.in.table.Store(next)
	r.in.swap.Unlock()
	for m := r.receive(); ; m = r.receive() { // the answer, and our sign-off
		if m.MTI() == 0x0800 {
			break
		}
	}
	if n := r.links.count(); n != 0 {
		t.Errorf("%d links", n)
	}
	select {
	case kind := <-r.engine.came:
		t.Errorf("the machine was told of %v", kind)
	default:
	}
}

// TestParticipantIsRemoved: its links are signed off, new ones are not taken; and
// what it was told stays known until it is back.
func TestParticipantIsRemoved(t *testing.T) {
	r := newRig(t, 0)
	r.signOn()
	r.send(r.message(0x0200, pushTo("000001")))
	if m := r.receive(); string(m.Value(39)) != "96" {
		t.Fatalf("DE39 %s, want busy", m.Value(39))
	}
	p, links := r.participant(), 0
	r.in.SetTable(Table{}, func() { links++ })
	answer := r.signedOff()
	r.expect(payment.LinkDown)
	r.send(answer)
	r.closed("the link of before")
	r.redial()
	r.closed("a link of one who is not configured")
	r.set(p)
	r.redial()
	r.engine.grow(1)
	r.signOn()
	r.send(r.message(0x0201, pushTo("000001")))
	r.expect(payment.RequestArrived)
	if got := r.engine.last().Request.Refuse; got != payment.Busy || links != 1 {
		t.Errorf("a repeat of what was told busy is to be refused with %v; links changed %d times", got, links)
	}
}

// TestRetiredLinkEnds: also when its participant answers nothing any more.
func TestRetiredLinkEnds(t *testing.T) {
	ahead := &ahead{}
	r := newRigOf(t, 100, Participant{}, func(o *Options) { o.Clock = ahead.now })
	r.signOn()
	r.links.waiting.Store(1)
	p := r.participant()
	p.Dialect = r.otherDialect()
	r.set(p)
	r.signedOff()
	r.expect(payment.LinkDown)
	ahead.by.Add(int64(10 * time.Second))
	ref := translate.Reference(2, payment.LegDebit)
	r.send(r.message(iso8583.MTI(0x0210), map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}))
	r.expect(payment.AnswerArrived)
	ahead.by.Add(int64(RetireMax))
	r.closed("a link that waits too long")
}
