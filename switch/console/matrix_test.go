package console

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"switchd/switch/view"
)

// crowd is the fake with many participants. Time moves by a second with every look; busy
// ones have other numbers each time.
type crowd struct {
	*fake
	all  view.Participants
	busy int
}

func newCrowd(participants, busy int) *crowd {
	c := &crowd{fake: newFake(), busy: busy}
	for i := range participants {
		c.all.Participants = append(c.all.Participants, c.fake.participant(i%3, fmt.Sprintf("BANK%03d", i)))
	}
	return c
}

func (c *crowd) Participants(context.Context) (view.Participants, error) {
	c.all.At = c.fake.at.Format(time.RFC3339Nano)
	out := c.all
	out.Participants = slices.Clone(c.all.Participants)
	for i := range c.busy {
		s := &c.all.Participants[i].Latest
		s.At++
		s.PerSecond += 1.25
		s.P50 += 0.5
		s.Open++
	}
	return out, nil
}

func (c *crowd) console() *console {
	of := &console{Options: Options{Source: c}.withDefaults()}
	_, of.fragments = templates()
	return of
}

// TestTheMatrixIsCheap: a second of 200 participants made 235,000 allocations, whether
// something had changed or not. Now a row that is as it was is not drawn again.
func TestTheMatrixIsCheap(t *testing.T) {
	for busy, most := range map[int]float64{0: 15_500, 10: 20_000, 200: 105_000} {
		c := newCrowd(200, busy).console()
		c.frame("participants")
		if got := testing.AllocsPerRun(3, func() { c.frame("participants") }); got > most {
			t.Errorf("%d of 200 participants have other numbers: %.0f allocations, want at most %.0f", busy, got, most)
		}
	}
}

// TestKeptRows: what is drawn from rows that were kept is what is drawn anew, and rows of
// participants that are gone are not kept.
func TestKeptRows(t *testing.T) {
	source := newCrowd(5, 2)
	c := source.console()
	for step, change := range []func(){
		func() {},
		func() {},
		func() { source.all.Participants[3].Drained = true },
		func() { source.all.Participants[4].Breakers[0].State = "open" },
		func() { source.all.Participants[4].Trend = []float64{0.5, 1} },
		func() { source.all.Participants = source.all.Participants[:4] },
	} {
		change()
		before := source.all.Participants
		source.all.Participants = slices.Clone(before)
		kept := c.frame("participants")
		source.all.Participants, before = before, source.all.Participants
		source.fake.at = source.fake.at.Add(-time.Second)
		if anew := source.console().frame("participants"); !bytes.Equal(kept, anew) {
			t.Errorf("step %d:\n%s\n%s", step, kept, anew)
		}
		source.all.Participants = before // with what the busy ones have now
		if len(c.rows.rows) != len(source.all.Participants) {
			t.Errorf("step %d: %d rows are kept", step, len(c.rows.rows))
		}
	}
}
