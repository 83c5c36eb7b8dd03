package ingress

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/certs"
	"switchd/codec/frame"
	"switchd/codec/iso8583"
	"switchd/session"
	"switchd/session/gnetio"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
	dialect8583 "switchd/switch/translate/iso8583"
)

// fakeEngine takes events while it has room.
type fakeEngine struct {
	mu     sync.Mutex // guards all
	events []payment.Event
	room   int
	err    error
	came   chan payment.Kind
}

func (f *fakeEngine) Submit(events []payment.Event) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, e := range events {
		if f.room == 0 && e.Kind == payment.RequestArrived {
			return i, f.err
		}
		if e.Kind == payment.RequestArrived {
			f.room--
		}
		e.Text.MoveTo(nil) // its buffer is the ingress's
		f.events = append(f.events, e)
		f.came <- e.Kind
	}
	return len(events), nil
}

func (f *fakeEngine) SubmitStray(answers []payment.Event) (int, error) { return f.Submit(answers) }

func (f *fakeEngine) grow(room int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.room = room
}

func (f *fakeEngine) last() payment.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.events[len(f.events)-1]
}

// fakeLinks counts the links that messages may go out on.
type fakeLinks struct {
	mu       sync.Mutex // guards the rest
	n        int
	answered []payment.ID
	stray    bool // no answer is awaited
	once     bool // a second one to a message is not

	waiting atomic.Int64 // messages on links that are to end
}

func (f *fakeLinks) add(d int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n += d
}
func (f *fakeLinks) Attach(route.Participant, session.Link) { f.add(1) }
func (f *fakeLinks) Retire(route.Participant, session.Link) func() int {
	return func() int { return int(f.waiting.Load()) }
}
func (f *fakeLinks) Detach(route.Participant, session.Link) { f.add(-1) }
func (f *fakeLinks) Answered(_ route.Participant, a *payment.Answer) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := !slices.Contains(f.answered, a.Payment)
	f.answered = append(f.answered, a.Payment)
	return !f.stray && (first || !f.once)
}
func (f *fakeLinks) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// rig is an Ingress behind a real server, and one client.
type rig struct {
	t      testing.TB
	in     *Ingress
	engine *fakeEngine
	links  *fakeLinks
	server *gnetio.Server
	dir    string // of the certificates
	spec   *iso8583.Spec
	conn   *tls.Conn
	w      iso8583.Writer

	wire     gnetio.Wire
	header   []byte               // of what the client sends
	received []byte               // not yet cut
	registry *prometheus.Registry // of the server
	own      *prometheus.Registry // of the ingress
}

func clock() int64 { return time.Now().UnixNano() }

func newRig(t *testing.T, room int) *rig { return newRigOf(t, room, Participant{}) }

func newRigOf(t *testing.T, room int, p Participant, change ...func(*Options)) *rig {
	t.Helper()
	dir := t.TempDir()
	if err := certs.Init(dir, []string{"BANKA"}, clock); err != nil {
		t.Fatal(err)
	}
	paths := func(id string) certs.Paths {
		return certs.Paths{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, id+".pem"), Key: filepath.Join(dir, id+"-key.pem")}
	}
	serverTLS, err := certs.ServerConfig(paths("switch"), func(id string) bool { return id == "BANKA" }, clock)
	if err != nil {
		t.Fatal(err)
	}
	clientTLS, err := certs.ClientConfig(paths("BANKA"), clock)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := iso8583.Builtin("iso87-npci")
	if err != nil {
		t.Fatal(err)
	}
	p.Dialect = &dialect8583.Dialect{Spec: spec, Directory: &translate.Directory{Institution: "999999", Currency: 356, Institutions: []string{"100001"}}}
	r := &rig{t: t, dir: dir, spec: spec, wire: p.Wire, registry: prometheus.NewRegistry(), own: prometheus.NewRegistry(), links: &fakeLinks{}, engine: &fakeEngine{room: room, err: engine.ErrBusy, came: make(chan payment.Kind, 100)}}
	o := Options{
		Participants: map[string]Participant{"BANKA": p},
		Engine:       r.engine, Links: r.links, Clock: clock, Log: slog.New(slog.DiscardHandler), Registry: r.own,
	}
	for _, f := range change {
		f(&o)
	}
	r.in = New(o)
	r.server, err = gnetio.Listen(gnetio.Options{
		Address: "127.0.0.1:0", TLS: serverTLS, Clock: o.Clock, TickEvery: 10 * time.Millisecond, Registry: r.registry,
		DialTLS: func(id string) (*tls.Config, error) { return certs.DialConfig(paths("switch"), id, clock) },
	}, r.in)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.server.Run(ctx) }()
	r.conn, err = tls.Dial("tcp", r.server.Addr(), clientTLS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.conn.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

// message composes one message; DE120 is given as its tags' bytes.
func (r *rig) message(mti iso8583.MTI, f map[int]string) []byte {
	r.t.Helper()
	r.w.Begin(r.spec, nil, mti)
	for de := 2; de <= 128; de++ {
		if v, ok := f[de]; ok {
			r.w.SetString(de, v)
		}
	}
	b, err := r.w.Finish()
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *rig) send(bodies ...[]byte) {
	r.t.Helper()
	var out []byte
	for _, b := range bodies {
		start := len(out)
		out, _ = r.wire.Framing.BeginHeader(out, r.header)
		var err error
		if out, err = r.wire.Framing.End(append(out, b...), start, r.wire.Limits); err != nil {
			r.t.Fatal(err)
		}
	}
	if _, err := r.conn.Write(out); err != nil {
		r.t.Fatal(err)
	}
}

// frame returns the next frame.
func (r *rig) frame() frame.Frame {
	r.t.Helper()
	if err := r.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		r.t.Fatal(err)
	}
	for chunk := make([]byte, 4096); ; {
		fr, err := r.wire.Framing.Read(r.received, r.wire.Limits)
		if err != nil {
			r.t.Fatal(err)
		}
		if r.received = r.received[fr.Bytes:]; fr.Kind != frame.Incomplete {
			return fr
		}
		n, err := r.conn.Read(chunk)
		if r.received = append(r.received, chunk[:n]...); err != nil && n == 0 {
			r.t.Fatal(err)
		}
	}
}

