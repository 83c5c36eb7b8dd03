package egress

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
	dialect8583 "switchd/switch/translate/iso8583"
)

// fakeLink takes frames until it is broken.
type fakeLink struct {
	frames []byte
	wakes  int
	broken bool
	header []byte
	group  int
}

func (l *fakeLink) Queue(frames []byte) error {
	if l.broken {
		return errors.New("broken")
	}
	l.frames = append(l.frames, frames...)
	return nil
}
func (l *fakeLink) Wake()                          { l.wakes++ }
func (l *fakeLink) Group() int                     { return l.group }
func (l *fakeLink) AppendHeader(dst []byte) []byte { return append(dst, l.header...) }

func newEgress(t testing.TB) (*Egress, *[]payment.Event) { return newEgressOf(t, frame.BIN2) }

func newEgressOf(t testing.TB, framing frame.Framing) (*Egress, *[]payment.Event) {
	t.Helper()
	spec, err := iso8583.Builtin("iso87-npci")
	if err != nil {
		t.Fatal(err)
	}
	dir := &translate.Directory{Institution: "999999", Currency: 356, Institutions: []string{"100001", "100002", "100003"}}
	var failed []payment.Event
	o := Options{Clock: func() int64 { return 100 }, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Submit: func(events []payment.Event) (int, error) {
		failed = append(failed, events...)
		return len(events), nil
	}}
	for n := range 2 {
		o.Lanes = append(o.Lanes, Lane{Dialect: &dialect8583.Dialect{Spec: spec, Directory: dir, Number: routeOf(n)}, Framing: framing, Limits: frame.Limits{}.WithDefaults()})
	}
	o.Lanes = append(o.Lanes, Lane{}) // a participant that is no longer configured
	return New(o), &failed
}

func routeOf(n int) route.Participant { return route.Participant(n) }

func effect(id payment.ID, leg payment.Leg, to int) *payment.Effect {
	p := &payment.Payment{ID: id, Amount: ledger.Amount{Minor: 100, Currency: 356}, Reply: payment.OK, Echo: payment.Echo{RRN: [12]byte([]byte("RRN000000001"))}}
	p.Text.Set(payment.PayerAccount, fmt.Appendf(nil, "account%d", id))
	p.Legs[leg] = payment.LegState{SentAt: 1, STAN: 9, Transmitted: 1122153000}
	return &payment.Effect{Send: true, To: routeOf(to), Leg: leg, Payment: p}
}

// frames counts whole frames and fails on anything else.
func frames(t *testing.T, b []byte) (n int) {
	t.Helper()
	for len(b) > 0 {
		_, size, err := frame.BIN2.Next(b, frame.Limits{}.WithDefaults())
		if err != nil || size == 0 {
			t.Fatalf("not whole frames: %v", err)
		}
		b, n = b[size:], n+1
	}
	return n
}

// TestReleaseIsOneHandOver: all messages to a participant of one group go to one
// link with one wake, the next group to the next link.
func TestReleaseIsOneHandOver(t *testing.T) {
	e, failed := newEgress(t)
	a, b, other := &fakeLink{}, &fakeLink{}, &fakeLink{}
	e.Attach(0, a)
	e.Attach(0, b)
	e.Attach(1, other)
	seen := 0
	for group := range 2 {
		for i := range 3 {
			e.Encode(effect(payment.ID(group*3+i+1), payment.LegDebit, 0))
		}
		e.Encode(effect(99, payment.LegCredit, 1))
		if before := len(a.frames) + len(b.frames) + len(other.frames); before != seen {
			t.Fatal("something left before its release")
		}
		e.Release()
		seen = len(a.frames) + len(b.frames) + len(other.frames)
	}
	if frames(t, a.frames) != 3 || frames(t, b.frames) != 3 || a.wakes != 1 || b.wakes != 1 || frames(t, other.frames) != 2 {
		t.Errorf("a %d frames %d wakes, b %d frames %d wakes, other %d", frames(t, a.frames), a.wakes, frames(t, b.frames), b.wakes, frames(t, other.frames))
	}
	if bytes.Equal(a.frames, b.frames) || len(*failed) != 0 {
		t.Errorf("same frames twice, or failures: %v", *failed)
	}
}

