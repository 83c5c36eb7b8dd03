package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/journal"
	"switchd/switch/payment"
)

// fillSteps are steps that a full queue enters, too.
func fillSteps() LoadSteps {
	s := DefaultLoadSteps()
	for i, fill := range [...]int{50, 65, 80, 90} {
		s[i].Fill = fill
	}
	return s
}

// TestLoadLadder walks up and down: one step at a time, up at once and down slowly,
// and a value between leaving and entering moves nothing.
func TestLoadLadder(t *testing.T) {
	l := loadMeter{steps: fillSteps()}
	now := int64(time.Hour)
	var walk []string
	look := func(after time.Duration, fill int, waiting time.Duration) {
		now += int64(after)
		walk = append(walk, fmt.Sprint(int(l.look(now, fill, int64(waiting)))))
	}
	expect := func(want string) {
		t.Helper()
		if got := fmt.Sprint(walk); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		walk = nil
	}
	look(0, 49, 0)
	look(0, 95, 0) // a full queue: up by one step
	look(time.Millisecond, 95, 0)
	look(250*time.Millisecond, 95, 0)
	look(250*time.Millisecond, 95, 0)
	look(250*time.Millisecond, 95, 0)
	look(250*time.Millisecond, 95, 0)
	expect("[0 1 1 2 3 4 4]")
	look(time.Minute, 55, 0) // above 60 % of 90: stays
	expect("[4]")
	look(time.Millisecond, 0, 0)
	look(4*time.Second, 0, 0)
	look(time.Second, 0, 0)
	look(5*time.Second, 0, 0)
	look(time.Second, 60, 0) // wants step 1, and 2 when it is there: the calm is over
	look(5*time.Second, 0, 0)
	look(5*time.Second, 0, 0)
	look(5*time.Second, 0, 0)
	look(5*time.Second, 0, 0)
	expect("[4 4 3 2 2 2 1 0 0]")
	look(0, 0, 3*time.Second) // a disk that hangs counts while it hangs
	expect("[1]")
}

// TestLoadMean: one stall is forgotten, a disk that is slow all the time is not.
func TestLoadMean(t *testing.T) {
	l := loadMeter{steps: DefaultLoadSteps()}
	slow := int64(600 * time.Millisecond)
	commits := mean(0, slow)
	if got := l.look(int64(time.Hour), 0, commits); got != payment.LoadNormal {
		t.Errorf("after one stall: %v", got)
	}
	for range 100 {
		commits = mean(commits, slow)
	}
	if got := l.look(int64(time.Hour), 0, commits); got != payment.LoadNoEnquiries {
		t.Errorf("with a slow disk: %v", got)
	}
}

// TestFullQueueMovesNoStep of the default ladder: that is about the disk.
func TestFullQueueMovesNoStep(t *testing.T) {
	l := loadMeter{steps: DefaultLoadSteps()}
	for now := int64(time.Hour); now < int64(2*time.Hour); now += loadClimb {
		if got := l.look(now, 1000, 0); got != payment.LoadNormal {
			t.Fatalf("a full queue enters %v", got)
		}
	}
}

// TestDiskAlone: groups that lie ready when a busy writer comes to them say nothing bad
// of the disk, and something good if they can.
func TestDiskAlone(t *testing.T) {
	const usual, slow = int64(2 * time.Millisecond), int64(time.Second)
	for _, c := range [...]struct{ commits, came, now, want int64 }{
		{usual, 100, 3 * usual, 3*usual - 100}, // it has waited for the disk
		{usual, slow, slow + 100, usual},       // it was busy
		{slow, usual, usual + 100, usual + 100},
		{usual, slow, 3 * slow, 2 * slow}, // it was busy, and then the disk was not done
		{0, slow, slow + 100, slow + 100}, // the first of all
	} {
		if got := alone(c.commits, 0, c.came, c.now); got != c.want {
			t.Errorf("mean %v, came after %v, durable after %v: %v", time.Duration(c.commits), time.Duration(c.came), time.Duration(c.now), time.Duration(got))
		}
	}
}

