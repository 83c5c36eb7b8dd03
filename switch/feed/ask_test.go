package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/state"
	"switchd/switch/view"
)

// read gives the lines of an answer that ends.
func (w *world) read(a Ask) []string {
	w.t.Helper()
	to := newWire(1 << 30)
	if err := w.feed.Stream(w.t.Context(), a, to); err != nil {
		w.t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(to.got.String()), "\n")
}

// TestHostileAsks: what is no place, not there, or not allowed is refused before
// anything is written.
func TestHostileAsks(t *testing.T) {
	w := start(t, vfs.NewCrashableMem(), Options{})
	own := access.Caller{Name: "bank", Roles: access.Participant, Participant: "BANKA"}
	for _, c := range []struct {
		query  string
		caller access.Caller
		want   error
	}{
		{"participant=BANKA&from=-1", auditor, view.ErrQuestion},
		{"participant=BANKA&from=1e3", auditor, view.ErrQuestion},
		{"participant=BANKA&from=%2B1", auditor, view.ErrQuestion},
		{"participant=BANKA&from=18446744073709551615", auditor, view.ErrQuestion},
		{"participant=BANKA&from=99999999999999999999999", auditor, view.ErrQuestion},
		{"participant=BANKA&from=1.", auditor, view.ErrQuestion},
		{"participant=BANKA&from=1.2.3", auditor, view.ErrQuestion},
		{"participant=BANKA&from=1.-2", auditor, view.ErrQuestion},
		{"participant=BANKA&from=" + strings.Repeat("9", 10_000), auditor, view.ErrQuestion},
		{"participant=BANKA&from=%00%0A", auditor, view.ErrQuestion},
		{"participant=BANKA&from=9223372036854775807", auditor, view.ErrConflict},
		{"participant=BANKA&until=x", auditor, view.ErrQuestion},
		{"participant=BANKA&limit=0", auditor, view.ErrQuestion},
		{"participant=BANKA&limit=1000001", auditor, view.ErrQuestion},
		{"participant=BANKX", auditor, view.ErrNotFound},
		{"", auditor, view.ErrQuestion},
		{"participant=BANKB", own, view.ErrForbidden},
		{"participant=BANKX", own, view.ErrForbidden},
		{"participant=BANKA", access.Caller{Name: "v", Roles: access.Viewer}, view.ErrForbidden},
		{"participant=BANKA", access.Caller{Name: "p", Roles: access.Participant}, view.ErrForbidden},
		{"participant=", access.Caller{}, view.ErrForbidden},
	} {
		a := ask(c.query)
		a.Caller = c.caller
		to := newWire(1 << 20)
		if err := w.feed.Stream(t.Context(), a, to); !errors.Is(err, c.want) || to.got.Len() > 0 || len(err.Error()) > 300 {
			t.Errorf("%.60s by %v: %v, %q", c.query, c.caller, err, to.got.String())
		}
	}
	w.settle()
	ahead := ask(fmt.Sprintf("participant=BANKA&until=now&from=%d", w.store.Applied()+2))
	if err := w.feed.Stream(t.Context(), ahead, newWire(1<<20)); !errors.Is(err, view.ErrConflict) {
		t.Errorf("two behind the latest event: %v", err)
	}
	w.read(ask(fmt.Sprintf("participant=BANKA&until=now&from=%d", w.store.Applied()+1)))
	if _, found := number(&payment.Config{Participants: []payment.Profile{{ID: "CANARY1", Canary: true}}}, "CANARY1"); found {
		t.Error("a canary has events")
	}
	a := ask("until=now")
	a.Caller = own
	w.settle()
	if lines := w.read(a); !strings.Contains(lines[len(lines)-1], `"event":"end"`) {
		t.Errorf("its own: %q", lines)
	}
	if lines := w.read(ask("participant=BANKA&from=1.18446744073709551615&until=now")); !strings.Contains(lines[len(lines)-1], `"end"`) {
		t.Errorf("the last place of an event: %q", lines)
	}
}

