package bench

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestStallsBesideTheWindow: pauses of a long warm-up, or of what comes after the window,
// leave room for those that count.
func TestStallsBesideTheWindow(t *testing.T) {
	r, f := stalledRun(t)
	r.from.Store(1_000_000 * ms)
	r.to.Store(1_001_000 * ms)
	f.drained = 2_000_000 * ms
	at := int64(1)
	for ; at < 1_000_000; at += 20 {
		r.answersAt(at)
	}
	r.answersAt(at, at+300) // from 1000.001 s on
	for at += 300; at < 1_001_000; at++ {
		r.answersAt(at)
	}
	for ; at < 1_500_000; at += 20 {
		r.answersAt(at)
	}
	if kept := len(r.gaps.long.list()); kept < 2 || kept > 4 {
		t.Errorf("%d pauses are remembered", kept)
	}
	var out Report
	if r.stalls(f, &out); out.StallCount != 1 || out.StallUnknown != "" || out.StallMaxOwn == nil || *out.StallMaxOwn != 300 {
		t.Errorf("%+v, own %v, %q", out.Stalls, value(out.StallMaxOwn), out.StallUnknown)
	}
}

// TestStallsNotRemembered: when a list was full, nobody knows the longest pause, and the report
// says so.
func TestStallsNotRemembered(t *testing.T) {
	for what, list := range map[string]func(r *run, f *facts) *intervals{
		"pauses than":          func(r *run, _ *facts) *intervals { return &r.gaps.long },
		"kept the generator":   func(_ *run, f *facts) *intervals { return &f.timer.crowded },
		"neither process ran":  func(_ *run, f *facts) *intervals { return &f.timer.neither },
		"syncs of the journal": func(_ *run, f *facts) *intervals { return &f.syncs.slow },
		"syncs of the probe":   func(_ *run, f *facts) *intervals { return &f.probe.slow },
		"the pacer was late":   func(r *run, _ *facts) *intervals { return &r.lagging },
		"":                     func(_ *run, f *facts) *intervals { return &f.syncs.stopped }, // blamed, and the switch's own all the same
	} {
		r, f := stalledRun(t)
		all := list(r, f)
		for n := range int64(intervalsMax) {
			all.add(interval{n, n + 1})
		}
		var out Report
		if r.stalls(f, &out); out.StallMaxOwn == nil || out.StallUnknown != "" || all.full() {
			t.Errorf("%q: not known, though all are remembered: %q", what, out.StallUnknown)
		}
		all.add(interval{0, 1})
		out = Report{}
		if r.stalls(f, &out); (out.StallMaxOwn == nil) != (what != "") || (out.StallUnknown == "") != (what == "") || !strings.Contains(out.StallUnknown, what) {
			t.Errorf("want %q, got %q; longest of its own %v", what, out.StallUnknown, out.StallMaxOwn)
		}
	}
	r, f := stalledRun(t)
	f.timer = nil
	var out Report
	if r.stalls(f, &out); out.StallMaxOwn != nil || !strings.Contains(out.StallUnknown, "before its window") {
		t.Errorf("a run that ended too early: %q", out.StallUnknown)
	}
	r.o.Rate, out = stallRate-1, Report{}
	if r.stalls(f, &out); !strings.Contains(out.StallUnknown, "less than 100 payments a second") {
		t.Errorf("at a low rate: %q", out.StallUnknown)
	}
}

// TestStallsAtALowRate: that nothing was due is no pause.
func TestStallsAtALowRate(t *testing.T) {
	for rate, want := range map[float64][2]int64{100: {29, 30}, 200: {14, 15}, 1000: {9, 10}, 50_000: {9, 10}} {
		r, _ := stalledRun(t)
		r.o.Rate = rate
		r.answersAt(1000, 1000+want[0], 1100)
		if got := len(r.gaps.long.list()); got != 1 {
			t.Errorf("%g a second: %d pauses, want the second", rate, got)
		}
		r, _ = stalledRun(t)
		r.o.Rate = rate
		r.answersAt(1000, 1000+want[1], 1100)
		if got := len(r.gaps.long.list()); got != 2 {
			t.Errorf("%g a second: %d pauses, want two", rate, got)
		}
	}
}

// TestTimerProbeOutsideTheWindow: what is late outside the window takes no room.
func TestTimerProbeOutsideTheWindow(t *testing.T) {
	r, _ := stalledRun(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var now int64
	p := r.newTimerProbe()
	p.clock = func() int64 { return now }
	p.wait = func(context.Context, time.Duration) { // 30 ms each, for 3 s
		if now += 30 * ms; now > 3000*ms {
			stop()
		}
	}
	p.ofSwitch = func() (time.Duration, bool) { return 0, true }
	p.stolen = func() time.Duration { return 0 }
	p.watch(ctx)
	all := p.neither.list()
	if len(all) < 33 || len(all) > 35 || all[0].to <= r.from.Load() || all[len(all)-1].from >= r.to.Load() {
		t.Errorf("%d times, from %v on", len(all), all[0])
	}
}
