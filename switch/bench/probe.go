package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// The probe writes so much, so often, into a file of its own.
const (
	probeBytes = 4 << 10
	probeEvery = 100 * time.Millisecond
	probeFile  = "disk-probe"
)

// probe asks the disk itself what a sync takes, beside the switch: what is slow for both
// is the disk. It belongs to one goroutine until that ends.
type probe struct {
	took histogram
	slow intervals
	err  error // why it has ended early
}

// probeDisk measures until ctx ends. Without a folder it measures nothing.
func (r *run) probeDisk(ctx context.Context) *probe {
	p := &probe{took: newHistogram()}
	if r.o.ProbeDir == "" {
		return p
	}
	path := filepath.Join(r.o.ProbeDir, probeFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		p.err = err
		return p
	}
	p.err = p.measure(ctx, f, r)
	p.err = errors.Join(p.err, f.Close(), os.Remove(path))
	return p
}

// measure writes and syncs at a constant rate, always into the same place: the file does
// not grow.
func (p *probe) measure(ctx context.Context, f *os.File, r *run) error {
	block := make([]byte, probeBytes)
	for due := r.o.Clock(); ctx.Err() == nil; due += int64(probeEvery) {
		pauseUntil(ctx, r.o.Clock, due)
		block[0]++
		begun := r.o.Clock()
		if _, err := f.WriteAt(block, 0); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		end := r.o.Clock()
		if r.inWindow(end) {
			p.took.record(end - begun)
			p.slow.note(end, end-begun)
		}
		due = max(due, end-int64(probeEvery)) // after a long one: the next, and not a row of them
	}
	return nil
}
