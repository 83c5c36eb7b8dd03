package egress

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// plainDialect writes a message as its number in the test.
type plainDialect struct{}

func (plainDialect) Participant() route.Participant { return 0 }
func (plainDialect) Open() translate.Interpreter    { return plainWriter{} }

type plainWriter struct{ translate.Interpreter }

func (plainWriter) Compose(dst []byte, ef *payment.Effect) ([]byte, error) {
	if ef.Code == payment.CodeOf("XX") {
		return dst, errors.New("does not fit")
	}
	return fmt.Appendf(dst, "message %012d", ef.At), nil
}

// world is an egress with one participant, and what must be true of it, kept by
// other means: by looking at what the links got.
type world struct {
	t      *testing.T
	r      *rand.Rand
	e      *Egress
	now    int64
	window int
	trace  bool // answers carry DE7 and DE11 only
	breaks bool // links break while a group is staged
	links  []*fakeLink
	failed []payment.Answer
	sent   int64   // messages encoded so far
	flying []*post // unanswered
	group  []*post // of this group
}

// post is a message of the test.
type post struct {
	number  int64
	ef      payment.Effect
	account string
	link    *fakeLink // that got it
	at      int64
}

func (p *post) limited() bool {
	return !p.ef.Repeat && (p.ef.Leg == payment.LegResolve || p.ef.Leg == payment.LegDebit || p.ef.Leg == payment.LegCredit)
}

func (p *post) tracked() bool {
	return p.ef.Leg != payment.LegRequest && p.ef.Leg != payment.LegUpdate && p.ef.Leg != payment.LegEnquiry
}

const lasts = 30 * time.Second

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 3)), now: 1e18, trace: seed%3 == 0, breaks: seed%2 == 0}
	w.window = 1 + w.r.IntN(24)
	lane := Lane{Dialect: plainDialect{}, Framing: frame.BIN2, Window: w.window, Unanswered: lasts}
	if w.trace {
		lane.Match = payment.Match{STAN: true, Transmitted: true}
	}
	w.e = New(Options{
		Lanes: []Lane{lane}, Clock: func() int64 { return w.now }, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Submit: func(events []payment.Event) (int, error) {
			for _, ev := range events {
				w.failed = append(w.failed, ev.Answer)
			}
			return len(events), nil
		},
	})
	return w
}

// message encodes one more message by chance.
func (w *world) message() {
	legs := []payment.Leg{payment.LegRequest, payment.LegResolve, payment.LegDebit, payment.LegDebit, payment.LegCredit, payment.LegCredit,
		payment.LegReversal, payment.LegAdvice, payment.LegStatus, payment.LegUpdate}
	w.sent++
	leg := legs[w.r.IntN(len(legs))]
	p := &post{number: w.sent, at: w.now}
	pay := &payment.Payment{ID: payment.ID(w.sent)}
	pay.Legs[leg] = payment.LegState{STAN: uint32(w.sent), Transmitted: 7}
	p.ef = payment.Effect{Send: true, Leg: leg, Payment: pay, At: w.sent, Repeat: w.r.IntN(8) == 0 && (leg == payment.LegReversal || leg == payment.LegAdvice)}
	if p.tracked() && leg != payment.LegResolve {
		p.account = fmt.Sprintf("account%d", w.r.IntN(12))
		if leg == payment.LegDebit || leg == payment.LegReversal {
			p.account = "payer " + p.account
			pay.Text.Set(payment.PayerAccount, []byte(p.account))
		} else {
			pay.Text.Set(payment.PayeeAccount, []byte(p.account))
		}
	}
	if w.r.IntN(50) == 0 {
		p.ef.Code = payment.CodeOf("XX")
	}
	w.group = append(w.group, p)
	w.e.Encode(&p.ef)
}

// answers has some of what flies answered, and forgets what is too old.
func (w *world) answers() {
	w.flying = slices.DeleteFunc(w.flying, func(p *post) bool {
		if w.now-p.at >= int64(lasts) {
			return true
		}
		if w.r.IntN(3) > 0 {
			return false
		}
		a := payment.Answer{Payment: p.ef.Payment.ID, Leg: p.ef.Leg, STAN: uint32(p.number), Transmitted: 7}
		if w.trace {
			a.Payment, a.Leg = 0, payment.LegRequest
		}
		w.e.Answered(0, &a)
		return true
	})
}

