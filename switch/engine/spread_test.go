package engine

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestStepOf: every time is in the first step whose bound is not below it, and a bucket
// of a tally has just the steps that its bound says.
func TestStepOf(t *testing.T) {
	times := []int64{1, bounds[0], bounds[0] + 1, int64(2 * time.Second), int64(128 * time.Second), int64(129 * time.Second), int64(48 * time.Hour), math.MaxInt64}
	for i := range steps - 1 {
		times = append(times, bounds[i], bounds[i]+1)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		times = append(times, int64(math.Exp2(rng.Float64()*45)))
	}
	for _, ns := range times {
		i := stepOf(ns)
		if bounds[i] < ns || i > 0 && bounds[i-1] >= ns {
			t.Fatalf("%d ns is in step %d", ns, i)
		}
		b := bucketOf(i)
		if LatencyBound(b) < ns || b > 0 && LatencyBound(b-1) >= ns {
			t.Fatalf("%d ns is in bucket %d, up to %d", ns, b, LatencyBound(b))
		}
	}
	if LatencyBound(0) > int64(100*time.Microsecond) || LatencyBound(LatencyBuckets-2) < int64(120*time.Second) {
		t.Errorf("buckets from %d to %d ns", LatencyBound(0), LatencyBound(LatencyBuckets-2))
	}
	for i := 1; i < LatencyBuckets-1; i++ {
		if f := float64(LatencyBound(i)) / float64(LatencyBound(i-1)); f < 1.18 || f > 1.20 {
			t.Errorf("bucket %d is a factor of %v wide", i, f)
		}
	}
	if bounds[8*15] != int64(2*time.Second) { // an objective is about 2 s: a bound must be exactly there
		t.Errorf("no bound at 2 s: %d", bounds[8*15])
	}
}
