package main

import (
	"testing"
)

// TestDuplicateStorm (reliability, row 19): every other payment is sent twice, over
// three links of each participant, while the switch is killed and started again: the
// second may come on another link, before the first is durable, after a restart. No
// money moves twice.
func TestDuplicateStorm(t *testing.T) {
	rate, kills, between := "40", 3, uint64(400)
	if testing.Short() || raced {
		rate, between = "15", 100
	}
	seed := newSeed(t)
	s := newSimulated(t)
	p := s.serve()
	banks := s.banks(seed, "--rate", rate, "--repeat-rate", "0.5", "--links", "3")
	s.signedOn(patience, s.ids...)
	repeated := 0.0
	for kill := range kills + 1 {
		// Counted from this start on, so that a kill always comes under load.
		until(t, 2*patience, "some hundred payments more", func() bool {
			got, ok := s.summary()
			if kill == 0 {
				return ok && got.Payments >= between
			}
			return ok && s.metric(`switchd_events_total{kind="request"}`) >= float64(between)
		})
		repeated += s.metric(`switchd_notices_total{notice="repeated"}`)
		if kill == kills {
			break
		}
		p.kill()
		p = start(t, "serve", "--config", s.config)
		s.serving(p, patience)
	}
	s.rest(banks...)
	s.stopClean(p)
	reports := s.reports(banks...)
	t.Log(judge(t, readHistory(t, s.data), reports))
	sent, again := int64(0), int64(0)
	for _, r := range reports {
		sent, again = sent+r.Sent, again+r.Repeats
		if r.Mismatches+r.Conflicts+r.Malformed+r.Unanswered != 0 {
			t.Errorf("%s: %d answers differ, %d legs conflict, %d messages are malformed, %d payments have no answer", r.ID, r.Mismatches, r.Conflicts, r.Malformed, r.Unanswered)
		}
	}
	t.Logf("%d payments, sent again %d times, %v repeats recognised before a kill or the end", sent, again, repeated)
	if again < sent/3 || repeated < float64(sent)/10 {
		t.Error("this was no storm")
	}
}
