package backup

import (
	"context"
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// ErrBusy is the answer to a second backup while one is being made.
var ErrBusy = errors.New("a backup is being made: one at a time")

// ErrStopped is the answer to a backup of a switch that stops.
var ErrStopped = errors.New("the switch is stopping")

// Online makes backups of a switch that works, one at a time. Safe for concurrent
// use.
type Online struct {
	s       Source
	o       Options
	metrics *metrics

	mu      sync.Mutex // guards the rest
	stopped bool
	running context.CancelFunc // nil: none is being made
	done    chan struct{}      // closed when the one that is being made has ended
}

// NewOnline prepares backups of an open data folder.
func NewOnline(s Source, o Options, reg prometheus.Registerer) *Online {
	b := &Online{s: s, o: o.withDefaults(), metrics: newMetrics(reg)}
	b.metrics.snapshots.Set(float64(b.snapshots()))
	return b
}

func (b *Online) snapshots() int {
	dirs, err := diskOf(b.o.FS).snapshots(b.s.Dir)
	if err != nil {
		b.o.Log.Warn("snapshots cannot be listed", "event", "snapshot.unlisted", "error", err)
	}
	return len(dirs)
}

// Take makes a backup in out and tells progress how far it is.
func (b *Online) Take(ctx context.Context, out string, progress func(Progress)) (*Manifest, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := b.begin(cancel); err != nil {
		return nil, err
	}
	defer b.end()
	o := b.o
	o.Progress = progress
	b.o.Log.Info("backup begun", "event", "backup.begun", "dir", out)
	m, err := Take(ctx, &b.s, out, o)
	if err != nil {
		b.metrics.count(failed)
		b.o.Log.Error("backup failed", "event", "backup.failed", "error", err)
		return nil, err
	}
	b.metrics.made(m, b.o.Clock())
	b.o.Log.Info("backup made", "event", "backup.made", "dir", out, "last", m.Journal.Last, "applied", m.Applied, "bytes", m.Bytes)
	return m, nil
}

func (b *Online) begin(cancel context.CancelFunc) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.stopped:
		return ErrStopped
	case b.running != nil:
		return ErrBusy
	}
	b.running, b.done = cancel, make(chan struct{})
	b.metrics.running.Set(1)
	return nil
}

func (b *Online) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.metrics.running.Set(0)
	b.running = nil
	close(b.done)
}

// Stop ends a backup that is being made, waits until it has let go of the stores,
// and refuses all that come later.
func (b *Online) Stop() {
	b.mu.Lock()
	b.stopped = true
	running, done := b.running, b.done
	b.mu.Unlock()
	if running != nil {
		running()
		<-done
	}
}
