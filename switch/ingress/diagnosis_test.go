package ingress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"switchd/session"
	"switchd/session/gnetio"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// nothing is a payment.Store that has never seen anything.
type nothing struct{}

func (nothing) FindRequest(_ *payment.RequestKey, row []byte) ([]byte, bool) { return row, false }
func (nothing) FindBusiness(*payment.Business) (payment.ID, bool)            { return 0, false }
func (nothing) FindPayment(_ payment.ID, row []byte) ([]byte, bool)          { return row, false }
func (nothing) FindLimit(*payment.LimitKey) (payment.LimitUse, bool) {
	return payment.LimitUse{}, false
}

// machine has one payment whose debit waits for BANKA.
func machine(t *testing.T) *payment.Machine {
	t.Helper()
	m := payment.New(nothing{})
	c := &payment.Config{Currency: 356, OpenMax: 100}
	for n, id := range []string{"BANKA", "BANKB"} {
		c.Participants = append(c.Participants, payment.Profile{
			Number: route.Participant(n), ID: id, Institution: fmt.Sprintf("10000%d", n+1), IFSCPrefixes: []string{"BNK" + id[4:]},
			NetDebitCap: 1 << 40, Timers: payment.Timers{Total: time.Minute, Resolve: time.Second, Debit: time.Second, Credit: time.Second,
				CreditUnknown: time.Minute, Reversal: time.Second, BackoffMin: time.Second, BackoffMax: time.Minute, GiveUp: time.Hour},
		})
	}
	request := payment.Event{Kind: payment.RequestArrived, Request: payment.Request{Key: payment.RequestKey{STAN: 1}}}
	request.Request.Amount.Minor, request.Request.Amount.Currency = 1050, 356
	request.Text.Set(payment.PayerAccount, []byte("1000010001"))
	request.Text.Set(payment.PayeeAccount, []byte("1000020001"))
	request.Text.Set(payment.PayeeIFSC, []byte("BNKB0000001"))
	for i, e := range []payment.Event{
		{Kind: payment.ConfigChanged, Config: c}, {Kind: payment.LinkUp}, {Kind: payment.LinkUp, From: 1}, request,
	} {
		e.Seq, e.At = uint64(i+1), noon+int64(i)
		m.Step(&e, nil)
	}
	if m.OpenCount() != 1 {
		t.Fatal("no payment is open")
	}
	return m
}

// with gives a bench the machine to ask.
func with(m *payment.Machine) func(*Options) {
	return func(o *Options) {
		o.Inspect = func(_ context.Context, f func(*payment.Machine)) error { f(m); return nil }
	}
}

func (r *bench) diagnosis() *Diagnosis {
	r.t.Helper()
	d, ok := r.in.Diagnose(r.t.Context(), "BANKA")
	if !ok {
		r.t.Fatal("BANKA is not known")
	}
	return d
}

// TestCensus: names of unknown tags with how often and when, never what they hold; a
// bounded number of them.
func TestCensus(t *testing.T) {
	r := newBench(t, Limits{})
	odd := func(tag int) []byte {
		m := pushTo("000001")
		m[120] += fmt.Sprintf("%03d006SECRET", tag)
		return r.message(0x0200, m)
	}
	if d := r.diagnosis(); len(d.Unknown) != 0 || d.Unknown == nil {
		t.Errorf("at the start: %+v", d.Unknown)
	}
	r.quiet(r.a, odd(87))
	r.now += 5
	r.quiet(r.a2, odd(99))
	r.now += 5
	r.quiet(r.a, odd(87))
	r.quiet(r.a, r.pays(0x0200, 1))
	r.quiet(r.b, odd(55)) // another participant
	want := []UnknownNoted{{"DE120.087", 2, stamp(noon), stamp(noon + 10)}, {"DE120.099", 1, stamp(noon + 5), stamp(noon + 5)}}
	if d := r.diagnosis(); !reflect.DeepEqual(d.Unknown, want) || d.UnknownMore != 0 {
		t.Errorf("got %+v, want %+v", d.Unknown, want)
	}
	for tag := 200; tag < 300; tag++ {
		r.quiet(r.a, odd(tag))
	}
	r.quiet(r.a, odd(87))
	d := r.diagnosis()
	if len(d.Unknown) != unknownMax || d.UnknownMore != 100+2-unknownMax {
		t.Errorf("%d names and %d more, want %d and %d", len(d.Unknown), d.UnknownMore, unknownMax, 100+2-unknownMax)
	}
	if text, err := json.Marshal(d); err != nil || strings.Contains(string(text), "SECRET") {
		t.Errorf("%v: %s", err, text)
	}
	// To see the same again costs no memory.
	body := odd(87)
	if n := testing.AllocsPerRun(100, func() { r.quiet(r.a, body) }); n != 0 {
		t.Errorf("%v allocations for a message with a known stranger", n)
	}
}

