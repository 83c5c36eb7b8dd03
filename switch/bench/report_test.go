package bench

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	h, other := newHistogram(), newHistogram()
	if h.millis(99) != 0 || h.maxMillis() != 0 {
		t.Error("an empty one is not zero")
	}
	for i := range int64(900) {
		h.record((i + 1) * 1_000_000)
	}
	for i := range int64(100) {
		other.record((i + 901) * 1_000_000)
	}
	other.record(-5)
	h.merge(&other)
	for _, c := range []struct{ q, want float64 }{{50, 500}, {99, 990}, {99.9, 999}, {100, 1000}} {
		if got := h.millis(c.q); math.Abs(got-c.want) > c.want/500 {
			t.Errorf("p%g is %g ms, want %g", c.q, got, c.want)
		}
	}
	h.record(int64(10 * time.Minute))
	if h.maxMillis() != 600_000 || h.TotalCount() != 1002 {
		t.Errorf("a time beyond the range: max %g, %d counted", h.maxMillis(), h.TotalCount())
	}
}

// TestJudge: each gate closes by itself, and says why.
func TestJudge(t *testing.T) {
	good := func() Report {
		return Report{Rate: 1000, Achieved: 990, SuccessRatio: 0.999, GeneratorLateP99: 20}
	}
	r := good()
	if r.judge(nil, 0, nil); !r.Valid || len(r.Reasons) != 0 || r.Reasons == nil || !r.BooksBalanced {
		t.Errorf("on the edge: %v", r.Reasons)
	}
	for want, c := range map[string]struct {
		bend    func(*Report)
		faults  []string
		unsent  int64
		failure error
	}{
		"achieved 989.0":         {bend: func(r *Report) { r.Achieved = 989 }},
		"99.800 % of":            {bend: func(r *Report) { r.SuccessRatio = 0.998 }},
		"below its reserve":      {bend: func(r *Report) { r.full = true }},
		"3 payments are still":   {bend: func(r *Report) { r.Open = 3 }},
		"generator was":          {bend: func(r *Report) { r.GeneratorLateP99 = 20.5 }},
		"positions sum to 5":     {faults: []string{"positions sum to 5"}},
		"7 payments were not":    {unsent: 7},
		"before its time: ended": {failure: errors.New("ended")},
	} {
		r := good()
		if c.bend != nil {
			c.bend(&r)
		}
		r.judge(c.faults, c.unsent, c.failure)
		if r.Valid || len(r.Reasons) != 1 || !strings.Contains(r.Reasons[0], want) {
			t.Errorf("want %q, got valid %t, %v", want, r.Valid, r.Reasons)
		}
		if r.BooksBalanced != (c.faults == nil) {
			t.Errorf("%q: books balanced %t", want, r.BooksBalanced)
		}
	}
}

// TestCompare: book, position and what customers were told must agree.
func TestCompare(t *testing.T) {
	for want, bend := range map[string]func(r *run, f *facts, all *tally){
		"":                       func(*run, *facts, *tally) {},
		"positions sum to 1":     func(_ *run, f *facts, _ *tally) { f.after.PositionsSum = 1 },
		"its position by -101":   func(_ *run, f *facts, _ *tally) { f.after.Participants[0].Position.Posted-- },
		"with 9 reserved":        func(_ *run, f *facts, _ *tally) { f.after.Participants[1].Position.Reserved = 9 },
		"customers add up to 99": func(_ *run, _ *facts, all *tally) { all.told[1] = 99 },
		"1 legs came again":      func(r *run, _ *facts, _ *tally) { r.stations[0].book.conflicts = 1 },
		"2 messages could not":   func(_ *run, _ *facts, all *tally) { all.malformed = 2 },
		"1 answers have another": func(_ *run, _ *facts, all *tally) { all.changed = 1 },
		"1 reversals are stuck":  func(_ *run, f *facts, _ *tally) { f.after.States = map[string]uint64{"REVERSAL_STUCK": 1} },
		"no account of":          func(_ *run, f *facts, _ *tally) { f.after, f.afterErr = nil, errors.New("gone") },
	} {
		r := newLink(t, 2, 0).run
		r.stations[0].book.net, r.stations[1].book.net = -100, 100
		all := newTally(2)
		all.told[0], all.told[1] = -100, 100
		f := &facts{before: summaryOf(t, 1000, -1000), after: summaryOf(t, 900, -900)}
		bend(r, f, &all)
		faults := r.compare(f, &all, &Report{})
		if want == "" && len(faults) != 0 || want != "" && (len(faults) != 1 || !strings.Contains(faults[0], want)) {
			t.Errorf("want %q, got %q", want, faults)
		}
	}
}

