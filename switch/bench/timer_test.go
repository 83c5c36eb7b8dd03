package bench

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestTimerProbe: a timer that is late is the machine's doing only when the switch hardly
// ran meanwhile, or was kept from it by whoever has the machine below.
func TestTimerProbe(t *testing.T) {
	for name, c := range map[string]struct {
		used, stolen time.Duration // in each step of 30 ms
		known        bool
		crowded      bool
	}{
		"idle":                  {time.Millisecond, 0, true, false},
		"little":                {14 * time.Millisecond, 0, true, false},
		"half a processor":      {15 * time.Millisecond, 0, true, true},
		"two processors":        {60 * time.Millisecond, 0, true, true},
		"stolen":                {30 * time.Millisecond, 20 * time.Millisecond, true, false},
		"stolen in part":        {30 * time.Millisecond, 10 * time.Millisecond, true, true},
		"nobody can tell":       {30 * time.Millisecond, 0, false, false},
		"another process since": {-time.Second, 0, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var now int64
			var used, stolen time.Duration
			p := &timerProbe{
				clock: func() int64 { return now },
				wait: func(context.Context, time.Duration) { // for 5 ms becomes 30 ms, in a run of 1 s
					if now += 30 * ms; now > 1000*ms {
						stop()
					}
				},
				ofSwitch: func() (time.Duration, bool) { used += c.used; return used, c.known },
				stolen:   func() time.Duration { stolen += c.stolen; return stolen },
				touches:  func(interval) bool { return true },
			}
			p.watch(ctx)
			found, not := &p.neither, &p.crowded
			if c.crowded {
				found, not = not, found
			}
			if all := found.list(); len(all) < 10 || all[0].length() != 25*ms || len(not.list()) != 0 {
				t.Errorf("%d times neither process ran, %d times the switch was in the way: %v", len(p.neither.list()), len(p.crowded.list()), all)
			}
		})
	}
}

// TestTimerProbeInTime: timers that are not late are nothing, however busy the switch is.
func TestTimerProbeInTime(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	now, asked := int64(0), 0
	p := &timerProbe{
		clock: func() int64 { return now },
		wait: func(_ context.Context, d time.Duration) {
			if now += int64(d); now > 1000*ms {
				stop()
			}
		},
		ofSwitch: func() (time.Duration, bool) { return time.Duration(2 * now), true },
		stolen:   func() time.Duration { asked++; return 0 },
		touches:  func(interval) bool { return true },
	}
	p.watch(ctx)
	if late := len(p.neither.list()) + len(p.crowded.list()); late != 0 || asked < 5 || asked > 12 {
		t.Errorf("%d late; asked for what was stolen %d times in a second", late, asked)
	}
}

// TestCPUClock: the kernel tells the CPU time of a process exactly; work makes it grow.
func TestCPUClock(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not told here")
	}
	before, known := cpuClock(os.Getpid())
	if !known || before <= 0 {
		t.Fatalf("%v, %t", before, known)
	}
	for n := 0; ; n++ {
		if after, _ := cpuClock(os.Getpid()); after > before {
			break
		} else if n > 1_000_000 {
			t.Fatal("the time stands still")
		}
	}
	if _, known := cpuClock(0); known {
		t.Error("process 0 has a clock")
	}
	if _, known := cpuClock(1 << 23); known {
		t.Error("a process that cannot be has a clock")
	}
}
