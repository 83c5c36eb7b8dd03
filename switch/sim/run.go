package sim

import (
	"encoding/hex"
	"time"

	"switchd/switch/payment"
)

// Outcome is what one seed has shown.
type Outcome struct {
	Seed       uint64
	Payments   int // that the switch has on record
	Events     uint64
	Faults     map[string]uint64 // by kind
	Violations []string          // promises not kept, each with its checker
	Simulated  time.Duration
	Trace      string // hash of all that happened
	Scenario   string // of the first violation, for testdata/payment; empty without one
	Finals     map[string]int
	Outcomes   map[string]int // payments by what was decided of them
}

// Run plays one seed to its end. It is deterministic and keeps nothing; several may
// run at once, each on a goroutine of its own.
func Run(seed uint64, o Options) Outcome {
	w := newWorld(seed, o)
	w.run()
	out := Outcome{
		Seed: seed, Events: w.judge.shadow.seq, Faults: map[string]uint64{}, Finals: map[string]int{}, Outcomes: map[string]int{},
		Simulated: time.Duration(w.now - epoch), Trace: hex.EncodeToString(w.trace.h.Sum(nil)),
	}
	for f, n := range w.faults {
		if n > 0 {
			out.Faults[fault(f).String()] = n
		}
	}
	w.rows.payments(func(p *payment.Payment) {
		out.Payments++
		out.Finals[p.State.String()]++
		out.Outcomes[p.Outcome.String()]++
	})
	for _, v := range w.judge.violations {
		out.Violations = append(out.Violations, v.check+": "+v.text)
	}
	if len(w.judge.violations) > 0 {
		out.Scenario = w.scenario(seed, w.judge.violations[0])
	}
	return out
}
