package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/engine"
	"switchd/switch/journal"
)

// hanging is a journal whose groups become durable when the test says so.
type hanging struct {
	journal.Log
	hangs atomic.Bool   // from the next group on
	well  chan struct{} // closed: it does no more
}

// hangingTicket is waited for in vain.
type hangingTicket struct {
	journal.Ticket
	well chan struct{}
}

func (l *hanging) Append(g *journal.Group) (journal.Ticket, error) {
	ticket, err := l.Log.Append(g)
	if err == nil && l.hangs.Load() {
		ticket = hangingTicket{ticket, l.well}
	}
	return ticket, err
}

func (t hangingTicket) Wait() error {
	<-t.well
	return t.Ticket.Wait()
}

// TestDiskHangs: the heartbeat sees that nothing is committed while the writer waits for the
// disk and cannot answer, by the time that the configuration says, and that it is over.
func TestDiskHangs(t *testing.T) {
	cfg, err := demoConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Health.CommitAge = time.Millisecond
	log := slog.New(slog.DiscardHandler)
	f, err := openDataFolder(cfg, log, &security{}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	disk := &hanging{Log: f.journal, well: make(chan struct{})}
	n := &node{manager: &notifier{log: log, watchdog: 30 * time.Millisecond}}
	n.conf.inForce.Store(&accepted{Config: cfg})
	n.engine, err = engine.Open(engine.Options{Log: disk, State: f.state, Keys: f.keys, Config: machineConfig(cfg), Clock: clock, Logger: log})
	if err == nil {
		err = f.entry.Begin()
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran, beaten := make(chan error, 1), make(chan error, 1)
	go func() { ran <- n.engine.Run(ctx, silent{}) }()
	<-n.engine.Ready()
	disk.hangs.Store(true)
	if err := request(n.engine, 1); err != nil {
		t.Fatal(err)
	}
	go func() { beaten <- n.beat(ctx) }()
	missed := func() bool {
		for _, c := range n.checks() {
			if c.Name == "commits" {
				_, err := c.Run()
				return err != nil
			}
		}
		t.Fatal("there is no such check")
		return false
	}
	until(t, patience, "commits are missed", missed)
	if n.engine.Queued() != 0 || n.engine.Uncommitted() == 0 {
		t.Errorf("%d events wait for the sequencer, %d for the disk too", n.engine.Queued(), n.engine.Uncommitted())
	}
	disk.hangs.Store(false)
	close(disk.well)
	until(t, patience, "commits go on", func() bool { return !missed() })
	until(t, patience, "the writer answers", func() bool { return n.lastSeen.at.Load() != 0 })
	until(t, patience, "no event waits", func() bool { return n.engine.Uncommitted() == 0 })
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if err := <-beaten; err != nil {
		t.Error(err)
	}
}
