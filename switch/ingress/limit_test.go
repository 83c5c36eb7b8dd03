package ingress

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/iso8583"
	"switchd/session"
	"switchd/session/gnetio"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/translate"
	dialect8583 "switchd/switch/translate/iso8583"
)

// counter is an engine that counts what it is given.
type counter struct {
	kinds map[payment.Kind]int
	last  payment.Event
	full  error // why nothing is taken; nil: all is
	stray int   // of all, as stray ones
}

func (c *counter) SubmitStray(answers []payment.Event) (int, error) {
	taken, err := c.Submit(answers)
	c.stray += taken
	return taken, err
}

func (c *counter) Submit(events []payment.Event) (int, error) {
	if c.full != nil {
		return 0, c.full
	}
	for i := range events {
		c.kinds[events[i].Kind]++
		c.last = events[i]
	}
	return len(events), nil
}

// bench is an Ingress without sockets: two links of BANKA and one of BANKB, a clock
// and a load that the test sets, and a log.
type bench struct {
	*rig
	engine *counter
	now    int64
	load   payment.Load
	log    bytes.Buffer
	a, a2  *link
	b      *link
}

// noon is when the tests begin.
const noon = int64(1_800_000_000_000_000_000)

func newBench(t testing.TB, limits Limits, change ...func(*Options)) *bench {
	t.Helper()
	spec, err := iso8583.Builtin("iso87-npci")
	if err != nil {
		t.Fatal(err)
	}
	r := &bench{
		rig: &rig{t: t, spec: spec, own: prometheus.NewRegistry(), links: &fakeLinks{}}, engine: &counter{kinds: map[payment.Kind]int{}},
		now: noon,
	}
	dir := &translate.Directory{Institution: "999999", Currency: 356, Institutions: []string{"100001", "100002"}}
	o := Options{
		Participants: map[string]Participant{
			"BANKA": {Dialect: &dialect8583.Dialect{Spec: spec, Directory: dir}, Limits: limits},
			"BANKB": {Dialect: &dialect8583.Dialect{Spec: spec, Directory: dir, Number: 1}, Limits: limits},
		},
		Engine: r.engine, Links: r.links, Load: func() payment.Load { return r.load },
		Clock: func() int64 { return r.now }, Log: slog.New(slog.NewTextHandler(&r.log, nil)), Registry: r.own,
	}
	for _, f := range change {
		f(&o)
	}
	r.in = New(o)
	r.a, r.a2, r.b = r.link("BANKA"), r.link("BANKA"), r.link("BANKB")
	return r
}

// link is a link that is signed on.
func (r *bench) link(id string) *link {
	l, st, p := new(gnetio.Link), r.in.standing[id], r.in.table.Load().participants[id].Participant
	s := &link{Link: l, Participant: p, number: p.Dialect.Participant(), interpreter: p.Dialect.Open(), standing: st, automaton: st.shared.Open(r.now)}
	s.automaton.Request(r.now, session.CodeSignOn)
	l.SetState(s)
	return s
}

// hear gives a link one message and returns its answer, nil: none.
func (r *bench) hear(s *link, body []byte) *iso8583.Message {
	r.quiet(s, body)
	if len(s.answers) == 0 {
		return nil
	}
	fr, err := s.Wire.Framing.Read(bytes.Clone(s.answers), s.Wire.Limits)
	if err != nil {
		r.t.Fatal(err)
	}
	m := new(iso8583.Message)
	if err := m.Parse(r.spec, fr.Body); err != nil {
		r.t.Fatal(err)
	}
	return m
}

// quiet gives a link one message and leaves its answer in s.answers.
func (r *bench) quiet(s *link, body []byte) {
	s.answers = s.answers[:0]
	if err := r.in.Frame(s.Link, body); err != nil {
		panic(err)
	}
	r.in.submit(s)
}

