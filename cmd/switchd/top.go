package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/top"
)

// topFlags are those of top.
type topFlags struct {
	adminFlags
	every time.Duration
	times int
	plain bool
}

func newTop() *cobra.Command {
	var f topFlags
	c := &cobra.Command{
		Use: "top", Short: "Watch a running switch live: a dense table of participants",
		Long: `Shows the switch and all participants, again each second, until q or Ctrl-C. Keys:

  s t f l d c n  sort by state, per second, success, p99, doubt, cap, name
  r              reverse the order
  /              filter by id, state or institution; enter takes it, esc leaves it
  up down j k    move; enter shows one participant in detail, esc goes back
  space          pause
  ?              these keys

Where there is no terminal, and with --plain, it writes lines: one page for each look,
--times of them. NO_COLOR turns colours off.`,
		Example: "  switchd top --config switchd.yml\n  switchd top --admin 127.0.0.1:9583 --every 5s --plain --times 12 >> watch.log",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.registerPort(c)
	f.registerDir(c)
	fl := c.Flags()
	fl.DurationVar(&f.every, "every", time.Second, "how often it looks")
	fl.IntVar(&f.times, "times", 0, "of plain lines: end after so many pages; 0: go on until Ctrl-C")
	fl.BoolVar(&f.plain, "plain", false, "write lines, although there is a terminal")
	return c
}

func (f *topFlags) run(c *cobra.Command) error {
	if f.every < watchLeast || f.times < 0 {
		return usageError{fmt.Errorf("--every %v, --times %d: want %v or more, and 0 or more", f.every, f.times, watchLeast)}
	}
	port, err := f.port()
	if err != nil {
		return err
	}
	defer port.client.CloseIdleConnections()
	in, out := c.InOrStdin(), c.OutOrStdout()
	_, from := terminalOf(in)
	_, to := terminalOf(out)
	return top.Run(c.Context(), top.Options{
		Source: port, Every: f.every, Now: wall, In: in, Out: out,
		Colour: paperOf(out).Colour, Plain: f.plain || !from || !to, Times: f.times,
	})
}
