package hsm_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
)

// idle is a module that only its type is needed of: the calls of these tests bring
// what they do.
type idle struct{ hsm.Module }

// hand makes contexts that end when the test says so.
type hand struct {
	mu   sync.Mutex // guards ends
	ends []context.CancelFunc
}

func (h *hand) deadline(parent context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ends = append(h.ends, cancel)
	return ctx, cancel
}

// made is how many contexts there were.
func (h *hand) made() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ends)
}

// expire ends the n-th context that was made.
func (h *hand) expire(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ends[n]()
}

type pooled struct {
	*hsm.Pool
	hand *hand
	reg  *prometheus.Registry
	done chan error
	stop context.CancelFunc
}

func start(t *testing.T, workers, queue int) *pooled {
	t.Helper()
	p := &pooled{hand: &hand{}, reg: prometheus.NewRegistry(), done: make(chan error, 1)}
	var now atomic.Int64
	pool, err := hsm.NewPool(hsm.Options{
		Module: idle{}, Clock: func() int64 { return now.Add(1000) }, Workers: workers, QueueMax: queue,
		Deadline: p.hand.deadline, Registry: p.reg,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Pool = pool
	ctx, stop := context.WithCancel(t.Context())
	p.stop = stop
	go func() { p.done <- pool.Run(ctx) }()
	return p
}

// answer is what a call was answered with.
type answer struct {
	value string
	err   error
}

// ask calls and gives the channel on which answers come. It has room for two, so
// that a second answer would be seen.
func (p *pooled) ask(op hsm.Op, run func(ctx context.Context) (string, error)) (chan answer, error) {
	answers := make(chan answer, 2)
	err := hsm.Call(p.Pool, op, func(ctx context.Context, _ hsm.Module) (string, error) { return run(ctx) },
		func(value string, err error) { answers <- answer{value, err} })
	return answers, err
}

// left is how many requests of a kind left the pool so, late answers as late.
func (p *pooled) left(t *testing.T, op hsm.Op, outcome string) float64 {
	t.Helper()
	if outcome == "late" {
		return metric(t, p.reg, "switchd_hsm_late_total")
	}
	return metric(t, p.reg, "switchd_hsm_requests_total", op.String(), outcome)
}

// metric is the value of a metric with some labels, in the order of their names; of a
// histogram, how much it has seen.
func metric(t *testing.T, reg *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var has []string
			for _, l := range m.GetLabel() {
				has = append(has, l.GetValue())
			}
			if f.GetName() == name && slices.Equal(has, labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	t.Fatalf("no metric %s %q", name, labels)
	return 0
}

func TestPoolAnswers(t *testing.T) {
	p := start(t, 2, 4)
	kinds := []error{
		nil, hsm.ErrDenied, hsm.ErrVerify, hsm.ErrKey, hsm.ErrBlock, &hsm.Fault{Kind: hsm.ErrDown}, context.DeadlineExceeded, errors.New("of the driver"),
	}
	for i, kind := range kinds {
		answers, err := p.ask(hsm.OpMAC, func(context.Context) (string, error) {
			if kind != nil {
				return "left over", fmt.Errorf("driver: %w", kind)
			}
			return "code", nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := <-answers
		if kind == nil && (got.value != "code" || got.err != nil) || kind != nil && (got.value != "" || !errors.Is(got.err, kind)) {
			t.Errorf("%v: %q, %v", kind, got.value, got.err)
		}
		if n := p.left(t, hsm.OpMAC, "answered"); n != float64(i+1) {
			t.Errorf("%v: %v of %d were counted", kind, n, i+1)
		}
		if errors.Is(kind, context.DeadlineExceeded) && (!errors.Is(got.err, hsm.ErrTimeout) || hsm.NotDone(got.err)) {
			t.Errorf("a driver that was cut off says %v", got.err)
		}
	}
	if n := metric(t, p.reg, "switchd_hsm_request_duration_seconds"); n != float64(len(kinds)) {
		t.Errorf("%v were timed", n)
	}
	p.stop()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
}

// TestPoolHung: a module that hangs keeps its worker, its call and those behind it
// are given up, the latter unstarted; the queue fills and refuses at once; when the
// module comes back, its late answer is dropped and the pool works again.
func TestPoolHung(t *testing.T) {
	p := start(t, 1, 2)
	inside, back := make(chan struct{}), make(chan struct{})
	hung, err := p.ask(hsm.OpTranslatePIN, func(context.Context) (string, error) {
		close(inside)
		<-back // a driver that does not look at its context
		return "late", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-inside
	ran := false
	behind, err := p.ask(hsm.OpTranslatePIN, func(context.Context) (string, error) { ran = true; return "", nil })
	if err != nil {
		t.Fatal(err)
	}
	last, err := p.ask(hsm.OpSign, func(context.Context) (string, error) { return "signed", nil })
	if err != nil {
		t.Fatal(err)
	}

	if _, err := p.ask(hsm.OpKCV, nil); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Errorf("a full pool says %v", err)
	}
	if n := p.left(t, hsm.OpKCV, "full"); n != 1 {
		t.Errorf("counted %v", n)
	}
	p.hand.expire(0)
	if got := <-hung; !errors.Is(got.err, hsm.ErrTimeout) || hsm.NotDone(got.err) || got.value != "" {
		t.Errorf("the hung call: %v", got)
	}
	p.hand.expire(1)
	if got := <-behind; !errors.Is(got.err, hsm.ErrTimeout) || !hsm.NotDone(got.err) {
		t.Errorf("the call behind it: %v", got)
	}
	close(back)
	if got := <-last; got.value != "signed" || got.err != nil {
		t.Errorf("after the hang: %v", got)
	}
	p.stop()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
	if ran {
		t.Error("a call that was given up was run")
	}
	if len(hung)+len(behind)+len(last) > 0 {
		t.Error("answered twice")
	}
	if n := p.left(t, hsm.OpTranslatePIN, "late"); n != 1 {
		t.Errorf("%v late answers counted", n)
	}
	for outcome, op := range map[string]hsm.Op{"given_up": hsm.OpTranslatePIN, "unstarted": hsm.OpTranslatePIN, "answered": hsm.OpSign} {
		if n := p.left(t, op, outcome); n != 1 {
			t.Errorf("%v %s %s", n, op, outcome)
		}
	}
}

// TestPoolStops: calls inside and calls waiting are answered with ErrDown, and new
// ones are refused; Run gives up on a module that does not come back.
func TestPoolStops(t *testing.T) {
	p := start(t, 1, 4)
	inside, back := make(chan struct{}), make(chan struct{})
	defer close(back)
	running, _ := p.ask(hsm.OpMAC, func(context.Context) (string, error) { close(inside); <-back; return "", nil })
	<-inside
	waiting, _ := p.ask(hsm.OpMAC, func(context.Context) (string, error) { return "", nil })
	p.stop()
	if got := <-running; !errors.Is(got.err, hsm.ErrDown) || hsm.NotDone(got.err) {
		t.Errorf("inside: %v", got.err)
	}
	if got := <-waiting; !errors.Is(got.err, hsm.ErrDown) || !hsm.NotDone(got.err) {
		t.Errorf("waiting: %v", got.err)
	}
	if _, err := p.ask(hsm.OpMAC, nil); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Errorf("after the end: %v", err)
	}
	if n := p.left(t, hsm.OpMAC, "stopped"); n != 3 {
		t.Errorf("%v of 3 stopped", n)
	}
	for p.hand.made() < 3 { // the third context is Run's patience
		runtime.Gosched()
	}
	p.hand.expire(2)
	if err := <-p.done; !errors.Is(err, hsm.ErrTimeout) || !strings.Contains(err.Error(), "1 calls are still inside") {
		t.Errorf("Run says %v", err)
	}
}

// TestPoolWipesLateSecrets: nobody gets the answer to a call that was given up.
func TestPoolWipesLateSecrets(t *testing.T) {
	p := start(t, 1, 1)
	inside, back := make(chan struct{}), make(chan struct{})
	bytes := []byte("late PIN block")
	answers := make(chan error, 2)
	err := hsm.Call(p.Pool, hsm.OpTranslatePIN, func(context.Context, hsm.Module) (hsm.Secret, error) {
		close(inside)
		<-back
		return hsm.NewSecret(bytes), nil
	}, func(_ hsm.Secret, err error) { answers <- err })
	if err != nil {
		t.Fatal(err)
	}
	<-inside
	p.hand.expire(0)
	if err := <-answers; !errors.Is(err, hsm.ErrTimeout) {
		t.Error(err)
	}
	close(back)
	p.stop()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
	if string(bytes) != strings.Repeat("\x00", len(bytes)) {
		t.Errorf("left %q", bytes)
	}
}

// TestPoolUnderRace: many callers, expiries and a stop at once; every call has
// exactly one answer or one refusal.
func TestPoolUnderRace(t *testing.T) {
	p := start(t, 4, 16)
	const callers, each = 8, 200
	var answered, refused, twice atomic.Int64
	var callersDone, open sync.WaitGroup
	for c := range callers {
		callersDone.Go(func() {
			for i := range each {
				var once atomic.Bool
				open.Add(1)
				made := p.hand.made()
				err := hsm.Call(p.Pool, hsm.OpMAC, func(ctx context.Context, _ hsm.Module) (int, error) { return i, ctx.Err() },
					func(int, error) {
						if once.Swap(true) {
							twice.Add(1)
							return
						}
						answered.Add(1)
						open.Done()
					})
				if err != nil {
					refused.Add(1)
					open.Done()
					continue
				}
				if i%3 == 0 {
					p.hand.expire(made) // this call's or another's; the last one may be Run's patience
				}
			}
			if c == 0 {
				p.stop()
			}
		})
	}
	callersDone.Wait()
	open.Wait()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
	if answered.Load()+refused.Load() != callers*each || twice.Load() != 0 {
		t.Errorf("%d answered, %d refused, %d twice", answered.Load(), refused.Load(), twice.Load())
	}
}

// BenchmarkPool is what a call costs beside the module's own time.
func BenchmarkPool(b *testing.B) {
	pool, err := hsm.NewPool(hsm.Options{Module: idle{}, Clock: func() int64 { return 0 }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- pool.Run(ctx) }()
	answers := make(chan error, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := hsm.Call(pool, hsm.OpMAC, func(context.Context, hsm.Module) (int, error) { return 1, nil }, func(_ int, err error) { answers <- err }); err != nil {
			b.Fatal(err)
		}
		if err := <-answers; err != nil {
			b.Fatal(err)
		}
	}
	stop()
	<-done
}

func TestPoolOptions(t *testing.T) {
	_, err := hsm.NewPool(hsm.Options{Workers: -1, QueueMax: 1 << 20, Timeout: time.Hour, ProbeEvery: -1})
	for _, want := range []string{"Module", "Workers -1", "QueueMax 1048576", "Timeout 1h0m0s", "ProbeEvery -1ns"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestFault(t *testing.T) {
	cause := errors.New("connection refused")
	down := fmt.Errorf("translate: %w", &hsm.Fault{Kind: hsm.ErrDown, Cause: cause})
	if !errors.Is(down, hsm.ErrDown) || !errors.Is(down, cause) || !hsm.NotDone(down) {
		t.Error(down)
	}
	if got := down.Error(); got != "translate: hsm: down, nothing was done: connection refused" {
		t.Error(got)
	}
	late := &hsm.Fault{Kind: hsm.ErrTimeout, Started: true}
	if !errors.Is(late, hsm.ErrTimeout) || errors.Is(late, hsm.ErrDown) || hsm.NotDone(late) || late.Error() != "hsm: no answer in time, it may have been done" {
		t.Error(late)
	}
	if hsm.NotDone(errors.New("what?")) || !hsm.NotDone(fmt.Errorf("x: %w", hsm.ErrBlock)) {
		t.Error("NotDone of other errors")
	}
	names := map[string]bool{}
	for op := hsm.Op(0); op.String() != "unknown"; op++ {
		names[op.String()] = true
	}
	if len(names) != 14 || names[""] {
		t.Errorf("%v", names)
	}
}
