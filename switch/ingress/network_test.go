package ingress

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchd/certs"
	"switchd/codec/iso8583"
	"switchd/session"
	"switchd/session/gnetio"
	"switchd/switch/logtext"
	"switchd/switch/payment"
)

// fakeHook takes keys as it is told to, and notes what it hears.
type fakeHook struct {
	mu    sync.Mutex // guards all
	code  string
	heard []string
	later func(session.KeyVerdict)
}

func (h *fakeHook) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = append(h.heard, fmt.Sprintf(format, args...))
}

func (h *fakeHook) set(code string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.code = code
}

func (h *fakeHook) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.heard)
}

func (h *fakeHook) KeyOffered(id string, _ int64, o session.KeyOffer, answer func(session.KeyVerdict)) {
	h.note("offered %s %s %s %s", id, o.Purpose, o.Block, o.KCV)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.code == "" { // later
		h.later = answer
		return
	}
	answer(session.KeyVerdict{Code: h.code})
}

func (h *fakeHook) KeyChanged(id string, now, until int64) {
	h.note("changed %s for %v", id, time.Duration(until-now))
}
func (h *fakeHook) KeyRetired(id string, _ int64) { h.note("retired %s", id) }
func (h *fakeHook) DayCut(id string, _ int64)     { h.note("cut %s", id) }

// ahead is the real time plus what a test adds to it.
type ahead struct{ by atomic.Int64 }

func (a *ahead) now() int64 { return clock() + a.by.Load() }