// TestLoadStepsAreChecked: a ladder that goes down is none.
func TestLoadStepsAreChecked(t *testing.T) {
	good := DefaultLoadSteps()
	if err := good.validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*LoadSteps){
		"full":  func(s *LoadSteps) { s[3].Fill = FillNever + 1 },
		"empty": func(s *LoadSteps) { s[0].Fill = 0 },
		"fill":  func(s *LoadSteps) { s[2].Fill = s[1].Fill - 1 },
		"never": func(s *LoadSteps) { s[2].Fill = 100 },
		"time":  func(s *LoadSteps) { s[2].Commit = s[1].Commit - 1 },
		"short": func(s *LoadSteps) { s[0].Commit = 0 },
	} {
		s := DefaultLoadSteps()
		if spoil(&s); s.validate() == nil {
			t.Errorf("%s: %+v is taken", name, s)
		}
	}
}

// heldLog is a journal whose groups become durable when the test says so.
type heldLog struct {
	journal.Log
	hangs   atomic.Bool   // from the next group on
	durable chan struct{} // closed: all are
	waited  chan struct{} // gets a token when the first one is waited for
}

type heldTicket struct {
	journal.Ticket
	*heldLog
}

func (l *heldLog) Append(g *journal.Group) (journal.Ticket, error) {
	t, err := l.Log.Append(g)
	if err == nil && l.hangs.Load() {
		return heldTicket{t, l}, nil
	}
	return t, err
}

func (t heldTicket) Wait() error {
	select {
	case t.waited <- struct{}{}:
	default:
	}
	<-t.durable
	return t.Ticket.Wait()
}

// told is a log handler that hands over what the load has changed to.
type told struct {
	slog.Handler
	to chan string
}

func (h told) Enabled(context.Context, slog.Level) bool { return true }

func (h told) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if r.Message == "load has changed" && a.Key == "to" {
			h.to <- a.Value.String()
		}
		return true
	})
	return nil
}

