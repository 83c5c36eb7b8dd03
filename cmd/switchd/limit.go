package main

import (
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
	"switchd/switch/view"
)

func newLimit() *cobra.Command {
	c := &cobra.Command{
		Use: "limit", Short: "Look at what is bounded, and how much of it is used",
		Long:    "Everything that the switch holds has a bound. A bound that is reached turns something\naway: the list says which, and how often.",
		Example: "  switchd limit ls --config switchd.yml",
	}
	c.AddCommand(glance[view.Limits]{
		use: "ls", short: "List bounds: used, most, how often they have turned something away",
		long:    "Lists the bounds of the switch and of its participants. TURNED AWAY counts since the start\nof the process.",
		example: "  switchd limit ls --config switchd.yml --watch",
		path:    page("/api/v1/limits"), draw: drawLimits,
	}.command())
	return c
}

func drawLimits(p *screen.Page, v *view.Limits, _ time.Time) {
	t := screen.NewTable(screen.Left("limit").Shrinks(27), screen.Left("participant"), screen.Left("of").Drops(2), screen.Right("used"), screen.Right("most").Drops(1), screen.Right("share"), screen.Right("turned away"))
	for i := range v.Limits {
		l := &v.Limits[i]
		share, mark := screen.Marked(screen.Dim, "-"), screen.None
		if l.Max > 0 {
			used := float64(l.Used) / float64(l.Max)
			share = screen.Marked(screen.UsedMark(used), screen.Share(used))
		}
		if l.Reached > 0 {
			mark = screen.Warn
		}
		count := func(n int64) screen.Cell { return screen.Plain(screen.Count(n)) }
		if l.Unit == view.UnitMinor {
			count = func(n int64) screen.Cell { return screen.Plain(screen.Amount(n, v.Exponent)) }
		}
		t.Row(screen.Plain(l.Name), screen.Plain(screen.Dash(l.Participant)), screen.Plain(l.Unit.In(v.Currency)), count(l.Used), count(l.Max), share, screen.Marked(mark, screen.Count(l.Reached)))
	}
	none(p, t, "nothing is bounded")
}
