package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/sim"
)

// simFlags are the flags of the simulation.
type simFlags struct {
	seeds, seed, minutes uint64
	payments, workers    int
	dir                  string
	asJSON               bool
}

func newSim() *cobra.Command {
	var f simFlags
	c := &cobra.Command{
		Use: "sim (--seeds N | --minutes M)", Short: "Play the whole switch against lying banks, broken links and crashes, from a seed",
		Long: `Plays the whole switch in one goroutine on a fake clock: the dialects on real
bytes, the payment machine, journal and state store that lose what was not synced,
links that break, and banks that drop, delay, repeat, contradict and forget. What
goes wrong in a seed, and how often, is drawn from it. A seed has a time in which
anything goes wrong, and one in which nothing does and everything must end.

Checkers that share no code with the machine watch: money is conserved between the
switch and every bank's own book, no credit without a durable debit, no reversal of
what may stand, nothing leaves before it is durable, and more. The same seed always
gives the same run. A violation stops the simulation, prints its seed and writes
what the machine was told as a scenario text for testdata/payment.

Exit code 0: no violation, 1: a violation.`,
		Example: "  switchd sim --seeds 100",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	fl := c.Flags()
	fl.Uint64Var(&f.seeds, "seeds", 0, "number of seeds to play")
	fl.Uint64Var(&f.seed, "seed", 1, "the first one")
	fl.Uint64Var(&f.minutes, "minutes", 0, "begin no further seed after so many minutes")
	fl.IntVar(&f.payments, "payments", 150, "requests for payments in each seed")
	fl.IntVar(&f.workers, "workers", 0, "seeds to play at a time (default: one for each processor)")
	fl.StringVar(&f.dir, "dir", ".", "folder for the scenario text of a violation")
	fl.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	return c
}

// simGC makes the collector rare: every seed leaves all that it has made.
const simGC = 400

func (f *simFlags) run(c *cobra.Command) error {
	switch {
	case f.seeds == 0 && f.minutes == 0:
		return usageError{errors.New("say how many seeds to play (--seeds), for how long (--minutes), or both. See 'switchd sim --help'")}
	case f.payments < 1 || f.workers < 0:
		return usageError{errors.New("--payments must be at least 1, and --workers not negative")}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(simGC))
	end := clock() + int64(time.Duration(f.minutes)*time.Minute)
	s := sim.Sweep{
		Options: sim.Options{Payments: f.payments}, First: f.seed, Seeds: f.seeds,
		Workers: cmp.Or(f.workers, runtime.GOMAXPROCS(0)),
		More:    func() bool { return f.minutes == 0 || clock() < end },
	}
	sum := s.Run(c.Context(), f.progress(c.ErrOrStderr()))
	if err := f.print(c.OutOrStdout(), sum); err != nil {
		return err
	}
	if sum.First == nil {
		return nil
	}
	return f.report(c.ErrOrStderr(), sum.First)
}

// progress draws one line over itself on a terminal, and nothing elsewhere.
func (f *simFlags) progress(w io.Writer) func(*sim.Summary) {
	file, ok := w.(*os.File)
	if !ok || !isTerminal(file) {
		return func(*sim.Summary) {}
	}
	begun, shown := clock(), int64(0)
	return func(s *sim.Summary) {
		now := clock()
		last := s.Seeds == f.seeds || s.First != nil
		if now-shown < int64(200*time.Millisecond) && !last {
			return
		}
		shown = now
		fmt.Fprintf(w, "\r%d seeds, %d payments, %.0f a second\x1b[K", s.Seeds, s.Payments, float64(s.Payments)/max(float64(now-begun)/1e9, 1e-9))
		if last {
			fmt.Fprintln(w)
		}
	}
}

// simReport is what --json prints.
type simReport struct {
	Seeds              uint64            `json:"seeds"`
	Payments           uint64            `json:"payments"`
	Events             uint64            `json:"events"`
	Faults             map[string]uint64 `json:"faults"`
	Violations         int               `json:"violations"`
	FirstViolationSeed *uint64           `json:"first_violation_seed"`
	SimulatedHours     float64           `json:"simulated_hours"`
	TraceHash          string            `json:"trace_hash"`
}

func (f *simFlags) print(w io.Writer, s *sim.Summary) error {
	r := simReport{
		Seeds: s.Seeds, Payments: s.Payments, Events: s.Events, Faults: s.Faults, Violations: s.Violations,
		SimulatedHours: s.Simulated.Hours(), TraceHash: s.Trace,
	}
	if s.First != nil {
		r.FirstViolationSeed = &s.First.Seed
	}
	if f.asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	fmt.Fprintf(w, "seeds       %d\npayments    %d\nevents      %d\nsimulated   %.1f hours\ntrace       %s\n", r.Seeds, r.Payments, r.Events, r.SimulatedHours, r.TraceHash)
	counts(w, "ended as", s.Finals)
	counts(w, "faults", s.Faults)
	_, err := fmt.Fprintf(w, "violations  %d\n", r.Violations)
	return err
}

// counts prints what was counted by name, in the order of the names.
func counts(w io.Writer, what string, of map[string]uint64) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, of[name]))
	}
	fmt.Fprintf(w, "%-11s %s\n", what, strings.Join(parts, ", "))
}

// report tells of the first violation and keeps its scenario.
func (f *simFlags) report(w io.Writer, out *sim.Outcome) error {
	for _, v := range out.Violations {
		fmt.Fprintf(w, "seed %d: %s\n", out.Seed, v)
	}
	file := filepath.Join(f.dir, fmt.Sprintf("sim-seed-%d.txt", out.Seed))
	if err := os.WriteFile(file, []byte(out.Scenario), 0o644); err != nil {
		return fmt.Errorf("keep the scenario of seed %d: %w", out.Seed, err)
	}
	fmt.Fprintf(w, "%s has what the machine was told; copy it to testdata/payment and run\n  go test ./switch/payment -run TestScenarios -rewrite\n", file)
	return fmt.Errorf("seed %d breaks a promise; play it again with 'switchd sim --seeds 1 --seed %d'", out.Seed, out.Seed)
}
