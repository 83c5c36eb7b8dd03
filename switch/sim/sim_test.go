package sim

import (
	"context"
	"flag"
	"os"
	"runtime"
	"testing"

	"switchd/switch/payment"
)

var (
	seeds        = flag.Uint64("sim.seeds", 60, "simulated runs")
	first        = flag.Uint64("sim.seed", 1, "first seed")
	scenarioFile = flag.String("sim.scenario", "", "write the scenario of the first violation to this file")
)

// TestSeeds: no promise is broken, whatever goes wrong; and all that can go wrong
// does, and every end of a payment comes up.
func TestSeeds(t *testing.T) {
	s := Sweep{First: *first, Seeds: *seeds, Workers: runtime.GOMAXPROCS(0)}
	sum := s.Run(context.Background(), func(*Summary) {})
	t.Logf("%d payments, %d events, %v", sum.Payments, sum.Events, sum.Finals)
	t.Logf("%v, %v", sum.Outcomes, sum.Faults)
	if out := sum.First; out != nil {
		for _, v := range out.Violations {
			t.Errorf("seed %d: %s", out.Seed, v)
		}
		if *scenarioFile != "" {
			if err := os.WriteFile(*scenarioFile, []byte(out.Scenario), 0o600); err != nil {
				t.Error(err)
			}
		}
		return
	}
	if *seeds < 60 {
		return
	}
	for f := range faultCount {
		if sum.Faults[f.String()] == 0 {
			t.Errorf("in %d seeds nothing was ever %v", sum.Seeds, f)
		}
	}
	for _, state := range []string{"SUCCESS", "DECLINED", "FAILED_REVERSED", "DEEMED", "REVERSAL_STUCK", "EXPIRED"} {
		if sum.Finals[state] == 0 {
			t.Errorf("in %d seeds no payment has ended as %s", sum.Seeds, state)
		}
	}
	for _, outcome := range []payment.Outcome{
		payment.LimitAmount, payment.LimitCount, payment.UnhealthyPayer, payment.UnhealthyPayee,
		payment.BankThrottledPayer, payment.BankThrottledPayee, payment.BankThrottledPSP, payment.Busy,
	} {
		if sum.Outcomes[outcome.String()] == 0 {
			t.Errorf("in %d seeds no payment was ever %v", sum.Seeds, outcome)
		}
	}
}

// TestSameSeed: a seed gives one run, and another seed another one.
func TestSameSeed(t *testing.T) {
	for seed := range uint64(5) {
		one, two, other := Run(seed, Options{}), Run(seed, Options{}), Run(seed+1, Options{})
		if one.Trace != two.Trace || one.Events != two.Events || one.Simulated != two.Simulated {
			t.Errorf("seed %d: trace %s with %d events, then %s with %d", seed, one.Trace, one.Events, two.Trace, two.Events)
		}
		if one.Trace == other.Trace {
			t.Errorf("seeds %d and %d have the same trace", seed, seed+1)
		}
	}
}

// TestSweepIsTheSame whatever the number of goroutines.
func TestSweepIsTheSame(t *testing.T) {
	one := (&Sweep{First: 7, Seeds: 12, Workers: 1}).Run(context.Background(), func(*Summary) {})
	four := (&Sweep{First: 7, Seeds: 12, Workers: 4}).Run(context.Background(), func(*Summary) {})
	if one.Trace != four.Trace || one.Payments != four.Payments || one.Seeds != 12 {
		t.Errorf("one goroutine: %+v\nfour: %+v", one, four)
	}
}

// BenchmarkSeed plays one seed after another; the metric is what the issue asks for.
func BenchmarkSeed(b *testing.B) {
	payments, seed := 0, uint64(0)
	for b.Loop() {
		seed++
		payments += Run(seed, Options{}).Payments
	}
	b.ReportMetric(float64(payments)/b.Elapsed().Minutes(), "payments/min")
}
