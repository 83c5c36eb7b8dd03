package main

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// figures are the metrics of the process, read by itself: what the console says is then
// what Prometheus sees. Counters are remembered for as long as their alerts look back. One
// goroutine at a time may use them.
type figures struct {
	from prometheus.Gatherer
	read int64 // when; 0: not yet
	all  map[string][]measured

	minutes, hour, day recent
}

// measured is one series.
type measured struct {
	labels map[string]string
	value  float64 // of a histogram: how many it has counted
}

// figuresEvery is how often the metrics are read: a look at them costs a few milliseconds.
const figuresEvery = int64(5e9)

// newFigures begins at a time at which all counters are 0.
func newFigures(from prometheus.Gatherer, now int64) *figures {
	from0 := func(span int64, count func(*figures) map[string]float64) recent {
		return recent{span: span, count: count, marks: []mark{{at: now}}}
	}
	return &figures{from: from, minutes: from0(minutesLately, countedInMinutes), hour: from0(hourLately, countedInHour), day: from0(dayLately, countedInDay)}
}

// look reads the metrics, if what is known of them is old. A metric that cannot be
// collected is as if it were not there; the others are read all the same.
func (f *figures) look(now int64) {
	if f.read != 0 && now-f.read < figuresEvery {
		return
	}
	f.read, f.all = now, map[string][]measured{}
	families, _ := f.from.Gather()
	for _, family := range families {
		for _, m := range family.GetMetric() {
			v := measured{labels: map[string]string{}, value: m.GetCounter().GetValue() + m.GetGauge().GetValue()}
			if h := m.GetHistogram(); h != nil {
				v.value = float64(h.GetSampleCount())
			}
			for _, l := range m.GetLabel() {
				v.labels[l.GetName()] = l.GetValue()
			}
			f.all[family.GetName()] = append(f.all[family.GetName()], v)
		}
	}
	for _, r := range []*recent{&f.minutes, &f.hour, &f.day} {
		r.look(f, now)
	}
}

// has says that a metric has a series.
func (f *figures) has(name string) bool { return len(f.all[name]) > 0 }

// sum adds the series of a metric that fit.
func (f *figures) sum(name string, fit ...func(labels map[string]string) bool) (sum float64) {
	for _, v := range f.all[name] {
		if !slices.ContainsFunc(fit, func(fits func(map[string]string) bool) bool { return !fits(v.labels) }) {
			sum += v.value
		}
	}
	return sum
}

// byParticipant adds them for each participant.
func (f *figures) byParticipant(name string, fit ...func(labels map[string]string) bool) map[string]float64 {
	sums := map[string]float64{}
	for _, v := range f.all[name] {
		if id := v.labels["participant"]; !slices.ContainsFunc(fit, func(fits func(map[string]string) bool) bool { return !fits(v.labels) }) {
			sums[id] += v.value
		}
	}
	return sums
}

// is fits series of which a label has one of some values.
func is(label string, values ...string) func(map[string]string) bool {
	return func(labels map[string]string) bool { return slices.Contains(values, labels[label]) }
}

// not fits those of which it has none of them.
func not(label string, values ...string) func(map[string]string) bool {
	return func(labels map[string]string) bool { return !slices.Contains(values, labels[label]) }
}

// How far alerts look back.
const (
	minutesLately = int64(300e9)
	hourLately    = int64(3600e9)
	dayLately     = 24 * hourLately
)

// recentMarks is how many marks a span has: what is looked back is longer by one of them
// at most.
const recentMarks = 20

// recent is what had been counted at times within a span, the oldest first.
type recent struct {
	span  int64
	count func(f *figures) map[string]float64
	marks []mark
	now   map[string]float64
}

// mark is what had been counted at one time.
type mark struct {
	at     int64
	counts map[string]float64
}

// look counts, and forgets what lies before the span.
func (r *recent) look(f *figures, now int64) {
	for len(r.marks) > 1 && r.marks[1].at <= now-r.span {
		r.marks = slices.Delete(r.marks, 0, 1)
	}
	r.now = r.count(f)
	if now-r.marks[len(r.marks)-1].at >= r.span/recentMarks {
		r.marks = append(r.marks, mark{at: now, counts: r.now})
	}
}

// of is how many came to a counter within the span.
func (r *recent) of(counter string) int { return int(r.now[counter] - r.marks[0].counts[counter]) }
