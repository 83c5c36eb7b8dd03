package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"switchd/switch/bench"
)

// benchKnee is the search for the highest rate that passes.
type benchKnee struct {
	find bool
	p99  time.Duration
}

const kneeHelp = `With --find-knee it searches the highest rate with a valid report and a p99 within
--knee-p99: the rate doubles from --rate on until one does not pass (or halves until one
does), then the step between the two is halved until they are 5 % apart. Each trial has a
switch of its own and a window of --duration; one that does not pass is tried once more,
since a shared disk may have stood still. The report is that of the highest rate that
passed; with --json it has the trials in "knee". Ctrl-C ends the search, with the report
of the highest rate that has passed until then.
`

func (k *benchKnee) register(fl *pflag.FlagSet) {
	fl.BoolVar(&k.find, "find-knee", false, "with --spawn: search the highest rate that passes, from --rate on")
	fl.DurationVar(&k.p99, "knee-p99", 100*time.Millisecond, "with --find-knee: the p99 within which a rate passes")
}

// check refuses what cannot be meant.
func (k *benchKnee) check(f *benchFlags) error {
	switch {
	case !k.find:
		return nil
	case !f.spawn:
		return errors.New("--find-knee needs --spawn: each trial has a switch of its own")
	case f.fault.surge != 0 || f.fault.killAt != 0 || f.profile != "" || f.consoles != 0:
		return errors.New("--find-knee goes with none of --surge, --kill-at, --profile, --consoles: run those at the knee, when it is known")
	case k.p99 <= 0 || k.p99 > time.Minute:
		return fmt.Errorf("--knee-p99 is %v: more than 0 and at most 1m is possible", k.p99)
	}
	return nil
}

// kneeReport is how the knee was found.
type kneeReport struct {
	Rate     float64     `json:"rate"` // the highest that passed
	P99Limit float64     `json:"p99_limit_ms"`
	Trials   []kneeTrial `json:"trials"`            // in the order in which they were made
	Stopped  bool        `json:"stopped,omitempty"` // before it was found: it may be higher
}

// kneeTrial is one run of the search.
type kneeTrial struct {
	Rate     float64  `json:"rate"`
	Passed   bool     `json:"passed"`
	Achieved *float64 `json:"achieved"` // null, like the others: the trial came to no report
	P99      *float64 `json:"p99_ms"`
	FsyncP99 *float64 `json:"fsync_p99_ms"`
	CPU      *float64 `json:"cpu_us_per_payment"`
	Why      string   `json:"why,omitempty"` // it did not pass
}

// Bounds of a search.
const (
	kneeTrialsMax = 24
	kneeRateMin   = 1.0
	kneeRateMax   = 1_000_000.0
	kneeStep      = 1.05 // of a rate that passed to one that did not, in the end
)

// kneeSearch says which rate is to be tried next.
type kneeSearch struct {
	passed, failed float64 // the highest and the lowest that did; 0: none yet
}

// next is the rate to try after a first one; false: the knee is found, or there is none.
func (s *kneeSearch) next() (rate float64, more bool) {
	switch {
	case s.failed == 0:
		rate = min(s.passed*2, kneeRateMax)
	case s.passed == 0:
		rate = s.failed / 2
	case s.failed/s.passed <= kneeStep:
		return 0, false
	default:
		rate = threeDigits(math.Sqrt(s.passed * s.failed))
		if rate <= s.passed || rate >= s.failed {
			return 0, false
		}
	}
	return rate, rate >= kneeRateMin && rate > s.passed
}

// note takes the end of a trial.
func (s *kneeSearch) note(rate float64, passed bool) {
	if passed {
		s.passed = rate
	} else {
		s.failed = rate
	}
}

// threeDigits rounds a rate: nobody means 12,345.678 payments a second.
func threeDigits(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(math.Round(v/unit) * unit)
}

// knee searches until it is found or ctx ends. try makes one run at a rate.
func (k *benchKnee) knee(ctx context.Context, first float64, talk io.Writer, try func(rate float64) (*bench.Report, error)) (*bench.Report, *kneeReport, error) {
	found := &kneeReport{P99Limit: float64(k.p99) / float64(time.Millisecond)}
	var search kneeSearch
	var best *bench.Report
	again := false
	for rate, more := first, true; more && len(found.Trials) < kneeTrialsMax; {
		r, err := try(rate)
		if ctx.Err() != nil {
			found.Stopped = true
			return best, found, fmt.Errorf("the search was stopped in the trial at %g: %w", rate, ctx.Err())
		}
		if err != nil && r == nil && len(found.Trials) == 0 {
			return nil, nil, fmt.Errorf("trial at %g: %w", rate, err) // it is not the rate that is wrong
		}
		trial := k.judge(rate, r, err)
		found.Trials = append(found.Trials, trial)
		fmt.Fprintln(talk, trial.line(len(found.Trials)))
		if !trial.Passed && !again {
			again = true
			continue
		}
		again = false
		if trial.Passed {
			best, found.Rate = r, rate
		}
		search.note(rate, trial.Passed)
		rate, more = search.next()
	}
	if best == nil {
		return nil, nil, fmt.Errorf("no rate passed in %d trials: %s", len(found.Trials), found.Trials[len(found.Trials)-1].Why)
	}
	return best, found, nil
}

// judge says whether a rate passes, by the report of a run, if it came to one, and what
// else has failed: a switch with more load than it can hold may not even end in time.
func (k *benchKnee) judge(rate float64, r *bench.Report, failure error) kneeTrial {
	t := kneeTrial{Rate: rate}
	if r != nil {
		t.Achieved, t.P99, t.FsyncP99, t.CPU = &r.Achieved, &r.P99, r.FsyncP99, r.CPUPerPayment
	}
	switch limit := float64(k.p99) / float64(time.Millisecond); {
	case failure != nil:
		t.Why = strings.ReplaceAll(failure.Error(), "\n", "; ")
	case !r.Valid:
		t.Why = strings.Join(r.Reasons, "; ")
	case r.P99 > limit:
		t.Why = fmt.Sprintf("p99 %.1f ms, more than %g ms", r.P99, limit)
	default:
		t.Passed = true
	}
	return t
}

// line tells a trial as it ends.
func (t *kneeTrial) line(number int) string {
	verdict := "passed"
	if !t.Passed {
		verdict = "not passed: " + t.Why
	}
	return fmt.Sprintf("trial %d: %g payments per second: achieved %s, p99 %s ms, fsync p99 %s ms, CPU %s us/payment: %s",
		number, t.Rate, figure(t.Achieved, 1), figure(t.P99, 1), figure(t.FsyncP99, 1), figure(t.CPU, 1), verdict)
}

// searchKnee finds the knee with a switch of its own for each trial, whose talk is not
// shown.
func (f *benchFlags) searchKnee(ctx context.Context, talk io.Writer) (*bench.Report, *kneeReport, error) {
	return f.knee.knee(ctx, f.rate, talk, func(rate float64) (*bench.Report, error) {
		trial := *f
		trial.rate = rate
		return trial.once(ctx, io.Discard)
	})
}