// answer checks what a link hears to a message; "": nothing.
func (r *bench) answer(s *link, body []byte, want string) {
	r.t.Helper()
	got := ""
	if m := r.hear(s, body); m != nil {
		got = strings.TrimSpace(fmt.Sprintf("%v %s %s", m.MTI(), m.Value(39), m.Value(44)))
	}
	if got != want {
		r.t.Errorf("heard %q, want %q", got, want)
	}
}

// asks is an enquiry about a payment of a participant.
func (r *bench) asks(bank, stan string) []byte {
	return r.message(0x0100, map[int]string{
		3: "380000", 7: "1122160000", 11: "900001", 32: bank, 37: "ASK000000001",
		90: "0200" + stan + "1122153000" + fmt.Sprintf("%011s", bank) + "00000999999", 120: "001006CHKTXN",
	})
}

func (r *bench) pays(mti iso8583.MTI, n int) []byte {
	return r.message(mti, pushTo(fmt.Sprintf("%06d", n)))
}

// limited is the counter of what was turned away, by its labels.
func (r *bench) limited(participant string, c class, why cause) float64 {
	r.t.Helper()
	return r.counted("switchd_messages_limited_total", classNames[c], participant, causeNames[why])
}

// TestRequestsOverTheLimit: all links of a participant share it; others have their
// own; what is not a request is not counted.
func TestRequestsOverTheLimit(t *testing.T) {
	r := newBench(t, Limits{Requests: Rate{Rate: 2, Burst: 3}})
	r.answer(r.a, r.pays(0x0200, 1), "")
	r.answer(r.a2, r.pays(0x0200, 2), "")
	r.answer(r.a, r.pays(0x0200, 3), "")
	r.answer(r.a2, r.pays(0x0200, 4), "0210 96 TRY AGAIN IN 1 S")
	ref := translate.Reference(2, payment.LegDebit)
	for range 10 {
		r.answer(r.a, r.message(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}), "")
		r.answer(r.a, r.message(0x0800, network("301")), "0810 00")
	}
	r.answer(r.a, r.asks("100001", "000001"), "")
	other := pushTo("000001")
	other[32] = "100002"
	r.answer(r.b, r.message(0x0200, other), "")
	if got := r.engine.kinds; got[payment.RequestArrived] != 4 || got[payment.AnswerArrived] != 10 || got[payment.EnquiryArrived] != 1 {
		t.Errorf("the engine got %v", got)
	}
	r.now += int64(500 * time.Millisecond)
	r.answer(r.a, r.pays(0x0200, 5), "")
	r.answer(r.a, r.pays(0x0200, 6), "0210 96 TRY AGAIN IN 1 S")
	r.in.SetLimits("BANKA", Limits{})
	r.in.SetLimits("NOBODY", Limits{})
	r.answer(r.a, r.pays(0x0200, 7), "")
	if got := r.limited("BANKA", classRequest, causeRate); got != 2 {
		t.Errorf("%v requests over the limit are counted, want 2", got)
	}
	if n := strings.Count(r.log.String(), "over a limit"); n != 1 {
		t.Errorf("%d log lines within a minute:\n%s", n, r.log.String())
	}
}

// TestRepeatsOverTheLimit: of one request no two messages are told different things.
func TestRepeatsOverTheLimit(t *testing.T) {
	r := newBench(t, Limits{Requests: Rate{Rate: 1, Burst: 1}})
	r.answer(r.a, r.pays(0x0200, 1), "")
	r.answer(r.a, r.pays(0x0201, 1), "")                         // may be under way: nothing is said
	r.answer(r.a, r.pays(0x0200, 2), "0210 96 TRY AGAIN IN 1 S") // turned away
	r.answer(r.a, r.pays(0x0201, 2), "")                         // over the limit, too: it will come again
	r.answer(r.a2, r.pays(0x0201, 3), "")                        // its original comes behind it
	r.answer(r.a, r.pays(0x0200, 3), "")
	if n := r.engine.kinds[payment.RequestArrived]; n != 1 {
		t.Fatalf("%d requests went on, want 1", n)
	}
	for _, c := range []struct {
		mti    iso8583.MTI
		stan   int
		refuse payment.Outcome
	}{
		{0x0201, 2, payment.Busy},      // was told so
		{0x0201, 1, payment.NoOutcome}, // went on
		{0x0201, 3, payment.NoOutcome}, // was told nothing
		{0x0200, 3, payment.NoOutcome},
		{0x0200, 2, payment.NoOutcome}, // as a new one: its sender knows that it was declined
	} {
		r.now += int64(time.Second)
		r.answer(r.a, r.pays(c.mti, c.stan), "")
		if got := r.engine.last.Request; got.Echo.STAN != uint32(c.stan) || got.Refuse != c.refuse {
			t.Errorf("%v of %d goes on as %d, to be refused with %v, want %v", c.mti, c.stan, got.Echo.STAN, got.Refuse, c.refuse)
		}
	}
}

