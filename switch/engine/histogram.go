package engine

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"switchd/switch/payment"
)

// histogram shows a spread to Prometheus, as a classic histogram with a bucket for each
// doubling of the time, and as a native one of schema 3 for who scrapes those.
type histogram struct {
	desc  *prometheus.Desc
	label *dto.LabelPair // nil: none
	from  *spread
}

// classicBuckets is how many buckets the classic histogram has: all up to each power of
// two, and those without a bound.
const classicBuckets = (steps-2)/stepsPerOctave + 2

// classicOf is the classic bucket that a step is in.
func classicOf(step int) int { return (step + stepsPerOctave - 1) / stepsPerOctave }

// Desc is what it is about.
func (h *histogram) Desc() *prometheus.Desc { return h.desc }

// Write writes both forms.
func (h *histogram) Write(to *dto.Metric) error {
	if h.label != nil {
		to.Label = []*dto.LabelPair{h.label}
	}
	var counts [steps]uint64
	total := uint64(0)
	for i := range counts {
		counts[i] = h.from.counts[i].Load()
		total += counts[i]
	}
	v := &dto.Histogram{SampleCount: &total, SampleSum: new(seconds(h.from.sum.Load()))}
	classic(v, &counts)
	native(v, &counts)
	to.Histogram = v
	return nil
}

// classic fills in the cumulative buckets. What has no bound is in the count of all.
func classic(v *dto.Histogram, counts *[steps]uint64) {
	sum := uint64(0)
	for step, n := range counts[:steps-1] {
		if sum += n; step%stepsPerOctave == 0 {
			bound := math.Exp2(float64(firstOctave + step/stepsPerOctave))
			v.Bucket = append(v.Bucket, &dto.Bucket{UpperBound: &bound, CumulativeCount: new(sum)})
		}
	}
}

// native fills in the buckets of the native form: all up to the first bound are in its
// zero bucket, those without a bound in the bucket behind the last.
func native(v *dto.Histogram, counts *[steps]uint64) {
	const schema = 3 // 2^(2^-3): eight buckets to an octave
	v.Schema, v.ZeroThreshold, v.ZeroCount = new(int32(schema)), new(math.Exp2(firstOctave)), new(counts[0])
	last, before := int32(0), int64(0) // the bucket behind the last span, and the count of the last bucket
	for step := 1; step < steps; step++ {
		if counts[step] == 0 {
			continue
		}
		at := int32(firstOctave*stepsPerOctave + step)
		if n := len(v.PositiveSpan); n > 0 && at == last {
			*v.PositiveSpan[n-1].Length++
		} else {
			v.PositiveSpan = append(v.PositiveSpan, &dto.BucketSpan{Offset: new(at - last), Length: new(uint32(1))})
		}
		v.PositiveDelta = append(v.PositiveDelta, int64(counts[step])-before)
		last, before = at+1, int64(counts[step])
	}
}

// exemplar is a payment that shows what a bucket is about.
type exemplar struct {
	id   payment.ID // 0: none
	took int64
	at   int64
}

// exemplarGap is how long an exemplar stays before another takes its place: a few each
// second are enough to look at, and none may cost anything.
const exemplarGap = int64(10 * time.Second)

// exemplars has one for each classic bucket of the times of payments.
type exemplars struct {
	next [paymentTypes][classicBuckets]int64 // the writer's: from when on another is wanted

	mu  sync.Mutex // guards has. The writer never waits for it: a scrape may hold it
	has [paymentTypes][classicBuckets]exemplar
}

// offer takes a payment, if its bucket wants one. Writer only.
func (x *exemplars) offer(kind payment.Type, step int, of exemplar) {
	b := classicOf(step)
	if of.at < x.next[kind][b] || !x.mu.TryLock() {
		return
	}
	x.has[kind][b], x.next[kind][b] = of, of.at+exemplarGap
	x.mu.Unlock()
}

// on shows a metric with those of a type.
func (x *exemplars) on(m prometheus.Metric, kind int) prometheus.Metric {
	x.mu.Lock()
	has := x.has[kind]
	x.mu.Unlock()
	var shown []prometheus.Exemplar
	for _, e := range has {
		if e.id != 0 {
			label := prometheus.Labels{"payment": strconv.FormatUint(uint64(e.id), 10)}
			shown = append(shown, prometheus.Exemplar{Value: seconds(e.took), Labels: label, Timestamp: time.Unix(0, e.at)})
		}
	}
	if len(shown) == 0 {
		return m
	}
	slices.SortFunc(shown, func(a, b prometheus.Exemplar) int { return a.Timestamp.Compare(b.Timestamp) })
	return prometheus.MustNewMetricWithExemplars(m, shown...)
}
