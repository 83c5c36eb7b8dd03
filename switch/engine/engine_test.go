package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// clockOf is the real time: deadlines in these tests are milliseconds, and no
// test depends on how fast anything is.
func clockOf() int64 { return time.Now().UnixNano() }

func testConfig(debit time.Duration) payment.Config {
	c := payment.Config{Currency: 356, OpenMax: 10_000}
	for _, id := range []string{"BANKA", "BANKB"} {
		c.Participants = append(c.Participants, payment.Profile{
			ID: id, Institution: "1", Handles: []string{"h" + id}, IFSCPrefixes: []string{"BNK" + id[4:]}, NetDebitCap: 1 << 40,
			Timers: payment.Timers{
				Total: time.Minute, Resolve: time.Second, Debit: debit, Credit: time.Minute, CreditUnknown: time.Minute,
				Reversal: time.Minute, BackoffMin: time.Minute, BackoffMax: time.Minute, GiveUp: time.Hour,
			},
		})
	}
	return c
}

// sink remembers what was encoded and calls released after each Release.
type sink struct {
	effects  []string
	sent     chan string
	released func()
}

func (s *sink) Encode(ef *payment.Effect) {
	text := fmt.Sprintf("%v %v %v", ef.Leg, ef.Payment.ID, ef.Payment.Reply)
	s.effects = append(s.effects, text)
	if s.sent != nil {
		s.sent <- text
	}
}

func (s *sink) Release() {
	if s.released != nil {
		s.released()
	}
}

func openOn(t testing.TB, fs vfs.FS, config payment.Config) *Engine {
	t.Helper()
	return openAt(t, fs, config, clockOf)
}

// openAt is openOn with another clock.
func openAt(t testing.TB, fs vfs.FS, config payment.Config, clock func() int64) *Engine {
	t.Helper()
	return openWith(t, fs, Options{Config: config, Clock: clock})
}

