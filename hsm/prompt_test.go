package hsm_test

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
)

// quick is a module that makes codes promptly, and nothing else.
type quick struct{ quiet }

func (quick) Prompt(op hsm.Op) bool { return op == hsm.OpMAC || op == hsm.OpVerifyMAC }

// TestPrompt: what a module does promptly is asked where the caller is, and counted as
// any call is, but for the pool's own requests; without allocating, and not any more when
// the pool has ended.
func TestPrompt(t *testing.T) {
	reg := prometheus.NewRegistry()
	pool, err := hsm.NewPool(hsm.Options{Module: quick{}, Clock: func() int64 { return 0 }, Registry: reg})
	if err != nil {
		t.Fatal(err)
	}
	slow, _ := metered(t, quiet{})
	for _, c := range []struct {
		pool *hsm.Pool
		ops  []hsm.Op
		want bool
	}{
		{pool, []hsm.Op{hsm.OpMAC}, true}, {pool, []hsm.Op{hsm.OpMAC, hsm.OpVerifyMAC}, true}, {pool, []hsm.Op{hsm.OpMAC, hsm.OpTranslatePIN}, false},
		{pool, []hsm.Op{hsm.OpSign}, false}, {slow, []hsm.Op{hsm.OpMAC}, false},
	} {
		if got := c.pool.Prompt(c.ops...); got != c.want {
			t.Errorf("%v: prompt is %v", c.ops, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		ctx, m, err := pool.Here(hsm.OpMAC)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = m.MAC(ctx, hsm.MACInput{})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := metric(t, reg, "switchd_hsm_calls_total", "mac", "ok"); n != 101 {
		t.Errorf("%v calls are counted", n)
	}
	if n := metric(t, reg, "switchd_hsm_requests_total", "mac", "answered"); n != 0 {
		t.Errorf("%v requests to the pool", n)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := pool.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, m, err := pool.Here(hsm.OpMAC); m != nil || !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Errorf("when the pool has ended: %v, %v", m, err)
	}
	if n := metric(t, reg, "switchd_hsm_requests_total", "mac", "stopped"); n != 1 {
		t.Errorf("%v refusals", n)
	}
}