func (w *world) attached(l *fakeLink) bool { return slices.Contains(w.links, l) }

// usable says whether a link could take the messages of this group.
func (w *world) usable(l *fakeLink) bool { return l != nil && w.attached(l) && !l.broken }

// best is the lowest group with a usable link.
func (w *world) best() int {
	best := -1
	for _, l := range w.links {
		if w.usable(l) && (best < 0 || l.group < best) {
			best = l.group
		}
	}
	return best
}

// unanswered counts the new requests that fly on a link.
func (w *world) unanswered(l *fakeLink) (n int) {
	for _, p := range w.flying {
		if p.link == l && p.limited() {
			n++
		}
	}
	return n
}

// release ends the group and judges where its messages are.
func (w *world) release() {
	w.e.Release()
	w.t.Helper()
	where := map[int64]*fakeLink{}
	for _, l := range w.links {
		last := map[string]int64{}
		for rest := l.frames; len(rest) > 0; {
			body, n, err := frame.BIN2.Next(rest, frame.Limits{})
			if err != nil || n == 0 {
				w.t.Fatalf("not whole frames: %v", err)
			}
			rest = rest[n:]
			var number int64
			if _, err := fmt.Sscanf(string(bytes.TrimSpace(body)), "message %d", &number); err != nil {
				w.t.Fatal(err)
			}
			if where[number] != nil {
				w.t.Fatalf("message %d went out twice", number)
			}
			where[number] = l
			account := w.group[number-w.group[0].number].account
			if last[account] > number && account != "" {
				w.t.Fatalf("message %d about %s behind message %d", number, account, last[account])
			}
			last[account] = number
		}
		l.frames = nil
	}
	for _, p := range w.group {
		w.judge(p, where[p.number])
	}
	for _, l := range w.links {
		if n := w.unanswered(l); n > w.window {
			w.t.Fatalf("%d unanswered requests on a link, window %d", n, w.window)
		}
	}
	f := &w.e.lane(0).flights
	f.expire(w.now - int64(lasts))
	if len(f.index) != len(w.flying) {
		w.t.Fatalf("%d messages are remembered, %d fly", len(f.index), len(w.flying))
	}
	w.group, w.failed = nil, nil
}

// judge says whether a message may be where it is.
func (w *world) judge(p *post, got *fakeLink) {
	w.t.Helper()
	var held *fakeLink // the link of the account's other messages
	for _, f := range w.flying {
		if p.account != "" && f.account == p.account {
			held = f.link // the latest counts: earlier ones may be on links that are gone
		}
	}
	told := slices.ContainsFunc(w.failed, func(a payment.Answer) bool { return int64(a.Payment) == p.number })
	odd, silent := p.ef.Code != payment.Code{}, p.ef.Leg == payment.LegRequest || p.ef.Repeat
	if must := got == nil && !silent; told != must && !(odd && silent) {
		w.t.Fatalf("message %d (%v, sent %v): told that it failed: %v", p.number, p.ef.Leg, got != nil, told)
	}
	switch {
	case odd || w.best() < 0:
		if got != nil {
			w.t.Fatalf("message %d has left", p.number)
		}
		return
	case got == nil && !p.limited():
		w.t.Fatalf("message %d (%v) is held back", p.number, p.ef.Leg)
	case got == nil:
		w.refused(p, held)
		return
	case !w.usable(got):
		w.t.Fatalf("message %d on a link that takes none", p.number)
	case w.usable(held) && got != held:
		w.t.Fatalf("message %d (%v) about %s is on another link than those before", p.number, p.ef.Leg, p.account)
	case !w.usable(held) && got.group != w.best():
		w.t.Fatalf("message %d in group %d, best is %d", p.number, got.group, w.best())
	}
	if p.link = got; p.tracked() {
		w.flying = append(w.flying, p)
	}
}

// refused says whether a new request may have found no room.
func (w *world) refused(p *post, held *fakeLink) {
	w.t.Helper()
	if w.breaks {
		return // it may have been full on a link that broke afterwards
	}
	room := w.window
	if p.ef.Leg != payment.LegCredit {
		room -= w.window / 8
	}
	for _, l := range w.links {
		if l == held || held == nil && l.group == w.best() {
			if n := w.unanswered(l); n < room {
				w.t.Fatalf("message %d (%v) found no room beside %d, room for %d", p.number, p.ef.Leg, n, room)
			}
		}
	}
}

