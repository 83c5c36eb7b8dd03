package canary

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	dto "github.com/prometheus/client_model/go"

	"switchd/ledger"
	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
)

// patience is for a slow machine; nothing waits for it to pass.
const patience = 90 * time.Second

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, late := time.NewTicker(time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// slowLog is a journal whose groups become durable when the test lets them.
type slowLog struct {
	journal.Log
	held sync.RWMutex
}

func (l *slowLog) Append(g *journal.Group) (journal.Ticket, error) {
	ticket, err := l.Log.Append(g)
	return slowTicket{ticket, l}, err
}

type slowTicket struct {
	journal.Ticket
	l *slowLog
}

func (t slowTicket) Wait() error {
	t.l.held.RLock()
	defer t.l.held.RUnlock()
	return t.Ticket.Wait()
}

// others take what is not for canaries: nothing ever is.
type others struct{ t *testing.T }

func (o others) Encode(ef *payment.Effect) { o.t.Errorf("a message leaves: %v to %d", ef.Leg, ef.To) }
func (others) Release()                    {}

// world is a switch with canaries and nobody else.
type world struct {
	e     *engine.Engine
	c     *Canary
	log   *slowLog
	store *state.Store
	clock *atomic.Int64
	stop  func()
}

func start(t *testing.T, fs vfs.FS) *world {
	t.Helper()
	log, err := journal.OpenPebble("journal", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{log: &slowLog{Log: log}, clock: &atomic.Int64{}}
	if w.store, err = state.Open("state", state.Options{FS: fs}); err != nil {
		t.Fatal(err)
	}
	w.clock.Store(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).UnixNano())
	quiet := slog.New(slog.DiscardHandler)
	w.e, err = engine.Open(engine.Options{
		Log: w.log, State: w.store, Logger: quiet, Clock: func() int64 { return time.Now().UnixNano() },
		Config: payment.Config{Currency: 356, OpenMax: 100, Participants: Profiles()},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.c, err = New(Options{Every: time.Millisecond, Timeout: 200 * time.Millisecond, Engine: w.e, Log: quiet, Clock: func() int64 { return w.clock.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := w.e.Run(ctx, w.c.Sink(others{t})); err != nil {
			t.Error(err)
		}
	})
	<-w.e.Ready()
	canary, end := context.WithCancel(ctx)
	all.Go(func() { _ = w.c.Run(canary) })
	w.stop = sync.OnceFunc(func() { end(); cancel(); all.Wait() })
	t.Cleanup(w.stop)
	return w
}

func (w *world) count(t *testing.T, r result) int {
	t.Helper()
	var m dto.Metric
	if err := w.c.metrics.payments[r].Write(&m); err != nil {
		t.Fatal(err)
	}
	return int(m.GetCounter().GetValue())
}

// look runs f on the machine, and checks what is always true: at most one payment is
// under way, and both positions are within one payment of 0.
func (w *world) look(t *testing.T) {
	t.Helper()
	err := w.e.Inspect(t.Context(), func(m *payment.Machine) {
		open := 0
		m.OpenPayments(func(p *payment.Payment) {
			if !p.State.Final() {
				open++
			}
		})
		if open > 1 {
			t.Errorf("%d payments are under way", open)
		}
		for n := range IDs {
			if p := m.PositionIn(route.Participant(n), ledger.Currency(356)); max(p.Posted, -p.Posted) > amountMinor {
				t.Errorf("%s has position %d", IDs[n], p.Posted)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCanaryPays: payments go back and forth, and leave nothing in what is counted or
// told.
func TestCanaryPays(t *testing.T) {
	w := start(t, vfs.NewMem())
	until(t, "payments succeed", func() bool { w.look(t); return w.count(t, success) >= 20 })
	if warning, err := w.c.Check(); warning != "" || err != nil {
		t.Errorf("%q %v", warning, err)
	}
	if all := w.e.PaymentTally(); all.Received != 0 || all.Succeeded != 0 {
		t.Errorf("canary payments are counted: %+v", all)
	}
	_, err := w.store.Tidings(1).Page(func(row []byte) error {
		return payment.EachTiding(row, func(g *payment.Tiding) error {
			t.Errorf("canaries are told of: %+v", *g)
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	w.c.Hold()
	until(t, "the latest ends", func() bool { return w.e.OpenPayments() == 0 })
}

// TestStalledEngine: when the disk hangs the canary fails, is not sent again while one is
// under way, and readiness is gone once there was no success for long enough. It comes
// back by itself.
func TestStalledEngine(t *testing.T) {
	w := start(t, vfs.NewMem())
	until(t, "payments succeed", func() bool { return w.count(t, success) >= 2 })
	w.log.held.Lock()
	until(t, "one times out", func() bool { return w.count(t, timeout) >= 1 && w.count(t, stuck)+w.count(t, timeout) >= 3 })
	if warning, err := w.c.Check(); err != nil || !strings.HasPrefix(warning, "a canary payment has not succeeded: the latest: ") {
		t.Errorf("at once: %q, %v", warning, err)
	}
	w.clock.Add(int64(time.Minute))
	if _, err := w.c.Check(); err == nil || !strings.HasPrefix(err.Error(), "no canary payment has succeeded for 1m0s; the latest: ") {
		t.Errorf("after a minute: %v", err)
	}
	good := w.count(t, success)
	w.log.held.Unlock()
	until(t, "payments succeed again", func() bool { return w.count(t, success) > good+1 })
	w.look(t)
	if warning, err := w.c.Check(); warning != "" || err != nil {
		t.Errorf("afterwards: %q %v", warning, err)
	}
}

// TestNoneEverSucceeds: a switch that has just begun is given time, and then it is not
// ready.
func TestNoneEverSucceeds(t *testing.T) {
	now := int64(1)
	c, err := New(Options{Every: time.Second, Timeout: time.Second, Engine: nobody{}, Clock: func() int64 { return now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if warning, err := c.Check(); warning != "" || err != nil {
		t.Errorf("%q %v", warning, err)
	}
	c.beat(t.Context())
	now += int64(5 * time.Second)
	if _, err := c.Check(); err == nil || err.Error() != "no canary payment has succeeded since the start; the latest: refused" {
		t.Error(err)
	}
	c.Hold()
	if _, err := c.Check(); err != nil {
		t.Error(err)
	}
}

// nobody is an engine without canaries.
type nobody struct{}

func (nobody) Submit([]payment.Event) (int, error)                         { return 0, nil }
func (nobody) Inspect(ctx context.Context, _ func(*payment.Machine)) error { return ctx.Err() }
func (nobody) Config() *payment.Config                                     { return &payment.Config{} }

// TestCrashUnderWay: what a crash leaves of a canary payment is ended by the machine, and
// no other is begun before.
func TestCrashUnderWay(t *testing.T) {
	fs := vfs.NewCrashableMem()
	w := start(t, fs)
	until(t, "payments succeed", func() bool { return w.count(t, success) >= 2 })
	crashed := make([]*vfs.MemFS, 0, 8)
	for range 8 {
		before := w.count(t, success)
		until(t, "another", func() bool { return w.count(t, success) > before })
		crashed = append(crashed, fs.CrashClone(vfs.CrashCloneCfg{}))
	}
	w.stop()
	for _, fs := range crashed {
		w := start(t, fs)
		until(t, "payments succeed after the crash", func() bool { w.look(t); return w.count(t, success) >= 2 })
		w.stop()
	}
}
