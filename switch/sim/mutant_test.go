//go:build mutant

package sim

import (
	"context"
	"flag"
	"runtime"
	"testing"

	"switchd/switch/mutant"
)

var mutantSeeds = flag.Uint64("mutant.seeds", 400, "seeds in which a mutant must be caught")

// TestMutants: the simulator finds every deliberate bug, and finds nothing when
// there is none.
func TestMutants(t *testing.T) {
	for _, b := range append([]mutant.Bug{mutant.None}, mutant.Bugs()...) {
		t.Run(b.String(), func(t *testing.T) {
			mutant.Choose(b)
			defer mutant.Choose(mutant.None)
			s := Sweep{First: 1, Seeds: *mutantSeeds, Workers: runtime.GOMAXPROCS(0)}
			if b == mutant.None {
				s.Seeds = 20
			}
			sum := s.Run(context.Background(), func(*Summary) {})
			switch {
			case b == mutant.None && sum.First != nil:
				t.Errorf("without a bug seed %d says: %v", sum.First.Seed, sum.First.Violations)
			case b != mutant.None && sum.First == nil:
				t.Errorf("not caught in %d seeds", sum.Seeds)
			case b != mutant.None:
				t.Logf("seed %d: %.150s", sum.First.Seed, sum.First.Violations[0])
			}
		})
	}
}
