package main

import (
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
	"switchd/switch/view"
)

func newPosition() *cobra.Command {
	c := &cobra.Command{
		Use: "position", Short: "Look at the net positions of participants",
		Long: `A position is what a participant has received less what it has paid; it may go below zero
by its net debit cap. 'switchd cap' changes a cap.`,
		Example: "  switchd position ls --config switchd.yml",
	}
	c.AddCommand(glance[view.Positions]{
		use: "ls", short: "List net positions, what is reserved, caps, and how much of them is used",
		long: `Lists the position of each participant in units of the currency. RESERVED is held for
payments that are open. The sum of what is posted is 0: anything else is a fault of the
switch, and ls says so.`,
		example: "  switchd position ls --config switchd.yml\n  switchd position ls --admin 127.0.0.1:9583 -o json",
		path:    page("/api/v1/positions"), draw: drawPositions,
	}.command())
	return c
}

func drawPositions(p *screen.Page, v *view.Positions, _ time.Time) {
	t := screen.NewTable(screen.Left("participant"), screen.Right("posted"), screen.Right("reserved"), screen.Right("cap"), screen.Right("used"))
	amount := func(minor int64) screen.Cell { return screen.Plain(screen.Amount(minor, v.Exponent)) }
	for i := range v.Positions {
		h := &v.Positions[i]
		t.Row(screen.Plain(h.Participant), amount(h.Posted), amount(h.Reserved), amount(h.Cap), screen.Marked(screen.UsedMark(h.Used), screen.Share(h.Used)))
	}
	none(p, t, "no participant has a position")
	if v.Sum != 0 {
		p.Text(2, screen.Marked(screen.Bad, "the positions do not sum up to 0 but to "+screen.Amount(v.Sum, v.Exponent)), screen.Plain(": a fault of the switch; take a support bundle and call for help"))
		return
	}
	p.Line(screen.Marked(screen.Dim, v.Currency+", sum 0"))
}

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
	t := screen.NewTable(screen.Left("limit").Shrinks(16), screen.Left("participant"), screen.Left("of"), screen.Right("used"), screen.Right("most"), screen.Right("share"), screen.Right("turned away"))
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