// TestHoldComesBeforeTheLimit: what is held uses no room up, and hears "busy".
func TestHoldComesBeforeTheLimit(t *testing.T) {
	r := newBench(t, Limits{Requests: Rate{Rate: 1, Burst: 1}})
	r.in.Hold(DiskFull)
	for n := range 5 {
		r.answer(r.a, r.pays(0x0200, n), "0210 96 BUSY")
	}
	r.in.Release(0)
	r.answer(r.a, r.pays(0x0200, 9), "")
	if r.engine.kinds[payment.RequestArrived] != 1 {
		t.Error("after the hold there is no room")
	}
	// A repeat under the hold is bounded as at any other time.
	r.in.Hold(DiskFull)
	r.answer(r.a, r.pays(0x0201, 1), "")
	r.now += int64(time.Second)
	r.answer(r.a, r.pays(0x0201, 1), "")
	if got := r.engine.last.Request; r.engine.kinds[payment.RequestArrived] != 2 || !got.Repeat || got.Refuse != payment.Busy {
		t.Errorf("the repeat: %v, %+v", r.engine.kinds, got)
	}
}

// TestRepeatsUnderTheHold: each is a record on a disk that has room for few. There are
// so many of one participant, whatever its limits, and as many as ever after the hold.
func TestRepeatsUnderTheHold(t *testing.T) {
	r := newBench(t, Limits{})
	repeats := func(s *link, bank string, want int) {
		t.Helper()
		before := r.engine.kinds[payment.RequestArrived]
		for n := range 300 {
			m := pushTo(fmt.Sprintf("%06d", n))
			m[32] = bank
			r.answer(s, r.message(0x0201, m), "")
		}
		if got := r.engine.kinds[payment.RequestArrived] - before; got != want {
			t.Errorf("%d repeats of %s went on, want %d", got, bank, want)
		}
	}
	repeats(r.a, "100001", 300)
	r.in.Hold(DiskFull)
	repeats(r.a, "100001", defaultAsking.Burst)
	repeats(r.b, "100002", defaultAsking.Burst)
	r.now += int64(time.Second)
	repeats(r.a2, "100001", defaultAsking.Rate)
	r.in.Release(0)
	repeats(r.a, "100001", 300)
	if got := r.limited("BANKA", classRequest, causeRate); got != 300 {
		t.Errorf("%v repeats of one are counted as too many, want 300", got)
	}
}

// TestEnquiriesAboutOnePayment: one in 90 s, whatever the link; an enquiry that found
// no room may come again at once.
func TestEnquiriesAboutOnePayment(t *testing.T) {
	r := newBench(t, Limits{})
	first, second := r.asks("100001", "000001"), r.asks("100001", "000002")
	r.answer(r.a, first, "")
	r.answer(r.a2, first, "0110 09 TRY AGAIN IN 90 S")
	r.answer(r.a, second, "")
	r.now += int64(89*time.Second) + 1
	r.answer(r.a, first, "0110 09 TRY AGAIN IN 1 S")
	r.now += int64(time.Second) - 1
	r.answer(r.a, first, "")
	r.engine.full = engine.ErrBusy
	r.now += askGap
	r.answer(r.a, first, "")
	r.engine.full = nil
	r.answer(r.a, first, "")
	if got := r.engine.kinds[payment.EnquiryArrived]; got != 4 {
		t.Errorf("%d enquiries went on, want 4", got)
	}
	r.answer(r.b, r.asks("100002", "000001"), "") // another asks
	if got := r.limited("BANKA", classEnquiry, causeGap); got != 2 {
		t.Errorf("%v enquiries too soon are counted, want 2", got)
	}
}

