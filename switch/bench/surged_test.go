package bench

import (
	"testing"
	"time"
)

// TestSurgeCounted: an answer to a payment counts for the surge by when that was due and
// when it came, and by what it was meant to be.
func TestSurgeCounted(t *testing.T) {
	r, f := surgedRun(t, func(int64) (time.Duration, string) { return 0, "" })
	r.o.Declines = 0.1
	l := r.links[0]
	l.tally.fateOf = r.o.fateOf
	begin := r.to.Load()
	for n, c := range []struct {
		due, took int64
		amount    int64
		code      string
	}{
		{-500 * ms, 600 * ms, 800, "00"},  // of before, kept while the surge lasted
		{-500 * ms, 100 * ms, 800, "00"},  // of before
		{100 * ms, 300 * ms, 801, "51"},   // meant to be declined
		{200 * ms, 100 * ms, 800, "91"},   // refused
		{300 * ms, 100 * ms, 800, "68"},   // refused with another code
		{1900 * ms, 200 * ms, 800, "00"},  // of the surge, kept behind it
		{2100 * ms, 7 * ms, 800, "00"},    // of after
		{10_000 * ms, 7 * ms, 800, "00"},  // behind what is watched
		{-500 * ms, 5000 * ms, 800, "91"}, // of before, refused
	} {
		due := begin + c.due
		l.count(int64(n+1), opened{number: int64(n + 1), due: due, amount: c.amount, payee: 1}, due+c.took, ending{code: []byte(c.code)})
	}
	s := l.tally.surge
	if s.kept != 2 || s.success != 2 || s.refused[endCode{'9', '1'}] != 1 || s.refused[endCode{'6', '8'}] != 1 || len(s.refused) != 2 || s.latency.max != 300*ms || s.latency.TotalCount() != 2 {
		t.Errorf("%d kept, %d well, refused %v, at most %d ns", s.kept, s.success, s.refused, s.latency.max)
	}
	for second, want := range map[int]surgeSecond{0: {answered: 3, right: 1}, 1: {answered: 1, right: 1}, 2: {answered: 1, right: 1}, 6: {}} {
		if got := s.seconds[second]; got.answered != want.answered || got.right != want.right {
			t.Errorf("second %d: %d answered, %d rightly", second, got.answered, got.right)
		}
	}
	r.surgeSent = 500
	r.surgeLate.record(12 * ms)
	out := Report{P99: 80}
	r.surged(f, &out)
	if o := out.Surge; o.Refused != 2 || len(o.Refusals) != 2 || o.Sent != 250 || o.LateP99 != 12 || o.Watched != 5 || o.For != 2 || o.Normal != 160 || o.Kept != 1 || o.KeptRatio != 0.01 {
		t.Errorf("%+v", o)
	}
}

// TestMergedSurges: what two links saw is what the surge was.
func TestMergedSurges(t *testing.T) {
	one := func() *surgeTally {
		s := newSurgeTally(surging(t))
		s.kept, s.success, s.refused[endCode{'9'}] = 1, 2, 3
		s.latency.record(ms)
		s.seconds[1] = surgeSecond{answered: 4, right: 5}
		s.seconds[1].latency[6] = 7
		return s
	}
	all := one()
	all.merge(one())
	if s := all.seconds[1]; all.kept != 2 || all.success != 4 || all.refused[endCode{'9'}] != 6 || all.latency.TotalCount() != 2 || s.answered != 8 || s.right != 10 || s.latency[6] != 14 {
		t.Errorf("%+v", all)
	}
}

// TestSurgeSteps: a second's p99 is not below what it was, and at most a quarter above.
func TestSurgeSteps(t *testing.T) {
	for _, took := range []int64{1, 99, 100, 101, 5000, 100_000} {
		var s surgeSecond
		s.latency[stepOf(took*ms)] = 100
		s.latency[0]++ // one payment does not count
		if got := s.p99(); got < float64(took)*0.999999 || got > float64(took)*surgeStep*1.000001 {
			t.Errorf("%d ms become %g", took, got)
		}
	}
	if n := stepOf(int64(1000 * time.Hour)); n != surgeSteps-1 {
		t.Errorf("step %d", n)
	}
}

// TestSurgeBounds: it is so many times the rate at most, and the time behind it has bounds.
func TestSurgeBounds(t *testing.T) {
	o := surging(t)
	for times, want := range map[float64]int{1: 1, 1.01: 0, surgeTimesMax: 0, surgeTimesMax + 1: 1, -1: 1} {
		if o.Surge.Times = times; len(o.surgeFaults()) != want {
			t.Errorf("%g times: %v", times, o.surgeFaults())
		}
	}
	for window, want := range map[time.Duration]time.Duration{time.Second: afterMin, 8 * time.Second: 8 * time.Second, time.Hour: afterMax} {
		if o.Duration = window; o.after() != want {
			t.Errorf("a window of %v: %v behind the surge", window, o.after())
		}
	}
}
