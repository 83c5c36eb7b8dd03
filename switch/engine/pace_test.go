package engine

import (
	"testing"
	"time"
)

// TestPacerDecides is the rules one by one.
func TestPacerDecides(t *testing.T) {
	o := Options{GroupEventsMax: 100, GroupsMax: 3, GapMax: time.Millisecond, BusyEvents: 16}
	const closed = 5 * s
	for _, c := range []struct {
		name           string
		company        float64 // events of a GapMax
		after          int64   // since the last group was closed
		waiting, onWay int
		why            hold
		enough         int
		until          int64
	}{
		{"nothing waits", 50, 10 * us, 0, 1, holdEvents, 1, 0},
		{"first for long", 50, ms, 1, 0, holdNone, 0, 0},
		{"low load", 2, 100 * us, 1, 0, holdNone, 0, 0},
		{"one behind another", 2, 100 * us, 1, 1, holdDisk, 100, 0},
		{"many behind another", 50, 2 * ms, 99, 1, holdDisk, 100, 0},
		{"full behind another", 50, 10 * us, 100, 2, holdNone, 0, 0},
		{"no more groups", 50, 2 * ms, 1000, 3, holdDisk, never, 0},
		{"some load, alone", 8, 100 * us, 3, 0, holdCompany, 4, closed + ms},
		{"some load, in company", 8, 100 * us, 4, 0, holdNone, 0, 0},
		{"high load, too early", 50, 900 * us, 49, 0, holdCompany, 50, closed + ms},
		{"high load, a burst", 50, 100 * us, 50, 0, holdNone, 0, 0},
		{"high load, ended", 50, ms, 2, 0, holdNone, 0, 0},
		{"high load, clock set back", 50, -s, 1, 0, holdNone, 0, 0},
		{"more than a group holds", 500, 100 * us, 99, 0, holdCompany, 100, closed + ms},
	} {
		p := newPacer(&o)
		p.closedAt, p.company = closed, c.company
		why, enough, until := p.decide(closed+c.after, c.waiting, c.onWay)
		if why != c.why || enough != c.enough || until != c.until {
			t.Errorf("%s: %d, %d, %d; want %d, %d, %d", c.name, why, enough, until, c.why, c.enough, c.until)
		}
	}
}

// TestPacerKnowsTheRate: it follows the rate within some GapMax, whatever the sizes
// of the groups, and forgets it when nothing comes.
func TestPacerKnowsTheRate(t *testing.T) {
	o := Options{}.withDefaults()
	for _, gap := range []int64{50 * us, 200 * us, 1 * ms, 20 * ms} {
		p := newPacer(&o)
		p.closedAt = s
		for now := s; now < s+80*ms; {
			now += gap
			p.closed(now, int(20*gap/ms)+1) // about 20,000 a second
		}
		want := float64(int(20*gap/ms)+1) * float64(p.gapMax) / float64(gap)
		if p.company < want*0.9 || p.company > want*1.1 {
			t.Errorf("gap %d us: %.1f events in a GapMax, want about %.1f", gap/us, p.company, want)
		}
		p.closed(p.closedAt+s, 1)
		if p.company > 0.04*want || p.want() > 0 {
			t.Errorf("gap %d us: after a second without events the pacer expects %.1f in a GapMax", gap/us, p.company)
		}
	}
}

// TestLowLoadDoesNotWait: at low load an event waits for nothing but the disk: its
// own fsync, and the rest of one that is under way when it comes.
func TestLowLoadDoesNotWait(t *testing.T) {
	for _, disk := range []int64{100 * us, ms, 50 * ms} {
		for _, rate := range []float64{1, 10, 100, 1000, 3000} {
			m := newModel(steady(disk))
			m.load(int64(1000/rate*float64(s)), m.random(rate))
			longest := 2*(disk+disk/10) + 2*hopNanos
			if worst := m.quantile(1); worst > longest {
				t.Errorf("disk %d us, %.0f events/s: one took %d us, want at most %d", disk/us, rate, worst/us, longest/us)
			}
			if m.held[holdCompany] > 0 {
				t.Errorf("disk %d us, %.0f events/s: %d groups waited for company", disk/us, rate, m.held[holdCompany])
			}
		}
	}
}