// TestDiskThatHangs: the rim knows while the disk hangs, the machine as soon as it
// can be told, and both when it is well again.
func TestDiskThatHangs(t *testing.T) {
	fs := vfs.NewMem()
	j, s := stores(t, fs, nil)
	var now atomic.Int64
	now.Store(clockOf())
	log := &heldLog{Log: j, durable: make(chan struct{}), waited: make(chan struct{}, 1)}
	h := told{to: make(chan string, 16)}
	e, err := Open(Options{
		Log: log, State: s, Config: testConfig(time.Minute), Clock: now.Load, Logger: slog.New(h),
	})
	if err != nil {
		t.Fatal(err)
	}
	released := make(chan struct{}, 1)
	stop := start(e, &sink{released: func() {
		select {
		case released <- struct{}{}:
		default:
		}
	}})
	log.hangs.Store(true)
	submit(t, e, links()...)
	<-log.waited
	now.Add(int64(700 * time.Millisecond))
	if to := <-h.to; to != "no-enquiries" || e.Load() != payment.LoadNoEnquiries {
		t.Fatalf("the load is %s", to)
	}
	if known := e.m.Load(); known != payment.LoadNormal { // the writer waits for the disk: it is not touched
		t.Fatalf("the machine knows of %v before it is on record", known)
	}
	close(log.durable)
	inspect := func() (step payment.Load) {
		if err := e.Inspect(t.Context(), func(m *payment.Machine) { step = m.Load() }); err != nil {
			t.Fatal(err)
		}
		return step
	}
	for inspect() != payment.LoadNoEnquiries {
		runtime.Gosched()
	}
	for inspect() != payment.LoadNormal || e.Load() != payment.LoadNormal {
		now.Add(int64(100 * time.Millisecond)) // commits of this clock are no slower, whenever they come
		submit(t, e, links()...)               // wakes it
		<-released
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestStoreThatHangs: groups become durable, and the writer cannot write what they have
// changed. That is the disk, too, for as long as it lasts.
func TestStoreThatHangs(t *testing.T) {
	var now atomic.Int64
	now.Store(clockOf())
	h := told{to: make(chan string, 16)}
	e := openWith(t, vfs.NewMem(), Options{Config: testConfig(time.Minute), Clock: now.Load, Logger: slog.New(h)})
	rows, hangs := e.rows, make(chan struct{})
	came := make(chan struct{}, 1)
	e.rows = func(applied uint64) error {
		select {
		case came <- struct{}{}:
		default:
		}
		<-hangs
		return rows(applied)
	}
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- e.Run(ctx, &sink{}) }()
	<-came
	now.Add(int64(700 * time.Millisecond))
	submit(t, e, links()...) // wakes it
	if to := <-h.to; to != "no-enquiries" || e.Load() != payment.LoadNoEnquiries {
		t.Errorf("the load is %s", to)
	}
	close(hangs)
	<-e.Ready()
	for now.Add(int64(loadDwell)); e.Load() != payment.LoadNormal; now.Add(int64(100 * time.Millisecond)) {
		submit(t, e, links()...)
		if err := e.Inspect(t.Context(), func(*payment.Machine) {}); err != nil {
			t.Fatal(err)
		}
	}
	if stop(); <-ended != nil || e.waits.Load() != 0 {
		t.Errorf("waits since %d", e.waits.Load())
	}
}

// TestQueueAndDiskAreTheLoad: the ladder is climbed by how full the queue is, and by
// what the writer has measured of the disk.
func TestQueueAndDiskAreTheLoad(t *testing.T) {
	registry := prometheus.NewRegistry()
	e := openWith(t, vfs.NewMem(), Options{Config: testConfig(time.Minute), Clock: clockOf, QueueMax: 16, Load: fillSteps(), Registry: registry})
	now := clockOf()
	e.look(now) // the first look begins the dwell
	taken := 0
	for stan := range uint32(12) { // of 12, and one sender has its share before that
		n, _ := e.Submit([]payment.Event{push(stan + 1)})
		taken += n
	}
	ask := push(20)
	ask.From = 1
	for e.q.fill() < 50 {
		submit(t, e, ask)
	}
	if e.look(now + loadClimb); e.Load() != payment.LoadNoEnquiries {
		t.Errorf("the queue is %d %% full, and the load is %v", e.q.fill(), e.Load())
	}
	if refused := gathered(t, registry, "switchd_events_refused_total"); refused != float64(12-taken) || taken == 12 {
		t.Errorf("%d of 12 requests were taken, and %v are counted as refused", taken, refused)
	}
	if err := start(e, &sink{})(); err != nil {
		t.Fatal(err)
	}
	if mean := e.commitMean.Load(); mean == 0 {
		t.Error("the writer has measured nothing")
	}
}

// TestIdleLadderProbes: with nothing to commit nobody would find out that the disk is
// well again, so the step in force is told once more.
func TestIdleLadderProbes(t *testing.T) {
	e := openOn(t, vfs.NewMem(), testConfig(time.Minute))
	now := int64(time.Hour)
	e.commitMean.Store(int64(600 * time.Millisecond))
	e.pace.closedAt = now
	e.look(now)
	if now += loadClimb; e.look(now) != 1 || len(e.loadEvent(nil)) != 1 {
		t.Fatal("a step is not told")
	}
	if e.pace.closedAt = now; e.look(now+loadProbe-1) != 0 || len(e.loadEvent(nil)) != 0 {
		t.Error("it is told again at once")
	}
	if e.look(now+loadProbe) != 1 {
		t.Fatal("it is not told again")
	}
	if events := e.loadEvent(nil); len(events) != 1 || events[0].Load != e.meter.step {
		t.Errorf("what is told again is %+v", events)
	}
	if err := errors.Join(e.o.Log.Close(), e.o.State.Close()); err != nil {
		t.Error(err)
	}
}