// receive returns the next message, which must carry the answer to our header.
func (r *rig) receive() *iso8583.Message {
	r.t.Helper()
	fr := r.frame()
	if want := r.wire.Framing.AppendReply(nil, r.header); !bytes.Equal(fr.Header, want) {
		r.t.Errorf("header %x, want %x", fr.Header, want)
	}
	m := new(iso8583.Message)
	if err := m.Parse(r.spec, bytes.Clone(fr.Body)); err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *rig) expect(kind payment.Kind) {
	r.t.Helper()
	select {
	case got := <-r.engine.came:
		if got != kind {
			r.t.Errorf("event %v, want %v", got, kind)
		}
	case <-time.After(30 * time.Second):
		r.t.Fatalf("no %v event", kind)
	}
}

func (r *rig) want(mti iso8583.MTI, code, note string) {
	r.t.Helper()
	m := r.receive()
	if m.MTI() != mti || string(m.Value(39)) != code || string(m.Value(44)) != note {
		r.t.Errorf("got %v DE39 %s DE44 %q, want %v %s %q", m.MTI(), m.Value(39), m.Value(44), mti, code, note)
	}
}

func network(code string) map[int]string {
	return map[int]string{7: "1122153000", 11: "000001", 70: code}
}

func pushTo(stan string) map[int]string {
	return map[int]string{3: "401000", 4: "000000001050", 7: "1122153000", 11: stan, 32: "100001", 37: "RRN000" + stan, 49: "356",
		102: "1000010001", 120: "001003PAY004011user1@bankb"}
}

