package main

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// killsFlag is how often each half of TestKill9 kills the switch: make kill has it do
// so 100 times, that is 200 in all.
var killsFlag = flag.Int("process-kills", 10, "how often each half of TestKill9 kills the switch")

// restartLimit is the promise: from the start of the process to taking payments.
// It does not hold for a binary with the race detector.
const restartLimit = 3 * time.Second

// TestKill9 kills the switch under load again and again. No payment may be lost
// or doubled, and the books must balance when the dust has settled.
func TestKill9(t *testing.T) {
	t.Parallel()
	kills := *killsFlag
	rate := "80" // of each participant
	if testing.Short() || raced {
		kills = 5
	}
	if raced {
		rate = "20"
	}
	t.Run("honest", func(t *testing.T) {
		t.Parallel()
		killing(t, kills, "--rate", rate)
	})
	t.Run("faults", func(t *testing.T) {
		t.Parallel()
		killing(t, kills, "--rate", rate, "--faults")
	})
}

func killing(t *testing.T, kills int, flags ...string) {
	seed := newSeed(t)
	chance := rand.New(rand.NewPCG(seed, 0))
	s := newSimulated(t)
	p := s.serve()
	flags = append(flags, "--bad-rate", "0.01", "--repeat-rate", "0.02")
	banks := s.banks(seed, flags...)
	s.signedOn(patience, s.ids...)

	var restarts []time.Duration
	loaded, found := 0, 0 // restarts that found open payments, and how many in all
	for kill := range kills {
		// Two of three kills come under load; the others whenever they come, also
		// while the participants are still signing on.
		if chance.IntN(3) > 0 {
			s.signedOn(patience, s.ids...)
		}
		<-time.After(time.Duration(chance.Int64N(int64(600 * time.Millisecond))))
		p.kill()
		if chance.IntN(6) == 0 { // and once more, at some moment of the start
			p = start(t, "serve", "--config", s.config)
			<-time.After(time.Duration(chance.Int64N(int64(300 * time.Millisecond))))
			p.kill()
		}
		begun := time.Now()
		p = start(t, "serve", "--config", s.config)
		s.serving(p, patience)
		took := time.Since(begun)
		// No participant is back yet, so these were open when it was killed.
		if got, ok := s.summary(); ok && got.Open > 0 {
			loaded, found = loaded+1, found+got.Open
		}
		restarts = append(restarts, took)
		if took > restartLimit && !raced {
			t.Errorf("restart %d took %v, limit %v", kill+1, took, restartLimit)
		}
	}
	s.signedOn(patience, s.ids...)
	s.rest(banks...)
	s.stopClean(p)
	reports := s.reports(banks...)
	slices.Sort(restarts)
	at := func(percent int) time.Duration {
		return restarts[(len(restarts)-1)*percent/100].Round(time.Millisecond)
	}
	t.Logf("%d kills, %d of them met open payments, %d in all; restarts: median %v, 95 %% within %v, longest %v", kills, loaded, found, at(50), at(95), at(100))
	t.Log(judge(t, readHistory(t, s.data), reports))
	if kills >= 10 && loaded*5 < kills {
		t.Errorf("only %d of %d kills met open payments: this run proves little", loaded, kills)
	}
	// The rows are the journal's shadow: without them the same state comes back.
	if err := os.RemoveAll(filepath.Join(s.data, "state")); err != nil {
		t.Fatal(err)
	}
	s.stopClean(s.serve())
	judge(t, readHistory(t, s.data), reports)
}
