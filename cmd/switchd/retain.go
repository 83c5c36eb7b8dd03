package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"switchd/switch/disk"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/retention"
	"switchd/switch/state"
)

// newRetention builds the daily job that moves old days to the archive and has old
// payments forgotten. An archive on the disk of the data folder may take what is
// above the reserve.
func (n *node) newRetention() (*retention.Job, error) {
	r := n.cfg.Retention
	o := retention.Options{
		Journal: n.data.journal, Rows: keptRows{n.engine, n.data.state, r.State}, Clock: clock,
		Calendar: retention.Calendar{Start: n.cfg.BusinessDayStart}, By: "switchd " + readVersion().Version + ", institution " + n.cfg.Institution,
		JournalDays: r.Journal, StateDays: r.State, ArchiveDays: r.Archive, Log: n.log, Registry: n.registry,
		Participants: func() []string { return numberedNames(n.engine.Config()) },
	}
	if r.ArchiveDir != "" {
		o.Archive, o.Spare = retention.At(r.ArchiveDir), n.spareForArchive
	}
	return retention.New(o)
}

// spareForArchive is how many bytes the archive may take. What its folder lies on is
// looked at each time: when another disk is taken away, the folder below is ours.
func (n *node) spareForArchive() int64 {
	if disk.Same(n.cfg.DataDir, n.cfg.Retention.ArchiveDir) {
		return n.disk.Spare()
	}
	return math.MaxInt64
}

// keptRows are the rows of a running switch, for its retention.
type keptRows struct {
	engine *engine.Engine
	store  *state.Store
	days   int // that a payment is known
}

// Durable is the last event whose effect is in the rows on disk.
func (r keptRows) Durable() (uint64, error) { return r.store.Durable() }

// Flush brings the rows to disk.
func (r keptRows) Flush(context.Context) error { return r.store.Flush() }

// FirstSince is the first payment made since a time.
func (r keptRows) FirstSince(at int64) (uint64, error) {
	id, err := r.store.FirstSince(at)
	return uint64(id), err
}

// Known is the first payment that the machine knows.
func (r keptRows) Known(ctx context.Context) (known uint64, err error) {
	err = r.engine.Inspect(ctx, func(m *payment.Machine) { known = uint64(m.Known()) })
	return known, err
}

// Forget logs the event that makes older payments unknown.
func (r keptRows) Forget(_ context.Context, before uint64) error {
	_, done, err := r.engine.Command(engine.Order{
		Author:  engine.Author{Reason: fmt.Sprintf("retention: older than %d days", r.days), Operator: "switchd"},
		Command: payment.Command{Kind: payment.Forget, Payment: payment.ID(before)},
	})
	if err == nil && !done {
		err = errors.New("the machine has refused to forget payments")
	}
	return err
}

// Sweep deletes rows of forgotten payments.
func (r keptRows) Sweep(_ context.Context, before uint64, atMost int) (deleted int, more bool, err error) {
	deleted, done, err := r.store.Sweep(payment.ID(before), atMost)
	return deleted, !done, err
}