func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(90 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// network exchanges an 0800 for its 0810; echoes of the switch do not count.
func (r *rig) network(code, want string) {
	r.t.Helper()
	r.send(r.message(0x0800, network(code)))
	m := r.receive()
	for m.MTI() == 0x0800 && string(m.Value(70)) == "301" {
		m = r.receive()
	}
	if m.MTI() != 0x0810 || string(m.Value(70)) != code || string(m.Value(39)) != want {
		r.t.Errorf("to the 0800/%s: %v/%s with DE39 %s, want %s", code, m.MTI(), m.Value(70), m.Value(39), want)
	}
}

// Without a hook there are no keys to change, and a cut-over is a line in the log.
func TestNetworkManagementWithoutHook(t *testing.T) {
	log := new(logtext.Text)
	r := newRigOf(t, 100, Participant{}, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
	r.network("201", "91") // nobody has signed on
	r.network("001", "00")
	r.network("161", "40")
	r.network("201", "00")
	r.network("201", "00")
	if n := log.Count("msg=cut-over event=link.cut_over participant=BANKA"); n != 1 {
		t.Errorf("cut-over logged %d times", n)
	}
}

// The hook decides about keys and hears of each change once; the key before is
// retired in time.
func TestKeysAndBusinessDays(t *testing.T) {
	hook, ahead := &fakeHook{code: "88"}, &ahead{}
	r := newRigOf(t, 100, Participant{KeyExchange: true}, func(o *Options) { o.Hook, o.Clock = hook, ahead.now })
	r.network("001", "00")
	r.network("161", "88")
	hook.set("")
	offer := network("161")
	offer[11], offer[48] = "000161", "030003ZAK031008D0016..."+"032006ABCDEF"
	r.send(r.message(0x0800, offer))
	r.network("301", "00") // the link goes on while the key is looked at
	r.network("161", "09") // and takes no other
	hook.mu.Lock()
	later := hook.later
	hook.mu.Unlock()
	go later(session.KeyVerdict{Code: "00"})
	if m := r.receive(); m.MTI() != 0x0810 || string(m.Value(39)) != "00" || string(m.Value(11)) != "000161" || string(m.Value(70)) != "161" {
		t.Errorf("the offer is answered by %v, DE39 %s, DE11 %s, DE70 %s", m.MTI(), m.Value(39), m.Value(11), m.Value(70))
	}
	r.network("201", "00")
	r.network("201", "00")
	ahead.by.Add(int64(119 * time.Second))
	r.network("301", "00")
	want := []string{"offered BANKA   ", "offered BANKA ZAK D0016... ABCDEF", "changed BANKA for 2m0s", "cut BANKA"}
	if got := hook.all(); !slices.Equal(got, want) {
		t.Errorf("the hook heard %q, want %q", got, want)
	}
	ahead.by.Add(int64(2 * time.Second))
	want = append(want, "retired BANKA")
	r.until("the old key retired", func() bool { return len(hook.all()) == len(want) })
	r.network("301", "00")
	if got := hook.all(); !slices.Equal(got, want) {
		t.Errorf("the hook heard %q, want %q", got, want)
	}
}

// A link that the switch has dialled is signed on by the switch, which asks again
// when it is refused, and calls again when nobody answers.
func TestDialedLinkIsSignedOnByUs(t *testing.T) {
	ahead := &ahead{}
	r := newRigOf(t, 100, Participant{}, func(o *Options) { o.Clock = ahead.now })
	p := certs.Paths{CA: filepath.Join(r.dir, "ca.pem"), Cert: filepath.Join(r.dir, "BANKA.pem"), Key: filepath.Join(r.dir, "BANKA-key.pem")}
	conf, err := certs.ServerConfig(p, func(id string) bool { return id == certs.SwitchID }, clock)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	err = r.server.SetAccess(gnetio.Access{Peers: map[string]gnetio.Peer{"BANKA": {Dial: []gnetio.Target{{Addresses: []string{ln.Addr().String()}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	accept := func() {
		t.Helper()
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		r.conn, r.received = c.(*tls.Conn), nil
	}
	// asked reads the sign-on; its DE11 goes back in the answer.
	asked := func() *iso8583.Message {
		t.Helper()
		m := r.receive()
		for string(m.Value(70)) == "301" {
			m = r.receive()
		}
		if m.MTI() != 0x0800 || string(m.Value(70)) != "001" {
			t.Fatalf("got %v/%s, want our sign-on", m.MTI(), m.Value(70))
		}
		return m
	}
	answer := func(code string) {
		a := asked()
		r.send(r.message(0x0810, map[int]string{7: string(a.Value(7)), 11: string(a.Value(11)), 39: code, 70: "001"}))
	}
	r.conn.Close()
	accept()
	answer("91")
	r.network("301", "00") // the switch has read it
	ahead.by.Add(int64(31 * time.Second))
	answer("00")
	r.expect(payment.LinkUp)
	r.send(r.message(0x0200, pushTo("000001")))
	r.expect(payment.RequestArrived)
	r.conn.Close()
	r.expect(payment.LinkDown)
	ahead.by.Add(int64(time.Minute))
	accept()
	for range 3 { // no answer
		asked()
		ahead.by.Add(int64(6 * time.Second))
	}
	if _, err := r.conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a link that never signs on: %v", err)
	}
	ahead.by.Add(int64(time.Minute))
	accept()
	answer("00")
	r.expect(payment.LinkUp)
}

// A peer that is gone without a word, as behind a cable that was pulled, is asked
// three times and given up; the machine hears of it once.
func TestHalfOpenLinkIsGivenUp(t *testing.T) {
	ahead := &ahead{}
	r := newRigOf(t, 100, Participant{}, func(o *Options) { o.Clock = ahead.now })
	r.network("001", "00")
	r.expect(payment.LinkUp)
	ahead.by.Add(int64(30 * time.Second))
	for range 3 {
		if m := r.receive(); m.MTI() != 0x0800 || string(m.Value(70)) != "301" {
			t.Fatalf("got %v/%s, want an echo", m.MTI(), m.Value(70))
		}
		ahead.by.Add(int64(5 * time.Second))
	}
	r.expect(payment.LinkDown)
	if rest, err := io.ReadAll(r.conn); len(rest) > 0 || err != nil {
		t.Errorf("behind the third echo: %q %v", rest, err)
	}
	if r.links.count() != 0 || len(r.engine.came) != 0 {
		t.Errorf("%d links, %d events", r.links.count(), len(r.engine.came))
	}
}

// A link that signs on and off without end tells the machine so a bounded number
// of times, is held off with one line in the log, and is signed on by us later.
func TestFlappingIsHeldOff(t *testing.T) {
	log, ahead := new(logtext.Text), &ahead{}
	r := newRigOf(t, 100, Participant{Session: session.Options{SignOnsMax: 3}}, func(o *Options) {
		o.Clock, o.Log = ahead.now, slog.New(slog.NewTextHandler(log, nil))
	})
	for range 3 {
		r.network("001", "00")
		r.expect(payment.LinkUp)
		r.network("002", "00")
		r.expect(payment.LinkDown)
	}
	for range 20 {
		r.network("001", "91")
	}
	r.send(r.message(0x0200, pushTo("000001")))
	r.want(0x0210, "91", "NOT SIGNED ON")
	if n := log.Count("link held off"); n != 1 {
		t.Errorf("%d lines about it", n)
	}
	if n := r.counted("switchd_links_held_total"); n != 1 {
		t.Errorf("%v links held off", n)
	}
	ahead.by.Add(int64(61 * time.Second))
	for ask := r.receive(); string(ask.Value(70)) != "001"; ask = r.receive() {
		if string(ask.Value(70)) != "301" {
			t.Fatalf("got DE70 %s, want our sign-on", ask.Value(70))
		}
	}
	answer := network("001")
	answer[39] = "00"
	r.send(r.message(0x0810, answer))
	r.expect(payment.LinkUp)
	if len(r.engine.came) != 0 {
		t.Errorf("%d events more than links that came up and went down", len(r.engine.came))
	}
}