func TestLifeOfALink(t *testing.T) {
	r := newRig(t, 100)
	r.send(r.message(0x0201, pushTo("000009")), r.message(0x0200, pushTo("000001")))
	r.want(0x0210, "91", "NOT SIGNED ON") // to the 0200: a repeat hears nothing
	// Sign-on and a request in one burst: the link is up before its request.
	r.send(r.message(0x0800, network("001")), r.message(0x0200, pushTo("000002")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	r.expect(payment.RequestArrived)
	if r.links.count() != 1 {
		t.Errorf("%d links attached, want 1", r.links.count())
	}
	r.send(r.message(0x0800, network("301")))
	r.want(0x0810, "00", "")
	r.send(r.message(0x0800, network("999")))
	r.want(0x0810, "40", "")
	// After the sign-off no request, but answers still count.
	r.send(r.message(0x0800, network("002")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkDown)
	r.send(r.message(0x0200, pushTo("000003")))
	r.want(0x0210, "91", "NOT SIGNED ON")
	ref := translate.Reference(2, payment.LegDebit)
	r.send(r.message(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}))
	r.expect(payment.AnswerArrived)
	r.links.mu.Lock()
	if !slices.Equal(r.links.answered, []payment.ID{2}) {
		t.Errorf("answered: %v", r.links.answered)
	}
	r.links.mu.Unlock()
	if r.links.count() != 0 {
		t.Errorf("%d links attached, want 0", r.links.count())
	}
}

// TestFirstOfTwoAnswersIsFirst: a bank that answers a message twice in one burst is
// taken at its first word.
func TestFirstOfTwoAnswersIsFirst(t *testing.T) {
	r := newRig(t, 100)
	r.links.mu.Lock()
	r.links.once = true
	r.links.mu.Unlock()
	ref := translate.Reference(2, payment.LegCredit)
	answer := map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}
	yes := r.message(0x0210, answer)
	answer[39] = "51"
	no := r.message(0x0210, answer)
	r.send(r.message(0x0800, network("001")), yes, no)
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	r.expect(payment.AnswerArrived)
	r.expect(payment.AnswerArrived)
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	if e := r.engine.events; e[1].Answer.Outcome != payment.OK || e[2].Answer.Outcome == payment.OK {
		t.Errorf("the engine has %v, then %v", e[1].Answer.Outcome, e[2].Answer.Outcome)
	}
}

func TestBadMessagesAreAnsweredAndTheLinkKept(t *testing.T) {
	r := newRig(t, 100)
	r.send(r.message(0x0800, network("001")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	bad := r.message(0x0200, pushTo("000001"))
	bad[4+16+6] = 'x' // the first digit of DE4, after MTI, two bitmaps and DE3
	r.send(bad)
	r.want(0x0210, "30", "DE4 n12")
	r.send(append(r.message(0x0200, pushTo("000001")), 0))
	r.want(0x0210, "30", "DE0 trailing bytes")
	other := pushTo("000001")
	other[32] = "100002"
	r.send(r.message(0x0200, other))
	r.want(0x0210, "30", "DE32 of the sender")
	r.send(r.message(0x0100, map[int]string{3: "310000", 7: "1122153000", 11: "000001"}))
	r.want(0x0110, "40", "NOT SUPPORTED")
	enquiry := pushTo("000001")
	enquiry[3] = "310000"
	r.send(r.message(0x0200, enquiry))
	r.want(0x0210, "40", "NOT SUPPORTED")
	// A damaged answer that names its leg proves nothing; it is an event.
	ref := translate.Reference(2, payment.LegDebit)
	damaged := r.message(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00", 49: "356"})
	r.send(append(damaged, 0))
	r.expect(payment.AnswerArrived)
	if a := r.engine.last().Answer; a.Outcome != payment.Unreadable {
		t.Errorf("a damaged answer arrives as %v", a.Outcome)
	}
	r.send(r.message(0x0200, pushTo("000002")))
	r.expect(payment.RequestArrived)
}

// TestFullEngineIsAnsweredAtOnce: a request gets "busy", its repeat gets silence,
// an answer behind them is still taken.
func TestFullEngineIsAnsweredAtOnce(t *testing.T) {
	r := newRig(t, 1)
	r.send(r.message(0x0800, network("001")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	ref := translate.Reference(2, payment.LegDebit)
	r.send(r.message(0x0200, pushTo("000001")), r.message(0x0200, pushTo("000002")), r.message(0x0201, pushTo("000003")),
		r.message(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}),
		r.message(0x0200, pushTo("000004")))
	r.expect(payment.RequestArrived)
	r.expect(payment.AnswerArrived)
	for _, stan := range []string{"000002", "000004"} {
		m := r.receive()
		if string(m.Value(39)) != "96" || string(m.Value(11)) != stan || string(m.Value(37)) != "RRN000"+stan {
			t.Errorf("got DE39 %s for %s, want 96 for %s", m.Value(39), m.Value(11), stan)
		}
	}
	// There is room again: the repeat of what was told "busy" is told so on the
	// record; the repeat of what was told nothing is an ordinary request.
	r.engine.grow(2)
	for stan, want := range map[string]payment.Outcome{"000002": payment.Busy, "000003": payment.NoOutcome} {
		r.send(r.message(0x0201, pushTo(stan)))
		r.expect(payment.RequestArrived)
		if got := r.engine.last().Request.Refuse; got != want {
			t.Errorf("repeat of %s is to be refused with %v, want %v", stan, got, want)
		}
	}
}

// TestOvertakenOriginalIsNotToldBusy: its repeat came first and found room. What the
// payment becomes is the answer to both, and "busy" would contradict it.
func TestOvertakenOriginalIsNotToldBusy(t *testing.T) {
	r := newRig(t, 1)
	r.send(r.message(0x0800, network("001")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	r.send(r.message(0x0201, pushTo("000001")))
	r.expect(payment.RequestArrived)
	r.send(r.message(0x0200, pushTo("000001")), r.message(0x0200, pushTo("000002")))
	if m := r.receive(); string(m.Value(39)) != "96" || string(m.Value(11)) != "000002" {
		t.Errorf("got DE39 %s for %s, want 96 for the other request only", m.Value(39), m.Value(11))
	}
}

// TestDrainRefusesNewAndSignsOff: requests go to the machine to be declined on
// the record, then the link is asked to sign off.
func TestDrainRefusesNewAndSignsOff(t *testing.T) {
	r := newRig(t, 100)
	r.send(r.message(0x0800, network("001")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	r.in.Drain()
	for _, mti := range []iso8583.MTI{0x0200, 0x0201} {
		r.send(r.message(mti, pushTo("000001")))
		r.expect(payment.RequestArrived)
		if got := r.engine.last().Request.Refuse; got != payment.Closing {
			t.Errorf("%v while draining is to be refused with %v, want CLOSING", mti, got)
		}
	}
	r.in.SignOff()
	m := r.receive()
	if m.MTI() != 0x0800 || string(m.Value(70)) != "002" {
		t.Fatalf("got %v DE70 %s, want a sign-off", m.MTI(), m.Value(70))
	}
	r.send(r.message(0x0200, pushTo("000002")))
	r.expect(payment.RequestArrived)
	if got := r.engine.last().Request.Refuse; got != payment.Closing {
		t.Errorf("a request after our sign-off is to be refused with %v, want CLOSING", got)
	}
	answer := network("002")
	answer[7], answer[11], answer[39] = string(m.Value(7)), string(m.Value(11)), "00"
	r.send(r.message(0x0810, answer))
	r.expect(payment.LinkDown)
}

// TestHeadersComeBack: every answer, and what is sent of itself, carries the
// header of the latest message with its addresses swapped; before there is one,
// the configured header.
func TestHeadersComeBack(t *testing.T) {
	r := newRigOf(t, 0, Participant{Wire: gnetio.Wire{Framing: frame.NAC}})
	for i, header := range []string{"\x60\x11\x11\x22\x22", "\x60\x33\x33\x44\x44"} {
		r.header = []byte(header)
		r.send(r.message(0x0800, network("001")))
		r.want(0x0810, "00", "")
		if i == 0 {
			r.expect(payment.LinkUp)
		}
		r.send(r.message(0x0100, map[int]string{3: "310000", 7: "1122153000", 11: "000001"}))
		r.want(0x0110, "40", "NOT SUPPORTED")
		r.send(r.message(0x0200, pushTo("00000"+string(rune('1'+i)))))
		if m := r.receive(); string(m.Value(39)) != "96" {
			t.Errorf("got DE39 %s, want 96", m.Value(39))
		}
	}
	r.in.SignOff()
	if m := r.receive(); m.MTI() != 0x0800 || string(m.Value(70)) != "002" {
		t.Fatalf("got %v DE70 %s, want a sign-off", m.MTI(), m.Value(70))
	}
}

// TestSilentLinkIsAsked: before a message has come, our echo carries the
// configured header.
func TestSilentLinkIsAsked(t *testing.T) {
	r := newRigOf(t, 0, Participant{
		Wire:    gnetio.Wire{Framing: frame.NCC, Header: []byte("\x60\x00\x01\x00\x02")},
		Session: session.Options{Idle: time.Millisecond, EchoTimeout: time.Minute},
	})
	r.header = []byte("\x60\x00\x02\x00\x01") // whose answer is the configured one
	if m := r.receive(); m.MTI() != 0x0800 || string(m.Value(70)) != "301" {
		t.Errorf("got %v DE70 %s, want an echo", m.MTI(), m.Value(70))
	}
}

// TestKeepAliveIsASignOfLife: it counts against silence as a message does.
func TestKeepAliveIsASignOfLife(t *testing.T) {
	now := int64(29 * time.Second)
	in := New(Options{Clock: func() int64 { return now }, Registry: prometheus.NewRegistry()})
	silent, alive := session.New(session.Options{}, 0), session.New(session.Options{}, 0)
	l := new(gnetio.Link)
	in.KeepAlive(l) // of a link that is not served: nothing to do
	l.SetState(&link{automaton: alive})
	in.KeepAlive(l)
	if a, b := silent.Tick(2*now), alive.Tick(2*now); a != session.Echo || b != session.None {
		t.Errorf("silent link: %v, link with a keep-alive: %v", a, b)
	}
}

// TestUnreadableLinkIsDiagnosed: when the first message cannot be read, it may be
// the dialect; when a later one cannot, it is the message.
func TestUnreadableLinkIsDiagnosed(t *testing.T) {
	diagnosed := func(r *rig) (n float64) {
		families, err := r.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == "switchd_link_diagnoses_total" {
					n += m.GetCounter().GetValue()
				}
			}
		}
		return n
	}
	for _, c := range []struct {
		first string
		want  float64
	}{{"", 0}, {"0800, but no message", 1}} {
		r := newRig(t, 1)
		if c.first != "" {
			r.send([]byte(c.first))
			r.frame()
		}
		r.send(r.message(0x0800, network("001")))
		r.frame()
		r.send([]byte("0800, but no message"))
		r.frame()
		if got := diagnosed(r); got != c.want {
			t.Errorf("first message %q: %v diagnoses, want %v", c.first, got, c.want)
		}
	}
}
