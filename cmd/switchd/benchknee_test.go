package main

import (
	"context"
	"errors"
	"slices"
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
	best, found, err := k.knee(t.Context(), first, &strings.Builder{}, func(rate float64) (*bench.Report, error) {
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
	if _, _, err := k.knee(t.Context(), 1, &strings.Builder{}, func(float64) (*bench.Report, error) { return nil, errors.New("no room") }); err == nil || !strings.Contains(err.Error(), "trial at 1: no room") {
		t.Error(err)
	}
}

// TestKneeFailures: a switch that does not end in time, or does not even begin, under more
// than it can hold has not passed, and the search goes on.
func TestKneeFailures(t *testing.T) {
	k := benchKnee{p99: time.Second}
	try := func(rate float64) (*bench.Report, error) {
		r := &bench.Report{Rate: rate, Valid: true, P99: 20}
		switch {
		case rate >= 400:
			return nil, errors.New("no sign-on")
		case rate > 210:
			return r, errors.Join(errors.New("it did not end"), errors.New("it was killed"))
		}
		return r, nil
	}
	best, found, err := k.knee(t.Context(), 100, &strings.Builder{}, try)
	if err != nil || best.Rate != found.Rate || found.Rate > 210 || found.Rate*kneeStep*1.01 < 210 || found.Stopped {
		t.Fatalf("%+v %v", found, err)
	}
	if trial := found.Trials[2]; trial.Rate != 400 || trial.Passed || trial.Why != "no sign-on" || trial.Achieved != nil || trial.P99 != nil ||
		trial.line(3) != "trial 3: 400 payments per second: achieved ?, p99 ? ms, fsync p99 ? ms, CPU ? us/payment: not passed: no sign-on" {
		t.Errorf("%+v: %s", trial, trial.line(3))
	}
	if trial := found.Trials[0]; trial.P99 == nil || *trial.P99 != 20 || trial.Achieved == nil {
		t.Errorf("%+v", trial)
	}
	if !slices.ContainsFunc(found.Trials, func(one kneeTrial) bool { return !one.Passed && one.Why == "it did not end; it was killed" }) {
		t.Errorf("%+v", found.Trials)
	}
}

// TestKneeStopped: a search that is stopped keeps what has passed, and says that it was.
func TestKneeStopped(t *testing.T) {
	k := benchKnee{p99: time.Second}
	for _, after := range []float64{50, 250} {
		ctx, stop := context.WithCancel(t.Context())
		best, found, err := k.knee(ctx, 100, &strings.Builder{}, func(rate float64) (*bench.Report, error) {
			r := &bench.Report{Rate: rate, Valid: rate < after, P99: 20, Reasons: []string{"it was stopped"}}
			if !r.Valid {
				stop()
			}
			return r, nil
		})
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the search was stopped in the trial at ") || (best != nil) != (after > 100) {
			t.Errorf("%g: %+v %v", after, best, err)
		}
		if best != nil && (best.Rate != 200 || found.Rate != 200 || !found.Stopped || len(found.Trials) != 2) {
			t.Errorf("%g: %+v", after, found)
		}
	}
}
