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

// show writes a figure with so many digits, or that it was not measured.
func show(v float64, digits int) string {
	if math.IsNaN(v) {
		return "not measured"
	}
	return fmt.Sprintf("%.*f", digits, v)
}

// verdict says whether a report is valid, in one word or with the reasons.
func (r report) verdict() string {
	switch {
	case r == nil:
		return "not measured"
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

// growth compares the CPU of a payment of two kinds of runs: the median of the ratios of
// neighbours, and all ratios.
func (all reports) growth(family string) (ratio float64, each []string) {
	var ratios []float64
	for n := range pairs {
		small, large := all[fmt.Sprintf("%s-%d-small", family, n)], all[fmt.Sprintf("%s-%d-large", family, n)]
		if v := large.at("cpu_us_per_payment") / small.at("cpu_us_per_payment"); !math.IsNaN(v) {
			ratios = append(ratios, v)
			each = append(each, fmt.Sprintf("%.1f / %.1f", large.at("cpu_us_per_payment"), small.at("cpu_us_per_payment")))
		}
	}
	if len(ratios) == 0 {
		return math.NaN(), nil
	}
	slices.Sort(ratios)
	return (ratios[(len(ratios)-1)/2] + ratios[len(ratios)/2]) / 2, each
}