func summaryOf(t *testing.T, posted ...int64) *Summary {
	t.Helper()
	type at struct {
		ID       string
		Position struct{ Posted, Reserved, Cap int64 }
	}
	text := struct{ Participants []at }{}
	for i, p := range posted {
		a := at{ID: "BANK" + string(rune('A'+i))}
		a.Position.Posted = p
		text.Participants = append(text.Participants, a)
	}
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	var s Summary
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// TestSample: figures come from the admin port and /proc, and what is missing
// stays unknown.
func TestSample(t *testing.T) {
	pages := map[string]string{
		"/metrics": `# HELP x y
switchd_commit_events_sum 100
switchd_commit_events_count 10
switchd_commit_duration_seconds_sum 0.02
switchd_commit_duration_seconds_bucket{le="0.001"} 5
switchd_commit_duration_seconds_bucket{le="0.002"} 9
switchd_commit_duration_seconds_bucket{le="+Inf"} 10
process_cpu_seconds_total 1.5
process_resident_memory_bytes 1.048576e+06
`,
		"/api/v1/summary": `{"open": 2, "participants": []}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if pages[q.URL.Path] == "" {
			http.NotFound(w, q)
			return
		}
		_, _ = w.Write([]byte(pages[q.URL.Path]))
	}))
	defer server.Close()
	a := Admin{URL: server.URL}
	var answered atomic.Int64
	now := int64(0)
	clock := func() int64 { return now }
	f := &facts{first: a.sample(context.Background(), clock, &answered)}
	answered.Store(1000)
	now = int64(2 * time.Second)
	f.last = a.sample(context.Background(), clock, &answered)
	for k, v := range map[string]float64{
		"switchd_commit_events_sum": 900, "switchd_commit_events_count": 300, "switchd_commit_duration_seconds_sum": 0.3, "process_cpu_seconds_total": 0.05,
		`switchd_commit_duration_seconds_bucket{le="0.001"}`: 200, `switchd_commit_duration_seconds_bucket{le="0.002"}`: 299, `switchd_commit_duration_seconds_bucket{le="+Inf"}`: 300,
	} {
		f.last.Metrics[k] += v
	}
	f.last.Switch.cpu += 50 * time.Millisecond
	var r Report
	r.resources(f)
	for what, c := range map[string]struct {
		got  *float64
		want float64
	}{
		"achieved": {&r.Achieved, 500}, "cpu": {r.CPUPerPayment, 50}, "cores": {r.CPUCores, 0.025}, "rss": {r.RSS, 1},
		"commits": {r.CommitsPerPayment, 0.3}, "events": {r.CommitEventsMean, 3}, "commit mean": {r.CommitMean, 1}, "commit p99": {r.CommitP99, 2},
	} {
		if c.got == nil || math.Abs(*c.got-c.want) > c.want/1e6 {
			t.Errorf("%s: %v, want %g", what, c.got, c.want)
		}
	}
	if r.JournalBytes != nil || r.AllocsPerPayment != nil || r.full {
		t.Error("a figure that the switch does not give is known")
	}
	for state, full := range map[float64]bool{1: false, 2: true} {
		f.last.Metrics["switchd_disk_state"] = state
		if r.resources(f); r.full != full {
			t.Errorf("disk in state %g: full %t", state, r.full)
		}
		f.last.Metrics["switchd_disk_state"] = 0
		f.over.Metrics = map[string]float64{"switchd_disk_state": state}
		if r.resources(f); r.full != full {
			t.Errorf("disk in state %g after a surge: full %t", state, r.full)
		}
		f.over = Sample{}
	}
	if _, err := a.Summary(context.Background()); err == nil {
		t.Error("a summary without participants was taken")
	}
	server.Close()
	if s := a.sample(context.Background(), clock, &answered); s.Err == nil {
		t.Error("a switch that is gone gave figures")
	}
}

// TestElsewhere: what others used is what is left; figures that contradict each other give
// none.
func TestElsewhere(t *testing.T) {
	s := float64(time.Second)
	for name, c := range map[string]struct {
		machine, ofSwitch, own *float64
		want                   *float64
	}{
		"half":          {when(true, 2*s), when(true, s), when(true, s/2), when(true, s/2)},
		"nothing":       {when(true, 1.5*s), when(true, s), when(true, s/2), new(0.0)},
		"by ticks":      {when(true, 1.45*s), when(true, s), when(true, s/2), new(0.0)},
		"contradiction": {when(true, 1.3*s), when(true, s), when(true, s/2), nil},
		"no machine":    {nil, when(true, s), when(true, s/2), nil},
		"no switch":     {when(true, 2*s), nil, when(true, s/2), nil},
		"no generator":  {when(true, 2*s), when(true, s), nil, nil},
	} {
		got := elsewhere(c.machine, c.ofSwitch, c.own)
		if (got == nil) != (c.want == nil) || value(got) != value(c.want) {
			t.Errorf("%s: %v, want %v", name, value(got), value(c.want))
		}
	}
}

// TestUsage: this process has used some CPU and memory, and one that does not
// exist has no figures.
func TestUsage(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	if u := processUsage("self"); !u.known || u.rss < 1<<20 {
		t.Errorf("%+v", u)
	}
	if u := machineUsage(); !u.known || u.cpu <= 0 {
		t.Errorf("%+v", u)
	}
	if times, known := machineTimes(); !known || stolenTime() < time.Duration(times[stealTime])*jiffy {
		t.Errorf("%v, %t, stolen %v", times, known, stolenTime())
	}
	if processUsage("0").known {
		t.Error("process 0 has figures")
	}
}