// TestGone: who asks for what retention has taken is told where to begin, also in the
// middle of a stream.
func TestGone(t *testing.T) {
	o := Options{Source: &lost{first: 7}, Config: func() *payment.Config { c := testConfig(); return &c }}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	to := newWire(1 << 20)
	if err := f.Stream(t.Context(), ask("participant=BANKA&from=6.3"), to); err != nil || to.status != http.StatusGone {
		t.Errorf("%d %v", to.status, err)
	}
	var answer struct{ First uint64 }
	if err := json.Unmarshal(to.got.Bytes(), &answer); err != nil || answer.First != 7 {
		t.Errorf("%s: %v", to.got.String(), err)
	}
	// It goes while the reader is on its way: the feed has seen another first event.
	fs := vfs.NewMem()
	s := openState(t, fs)
	defer s.Close()
	f.o.Source = &lost{Store: s, first: 0, behind: true}
	to = newWire(1 << 20)
	if err := f.Stream(t.Context(), ask("participant=BANKA&from=0.1"), to); err != nil || !strings.HasSuffix(to.got.String(), `{"event":"gone","first":1}`+"\n") {
		t.Errorf("%q %v", to.got.String(), err)
	}
}

// lost is a source whose first events are gone. One that is behind learns of it late.
type lost struct {
	*state.Store
	first  uint64
	behind bool
	asked  int
}

func (l *lost) TidingsFrom() uint64 {
	if l.asked++; l.behind && l.asked > 2 {
		return l.Store.TidingsFrom()
	}
	return l.first
}
func (l *lost) Applied() uint64 { return 100 }

// TestLimitAndUntil: a batch ends where it was asked to, and the next one goes on there.
func TestLimitAndUntil(t *testing.T) {
	w := start(t, vfs.NewCrashableMem(), Options{})
	for i := range 5 {
		w.pay(bankA, bankB, int64(i))
	}
	w.settle()
	var all, parts []string
	lines := w.read(ask("participant=BANKB&until=now"))
	all = lines[1 : len(lines)-1]
	next := "0"
	for range len(all) + 2 {
		lines := w.read(ask("participant=BANKB&until=now&limit=2&from=" + next))
		var end mark
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || end.Event != "end" || len(lines) > 4 {
			t.Fatalf("%q: %v", lines, err)
		}
		parts, next = append(parts, lines[1:len(lines)-1]...), end.Next
	}
	if fmt.Sprint(parts) != fmt.Sprint(all) || len(all) < 5 {
		t.Errorf("%d lines in parts, %d at once", len(parts), len(all))
	}
	var last Line
	if err := json.Unmarshal([]byte(all[len(all)-1]), &last); err != nil {
		t.Fatal(err)
	}
	lines = w.read(ask(fmt.Sprintf("participant=BANKB&until=%d", last.Seq-1)))
	if got := lines[len(lines)-1]; got != fmt.Sprintf(`{"event":"end","next":"%d"}`, last.Seq) {
		t.Errorf("until %d: %s", last.Seq-1, got)
	}
}

// TestUntilBeforeFrom: who has read past the end that he asks for is not sent back.
func TestUntilBeforeFrom(t *testing.T) {
	w := start(t, vfs.NewMem(), Options{})
	w.pay(0, 1, 0)
	w.settle()
	applied := w.feed.o.Source.Applied()
	lines := w.read(ask(fmt.Sprintf("participant=BANKB&from=%d&until=1", applied)))
	if want := fmt.Sprintf(`{"event":"end","next":"%d"}`, applied); lines[len(lines)-1] != want {
		t.Errorf("%q, want %s", lines, want)
	}
}

