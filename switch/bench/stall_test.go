package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

// stalledRun is a run whose window is the second from 1 s on.
func stalledRun(t *testing.T) (*run, *facts) {
	r := newLink(t, 2, 0).run
	r.o.Rate = 1000
	r.from.Store(1000 * ms)
	r.to.Store(2000 * ms)
	return r, &facts{syncs: newSyncWatch(r.inWindow), probe: &probe{took: newHistogram()}, timer: &timerProbe{}, drained: 2100 * ms}
}

// answers at each of the times.
func (r *run) answersAt(times ...int64) {
	for _, at := range times {
		r.answeredAt(at * ms)
	}
}

// TestStalls: a pause is reported with its time, its length, whose doing it was, and the
// part of it that nothing but the switch explains.
func TestStalls(t *testing.T) {
	for name, c := range map[string]struct {
		cause func(r *run, f *facts)
		want  string
		own   float64
	}{
		"switch": {func(*run, *facts) {}, blameSwitch, 100},
		"disk":   {func(_ *run, f *facts) { f.syncs.slow.note(1280*ms, 70*ms) }, blameDisk, 30},
		"three syncs": {func(_ *run, f *facts) {
			f.syncs.slow.note(1220*ms, 20*ms)
			f.syncs.slow.note(1260*ms, 20*ms)
			f.syncs.slow.note(1290*ms, 15*ms)
		}, blameDisk, 45},
		"probe": {func(_ *run, f *facts) { f.probe.slow.note(1310*ms, 100*ms) }, blameDisk, 10},
		"sync and probe, one over the other": {func(_ *run, f *facts) {
			f.syncs.slow.note(1260*ms, 40*ms)
			f.probe.slow.note(1280*ms, 40*ms)
		}, blameDisk, 40},
		"collector":      {func(_ *run, f *facts) { f.syncs.stopped.note(1300*ms, 60*ms) }, blameGC, 100},
		"pacer":          {func(r *run, _ *facts) { r.lagging.note(1290*ms, 80*ms) }, blameGenerator, 20},
		"machine":        {func(_ *run, f *facts) { f.timer.neither.note(1290*ms, 80*ms); f.syncs.slow.note(1290*ms, 80*ms) }, blameMachine, 20},
		"shorter":        {func(_ *run, f *facts) { f.syncs.slow.note(1280*ms, 40*ms) }, blameSwitch, 60},
		"at other times": {func(_ *run, f *facts) { f.syncs.slow.note(1200*ms, 90*ms); f.timer.neither.note(1400*ms, 90*ms) }, blameSwitch, 100},
		"many small": {func(_ *run, f *facts) {
			for at := int64(1200); at < 1300; at += 5 {
				f.syncs.slow.note(at*ms, 5*ms)
			}
		}, blameSwitch, 100},
		"the switch is in the way": {func(r *run, f *facts) {
			f.timer.crowded.note(1290*ms, 80*ms)
			f.syncs.slow.note(1290*ms, 80*ms)
			r.lagging.note(1290*ms, 80*ms)
		}, blameSwitch, 100},
		"the switch is in the way after a sync": {func(_ *run, f *facts) {
			f.syncs.slow.note(1290*ms, 80*ms)
			f.timer.crowded.note(1290*ms, 20*ms)
		}, blameDisk, 40},
	} {
		t.Run(name, func(t *testing.T) {
			r, f := stalledRun(t)
			r.answersAt(990, 1000, 1100, 1190, 1200, 1300, 1250, 1310)
			for at := int64(1311); at < 2010; at++ {
				r.answersAt(at)
			}
			c.cause(r, f)
			var out Report
			r.stalls(f, &out)
			if len(out.Stalls) != 3 || out.StallCount != 3 {
				t.Fatalf("%+v", out.Stalls)
			}
			if got := out.Stalls[2]; got != (Stall{0.2, 100, c.own, c.want}) {
				t.Errorf("%+v, want the blame %s, %g ms of its own", got, c.want, c.own)
			}
			if out.StallMaxOwn == nil || *out.StallMaxOwn != 100 { // the one of 1000 to 1100 ms
				t.Errorf("longest of its own: %v", out.StallMaxOwn)
			}
		})
	}
}