// TestNoLinkIsProvenUnsent: legs come back as SendFailed, answers to senders and
// repeats do not: the sender repeats its request, and an advice was sent before.
func TestNoLinkIsProvenUnsent(t *testing.T) {
	for name, broken := range map[string]bool{"no link": false, "broken link": true} {
		e, failed := newEgress(t)
		if broken {
			e.Attach(0, &fakeLink{broken: true})
		}
		e.Encode(effect(7, payment.LegDebit, 0))
		e.Encode(effect(8, payment.LegRequest, 0))
		repeat := effect(9, payment.LegReversal, 0)
		repeat.Repeat = true
		e.Encode(repeat)
		e.Release()
		e.Release() // nothing is left over
		if len(*failed) != 1 {
			t.Fatalf("%s: %d events, want 1", name, len(*failed))
		}
		if a := (*failed)[0]; a.Kind != payment.SendFailed || a.Answer.Payment != 7 || a.Answer.Leg != payment.LegDebit || a.Answer.STAN != 9 || a.Answer.Transmitted != 1122153000 {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestBrokenLinkIsPassedOver: the next link of the participant takes the frames.
func TestBrokenLinkIsPassedOver(t *testing.T) {
	e, failed := newEgress(t)
	good := &fakeLink{}
	e.Attach(0, &fakeLink{broken: true})
	e.Attach(0, good)
	for range 3 {
		e.Encode(effect(7, payment.LegDebit, 0))
		e.Release()
	}
	if frames(t, good.frames) != 3 || len(*failed) != 0 {
		t.Errorf("good link has %d frames, %d failures", frames(t, good.frames), len(*failed))
	}
	e.Detach(0, good)
	if e.Links(0) != 1 {
		t.Errorf("%d links after one left, want 1", e.Links(0))
	}
}

// TestWhatCannotBeSaidIsUnsent: a participant without a dialect, a message whose
// time is over, and a value that does not fit the dialect.
func TestWhatCannotBeSaidIsUnsent(t *testing.T) {
	e, failed := newEgress(t)
	link := &fakeLink{}
	e.Attach(0, link)
	e.Encode(effect(7, payment.LegCredit, 2))
	late := effect(6, payment.LegDebit, 0)
	late.NotAfter = 100
	e.Encode(late)
	large := effect(8, payment.LegDebit, 0)
	large.Payment.Amount.Minor = 1_000_000_000_000 // 13 digits: DE4 has 12
	e.Encode(large)
	e.Encode(effect(9, payment.LegDebit, 0))
	e.Release()
	if len(*failed) != 3 || (*failed)[0].Answer.Payment != 7 || (*failed)[1].Answer.Payment != 6 || (*failed)[2].Answer.Payment != 8 || frames(t, link.frames) != 1 {
		t.Errorf("failed %+v, %d frames", *failed, frames(t, link.frames))
	}
}

func BenchmarkEncodeRelease(b *testing.B) {
	e, _ := newEgress(b)
	link := &fakeLink{}
	e.Attach(0, link)
	ef := effect(7, payment.LegDebit, 0)
	b.ReportAllocs()
	for b.Loop() {
		e.Encode(ef)
		e.Release()
		link.frames = link.frames[:0]
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	for _, framing := range []frame.Framing{frame.BIN2, frame.NAC, frame.ASCII4, frame.VAP} {
		e, _ := newEgressOf(t, framing)
		link := &fakeLink{}
		if framing == frame.NAC {
			link.header = []byte("\x60\x00\x01\x00\x02")
		}
		e.Attach(0, link)
		ef := effect(7, payment.LegDebit, 0)
		if n := testing.AllocsPerRun(100, func() { e.Encode(ef); e.Release(); link.frames = link.frames[:0] }); n != 0 {
			t.Errorf("%v: %v allocations per message, want 0", framing, n)
		}
	}
}

// TestFramesCarryTheHeaderOfTheirLink: also when the link that was next in turn
// has broken, or has got another header since.
func TestFramesCarryTheHeaderOfTheirLink(t *testing.T) {
	e, failed := newEgressOf(t, frame.NAC)
	a, b := &fakeLink{header: []byte("\x60\x00\x01\x00\x0a")}, &fakeLink{header: []byte("\x60\x00\x01\x00\x0b")}
	e.Attach(0, a)
	e.Attach(0, b)
	seen := map[string]bool{}
	headers := func(l *fakeLink) (all []string) {
		for rest := l.frames; len(rest) > 0; {
			fr, err := frame.NAC.Read(rest, frame.Limits{})
			if err != nil || fr.Bytes == 0 || len(fr.Body) < 100 {
				t.Fatalf("not whole frames: %v", err)
			}
			if seen[string(fr.Body)] {
				t.Error("a message went out twice")
			}
			seen[string(fr.Body)] = true
			rest, all = rest[fr.Bytes:], append(all, string(fr.Header))
		}
		l.frames = nil
		return all
	}
	id := payment.ID(0)
	group := func(change func()) {
		for range 2 {
			id++
			e.Encode(effect(id, payment.LegDebit, 0))
		}
		change()
		e.Release()
		for i := range payment.ID(2) {
			e.Answered(0, &payment.Answer{Payment: id - i, Leg: payment.LegDebit})
		}
	}
	check := func(l *fakeLink, n int) {
		t.Helper()
		if got := headers(l); len(got) != n || n > 0 && got[n-1] != string(l.header) {
			t.Errorf("headers %x, want %d times %x", got, n, l.header)
		}
	}
	group(func() {})
	group(func() {})
	check(a, 2)
	check(b, 2)
	group(func() { a.broken, b.broken = true, false }) // b's turn
	group(func() {})                                   // a's turn
	check(a, 0)
	check(b, 4)
	e.Detach(0, a)
	group(func() { b.header = []byte("\x60\x00\x01\x00\x0c") })
	check(b, 2)
	group(func() { b.header = []byte("no TPDU") })
	if len(*failed) != 2 {
		t.Errorf("%d failures, want 2 for a header that cannot be sent", len(*failed))
	}
}