// TestServerSentEvents: a browser comes back with the id that it had last, and a reader
// whom nothing concerns hears where it is all the same.
func TestServerSentEvents(t *testing.T) {
	w := start(t, vfs.NewCrashableMem(), Options{Heartbeat: time.Millisecond})
	w.pay(bankA, bankB, 1) // nobody but BANKA is asked
	w.settle()
	a := ask("participant=BANKA&limit=3")
	a.Header.Set("Accept", "text/html, text/event-stream;q=0.9")
	to := newWire(1 << 20)
	if err := w.feed.Stream(t.Context(), a, to); err != nil {
		t.Fatal(err)
	}
	frames := strings.Split(strings.TrimSpace(to.got.String()), "\n\n")
	if kind := to.header.Get("Content-Type"); kind != "text/event-stream" || len(frames) < 5 {
		t.Fatalf("%s %q", kind, frames)
	}
	var id string
	for line := range strings.Lines(frames[len(frames)-1]) {
		if rest, ok := strings.CutPrefix(line, "id: "); ok {
			id = strings.TrimSpace(rest)
		}
	}
	a = ask("participant=BANKA&from=1&limit=1")
	a.Header.Set("Last-Event-ID", id)
	if lines := w.read(a); !strings.Contains(strings.Join(lines, ""), `"event":"resolved"`) {
		t.Errorf("after %s: %q", id, lines)
	}

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	silent := newWire(1 << 20)
	silent.lines = make(chan string)
	from := fmt.Sprint(w.store.Applied())
	go func() { done <- w.feed.Stream(ctx, ask("participant=QUIETC&from="+from), silent) }()
	w.pay(bankA, bankB, 0)
	w.settle()
	want := fmt.Sprintf(`{"event":"heartbeat","next":"%d"}`, w.store.Applied()+1)
	late := time.After(patience)
	for line := ""; line != want; {
		select {
		case line = <-silent.lines:
			if !strings.Contains(line, "heartbeat") {
				t.Fatalf("QUIETC is told %s", line)
			}
		case <-late:
			t.Fatal("no heartbeat says where the reader is")
		}
	}
	cancel()
	for {
		select {
		case <-silent.lines:
			continue
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// askBy is what the participant itself asks, or somebody who may read anyone's events.
func askBy(name string, own bool) Ask {
	a := ask("participant=" + name)
	if a.Caller.Secured = true; own {
		a.Caller = access.Caller{Name: "feed of " + name, Roles: access.Participant, Participant: name, Secured: true}
	}
	return a
}

// refusedTwice wants two readers refused for each reason.
func refusedTwice(t *testing.T, reg *prometheus.Registry) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "switchd_feed_refused_total" && m.GetCounter().GetValue() != 2 {
				t.Errorf("%v", m)
			}
		}
	}
}

// TestReadersAreBounded: one too many is refused, one that goes makes room, and nobody takes
// the place of a participant that does not read yet. A reader that takes nothing holds up
// neither the switch nor another reader.
func TestReadersAreBounded(t *testing.T) {
	reg := prometheus.NewRegistry()
	w := start(t, vfs.NewCrashableMem(), Options{Shared: 3, OfOne: 2, Registry: reg})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 10)
	var held []*wire
	open := func(name string, own bool) {
		t.Helper()
		stuck := newWire(1 << 20)
		stuck.lines = make(chan string)
		refused := make(chan error, 1)
		go func() {
			err := w.feed.Stream(ctx, askBy(name, own), stuck)
			if errors.Is(err, view.ErrBusy) {
				refused <- err
				return
			}
			done <- err
		}()
		select {
		case <-stuck.lines: // it has begun, and nobody takes the next line
			held = append(held, stuck)
		case err := <-refused:
			t.Fatal(err)
		}
	}
	refused := func(name string, own bool) bool {
		to := newWire(0)
		err := w.feed.Stream(ctx, askBy(name, own), to)
		if err != nil && !errors.Is(err, view.ErrBusy) && !errors.Is(err, errCut) {
			t.Error(err)
		}
		return errors.Is(err, view.ErrBusy)
	}
	open("BANKA", false)
	open("BANKA", false)
	if !refused("BANKA", false) || refused("BANKA", true) || refused("BANKB", false) {
		t.Error("of a participant: a third reader of others is taken, or its own first, or the first of another's, is not")
	}
	open("BANKA", true)
	open("BANKA", true) // the third shared place
	if !refused("BANKA", true) || !refused("BANKB", false) || refused("BANKB", true) || refused("QUIETC", true) {
		t.Error("all shared places are taken: somebody takes another, or a participant that does not read yet has none")
	}
	open("BANKB", true)
	open("QUIETC", true)
	if !refused("BANKB", true) {
		t.Error("a participant's second reader has a place that is not shared")
	}
	if used, most := w.feed.Usage(); used != 6 || most != len(names)+3 {
		t.Errorf("%d of %d read", used, most)
	}
	refusedTwice(t, reg)
	for i := range 20 {
		w.pay(bankA, bankB, int64(i%3))
	}
	w.settle()
	if lag := w.feed.Lag(); lag == 0 {
		t.Error("nobody is behind")
	}
	cancel()
	for _, stuck := range held {
		go func() {
			for range stuck.lines {
			}
		}()
	}
	for range held {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for _, stuck := range held {
		close(stuck.lines)
	}
	if used, _ := w.feed.Usage(); w.feed.Lag() != 0 || used != 0 || w.feed.places.shared != 0 || len(w.feed.places.own)+len(w.feed.places.others) != 0 {
		t.Errorf("readers that have gone still have places: %+v", w.feed.places)
	}
}
