package bench

import (
	"fmt"
	"math"
	"time"
)

// Surge is more load than the switch may hold, after the window: what it keeps of its
// rate, whether it answers the rest, and when it is itself again.
type Surge struct {
	Times float64       // the rate so many times; 0: no surge; more than 1, at most 100
	For   time.Duration // so long; whole seconds, 1s to 10m
}

const (
	surgeTimesMax = 100
	surgeForMax   = 10 * time.Minute
	// The steady rate comes back for as long as the window was, within these bounds, so
	// that it shows when the switch is back to normal.
	afterMin = 5 * time.Second
	afterMax = 15 * time.Second
)

// after is how long the steady rate goes on behind a surge.
func (o *Options) after() time.Duration {
	if o.Surge.Times == 0 {
		return 0
	}
	return min(max(o.Duration, afterMin), afterMax).Round(time.Second)
}

// peak is the highest rate of a run.
func (o *Options) peak() float64 { return o.Rate * max(o.Surge.Times, 1) }

// SurgeReport is what became of a surge.
type SurgeReport struct {
	Rate       float64     `json:"rate"`       // asked for
	For        float64     `json:"for_s"`      // so long
	Sent       float64     `json:"sent_per_s"` // that really left during it
	Payments   int64       `json:"payments"`   // due during it
	Kept       float64     `json:"kept"`       // ended as they should during it, per second
	KeptRatio  float64     `json:"kept_ratio"` // of the rate before
	Success    int64       `json:"success"`    // ended as they should: a decline that is meant is no refusal
	Refused    int64       `json:"refused"`
	Refusals   []CodeCount `json:"refused_by_code"`  // DE39
	Unanswered int64       `json:"unanswered"`       // during it and after
	P99        float64     `json:"success_p99_ms"`   // of success, without those that a bank was silent about
	Max        float64     `json:"success_max_ms"`   //
	Back       *float64    `json:"back_to_normal_s"` // from its end on until all is as before; null: not within the time that it was looked at
	NotNormal  string      `json:"not_normal"`       // the last second after it that was not as before; empty: each was
	Normal     float64     `json:"normal_p99_ms"`    // what "as before" means: each second from there on has its p99 within this, and 99.9 % as they should
	Watched    float64     `json:"after_s"`          // for so long after it
	LateP99    float64     `json:"generator_late_p99_ms"`
}

// normalMin is the p99 that is normal in any case: a switch that was at 3 ms before need
// not be at 3 ms at once.
const normalMin = 100.0

// A surgeSecond counts payments by the second in which they were due. Its latencies are
// kept in steps of a quarter: it only has to tell normal from not.
type surgeSecond struct {
	answered, right int64
	latency         [surgeSteps]int64 // of those that no bank was silent about
}

const (
	surgeSteps = 64
	surgeStep  = 1.25
)

// stepOf is the step of a latency; step n is up to surgeStep^n ms.
func stepOf(nanos int64) int {
	n := math.Ceil(math.Log(max(float64(nanos)/1e6, 1)) / math.Log(surgeStep))
	return min(int(n), surgeSteps-1)
}

// p99 is the upper bound of the step that holds it, in ms.
func (s *surgeSecond) p99() float64 {
	timed, sum := int64(0), int64(0)
	for _, n := range s.latency {
		timed += n
	}
	for step, n := range s.latency {
		if sum += n; float64(sum) >= 0.99*float64(timed) {
			return math.Pow(surgeStep, float64(step))
		}
	}
	return math.Inf(1)
}

// surgeTally counts what one link saw of a surge and of the time after it. It belongs to
// the link's reader until that ends; nil: there is no surge.
type surgeTally struct {
	length  int64 // of the surge
	kept    int64 // payments that ended as they should while it lasted
	success int64 // of payments due in it those that ended as they should
	refused map[endCode]int64
	latency histogram     // of success, without those that a bank was silent about
	seconds []surgeSecond // from the begin of the surge on
}

func newSurgeTally(o *Options) *surgeTally {
	if o.Surge.Times == 0 {
		return nil
	}
	return &surgeTally{
		length: int64(o.Surge.For), refused: map[endCode]int64{}, latency: newHistogram(),
		seconds: make([]surgeSecond, int((o.Surge.For+o.after())/time.Second)),
	}
}