// TestStallsOfItsOwn: what others are to blame for is none of the switch's; below 50 ms a
// pause is not listed, but it counts; outside the window nothing does.
func TestStallsOfItsOwn(t *testing.T) {
	r, f := stalledRun(t)
	r.answersAt(100, 900)
	for at := int64(901); at < 1500; at++ {
		r.answersAt(at)
	}
	r.answersAt(1530, 1930, 1950, 2020, 2300)
	f.syncs.slow.note(1930*ms, 400*ms)
	f.timer.neither.note(2020*ms, 70*ms)
	var out Report
	r.stalls(f, &out)
	if len(out.Stalls) != 2 || out.Stalls[0].Blame != blameDisk || out.Stalls[1].Blame != blameMachine || *out.StallMaxOwn != 31 {
		t.Errorf("%+v, longest of its own %v", out.Stalls, *out.StallMaxOwn)
	}
	r.o.Rate = 99
	out = Report{}
	if r.stalls(f, &out); out.StallMaxOwn != nil || out.Stalls == nil || len(out.Stalls) != 0 {
		t.Errorf("at a rate at which payments are 10 ms apart: %+v", out)
	}
}

// TestStallOfTwo: what explains half of a pause does not hide the other half.
func TestStallOfTwo(t *testing.T) {
	r, f := stalledRun(t)
	r.answersAt(1000, 1220)
	for at := int64(1221); at < 2010; at++ {
		r.answersAt(at)
	}
	f.syncs.slow.note(1110*ms, 110*ms)
	var out Report
	r.stalls(f, &out)
	if len(out.Stalls) != 1 || out.Stalls[0] != (Stall{0, 220, 110, blameDisk}) || *out.StallMaxOwn != 110 {
		t.Errorf("%+v, longest of its own %v", out.Stalls, *out.StallMaxOwn)
	}
	f.syncs.slow.note(1211*ms, 101*ms) // what is left, 9 ms, is not looked for
	if r.stalls(f, &out); *out.StallMaxOwn != 0 {
		t.Errorf("longest of its own %v", *out.StallMaxOwn)
	}
}

// TestStallInMemory: in memory there is no disk to blame.
func TestStallInMemory(t *testing.T) {
	for fs, want := range map[string]Stall{"ext4": {0, 100, 0, blameDisk}, inMemory: {0, 100, 100, blameSwitch}} {
		r, f := stalledRun(t)
		r.answersAt(1000, 1100)
		for at := int64(1101); at < 2010; at++ {
			r.answersAt(at)
		}
		f.syncs.slow.note(1100*ms, 90*ms)
		f.probe.slow.note(1100*ms, 100*ms)
		out := Report{DataFS: fs}
		r.stalls(f, &out)
		if len(out.Stalls) != 1 || out.Stalls[0] != want || *out.StallMaxOwn != want.Own {
			t.Errorf("%s: %+v, longest of its own %v", fs, out.Stalls, *out.StallMaxOwn)
		}
	}
}

// TestUnion: what lies over each other counts once.
func TestUnion(t *testing.T) {
	for _, c := range []struct {
		all  []interval
		want int64
	}{
		{nil, 0}, {[]interval{{-5, 5}}, 10}, {[]interval{{20, 30}, {0, 10}}, 20}, {[]interval{{5, 15}, {0, 10}}, 15},
		{[]interval{{0, 100}, {10, 20}, {90, 110}, {110, 120}}, 120},
	} {
		if got := union(c.all); got != c.want {
			t.Errorf("%v: %d, want %d", c.all, got, c.want)
		}
	}
}

// TestStallThatNeverEnds: no answer any more is a stall until the end of the wait.
func TestStallThatNeverEnds(t *testing.T) {
	r, f := stalledRun(t)
	r.answersAt(1500)
	f.drained = 5000 * ms
	var out Report
	if r.stalls(f, &out); len(out.Stalls) != 1 || out.Stalls[0] != (Stall{0.5, 3500, 3500, blameSwitch}) {
		t.Errorf("%+v", out.Stalls)
	}
}

