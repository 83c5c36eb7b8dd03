package raw

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func clock() int64 { return time.Now().UnixNano() }

// TestMeasure: every part is measured and has what the others need, and the sums are those
// of the parts.
func TestMeasure(t *testing.T) {
	dir := t.TempDir()
	var parts []string
	l, err := Measure(t.Context(), Options{Dir: dir, Duration: durationMin, Clock: clock, Progress: func(p string) { parts = append(parts, p) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != 5 || !strings.HasPrefix(l.TLS, "TLS 1.3 ") {
		t.Errorf("%v, %s", parts, l.TLS)
	}
	if len(l.Echo) != len(bursts) || len(l.Fsync) != len(groups) || len(l.Codec) != 2 || len(l.Payment) != 2*len(batches) {
		t.Fatalf("%+v", l)
	}
	for _, e := range l.Echo {
		if e.Messages < e.Burst || e.PerSecond <= 0 || (e.CPU != nil && (*e.SwitchCPU > *e.CPU)) {
			t.Errorf("%+v", e)
		}
	}
	for _, f := range l.Fsync {
		if f.Groups < 1 || f.P50 <= 0 || f.P50 > f.P99 || f.P99 > f.Max {
			t.Errorf("%+v", f)
		}
	}
	if l.Step.Events != eventsOfPayment || l.Step.EventNanos <= 0 || (runtime.GOOS == "linux") != (l.Memory.Pages > 0) {
		t.Errorf("%+v, %+v", l.Step, l.Memory)
	}
	for _, c := range l.Codec {
		for _, m := range c.Messages {
			if m.Bytes < 100 || m.ReadNanos <= 0 || m.WriteNanos <= 0 {
				t.Errorf("%s: %+v", c.Dialect, m)
			}
		}
	}
	for _, p := range l.Payment {
		if p.CPU != nil && *p.CPU < p.Machine+p.Codec || p.PerSecond <= 0 {
			t.Errorf("%+v", p)
		}
	}
}

// TestMemory: all pages are touched, both times, and what they cost is told where the system
// tells it.
func TestMemory(t *testing.T) {
	m, err := memory(t.Context(), &Options{Duration: time.Minute, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && (m.Pages != memoryBytes/os.Getpagesize() || *m.First <= 0 || *m.Again <= 0) {
		t.Errorf("%+v", m)
	}
}

// TestEnds: it ends with its context, wherever it is.
func TestEnds(t *testing.T) {
	for stop := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		parts := 0
		_, err := Measure(ctx, Options{Dir: t.TempDir(), Duration: durationMin, Clock: clock, Progress: func(string) {
			if parts++; parts > stop {
				cancel()
			}
		}})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("stopped in part %d: %v", stop, err)
		}
	}
}

// TestOptions: what cannot be measured by is refused before anything is done.
func TestOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"duration is 1ms":      {Dir: "x", Clock: clock, Duration: time.Millisecond},
		"duration is 1h0m0s":   {Dir: "x", Clock: clock, Duration: time.Hour},
		"a folder and a clock": {},
	} {
		if _, err := Measure(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a folder was made for options that are not good")
	}
}

// TestNearest: by ratio, so that 100 events are nearer to 64 than to 256.
func TestNearest(t *testing.T) {
	l := &Limits{Fsync: []Fsync{{Events: 1}, {Events: 16}, {Events: 64}, {Events: 256}}, Step: Step{PaymentCPU: 2}, Codec: []Codec{{Dialect: "a", PaymentCPU: 3}}}
	three := 3.0
	l.Echo = []Echo{{Burst: 16, SwitchCPU: &three}}
	l.Fsync[2].CPU = &three
	l.Payment = sums(l)
	for events, want := range map[float64]int{0: 1, 1: 1, 5: 16, 100: 64, 1e6: 256} {
		if got := l.Group(events); got.Events != want {
			t.Errorf("%v events: a group of %d, want %d", events, got.Events, want)
		}
	}
	p := l.Nearest("a", 100)
	if p.Events != 64 || p.CPU == nil || *p.CPU != 3*4+3*4+2+3 {
		t.Errorf("%+v", p)
	}
	if q := l.Nearest("a", 1); q.Events != 1 || q.CPU != nil {
		t.Errorf("a sum of what was not measured: %+v", q)
	}
	if l.Nearest("b", 1) != nil {
		t.Error("a sum of a dialect that was not measured")
	}
}