// TestUnmatchedAnswers says of each which leg it comes nearest to, and what differs.
func TestUnmatchedAnswers(t *testing.T) {
	m := machine(t)
	r := newBench(t, Limits{}, with(m))
	var p *payment.Payment
	m.OpenPayments(func(q *payment.Payment) { p = q })
	l := &p.Legs[payment.LegDebit]
	answer := map[int]string{7: fmt.Sprintf("%010d", l.Transmitted), 11: fmt.Sprintf("%06d", l.STAN), 37: "THEIROWNREF1", 39: "00"}
	r.quiet(r.a, r.message(0x0210, answer))
	r.now++
	ref := translate.Reference(p.ID, payment.LegDebit)
	answer[37] = string(ref[:])
	r.quiet(r.a2, r.message(0x0230, answer)) // an answer of another kind
	r.now++
	r.in.Unmatched(0, &payment.Answer{Payment: p.ID, Leg: payment.LegDebit, STAN: 999_999, Transmitted: l.Transmitted, Outcome: payment.OK})
	r.in.Unmatched(77, &payment.Answer{}) // of nobody
	r.now++
	delete(answer, 37)
	answer[11] = "424242"
	r.quiet(r.a, r.message(0x0210, answer))
	at := stamp(l.SentAt)
	near := func(agrees, differs []string) *NearestNoted {
		return &NearestNoted{Payment: p.ID, Leg: "debit", SentAt: &at, Agrees: agrees, Differs: differs}
	}
	want := []UnmatchedNoted{
		{stamp(noon + 3), 0, "DE37 missing", []string{"stan", "transmitted"}, nil},
		{stamp(noon + 2), 0, "no leg has this key", []string{"reference", "stan", "transmitted"}, near([]string{"reference", "transmitted"}, []string{"stan"})},
		{stamp(noon + 1), 0, "DE37 does not fit DE0", []string{"reference", "stan", "transmitted"}, near([]string{"reference", "stan", "transmitted"}, []string{})},
		{stamp(noon), 0, "DE37 not ours", []string{"stan", "transmitted"}, near([]string{"stan", "transmitted"}, []string{"reference"})},
	}
	got := r.diagnosis().Unmatched
	for i := range want {
		if i >= len(got) || !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("got %s\nwant %s", marshal(t, got), marshal(t, want))
		}
	}
	if text := marshal(t, got); strings.Contains(text, "THEIROWN") || strings.Contains(text, "424242") || strings.Contains(text, answer[7]) {
		t.Errorf("a value is shown: %s", text)
	}
	// The machine that does not answer, and no machine.
	r.in.o.Inspect = func(context.Context, func(*payment.Machine)) error { return errors.New("busy") }
	if d := r.diagnosis(); d.Incomplete == "" || len(d.Unmatched) != 4 || d.Unmatched[1].Nearest != nil {
		t.Errorf("without an answer of the machine: %s", marshal(t, d))
	}
	r.in.o.Inspect = nil
	if d := r.diagnosis(); d.Incomplete != "" || len(d.Unmatched) != 4 {
		t.Errorf("without a machine: %s", marshal(t, d))
	}
	if _, ok := r.in.Diagnose(t.Context(), "NOBODY"); ok {
		t.Error("NOBODY is known")
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestLatestFaultsAndSpeech: bounded, the latest first.
func TestLatestFaultsAndSpeech(t *testing.T) {
	r := newBench(t, Limits{})
	for i := range 3 * malformedMax {
		r.now = noon + int64(i)
		bad := r.pays(0x0200, i)
		if i%2 == 0 {
			bad = append(bad, 0)
		} else {
			bad[4+16+6] = 'x' // the first digit of DE4
		}
		r.quiet(r.a, bad)
		r.in.Diagnosed(r.a.Link, gnetio.Diagnosis{Result: "protocol", Framing: "BIN2", Speaks: "HTTP"}) // of a link without a participant
	}
	d := r.diagnosis()
	if len(d.Malformed) != malformedMax || len(d.Speech) != 0 {
		t.Fatalf("%d faults, %d links", len(d.Malformed), len(d.Speech))
	}
	for i, m := range d.Malformed {
		n := 3*malformedMax - 1 - i
		if want := []string{"DE0 trailing bytes", "DE4 n12"}[n%2]; m.Reason != want || !m.At.Equal(stamp(noon+int64(n))) {
			t.Errorf("fault %d: %+v, want %s at %d", i, m, want, n)
		}
	}
	var last ring[int]
	for i := range 20 {
		last.add(i, 8)
	}
	var got []int
	last.latest(func(v *int) { got = append(got, *v) })
	if !reflect.DeepEqual(got, []int{19, 18, 17, 16, 15, 14, 13, 12}) {
		t.Errorf("the latest are %v", got)
	}
}

// TestSpeechOfARealLink: what a server finds gets into the diagnosis.
func TestSpeechOfARealLink(t *testing.T) {
	l := make(chan *gnetio.Link, 1)
	r := newRigOf(t, 1, Participant{}, func(o *Options) { o.Links = tapped{o.Links, l} })
	found := gnetio.Diagnosis{Result: "other", Framing: "BIN2", Dialect: "iso87-npci", Fits: []string{"ASCII4"}, Speaks: "iso87-ascii", Charset: "ASCII", Bitmap: "hex"}
	r.send(r.message(0x0800, network("001")))
	r.receive()
	link := <-l
	r.in.Diagnosed(link, found)
	d, _ := r.in.Diagnose(t.Context(), "BANKA")
	if len(d.Speech) != 1 || d.Speech[0].Link != link.ID() || !reflect.DeepEqual(d.Speech[0], shownSpeech(d.Speech[0].At.UnixNano(), link.ID(), &found)) {
		t.Errorf("%s", marshal(t, d))
	}
}

// TestUnmatchedWaitsForNobody: the writer goes on whoever holds the notes.
func TestUnmatchedWaitsForNobody(t *testing.T) {
	r := newBench(t, Limits{})
	n := &r.in.standing["BANKA"].noted
	n.mu.Lock()
	r.in.Unmatched(r.a.number, &payment.Answer{Payment: 1})
	n.mu.Unlock()
	r.in.Unmatched(r.a.number, &payment.Answer{Payment: 2})
	if all := n.unmatched.all; len(all) != 1 || all[0].key.Payment != 2 {
		t.Errorf("noted are %+v", all)
	}
}

// TestNotesFromAllSides: loops, the writer and the admin port at the same time.
func TestNotesFromAllSides(t *testing.T) {
	r := newBench(t, Limits{})
	var all sync.WaitGroup
	for n := range 3 {
		all.Go(func() {
			for i := range 200 {
				switch n {
				case 0:
					r.in.standing["BANKA"].noted.names(noon, fmt.Appendf(nil, "DE%d\n", i%100))
				case 1:
					r.in.Unmatched(0, &payment.Answer{Payment: payment.ID(i)})
				default:
					_, _ = r.in.Diagnose(context.Background(), "BANKA")
				}
			}
		})
	}
	all.Wait()
	for range unmatchedMax { // those of before may have found the notes taken
		r.in.Unmatched(0, &payment.Answer{Payment: 1})
	}
	if d := r.diagnosis(); len(d.Unmatched) != unmatchedMax || len(d.Unknown) != unknownMax || d.UnknownMore != 2*(100-unknownMax) {
		t.Errorf("%d unmatched, %d unknown, %d more", len(d.Unmatched), len(d.Unknown), d.UnknownMore)
	}
}

// tapped gives the links that are attached.
type tapped struct {
	Links
	l chan *gnetio.Link
}

func (t tapped) Attach(n route.Participant, l session.Link) {
	t.Links.Attach(n, l)
	if link, ok := l.(*gnetio.Link); ok {
		t.l <- link
	}
}
