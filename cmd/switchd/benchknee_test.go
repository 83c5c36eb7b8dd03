package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"switchd/switch/bench"
)

// search looks for a knee that is where it is, and counts the trials.
func searchFor(t *testing.T, first, knee float64, fail func(n int) bool) (*kneeReport, error) {
	t.Helper()
	k := benchKnee{find: true, p99: 100 * time.Millisecond}
	n := 0
	best, found, err := k.knee(first, &strings.Builder{}, func(rate float64) (*bench.Report, error) {
		n++
		r := &bench.Report{Rate: rate, Valid: true, P99: 20}
		switch {
		case fail != nil && fail(n):
			r.Valid, r.Reasons = false, []string{"the disk stood still"}
		case rate > knee && rate < 1.3*knee:
			r.P99 = 101
		case rate > knee:
			r.Valid, r.Reasons = false, []string{"achieved less"}
		}
		return r, nil
	})
	if err == nil && (best.Rate != found.Rate || !best.Valid || best.P99 > 100) {
		t.Errorf("the report is of %g, the knee is %g", best.Rate, found.Rate)
	}
	if n > kneeTrialsMax {
		t.Errorf("%d trials", n)
	}
	return found, err
}

// TestKnee: it is found to 5 % from wherever one begins, in a bounded number of trials,
// and a trial that a shared machine has spoilt does not move it.
func TestKnee(t *testing.T) {
	for _, c := range []struct{ first, knee float64 }{
		{1000, 23456}, {1000, 1000}, {1000, 1001}, {50_000, 23456}, {23456, 23456}, {1000, 77}, {20_000, 999_000}, {1, 40},
	} {
		found, err := searchFor(t, c.first, c.knee, nil)
		if err != nil || found.Rate > c.knee || found.Rate*kneeStep*1.01 < c.knee {
			t.Errorf("from %g on: %+v, %v, want %g", c.first, found, err, c.knee)
		}
		spoilt, err := searchFor(t, c.first, c.knee, func(n int) bool { return n == 2 })
		if c.knee > 2*c.first && (err != nil || spoilt.Rate != found.Rate || len(spoilt.Trials) != len(found.Trials)+1 || spoilt.Trials[1].Passed || spoilt.Trials[1].Why != "the disk stood still") {
			t.Errorf("from %g on, with a trial spoilt: %+v, %v", c.first, spoilt, err)
		}
	}
}

// TestKneeNone: a switch that passes nowhere, and one that never fails, end the search.
func TestKneeNone(t *testing.T) {
	if _, err := searchFor(t, 1000, 0, nil); err == nil || !strings.Contains(err.Error(), "no rate passed in") {
		t.Error(err)
	}
	if found, err := searchFor(t, 1000, 1e12, nil); err != nil || found.Rate > kneeRateMax || found.Rate != kneeRateMax {
		t.Errorf("%+v %v", found, err)
	}
	k := benchKnee{p99: time.Second}
	if _, _, err := k.knee(1, &strings.Builder{}, func(float64) (*bench.Report, error) { return nil, errors.New("no room") }); err == nil || !strings.Contains(err.Error(), "trial at 1: no room") {
		t.Error(err)
	}
}