func openWith(t testing.TB, fs vfs.FS, o Options) *Engine {
	t.Helper()
	o.Log, o.State = stores(t, fs, nil)
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// stores opens a journal and a state store.
func stores(t testing.TB, fs vfs.FS, keys *seal.Keys) (journal.Log, *state.Store) {
	t.Helper()
	j, err := journal.OpenPebble("journal", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	s, err := state.Open("state", state.Options{FS: fs, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return j, s
}

// start runs e until stop is called; stop returns Run's error.
func start(e *Engine, s Sink) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx, s) }()
	<-e.Ready()
	return func() error { cancel(); return <-done }
}

func push(stan uint32) payment.Event {
	e := payment.Event{Kind: payment.RequestArrived, From: 0}
	e.Request = payment.Request{Key: payment.RequestKey{From: 0, STAN: stan, Transmitted: 1122153000, Acquirer: 1}, Hash: uint64(stan)}
	e.Request.Amount.Minor, e.Request.Amount.Currency = 100, 356
	e.Text.Set(payment.PayerAccount, []byte("a"))
	e.Text.Set(payment.PayeeAccount, []byte("b"))
	e.Text.Set(payment.PayeeIFSC, []byte("BNKB0000001"))
	return e
}

func links() []payment.Event {
	return []payment.Event{{Kind: payment.LinkUp, From: 0}, {Kind: payment.LinkUp, From: 1}}
}

func submit(t testing.TB, e *Engine, events ...payment.Event) {
	t.Helper()
	if n, err := e.Submit(events); n != len(events) {
		t.Fatalf("took %d of %d: %v", n, len(events), err)
	}
}

func totals(t testing.TB, e *Engine) (known, open int) {
	t.Helper()
	err := e.Inspect(context.Background(), func(m *payment.Machine) {
		all := m.Totals()
		known, open = int(all.Of(payment.Received)), m.OpenCount()
	})
	if err != nil {
		t.Fatal(err)
	}
	return known, open
}

// TestNothingLeavesBeforeItIsDurable pulls the plug at every release: what was
// encoded by then must be known after a restart that keeps synced bytes only.
func TestNothingLeavesBeforeItIsDurable(t *testing.T) {
	fs := vfs.NewCrashableMem()
	e := openOn(t, fs, testConfig(time.Minute))
	var crashes []*vfs.MemFS
	var encoded []int
	s := &sink{}
	s.released = func() {
		crashes, encoded = append(crashes, fs.CrashClone(vfs.CrashCloneCfg{})), append(encoded, len(s.effects))
	}
	stop := start(e, s)
	submit(t, e, links()...)
	for stan := uint32(1); stan <= 40; stan++ {
		submit(t, e, push(stan))
		if stan%4 == 0 {
			totals(t, e) // lets the writer come by, so that there are several groups
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if encoded[len(encoded)-1] != 40 {
		t.Fatalf("%d debits were sent, want 40", encoded[len(encoded)-1])
	}
	for i, crashed := range crashes {
		again := openOn(t, crashed, testConfig(time.Minute))
		stop := start(again, &sink{})
		if known, _ := totals(t, again); known < encoded[i] {
			t.Errorf("after crash %d: %d payments known, %d debits had left", i, known, encoded[i])
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRestartKnowsWhatWasAnswered: after a crash a repeat gets the same answer.
func TestRestartKnowsWhatWasAnswered(t *testing.T) {
	fs := vfs.NewCrashableMem()
	e := openOn(t, fs, testConfig(time.Minute))
	s := &sink{sent: make(chan string, 10)}
	stop := start(e, s)
	request := push(1)
	request.Text.Set(payment.PayeeIFSC, []byte("ZZZZ0000001"))
	submit(t, e, request)
	first := <-s.sent
	crashed := fs.CrashClone(vfs.CrashCloneCfg{})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	again := openOn(t, crashed, testConfig(time.Minute))
	s = &sink{sent: make(chan string, 10)}
	stop = start(again, s)
	submit(t, again, request)
	if second := <-s.sent; second != first {
		t.Errorf("first %q, after the restart %q", first, second)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestDeadlineMakesATick: a debit that is not answered is reversed.
func TestDeadlineMakesATick(t *testing.T) {
	e := openOn(t, vfs.NewMem(), testConfig(20*time.Millisecond))
	s := &sink{sent: make(chan string, 10)}
	stop := start(e, s)
	submit(t, e, append(links(), push(1))...)
	for _, want := range []string{"debit", "reversal", "request"} {
		select {
		case got := <-s.sent:
			if got[:len(want)] != want {
				t.Errorf("got %q, want %s", got, want)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("no %s", want)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// brokenLog fails every sync from the given group on.
type brokenLog struct {
	journal.Log
	good int
}

var errDisk = errors.New("disk is gone")

type brokenTicket struct{}

func (brokenTicket) Wait() error { return errDisk }

func (l *brokenLog) Append(g *journal.Group) (journal.Ticket, error) {
	t, err := l.Log.Append(g)
	if l.good--; l.good < 0 {
		return brokenTicket{}, nil
	}
	return t, err
}

// TestFailedSyncStopsEverything: what is not durable has no effect, and the
// engine ends with the reason.
func TestFailedSyncStopsEverything(t *testing.T) {
	s, err := state.Open("state", state.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(Options{Log: &brokenLog{journal.NewMemory(), 2}, State: s, Config: testConfig(time.Minute), Clock: clockOf})
	if err != nil {
		t.Fatal(err)
	}
	out := &sink{}
	done := make(chan error, 1)
	go func() { done <- e.Run(context.Background(), out) }()
	<-e.Ready()
	submit(t, e, links()...)
	for up := false; !up; { // the push must not share the last good group
		if err := e.Inspect(context.Background(), func(m *payment.Machine) { up = m.LinkCount(1) == 1 }); err != nil {
			t.Fatal(err)
		}
	}
	submit(t, e, push(1))
	if err := <-done; !errors.Is(err, errDisk) {
		t.Errorf("ended with %v", err)
	}
	if len(out.effects) != 0 {
		t.Errorf("released without being durable: %v", out.effects)
	}
	if err := e.Inspect(context.Background(), func(*payment.Machine) {}); !errors.Is(err, ErrStopped) {
		t.Errorf("inspect after the end: %v", err)
	}
}

// TestParticipantsKeepTheirNumbers across configurations in any order.
func TestParticipantsKeepTheirNumbers(t *testing.T) {
	fs := vfs.NewMem()
	number := func(e *Engine, id string) int {
		for _, p := range e.Config().Participants {
			if p.ID == id {
				return int(p.Number)
			}
		}
		return -1
	}
	config := testConfig(time.Minute)
	e := openOn(t, fs, config)
	if err := start(e, &sink{})(); err != nil {
		t.Fatal(err)
	}
	added := config.Participants[0]
	added.ID, added.Handles, added.IFSCPrefixes = "BANKC", []string{"new"}, []string{"BNKC"}
	config.Participants = []payment.Profile{added, config.Participants[1]} // BANKA is gone, BANKC new
	e = openOn(t, fs, config)
	if number(e, "BANKA") != 0 || number(e, "BANKB") != 1 || number(e, "BANKC") != 2 {
		t.Errorf("numbers A %d, B %d, C %d", number(e, "BANKA"), number(e, "BANKB"), number(e, "BANKC"))
	}
	if err := start(e, &sink{})(); err != nil {
		t.Fatal(err)
	}
	bad := testConfig(time.Minute)
	bad.Participants[1].Handles = bad.Participants[0].Handles
	if _, _, err := Merge(&payment.Config{}, &bad); err == nil {
		t.Error("two participants with one handle were accepted")
	}
	old, yen, moved := testConfig(time.Minute), testConfig(time.Minute), testConfig(time.Minute)
	yen.Currency, moved.Participants[0].Institution = 392, "2"
	for name, next := range map[string]payment.Config{"currency": yen, "institution": moved} {
		if _, _, err := Merge(&old, &next); err == nil {
			t.Errorf("another %s on the same data was accepted", name)
		}
	}
	bad = testConfig(time.Minute)
	bad.Participants[1].ID = "BANKA"
	if _, _, err := Merge(&payment.Config{}, &bad); err == nil {
		t.Error("one id twice was accepted")
	}
}

// TestSecondStartChangesNothing: the same configuration is not logged again.
func TestSecondStartChangesNothing(t *testing.T) {
	fs := vfs.NewMem()
	for range 2 {
		if err := start(openOn(t, fs, testConfig(time.Minute)), &sink{})(); err != nil {
			t.Fatal(err)
		}
	}
	j, err := journal.OpenPebble("journal", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var kinds []string
	err = j.Replay(1, func(_ uint64, record []byte) error {
		var ev payment.Event
		kinds = append(kinds, "")
		if err := payment.DecodeEvent(record, &ev); err != nil {
			return err
		}
		kinds[len(kinds)-1] = ev.Kind.String()
		return nil
	})
	if err != nil || fmt.Sprint(kinds) != "[config recovered]" {
		t.Errorf("%v %v", kinds, err)
	}
}

// TestLargeBatchIsSeveralGroups: more events than a group may have keep their
// order and their effect.
func TestLargeBatchIsSeveralGroups(t *testing.T) {
	e := openOn(t, vfs.NewMem(), testConfig(time.Minute))
	const n = 2*journal.GroupRecordsMax + 10 // answers; requests would not fit beside them
	answers := make([]payment.Event, n)
	for i := range answers {
		answers[i] = payment.Event{Kind: payment.AnswerArrived, From: route.Participant(i % 5), Answer: payment.Answer{Payment: payment.ID(i + 1)}}
	}
	submit(t, e, append(answers, links()...)...)
	stop := start(e, &sink{})
	for up := false; !up; {
		if err := e.Inspect(context.Background(), func(m *payment.Machine) { up = m.LinkCount(1) == 1 }); err != nil {
			t.Fatal(err)
		}
	}
	submit(t, e, push(1))
	for known := 0; known == 0; {
		known, _ = totals(t, e)
	}
	if next := e.o.Log.Next(); next < n {
		t.Errorf("the journal goes to %d, want more than %d", next, n)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestClockSetBackBetweenStarts: the journal's time goes on, so that a timer of a
// payment that comes after the restart still fires.
func TestClockSetBackBetweenStarts(t *testing.T) {
	fs := vfs.NewMem()
	if err := start(openOn(t, fs, testConfig(time.Minute)), &sink{})(); err != nil {
		t.Fatal(err)
	}
	hourAgo := func() int64 { return clockOf() - int64(time.Hour) }
	var log strings.Builder
	e := openWith(t, fs, Options{Config: testConfig(20 * time.Millisecond), Clock: hourAgo, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if !strings.Contains(log.String(), "the clock is behind the journal") {
		t.Errorf("nobody was told: %s", log.String())
	}
	out := &sink{sent: make(chan string, 10)}
	stop := start(e, out)
	submit(t, e, append(links(), push(1))...)
	for _, want := range []string{"debit", "reversal"} {
		select {
		case got := <-out.sent:
			if got[:len(want)] != want {
				t.Errorf("got %q, want %s", got, want)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("no %s: the clock is an hour behind the journal", want)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
