package bench

import (
	"math"
	"sort"
	"strconv"
	"strings"
)

// delta is what counters did between two samples.
type delta struct{ from, to map[string]float64 }

// of is how much a counter grew; nil when the switch does not have it.
func (d delta) of(name string) *float64 {
	from, was := d.from[name]
	to, is := d.to[name]
	return when(was && is, to-from)
}

// now is the last value; nil when the switch does not have it.
func (d delta) now(name string) *float64 {
	v, is := d.to[name]
	return when(is, v)
}

// quantile is the upper bound of the bucket that holds the share q of what a
// histogram counted between the samples; nil when it counted nothing.
func (d delta) quantile(name string, q float64) *float64 {
	type bucket struct{ le, count float64 }
	var buckets []bucket
	for key, to := range d.to {
		rest, ours := strings.CutPrefix(key, name+`_bucket{le="`)
		if !ours {
			continue
		}
		le, err := strconv.ParseFloat(strings.TrimSuffix(rest, `"}`), 64) // reads +Inf too
		if err == nil {
			buckets = append(buckets, bucket{le, to - d.from[key]})
		}
	}
	sort.Slice(buckets, func(i, j int) bool { return buckets[i].le < buckets[j].le })
	if len(buckets) == 0 || buckets[len(buckets)-1].count <= 0 {
		return nil
	}
	rank := q * buckets[len(buckets)-1].count
	i := sort.Search(len(buckets), func(i int) bool { return buckets[i].count >= rank })
	if math.IsInf(buckets[i].le, 1) && i > 0 {
		i-- // no bound is known; the largest one that is
	}
	return &buckets[i].le
}