// TestEnquiriesByLoad and by rate; those that are refused count as not asked.
func TestEnquiriesByLoad(t *testing.T) {
	r := newBench(t, Limits{Enquiries: Rate{Rate: 1, Burst: 1}})
	ask := func(n int) []byte { return r.asks("100001", fmt.Sprintf("%06d", n)) }
	for step, want := range []string{"", "0110 09 TRY AGAIN IN 5 S", "0110 09 TRY AGAIN IN 10 S", "0110 09 TRY AGAIN IN 15 S", "0110 09 TRY AGAIN IN 20 S"} {
		r.load = payment.Load(step)
		r.answer(r.a, ask(step), want)
	}
	r.load = payment.LoadNormal
	r.answer(r.a, ask(1), "0110 09 TRY AGAIN IN 1 S")
	r.now += int64(time.Second)
	r.answer(r.a, ask(1), "")
	if r.limited("BANKA", classEnquiry, causeLoad) != 4 || r.limited("BANKA", classEnquiry, causeRate) != 1 {
		t.Errorf("counted: %v by load, %v by rate", r.limited("BANKA", classEnquiry, causeLoad), r.limited("BANKA", classEnquiry, causeRate))
	}
}

// TestStoppedEngineAnswersNobody: what is said now could not be kept to.
func TestStoppedEngineAnswersNobody(t *testing.T) {
	r := newBench(t, Limits{})
	r.engine.full = engine.ErrBusy
	r.answer(r.a, r.pays(0x0200, 1), "0210 96 BUSY")
	r.engine.full = engine.ErrStopped
	r.answer(r.a, r.pays(0x0200, 2), "")
	r.answer(r.a, r.pays(0x0201, 2), "")
}

// TestRequestsByLoad: each step of the ladder, and what it leaves alone.
func TestRequestsByLoad(t *testing.T) {
	r := newBench(t, Limits{}, func(o *Options) { o.SmallAmount = 100_000 })
	large := func(stan int) []byte {
		m := pushTo(fmt.Sprintf("%06d", stan))
		m[4] = "000000100001"
		return r.message(0x0200, m)
	}
	for _, c := range []struct {
		load         payment.Load
		small, large string
	}{
		{payment.LoadNormal, "", ""},
		{payment.LoadNoEnquiries, "", ""},
		{payment.LoadNoCollects, "", ""},
		{payment.LoadSmallOnly, "", "0210 96 TRY AGAIN IN 5 S"},
		{payment.LoadNoPayments, "0210 96 TRY AGAIN IN 5 S", "0210 96 TRY AGAIN IN 10 S"},
	} {
		r.load = c.load
		r.answer(r.a, r.pays(0x0200, int(c.load)), c.small)
		r.answer(r.a, large(100+int(c.load)), c.large)
		ref := translate.Reference(2, payment.LegReversal)
		r.answer(r.a, r.message(0x0430, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}), "")
	}
	if n := r.engine.kinds[payment.RequestArrived]; n != 7 {
		t.Errorf("%d requests went on, want the 7 that were not turned away", n)
	}
	// The repeat of what was turned away is declined on the record, whatever the load.
	for _, load := range []payment.Load{payment.LoadNoPayments, payment.LoadNormal} {
		r.load = load
		r.answer(r.a, r.pays(0x0201, int(payment.LoadNoPayments)), "")
		if got := r.engine.last.Request; !got.Repeat || got.Refuse != payment.Busy {
			t.Errorf("load %v: the repeat goes on as %+v", load, got)
		}
	}
	// Its original was overtaken then: what the machine says counts for both.
	r.load = payment.LoadNoPayments
	r.answer(r.a, r.pays(0x0200, int(payment.LoadNoPayments)), "")
	if got := r.engine.last.Request; got.Repeat || got.Refuse != payment.Busy {
		t.Errorf("an original that was overtaken goes on as %+v", got)
	}
	collect := payment.Request{Type: payment.Collect}
	for load, want := range []int64{0, 0, stepDown, 2 * stepDown, 3 * stepDown} {
		if r.load = payment.Load(load); r.in.shedding(&collect) != want {
			t.Errorf("load %v: a collect waits %v", r.load, time.Duration(r.in.shedding(&collect)))
		}
	}
	if got := r.limited("BANKA", classRequest, causeLoad); got != 3 || r.log.Len() != 0 {
		t.Errorf("%v requests are counted, want 3; log: %s", got, r.log.String())
	}
}