// TestHighLoadShares: many events share a commit, a group is never larger than it
// may be, and the wait is GapMax or the disk's, whichever is longer.
func TestHighLoadShares(t *testing.T) {
	for _, c := range []struct {
		disk   int64
		rate   float64
		group  float64 // at least so many events in a group
		median int64   // latency at most
	}{
		{100 * us, 10_000, 5, 800 * us},
		{100 * us, 30_000, 50, 1200 * us},
		{100 * us, 100_000, 160, 1200 * us},
		{ms, 10_000, 9, 1700 * us},
		{ms, 30_000, 50, 2200 * us},
		{ms, 100_000, 180, 2200 * us},
		{50 * ms, 1_000, 45, 80 * ms},
		{50 * ms, 10_000, 400, 85 * ms},
		{50 * ms, 50_000, 450, 110 * ms},
	} {
		m := newModel(steady(c.disk))
		m.load(2*s, m.random(c.rate))
		if mean := float64(len(m.latencies)) / float64(len(m.groups)); mean < c.group {
			t.Errorf("disk %d us, %.0f events/s: %.1f events share a commit, want %.0f", c.disk/us, c.rate, mean, c.group)
		}
		if got := m.quantile(0.5); got > c.median {
			t.Errorf("disk %d us, %.0f events/s: latency %d us, want at most %d", c.disk/us, c.rate, got/us, c.median/us)
		}
		// What waits is at most what comes while the groups on their way become
		// durable: two fsyncs, and the wait for company.
		room := int(c.rate*float64(2*c.disk+2*timerNanos)/1e9*1.2) + 50
		if m.queueMax > room {
			t.Errorf("disk %d us, %.0f events/s: %d events waited, want at most %d", c.disk/us, c.rate, m.queueMax, room)
		}
		if len(m.queue) > 0 || len(m.flying) > 0 {
			t.Errorf("disk %d us, %.0f events/s: %d events and %d groups are left", c.disk/us, c.rate, len(m.queue), len(m.flying))
		}
	}
}

// TestStallIsOvercome: a disk that stands still for 600 ms makes everybody wait
// until it goes on, and no longer: soon after, latencies are what they were.
func TestStallIsOvercome(t *testing.T) {
	for _, rate := range []float64{100, 10_000, 50_000} {
		const from, stall = 500 * ms, 600 * ms
		disk := func(now int64) int64 {
			if now >= from && now < from+stall {
				return from + stall - now
			}
			return 100 * us
		}
		m := newModel(disk)
		m.load(from, m.random(rate))
		before := m.quantile(0.99)
		m.load(stall+50*ms, m.random(rate))
		if worst := m.quantile(1); worst > stall+50*ms {
			t.Errorf("%.0f events/s: one waited %d ms", rate, worst/ms)
		}
		if room := int(rate*0.6*1.1) + 10; m.queueMax > room {
			t.Errorf("%.0f events/s: %d waited, want at most %d", rate, m.queueMax, room)
		}
		m.latencies = m.latencies[:0]
		m.load(s, m.random(rate))
		if after := m.quantile(0.99); after > before*5/4 {
			t.Errorf("%.0f events/s: p99 %d us after the stall, %d us before", rate, after/us, before/us)
		}
	}
}

// TestPaceIsSteady: at an even rate the groups become even; nothing swings.
func TestPaceIsSteady(t *testing.T) {
	for _, disk := range []int64{100 * us, ms, 50 * ms} {
		for _, rate := range []int64{2_000, 6_000, 10_000, 30_000, 80_000} {
			m := newModel(func(int64) int64 { return disk })
			m.load(3*s, func() int64 { return s / rate })
			late := m.groups[len(m.groups)/2 : len(m.groups)-1]
			low, high := late[0], late[0]
			for _, n := range late {
				low, high = min(low, n), max(high, n)
			}
			full := high == m.limits.GroupEventsMax // the rest of what waited behind full groups
			if high-low > 1+high/10 && !full {
				t.Errorf("disk %d us, %d events/s: groups of %d to %d events", disk/us, rate, low, high)
			}
		}
	}
}

// TestLoadThatEndsLeavesNothing: the last event of a burst, and a lone one after
// it, wait for a company that does not come, but no longer than GapMax.
func TestLoadThatEndsLeavesNothing(t *testing.T) {
	m := newModel(steady(100 * us))
	for range 100 {
		m.load(20*ms, m.random(50_000))
		m.latencies = m.latencies[:0]
		m.now += 300 * us // within GapMax
		first := true
		m.load(100*us, func() int64 {
			if first {
				first = false
				return 1
			}
			return s
		})
		if worst := m.quantile(1); worst > int64(m.limits.GapMax)+timerNanos+500*us {
			t.Fatalf("a lone event after a burst took %d us", worst/us)
		}
		m.now += 50 * ms
	}
}
