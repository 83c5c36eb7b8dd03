package engine

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Times are counted in steps of which eight double the time: an upper bound is 2^(n/8)
// seconds, which are the bounds of Prometheus' native histograms of schema 3 (factor
// 1.09). So one counter serves native and classic histograms, and what people see.
// The first step is all up to 61 us, the last all above 128 s.
const (
	stepsPerOctave = 8
	firstOctave    = -14 // 2^-14 s = 61 us
	lastOctave     = 7   // 2^7 s = 128 s
	steps          = (lastOctave-firstOctave)*stepsPerOctave + 2
	// A tally has two steps in one bucket: four double the time.
	stepsPerBucket = 2
)

// LatencyBuckets is how many buckets a tally of times has. Each is a factor of 1.19
// wide, from 61 us to 128 s; the last one has no upper bound.
const LatencyBuckets = (steps-2)/stepsPerBucket + 2

// LatencyBound is the upper bound of a bucket in ns; that of the last is math.MaxInt64.
func LatencyBound(i int) int64 {
	if i >= LatencyBuckets-1 {
		return math.MaxInt64
	}
	return bounds[i*stepsPerBucket]
}

// bounds are the upper bounds of the steps in ns, rounded down.
var bounds = func() (b [steps]int64) {
	for i := range b {
		b[i] = int64(math.Exp2(firstOctave+float64(i)/stepsPerOctave) * float64(time.Second))
	}
	b[steps-1] = math.MaxInt64
	return b
}()

// stepOf is the step of a time: the first whose bound is not below it.
func stepOf(ns int64) int {
	if ns <= bounds[0] {
		return 0
	}
	// The bounds double every octave: the length of the number says nearly where it is.
	low := (bits.Len64(uint64(ns)) - bits.Len64(uint64(bounds[0])) - 1) * stepsPerOctave
	low = min(max(low, 0), steps-1)
	for low < steps-1 && bounds[low] < ns {
		low++
	}
	return low
}

// bucketOf is the bucket of a tally that a step is in.
func bucketOf(step int) int { return (step + stepsPerBucket - 1) / stepsPerBucket }

// spread counts times. One goroutine adds.
type spread struct {
	counts [steps]atomic.Uint64
	sum    atomic.Int64 // ns
}

func (s *spread) add(step int, ns int64) {
	s.counts[step].Add(1)
	s.sum.Add(ns)
}

// addTo adds what was counted to the buckets of a tally.
func (s *spread) addTo(latency *[LatencyBuckets]uint64) {
	for i := range s.counts {
		latency[bucketOf(i)] += s.counts[i].Load()
	}
}
