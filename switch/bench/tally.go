package bench

import (
	"sort"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are kept in microseconds with three digits, up to two minutes: more
// than any payment may take before its timers end it.
const (
	latencyMaxMicros = 120_000_000
	latencyDigits    = 3
)

// histogram is a distribution of times in nanoseconds with its exact maximum.
type histogram struct {
	*hdrhistogram.Histogram
	max int64
}

func newHistogram() histogram {
	return histogram{Histogram: hdrhistogram.New(1, latencyMaxMicros, latencyDigits)}
}

// record counts one time; what lies outside the range is counted at its end, since
// a time that is left out would make the rest look better.
func (h *histogram) record(nanos int64) {
	h.max = max(h.max, nanos)
	_ = h.RecordValue(min(max(nanos/1000, 1), latencyMaxMicros)) // clamped, so it cannot fail
}

// millis is the time that q percent stayed within.
func (h *histogram) millis(q float64) float64 {
	if h.TotalCount() == 0 {
		return 0
	}
	return min(float64(h.ValueAtPercentile(q))/1e3, h.maxMillis())
}

func (h *histogram) maxMillis() float64 { return float64(h.max) / 1e6 }

func (h *histogram) merge(from *histogram) {
	h.Merge(from.Histogram)
	h.max = max(h.max, from.max)
}

// mergeLater takes times that were all so much longer.
func (h *histogram) mergeLater(from *histogram, by int64) {
	if from.TotalCount() == 0 {
		return
	}
	for _, bar := range from.Distribution() {
		if bar.Count > 0 {
			_ = h.RecordValues(min(max(bar.To+by/1000, 1), latencyMaxMicros), bar.Count) // clamped, so it cannot fail
		}
	}
	h.max = max(h.max, from.max+by)
}

// endCode is how a payment was answered: DE39, or a reason or a status of ISO 20022.
type endCode [4]byte

// tally counts what one link saw. It belongs to the link's reader until that ends.
type tally struct {
	answered        int64 // own payments, warm-up included
	before          int64 // of them, those that were in flight when the switch was killed
	measured        int64 // of them, those that were due in the window
	measuredSuccess int64
	declined        int64             // of them, those that were meant to be declined, and were
	silent          int64             // of them, those that a bank was silent about, and that have ended rightly
	carried         int64             // of those that a bank was silent about: due in the window and answered behind it, less those due before it and answered in it
	codes           map[endCode]int64 // of the measured ones that have ended as they should not
	latency         histogram         // of the measured ones
	fateOf          func(amount int64) fate
	told            []int64 // by participant: what answers of success add up to

	malformed int64 // messages that the codec refused
	strange   int64 // messages that are not in the wire table
	unmatched int64 // answers to no open payment
	unproven  int64 // messages whose code is wrong or missing
	changed   int64 // answers with another amount, STAN or payer than was sent

	surge *surgeTally // nil: there is none
}

func newTally(participants int) tally {
	return tally{fateOf: new(Options).fateOf, codes: map[endCode]int64{}, latency: newHistogram(), told: make([]int64, participants)}
}

// newTallyOf is the tally of a link of a run.
func newTallyOf(o *Options, participants int) tally {
	t := newTally(participants)
	t.surge = newSurgeTally(o)
	return t
}

// answer counts the answer to an own payment.
func (t *tally) answer(p opened, measured bool, now int64, e ending) {
	t.answered++
	if e.done() {
		t.told[p.payer] -= p.amount
		t.told[p.payee] += p.amount
	}
	if !measured {
		return
	}
	t.measured++
	f := t.fateOf(p.amount)
	if !f.silent() { // those take as long as the switch's timers
		t.latency.record(now - p.due)
	}
	switch {
	case !f.right(e):
		var c endCode
		copy(c[:], e.code)
		t.codes[c]++
	case f == fateDone:
		t.measuredSuccess++
	case f.silent():
		t.silent++
	default:
		t.declined++
	}
}

// carry counts a payment that a bank was silent about, and that has ended rightly, on the
// other side of an end of the window than it was due: it is answered when the switch's timer
// is over, however fast the switch is.
func (t *tally) carry(p opened, from, to, now int64, e ending) {
	f := t.fateOf(p.amount)
	switch {
	case !f.silent() || !f.right(e):
	case p.due >= from && p.due < to && now >= to:
		t.carried++
	case p.due < from && now >= from && now < to:
		t.carried--
	}
}

// right counts the measured payments that have ended as they should.
func (t *tally) right() int64 { return t.measuredSuccess + t.declined + t.silent }

// merge adds the counts of another link.
func (t *tally) merge(from *tally) {
	t.answered += from.answered
	t.before += from.before
	t.measured += from.measured
	t.measuredSuccess += from.measuredSuccess
	t.declined += from.declined
	t.silent += from.silent
	t.carried += from.carried
	t.malformed += from.malformed
	t.strange += from.strange
	t.unmatched += from.unmatched
	t.changed += from.changed
	t.unproven += from.unproven
	for i, v := range from.told {
		t.told[i] += v
	}
	for code, n := range from.codes {
		t.codes[code] += n
	}
	t.latency.merge(&from.latency)
}

// declines lists the codes other than success with their counts, most first.
func (t *tally) declines() []CodeCount { return counted(t.codes) }

// counted lists codes, most first.
func counted(codes map[endCode]int64) []CodeCount {
	var list []CodeCount
	for code, n := range codes {
		list = append(list, CodeCount{Code: strings.TrimRight(string(code[:]), "\x00"), Count: n})
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Count != list[j].Count {
			return list[i].Count > list[j].Count
		}
		return list[i].Code < list[j].Code
	})
	return list
}
