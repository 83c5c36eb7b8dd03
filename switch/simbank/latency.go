package simbank

import "math/bits"

// latencies is a histogram of times in nanoseconds: 32 buckets to each power of
// two, so a percentile is at most 3 % above the truth; the maximum is exact.
type latencies struct {
	buckets [64 * subBuckets]int64
	count   int64
	max     int64
}

const subBuckets = 32

// add counts one time; a negative one (a clock set back) counts as zero.
func (l *latencies) add(nanos int64) {
	nanos = max(nanos, 0)
	l.buckets[bucketOf(nanos)]++
	l.count++
	l.max = max(l.max, nanos)
}

// bucketOf: below 32 each value has its own; above, the five bits after the
// leading one choose among the 32 of that power.
func bucketOf(nanos int64) int {
	if nanos < subBuckets {
		return int(nanos)
	}
	shift := bits.Len64(uint64(nanos)) - 6
	return (shift+1)*subBuckets + int(nanos>>shift) - subBuckets
}

// upperOf is the largest value of a bucket.
func upperOf(bucket int) int64 {
	if bucket < subBuckets {
		return int64(bucket)
	}
	shift := bucket/subBuckets - 1
	return (int64(bucket%subBuckets)+subBuckets+1)<<shift - 1
}

// percentile is the time that a share q of all stayed within.
func (l *latencies) percentile(q float64) int64 {
	rank := int64(q*float64(l.count) + 0.5)
	var seen int64
	for i, n := range l.buckets {
		seen += n
		if n > 0 && seen >= rank {
			return min(upperOf(i), l.max)
		}
	}
	return l.max
}

// merge adds all of from to l.
func (l *latencies) merge(from *latencies) {
	for i, n := range from.buckets {
		l.buckets[i] += n
	}
	l.count += from.count
	l.max = max(l.max, from.max)
}

// report gives the percentiles in milliseconds.
func (l *latencies) report() Latency {
	ms := func(nanos int64) float64 { return float64(nanos) / 1e6 }
	return Latency{P50: ms(l.percentile(0.50)), P99: ms(l.percentile(0.99)), Max: ms(l.max)}
}

// MergedLatency is the latency of the own payments of several banks as one
// distribution: percentiles cannot be averaged.
func MergedLatency(banks []*Bank) Latency {
	var all latencies
	for _, b := range banks {
		b.payments.mu.Lock()
		all.merge(&b.payments.lags)
		b.payments.mu.Unlock()
	}
	return all.report()
}