// TestOthersOverTheLimit: what is not served is refused, and cheaply often.
func TestOthersOverTheLimit(t *testing.T) {
	r := newBench(t, Limits{Others: Rate{Rate: 1, Burst: 1}})
	look := r.message(0x0100, map[int]string{3: "310000", 7: "1122153000", 11: "000001"})
	r.answer(r.a, look, "0110 40 NOT SUPPORTED")
	r.answer(r.a, look, "0110 96 TRY AGAIN IN 1 S")
	r.answer(r.a, r.pays(0x0200, 1), "")
	if got := r.limited("BANKA", classOther, causeRate); got != 1 {
		t.Errorf("%v others over the limit are counted, want 1", got)
	}
}

// TestOnlySignedOnLinksAsk: also while the link is to end, unless it was signed on
// before that.
func TestOnlySignedOnLinksAsk(t *testing.T) {
	r := newBench(t, Limits{})
	for _, c := range []struct {
		leaveBy  int64
		attached bool
		want     string
	}{{0, false, "0210 91 NOT SIGNED ON"}, {0, true, "0210 91 NOT SIGNED ON"}, {1, false, "0210 91 NOT SIGNED ON"}, {1, true, ""}} {
		r.a.automaton = r.a.standing.shared.Open(r.now)
		r.a.leaveBy, r.a.attached = c.leaveBy, c.attached
		before := r.engine.kinds[payment.EnquiryArrived]
		r.answer(r.a, r.pays(0x0200, 1), c.want)
		r.answer(r.a, r.asks("100001", "000001"), "")
		if on := r.engine.kinds[payment.EnquiryArrived] > before; on != (c.want == "") {
			t.Errorf("%+v: the enquiry went on: %v", c, on)
		}
	}
}

// TestFloodOfEnquiries: 20 times as many as there are payments, for 30 s. What
// reaches the engine's queue is bounded by the limit, and the payments of all are
// among it.
func TestFloodOfEnquiries(t *testing.T) {
	const payments, seconds = 50, 30
	r := newBench(t, Limits{})
	ask := make([][]byte, 20*payments)
	for i := range ask {
		ask[i] = r.asks("100001", fmt.Sprintf("%06d", i))
	}
	pay, same := r.pays(0x0200, 1), r.asks("100001", "999999")
	for range seconds * payments {
		r.now += int64(time.Second) / payments
		r.quiet(r.b, r.asks("100002", "000001")) // who asks as it may is heard
		r.quiet(r.a, pay)
		for i := range 19 {
			r.quiet(r.a, ask[(int(r.now/1e7)+i*50)%len(ask)])
		}
		r.quiet(r.a2, same)
	}
	got := r.engine.kinds
	if got[payment.RequestArrived] != seconds*payments {
		t.Errorf("%d of %d payments went on", got[payment.RequestArrived], seconds*payments)
	}
	turned := r.limited("BANKA", classEnquiry, causeRate) + r.limited("BANKA", classEnquiry, causeGap)
	passed := seconds*payments*20 - int(turned)
	if most := defaultAsking.Burst + seconds*defaultAsking.Rate; passed > most || passed < 100 {
		t.Errorf("%d enquiries of the flood went on, want at most %d", passed, most)
	}
	if all := got[payment.EnquiryArrived]; all != passed+1 {
		t.Errorf("%d enquiries went on, %d of the flood: the other participant was not heard", all, passed)
	}
	if n := strings.Count(r.log.String(), "over a limit"); n != 2 {
		t.Errorf("%d log lines, want one for each participant", n)
	}
}

