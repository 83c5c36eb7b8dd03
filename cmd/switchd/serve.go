package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/engine"
)

func newServe() *cobra.Command {
	var file string
	var drain time.Duration
	var quiet, acceptClock bool
	c := &cobra.Command{
		Use: "serve --config FILE", Short: "Run the switch",
		Long: `Runs the switch until Ctrl-C or SIGTERM. Then it takes no new payments, waits
for the open ones, signs off all links and exits with 0; a second Ctrl-C ends it
at once (within a second it is taken for the first). Payments that are still open are
in the journal: the next start goes on with them. 'switchd check-config --example' prints a configuration to start from.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadConfig(file, true)
			if err != nil {
				return err
			}
			n, err := newNode(cfg, newLogger(c.ErrOrStderr(), quiet), acceptClock)
			if errors.Is(err, engine.ErrClockBehind) {
				return fmt.Errorf("%w; set the clock, restore a backup of before the mistake, or go on in the journal's time with --accept-clock", err)
			}
			if err != nil {
				return err
			}
			return n.serve(c.Context(), drain, c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&file, "config", "", "configuration file (required)")
	c.Flags().DurationVar(&drain, "drain", 25*time.Second, "longest wait for open payments at the end")
	c.Flags().BoolVar(&quiet, "quiet", false, "log warnings and errors only")
	c.Flags().BoolVar(&acceptClock, "accept-clock", false, "start although the clock is more than a day behind the journal: events go on in the journal's time")
	if err := c.MarkFlagRequired("config"); err != nil {
		panic(err)
	}
	return c
}

// newLogger writes operator logs as text lines.
func newLogger(w io.Writer, quiet bool) *slog.Logger {
	level := slog.LevelInfo
	if quiet {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// serve runs the node until ctx ends, then drains it.
func (n *node) serve(ctx context.Context, drain time.Duration, talk io.Writer) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		select {
		case <-ctx.Done():
		case <-work.Done():
			return
		}
		defer exitOnSignal()() // before the sentence that promises it
		fmt.Fprintln(talk, "switchd: stopping: no new payments, waiting for the open ones; Ctrl-C again ends at once")
		if left := n.drain(work, drain); left > 0 {
			fmt.Fprintf(talk, "switchd: payments still open: %d; the next start goes on with them\n", left)
		}
		stop()
	}()
	err := n.run(work, func() {
		fmt.Fprintf(talk, "switchd: serving %s, admin http://%s\n", n.server.Addr(), n.admin.Addr())
	})
	stop()
	<-drained
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}
