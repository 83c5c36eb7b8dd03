package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/engine"
)

// serveFlags are those of serve.
type serveFlags struct {
	config, lastGood string
	lead, drain      time.Duration
	acceptClock      bool
	quiet            bool
}

func newServe() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use: "serve --config FILE", Short: "Run the switch",
		Long: `Runs the switch until Ctrl-C or SIGTERM. Then it takes no new payments, waits
for the open ones, signs off all links and exits with 0; a second Ctrl-C ends it
at once (within a second it is taken for the first). Payments that are still open are
in the journal: the next start goes on with them. 'switchd check-config --example'
prints a configuration to start from.

SIGHUP, or 'switchd config reload', reads the file again while payments go on.
Under systemd use Type=notify: it is told when the switch serves, reloads and stops.`,
		Example: "  switchd serve --config switchd.yml",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c.Context(), c.ErrOrStderr()) },
	}
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "configuration file (required)")
	fl.StringVar(&f.lastGood, "last-good", "", "data folder whose last configuration in force is used when the file is not good")
	fl.DurationVar(&f.lead, "drain-lead", 0, "at the end: how long /readyz says no before new payments are declined")
	fl.DurationVar(&f.drain, "drain", 25*time.Second, "longest wait for open payments at the end")
	fl.BoolVar(&f.acceptClock, "accept-clock", false, "start although the clock is more than a day behind the journal: events go on in the journal's time")
	fl.BoolVar(&f.quiet, "quiet", false, "log warnings and errors only")
	if err := c.MarkFlagRequired("config"); err != nil {
		panic(err)
	}
	return c
}

// run starts the switch and returns when it has ended.
func (f *serveFlags) run(ctx context.Context, talk io.Writer) error {
	oneMoreProcessor(os.Getenv)
	hangup := make(chan os.Signal, 1)
	notifyHangup(hangup) // from here on: at the start it must not end the switch
	log := newLogger(talk, f.quiet)
	manager, err := newNotifier(os.Getenv, log)
	if err != nil {
		return err
	}
	file, err := filepath.Abs(f.config)
	if err != nil {
		return err
	}
	cfg, err := loadConfig(f.config, true)
	if err == nil && file != f.config { // as a reload reads it, whatever the folder
		cfg, err = loadConfig(file, true)
	}
	was := new(kept)
	if err != nil && f.lastGood != "" {
		log.Error("the configuration file is not good: looking for what was in force last", "event", "config.bad", "file", file, "error", err)
		var not error
		if cfg, was, not = lastGood(f.lastGood); not != nil {
			return errors.Join(err, not)
		}
		log.Warn("serving by the configuration that was in force last", "event", "config.fallback", "since", was.At, "operator", was.By, "reason", was.Reason)
	} else if err != nil {
		return err
	}
	log = newLoggerOf(talk, cfg.Log, f.quiet)
	defer flush(log)
	n, err := newNode(cfg, log, f.acceptClock)
	if err != nil {
		return err
	}
	n.manager, n.conf.file, n.quiet = manager, file, f.quiet
	manager.log = log
	if was.Version != 0 {
		n.conf.inForce.Store(&accepted{cfg, *was})
		n.conf.fallback.Store(true)
		n.conf.metrics.fallback.Set(1)
	}
	go n.reloadOn(hangup)
	err = n.serve(ctx, f, talk)
	if errors.Is(err, engine.ErrClockBehind) {
		err = fmt.Errorf("%w; set the clock, restore a backup of before the mistake, or go on in the journal's time with --accept-clock", err)
	}
	return err
}

// reloadOn reloads for each signal, until the process ends.
func (n *node) reloadOn(hangup <-chan os.Signal) {
	<-n.open // what the file says at the end of the start counts
	for range hangup {
		n.manager.reloading()
		_, _ = n.reload(context.Background(), reloading{reloadOrder: reloadOrder{Reason: "signal", Operator: "SIGHUP"}, signal: true}) // it has told
		n.manager.ready(n.status())
	}
}

// status is the switch in a line, for the service manager.
func (n *node) status() string {
	a := n.conf.inForce.Load()
	return fmt.Sprintf("serving %s, %d participants, configuration of %s", n.server.Addr(), len(a.Participants), a.kept.At.Format(time.RFC3339))
}

// serve runs the node until ctx ends, then drains it.
func (n *node) serve(ctx context.Context, f *serveFlags, talk io.Writer) error {
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
		if far := n.rising.yet(); far != nil {
			stop()
			n.manager.stopping("in the middle of the start")
			fmt.Fprintf(talk, "switchd: stopping in the middle of the start (%v): the next one goes on\n", far)
			return
		}
		n.leaving.Store(true)
		if f.lead > 0 {
			n.manager.stopping("about to drain")
			fmt.Fprintf(talk, "switchd: stopping in %v, until then whoever looks at /readyz goes elsewhere; Ctrl-C again ends at once\n", f.lead)
			waitFor(work, after(f.lead))
		}
		n.manager.stopping("no new payments, waiting for the open ones")
		fmt.Fprintln(talk, "switchd: stopping: no new payments, waiting for the open ones; Ctrl-C again ends at once")
		if left := n.drain(work, f.drain); left > 0 {
			fmt.Fprintf(talk, "switchd: payments still open: %d; the next start goes on with them\n", left)
		}
		stop()
	}()
	err := n.run(work, func() {
		fmt.Fprintf(talk, "switchd: serving %s, admin %s\n", n.server.Addr(), n.admin.URL())
		n.manager.ready(n.status())
	})
	stop()
	<-drained
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// after says when a time is over, by the clock of the switch.
func after(d time.Duration) func() bool {
	end := clock() + int64(d)
	return func() bool { return clock() >= end }
}