// TestFloodOfDistinctEnquiries: about other payments each time, so that only the rate
// holds it.
func TestFloodOfDistinctEnquiries(t *testing.T) {
	r := newBench(t, Limits{})
	for i := range 20_000 {
		r.now += int64(time.Second) / 20_000
		ev := payment.Event{Request: payment.Request{Original: payment.Reference{Payment: payment.ID(i + 1)}}}
		if r.in.enquiry(r.a, r.now, &ev) {
			r.engine.kinds[payment.EnquiryArrived]++
		}
		r.a.answers = r.a.answers[:0]
	}
	if n := r.engine.kinds[payment.EnquiryArrived]; n < 299 || n > 301 {
		t.Errorf("%d enquiries of a second went on, want 300", n)
	}
}

// TestAskedForgets: two payments that share a place let each other be asked about; the
// machine has the last word.
func TestAskedForgets(t *testing.T) {
	var a asked
	a.note(noon, 7)
	if a.wait(noon, 7) != askGap || a.wait(noon, 7+askedMax) != 0 || a.wait(noon, 0) != 0 {
		t.Error("one payment was asked about")
	}
	a.note(noon, 7+askedMax)
	if a.wait(noon, 7) != 0 || a.wait(noon-int64(time.Hour), 7+askedMax) != askGap {
		t.Error("the other payment has the place now, also for a clock that was set back")
	}
	a.forget(7)
	if a.wait(noon, 7+askedMax) == 0 {
		t.Error("forgotten for another")
	}
}

// TestTurningAwayAllocatesNothing: nor does letting through.
func TestTurningAwayAllocatesNothing(t *testing.T) {
	r := newBench(t, Limits{Requests: Rate{Rate: 1, Burst: 1000}})
	pay, ask := r.pays(0x0200, 1), r.asks("100001", "000001")
	frame := func(body []byte) func() {
		return func() {
			r.a.answers = r.a.answers[:0]
			if err := r.in.Frame(r.a.Link, body); err != nil {
				panic(err)
			}
			r.a.used = 0
		}
	}
	frame(pay)()
	if n := testing.AllocsPerRun(100, frame(pay)); n != 0 {
		t.Errorf("a payment: %v allocations", n)
	}
	r.in.SetLimits("BANKA", Limits{Requests: Rate{Rate: 1, Burst: 1}})
	frame(pay)() // the memory of what was turned away, and the log line
	for name, body := range map[string][]byte{"payment": pay, "enquiry": ask} {
		frame(body)()
		frame(body)()
		if len(r.a.answers) == 0 {
			t.Fatalf("%s: not turned away", name)
		}
		if n := testing.AllocsPerRun(100, frame(body)); n != 0 {
			t.Errorf("%s turned away: %v allocations", name, n)
		}
	}
}

// BenchmarkRequest is a payment's way through the rim with all limits on, and what
// it costs to turn one away.
func BenchmarkRequest(b *testing.B) {
	for name, limits := range map[string]Limits{"taken": {Requests: Rate{Rate: RateMax, Burst: RateMax}}, "turned-away": {Requests: Rate{Rate: 1, Burst: 1}}} {
		b.Run(name, func(b *testing.B) {
			r := newBench(b, limits, func(o *Options) { o.Log = slog.New(slog.DiscardHandler) })
			pay := r.pays(0x0200, 1)
			b.ReportAllocs()
			for b.Loop() {
				r.a.answers, r.a.used = r.a.answers[:0], 0
				r.now += 1000
				_ = r.in.Frame(r.a.Link, pay)
			}
		})
	}
}