// Whatever comes, in whatever order links appear, break and leave: every message is
// on one link that takes it, or told to have failed; what is about one account keeps
// to one link while that lives, in order; no link has more new requests unanswered
// than its window; repairs and answers are never held back; links of the best group
// go first.
func TestLinksOfAParticipant(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 60
	}
	for seed := range seeds {
		w := newWorld(t, seed)
		sent := 0
		for range 200 {
			switch w.r.IntN(10) {
			case 0:
				if len(w.links) < 5 {
					l := &fakeLink{group: w.r.IntN(3)}
					w.links = append(w.links, l)
					w.e.Attach(0, l)
				}
			case 1:
				if len(w.links) > 0 {
					i := w.r.IntN(len(w.links))
					w.e.Detach(0, w.links[i])
					w.links = slices.Delete(w.links, i, i+1)
				}
			case 2:
				w.now += w.r.Int64N(int64(lasts))
			}
			w.answers()
			for range w.r.IntN(12) {
				w.message()
				sent++
			}
			for _, l := range w.links {
				l.broken = w.breaks && w.r.IntN(6) == 0
			}
			if len(w.group) > 0 {
				w.release()
			}
			// A link that has taken nothing is closing: its end comes soon.
			w.links = slices.DeleteFunc(w.links, func(l *fakeLink) bool {
				if l.broken {
					w.e.Detach(0, l)
				}
				return l.broken
			})
		}
		if w.e.Links(0) != len(w.links) {
			t.Fatalf("%d links, want %d", w.e.Links(0), len(w.links))
		}
		if sent < 500 {
			t.Fatalf("seed %d: %d messages", seed, sent)
		}
		w.now += int64(lasts)
		for _, l := range w.links {
			w.e.Detach(0, l)
		}
		link := &fakeLink{}
		w.e.Attach(0, link)
		w.links = []*fakeLink{link}
		w.flying = nil
		w.message()
		w.release()
		if f := &w.e.lane(0).flights; len(f.index) > 1 || len(f.accounts) > 1 {
			t.Fatalf("seed %d: %d messages and %d accounts are remembered", seed, len(f.index), len(f.accounts))
		}
	}
}

// A group goes to the least busy link, and to others when it is large: a
// participant's traffic is on all of its links.
func TestLoadIsSpread(t *testing.T) {
	w := newWorld(t, 1)
	w.e.lane(0).Window = 1000
	for range 4 {
		l := &fakeLink{}
		w.links = append(w.links, l)
		w.e.Attach(0, l)
	}
	for range 400 {
		w.sent++
		w.e.Encode(&payment.Effect{Send: true, Leg: payment.LegResolve, At: w.sent, Payment: &payment.Payment{ID: payment.ID(w.sent)}})
	}
	w.e.Release()
	for i, l := range w.links {
		if n := frames(t, l.frames); n < 100-spread || n > 100+spread || l.wakes != 1 {
			t.Errorf("link %d has %d of 400 messages, in %d bursts", i, n, l.wakes)
		}
	}
	// One link's peer answers nothing: the others get what comes.
	for id := range payment.ID(w.sent) {
		if l := w.e.lane(0).flights; l.index != nil {
			if i, there := l.index[name{uint64(id + 1), uint64(payment.LegResolve)}]; there && l.slab[i].outlet.link != w.links[0] {
				w.e.Answered(0, &payment.Answer{Payment: id + 1, Leg: payment.LegResolve})
			}
		}
	}
	before := frames(t, w.links[0].frames)
	for range 60 {
		w.sent++
		w.e.Encode(&payment.Effect{Send: true, Leg: payment.LegResolve, At: w.sent, Payment: &payment.Payment{ID: payment.ID(w.sent)}})
		w.e.Release()
	}
	if n := frames(t, w.links[0].frames) - before; n != 0 {
		t.Errorf("%d more messages on a link that does not answer", n)
	}
	// A small group is not torn apart.
	for _, l := range w.links {
		l.wakes = 0
	}
	for range 8 {
		w.sent++
		w.e.Encode(&payment.Effect{Send: true, Leg: payment.LegRequest, At: w.sent, Payment: &payment.Payment{ID: payment.ID(w.sent)}})
	}
	w.e.Release()
	wakes := 0
	for _, l := range w.links {
		wakes += l.wakes
	}
	if wakes != 1 {
		t.Errorf("8 messages in %d bursts", wakes)
	}
}

