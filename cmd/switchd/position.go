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
