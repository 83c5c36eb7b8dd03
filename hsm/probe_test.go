package hsm_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
)

// asked is a module whose Health waits for the test to answer it, whatever its context
// says.
type asked struct {
	hsm.Module
	healths chan chan error
}

func (a asked) Health(context.Context) (hsm.Health, error) {
	answer := make(chan error)
	a.healths <- answer
	return hsm.Health{}, <-answer
}

// TestPoolProbes: the module is asked again and again, and up says what it answered
// last. One that does not come back is down when its time is over, and a late answer
// does not bring it up.
func TestPoolProbes(t *testing.T) {
	const every, timeout = 5 * time.Second, 300 * time.Millisecond
	ends := map[time.Duration]chan context.CancelFunc{every: make(chan context.CancelFunc), timeout: make(chan context.CancelFunc, 1), time.Minute: make(chan context.CancelFunc, 1)}
	module, reg := asked{healths: make(chan chan error)}, prometheus.NewRegistry()
	pool, err := hsm.NewPool(hsm.Options{
		Module: module, Clock: func() int64 { return 0 }, Registry: reg, Timeout: timeout, StopMax: time.Minute, ProbeEvery: every,
		Deadline: func(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(parent)
			select {
			case ends[d] <- cancel:
			case <-parent.Done():
			}
			return ctx, cancel
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	up := func(want float64, when string) {
		t.Helper()
		if got := metric(t, reg, "switchd_hsm_up"); got != want {
			t.Errorf("%s: up is %v", when, got)
		}
	}
	up(1, "opened")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- pool.Run(ctx) }()

	for _, c := range []struct {
		err  error
		want float64
	}{{nil, 1}, {&hsm.Fault{Kind: hsm.ErrDown}, 0}, {nil, 1}, {context.DeadlineExceeded, 0}, {hsm.ErrDenied, 0}, {nil, 1}} {
		<-module.healths <- c.err
		<-ends[timeout]
		again := <-ends[every]
		up(c.want, "answered")
		again()
	}
	hung := <-module.healths
	(<-ends[timeout])()
	for metric(t, reg, "switchd_hsm_up") != 0 {
		runtime.Gosched()
	}
	hung <- nil
	again := <-ends[every]
	up(0, "late")
	if n := metric(t, reg, "switchd_hsm_calls_total", "health", "ok"); n != 4 {
		t.Errorf("%v good answers counted", n)
	}
	again()
	hung = <-module.healths
	stop()
	(<-ends[time.Minute])() // Run's patience
	if err := <-done; err == nil || !strings.Contains(err.Error(), "1 calls are still inside") {
		t.Errorf("Run says %v", err)
	}
	hung <- nil
}

// TestPoolProbesNot: without ProbeEvery nobody asks, and nothing is said.
func TestPoolProbesNot(t *testing.T) {
	_, reg := metered(t, quiet{})
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "switchd_hsm_up" {
			t.Error("a guess")
		}
	}
}