// Credits find room where debits do not, and what is over the window is told, not
// kept.
func TestWindow(t *testing.T) {
	w := newWorld(t, 1)
	l := w.e.lane(0)
	l.Window = 16
	link := &fakeLink{}
	w.e.Attach(0, link)
	send := func(leg payment.Leg, n int) {
		for range n {
			w.sent++
			w.e.Encode(&payment.Effect{Send: true, Leg: leg, At: w.sent, Payment: &payment.Payment{ID: payment.ID(w.sent)}})
		}
		w.e.Release()
	}
	for _, step := range []struct {
		leg          payment.Leg
		n, out, told int
	}{
		{payment.LegDebit, 20, 14, 6}, {payment.LegResolve, 1, 0, 1}, {payment.LegCredit, 5, 2, 3},
		{payment.LegReversal, 50, 50, 0}, {payment.LegAdvice, 50, 50, 0}, {payment.LegStatus, 5, 5, 0}, {payment.LegRequest, 50, 50, 0},
	} {
		link.frames, w.failed = nil, nil
		send(step.leg, step.n)
		if out := frames(t, link.frames); out != step.out || len(w.failed) != step.told {
			t.Errorf("%d of %v: %d left and %d were told, want %d and %d", step.n, step.leg, out, len(w.failed), step.out, step.told)
		}
	}
	for i, id := range []payment.ID{1, 1, 2, 3} { // twice is once
		if awaited := w.e.Answered(0, &payment.Answer{Payment: id, Leg: payment.LegDebit}); awaited != (i != 1) {
			t.Errorf("answer %d, to %d, was awaited: %v", i, id, awaited)
		}
	}
	if w.e.Answered(0, &payment.Answer{Payment: 1, Leg: payment.LegRequest}) {
		t.Error("a receipt is awaited")
	}
	link.frames = nil
	send(payment.LegDebit, 5)
	if n := frames(t, link.frames); n != 1 {
		t.Errorf("%d debits found room after three answers", n)
	}
	w.now += int64(lasts)
	link.frames = nil
	send(payment.LegDebit, 5)
	if n := frames(t, link.frames); n != 5 {
		t.Errorf("%d debits found room when all others were too old", n)
	}
}

// What is remembered has an end: then new requests wait for others to be answered,
// repairs go on and are not held to a link.
func TestFlightsAreBounded(t *testing.T) {
	w := newWorld(t, 1)
	link := &fakeLink{}
	w.e.Attach(0, link)
	l := w.e.lane(0)
	for n := range uint64(flightsMax) {
		l.flights.add(w.now, name{n, 99}, 0, l.links[0], false)
	}
	for _, leg := range []payment.Leg{payment.LegDebit, payment.LegReversal, payment.LegCredit} {
		w.sent++
		w.e.Encode(&payment.Effect{Send: true, Leg: leg, At: w.sent, Payment: &payment.Payment{ID: payment.ID(w.sent)}})
	}
	w.e.Release()
	if n := frames(t, link.frames); n != 1 || len(w.failed) != 2 || len(l.flights.slab) != flightsMax {
		t.Errorf("%d left, %d told, %d remembered", n, len(w.failed), len(l.flights.slab))
	}
}

// A window of any size and times that are none get their defaults.
func TestLaneDefaults(t *testing.T) {
	if l := (Lane{}).withDefaults(); l.Window != 16_384 || l.Unanswered != time.Minute {
		t.Errorf("defaults %+v", l)
	}
	if l := (Lane{Window: 1 << 30}).withDefaults(); l.Window != windowMax {
		t.Errorf("window %d", l.Window)
	}
}

func BenchmarkChooseAndAnswer(b *testing.B) {
	e, _ := newEgress(b)
	for range 4 {
		e.Attach(0, &fakeLink{})
	}
	l, p := e.lane(0), passage{tracked: true, limited: true}
	b.ReportAllocs()
	for n := uint64(1); b.Loop(); n++ {
		p.name, p.account = name{n, 2}, n%5000+1
		l.mu.Lock()
		l.take(&p, int64(n))
		l.mu.Unlock()
		if n > 1000 {
			e.Answered(0, &payment.Answer{Payment: payment.ID(n - 1000), Leg: payment.LegDebit})
		}
	}
}