// answer counts an answer; the times are from the begin of the surge. A payment that is
// meant to be declined, and is, has not been refused by the switch; one that a bank is
// silent about takes as long as the switch's timers.
func (t *surgeTally) answer(due, now int64, f fate, e ending) {
	right, timed := f.right(e), !f.silent()
	if right && now >= 0 && now < t.length {
		t.kept++
	}
	if due < 0 {
		return
	}
	if i := due / int64(time.Second); i < int64(len(t.seconds)) {
		s := &t.seconds[i]
		s.answered++
		if timed {
			s.latency[stepOf(now-due)]++
		}
		if right {
			s.right++
		}
	}
	switch {
	case due >= t.length:
	case right:
		t.success++
		if timed {
			t.latency.record(now - due)
		}
	default:
		var c endCode
		copy(c[:], e.code)
		t.refused[c]++
	}
}

func (t *surgeTally) merge(from *surgeTally) {
	t.kept, t.success = t.kept+from.kept, t.success+from.success
	t.latency.merge(&from.latency)
	for c, n := range from.refused {
		t.refused[c] += n
	}
	for i := range from.seconds {
		to, s := &t.seconds[i], &from.seconds[i]
		to.answered, to.right = to.answered+s.answered, to.right+s.right
		for step, n := range s.latency {
			to.latency[step] += n
		}
	}
}

// normal says whether all payments of a second were answered, as they should and in time.
func (s *surgeSecond) normal(rate, p99 float64) bool {
	return float64(s.answered) >= math.Floor(rate)-1 && float64(s.right) >= successMin*float64(s.answered) && s.p99() <= p99
}

// back is how many seconds after the surge all seconds that follow are normal; nil: none.
// last is what the last one was like that was not; empty: all were normal.
func (t *surgeTally) back(rate, normal float64) (seconds *float64, last string) {
	end := int(t.length / int64(time.Second))
	first := len(t.seconds)
	for first > end && t.seconds[first-1].normal(rate, normal) {
		first--
	}
	if first > end {
		s := &t.seconds[first-1]
		last = fmt.Sprintf("second %d after it: of %.0f payments %d were answered, %d as they should, p99 up to %.0f ms", first-end, rate, s.answered, s.right, s.p99())
	}
	return when(first < len(t.seconds), float64(first-end)), last
}

// surged reports the surge, after all goroutines have ended.
func (r *run) surged(f *facts, out *Report) {
	all := newSurgeTally(r.o)
	if all == nil {
		return
	}
	for _, l := range r.links {
		all.merge(l.tally.surge)
	}
	o := r.o
	s := &SurgeReport{
		Rate: o.peak(), For: o.Surge.For.Seconds(), Sent: float64(r.surgeSent) / o.Surge.For.Seconds(),
		Kept: float64(all.kept) / o.Surge.For.Seconds(), Success: all.success, Refusals: counted(all.refused),
		P99: all.latency.millis(99), Max: all.latency.maxMillis(), Watched: o.after().Seconds(), LateP99: r.surgeLate.millis(99),
	}
	s.KeptRatio = s.Kept / o.Rate
	for _, c := range s.Refusals {
		s.Refused += c.Count
	}
	from, to := r.to.Load(), r.to.Load()+int64(o.Surge.For)
	s.Payments = f.plan.firstAfter(to) - f.plan.firstAfter(from)
	due := f.plan.count - f.plan.firstAfter(from)
	for i := range all.seconds {
		due -= all.seconds[i].answered
	}
	s.Unanswered = due
	s.Normal = max(normalMin, 2*out.P99)
	s.Back, s.NotNormal = all.back(o.Rate, s.Normal)
	out.Surge = s
}

func surgeUnanswered(s *SurgeReport) int64 {
	if s == nil {
		return 0
	}
	return s.Unanswered
}

// surgeFaults says what is wrong with a surge.
func (o *Options) surgeFaults() (faults []error) {
	if o.Surge.Times == 0 {
		return nil
	}
	if o.Surge.Times <= 1 || o.Surge.Times > surgeTimesMax || o.peak() > rateMax {
		faults = append(faults, fmt.Errorf("bench: a surge of %g times the rate %g, want more than 1 and at most %d times, and %d payments per second", o.Surge.Times, o.Rate, surgeTimesMax, rateMax))
	}
	if !within(o.Surge.For, time.Second, surgeForMax) || o.Surge.For%time.Second != 0 {
		faults = append(faults, fmt.Errorf("bench: a surge for %v, want whole seconds, 1s to %v", o.Surge.For, surgeForMax))
	}
	return faults
}