// TestStallsAreBounded: the longest are kept, in the order of time.
func TestStallsAreBounded(t *testing.T) {
	r, f := stalledRun(t)
	r.to.Store(1_000_000 * ms)
	at := int64(1000)
	for i := range int64(2 * stallsMax) {
		r.answersAt(at, at+1)
		at += 51 + i
	}
	r.answersAt(at)
	var out Report
	r.stalls(f, &out)
	if len(out.Stalls) != stallsMax || out.StallCount < 2*stallsMax-1 {
		t.Fatalf("%d stalls of %d", len(out.Stalls), out.StallCount)
	}
	for i, s := range out.Stalls {
		if s.Ms < 51+stallsMax-2 || i > 0 && s.At < out.Stalls[i-1].At {
			t.Errorf("%d: %+v", i, s)
		}
	}
	var many intervals
	for i := range int64(intervalsMax + 5) {
		many.note(i, int64(slowMin))
	}
	if n := len(many.list()); n != intervalsMax {
		t.Errorf("%d stretches are kept", n)
	}
}

// TestSyncWatch: syncs and stops are counted once, those of the window only, over answers
// of several pages; what the switch has forgotten is told.
func TestSyncWatch(t *testing.T) {
	var asked []string
	answers := []string{
		`{"next": 3, "lost": 9, "sync_end": [900000000, 999000000, 1200000000], "sync_ns": [1, 1, 2000000], "gc_end": [900000000], "gc_ns": [5]}`,
		`{"next": 9, "lost": 4, "sync_end": [1300000000, 2500000000], "sync_ns": [30000000, 1], "gc_end": [900000000, 1400000000], "gc_ns": [5, 1000000]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked = append(asked, q.URL.String())
		if len(asked) > len(answers) {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, answers[len(asked)-1])
	}))
	defer server.Close()
	_, f := stalledRun(t)
	w := f.syncs
	w.poll(t.Context(), Admin{URL: server.URL})
	w.poll(t.Context(), Admin{URL: server.URL})
	if len(asked) != 2 || asked[0] != pausesPage+"?since=0" || asked[1] != pausesPage+"?since=3" {
		t.Errorf("asked %q", asked)
	}
	f.last.Answered = 12
	var out Report
	out.waits(f)
	if out.Fsyncs != 6 || out.FsyncsLost != 4 || *out.FsyncsPerPayment != 0.5 || *out.FsyncMax != 30 || *out.GCPauseMax != 1 || out.ProbeMax != nil {
		t.Errorf("%d syncs, %d lost, %v for each payment, %v at most, stop %v", out.Fsyncs, out.FsyncsLost, *out.FsyncsPerPayment, *out.FsyncMax, *out.GCPauseMax)
	}
	if got := w.slow.list(); len(got) != 1 || got[0] != (interval{1270 * ms, 1300 * ms}) {
		t.Errorf("long syncs: %v", got)
	}
	w.poll(t.Context(), Admin{URL: server.URL})
	out = Report{}
	if out.waits(f); out.FsyncMax != nil || out.GCPauseMax != nil {
		t.Error("a switch that did not answer at the end has figures")
	}
}

// TestProbes: the disk is asked in a file that is gone afterwards.
func TestProbes(t *testing.T) {
	r, _ := stalledRun(t)
	var now atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	defer func() { stop() }()
	r.o.ProbeDir = t.TempDir()
	now.Store(1000 * ms)
	r.o.Clock = func() int64 { // each look takes 30 ms, of a run of 3 s
		at := now.Add(30 * ms)
		if at > 3000*ms {
			stop()
		}
		return at
	}
	p := r.probeDisk(ctx)
	if p.err != nil || p.took.TotalCount() < 3 || p.took.max != 30*ms || len(p.slow.list()) != int(p.took.TotalCount()) {
		t.Errorf("%v, %d syncs, %d ns at most", p.err, p.took.TotalCount(), p.took.max)
	}
	if left, _ := os.ReadDir(r.o.ProbeDir); len(left) != 0 {
		t.Errorf("%s is left", left[0].Name())
	}
	r.o.ProbeDir = filepath.Join(r.o.ProbeDir, "none")
	if p := r.probeDisk(t.Context()); p.err == nil {
		t.Error("a folder that is not there is written to")
	}
}
