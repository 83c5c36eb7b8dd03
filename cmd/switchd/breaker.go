package main

import (
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
	"switchd/switch/top"
	"switchd/switch/view"
)

func newBreaker() *cobra.Command {
	c := &cobra.Command{
		Use: "breaker", Short: "Look at the breakers between the switch and participants",
		Long: `A breaker keeps messages of one class from a participant that does not answer them. It
opens by itself and tries again by itself; 'switchd participant drain' is for people.`,
		Example: "  switchd breaker ls --config switchd.yml",
	}
	c.AddCommand(glance[view.Breakers]{
		use: "ls", short: "List breakers: state, messages in flight and their limit, what became of them",
		long:    "Lists the breakers of all participants, those that are not closed first. ASKED, APPROVED,\nDECLINED and FAILED count since the start of the process.",
		example: "  switchd breaker ls --config switchd.yml --watch",
		path:    page("/api/v1/breakers"),
		draw: func(p *screen.Page, v *view.Breakers, _ time.Time) {
			none(p, top.BreakerTable(v.Breakers), "no participant has a breaker")
		},
	}.command())
	return c
}
