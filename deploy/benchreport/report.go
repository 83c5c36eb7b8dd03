package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// report is the JSON object of one run, as switch/bench makes it.
type report map[string]any

// reports are those of all steps, by name; nil: not measured.
type reports map[string]report

// at reads a figure by its path; NaN when the report does not have it.
func (r report) at(path ...string) float64 {
	var v any = map[string]any(r)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return math.NaN()
		}
		v = m[name]
	}
	switch v := v.(type) {
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
		return 0
	}
	return math.NaN()
}

// text reads a word of the report.
func (r report) text(name string) string {
	s, _ := r[name].(string)
	return s
}

// unmeasured stands where a figure is missing.
const unmeasured = "not measured"

// show writes a figure with so many digits, or that it was not measured.
func show(v float64, digits int) string {
	if math.IsNaN(v) {
		return unmeasured
	}
	return fmt.Sprintf("%.*f", digits, v)
}

// verdict says whether a report is valid, in one word or with the reasons.
func (r report) verdict() string {
	switch {
	case r == nil:
		return unmeasured
	case r.at("valid") == 1:
		return "valid"
	}
	var why []string
	reasons, _ := r["reasons"].([]any)
	for _, reason := range reasons {
		why = append(why, fmt.Sprint(reason))
	}
	return "not valid: " + strings.Join(why, "; ")
}

// median is that of a figure of several runs, with all of them, least first.
func (all reports) median(names []string, key string) (v float64, each []float64) {
	for _, name := range names {
		if v := all[name].at(key); !math.IsNaN(v) {
			each = append(each, v)
		}
	}
	if len(each) == 0 {
		return math.NaN(), nil
	}
	slices.Sort(each)
	return (each[(len(each)-1)/2] + each[len(each)/2]) / 2, each
}

// neighbours are the runs of a comparison, two of each pair.
func neighbours(family string) (small, large []string) {
	for n := range pairs {
		small = append(small, fmt.Sprintf("%s-%d-small", family, n))
		large = append(large, fmt.Sprintf("%s-%d-large", family, n))
	}
	return small, large
}

// alike are the runs that were asked the same as plain.
func alike() []string {
	names := []string{"plain"}
	for _, family := range []string{"participants", "store"} {
		small, _ := neighbours(family)
		names = append(names, small...)
	}
	return names
}

// growth compares the CPU of a payment of two kinds of runs: the median of the ratios of
// neighbours, and all of them.
func (all reports) growth(family string) (ratio float64, each []string) {
	var ratios []float64
	small, large := neighbours(family)
	for n := range small {
		a, b := all[small[n]].at("cpu_us_per_payment"), all[large[n]].at("cpu_us_per_payment")
		if v := b / a; !math.IsNaN(v) {
			ratios = append(ratios, v)
			each = append(each, fmt.Sprintf("%.1f / %.1f us", b, a))
		}
	}
	if len(ratios) == 0 {
		return math.NaN(), nil
	}
	slices.Sort(ratios)
	return (ratios[(len(ratios)-1)/2] + ratios[len(ratios)/2]) / 2, each
}
