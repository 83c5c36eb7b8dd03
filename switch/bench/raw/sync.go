package raw

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"switchd/switch/journal"
)

// Fsync is the group commit alone: groups of records into the journal, one group on its
// way to the disk while the next one is made, as the engine does.
type Fsync struct {
	Events    int      `json:"events"` // of a group
	Groups    int      `json:"groups"` // measured
	PerSecond float64  `json:"events_per_second"`
	CPU       *float64 `json:"cpu_us"` // of an event
	P50       float64  `json:"p50_ms"` // from the append of a group to its durability
	P99       float64  `json:"p99_ms"`
	Max       float64  `json:"max_ms"`
}

// recordBytes is the length of an event; writtenMax bounds what is written for each size
// of groups, and so how many are measured at most.
const (
	recordBytes = 300
	writtenMax  = 512 << 20
)

var groups = [...]int{1, 16, 64, 256}

func syncs(ctx context.Context, o *Options) (all []Fsync, err error) {
	log, err := journal.OpenPebble(filepath.Join(o.Dir, "journal"), journal.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer closing(log, &err)
	for _, events := range groups {
		f, err := sync(ctx, o, log, events, o.Duration/time.Duration(len(groups)))
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// sent is a group on its way.
type sent struct {
	ticket journal.Ticket
	at     int64
}

func sync(ctx context.Context, o *Options, log journal.Log, events int, length time.Duration) (Fsync, error) {
	f := Fsync{Events: events}
	record := make([]byte, recordBytes)
	var pair [2]journal.Group
	var before sent
	var took []int64
	wait := func() error {
		if before.ticket == nil {
			return nil
		}
		err := before.ticket.Wait()
		took = append(took, o.Clock()-before.at)
		before.ticket = nil
		return err
	}
	cpu, known := processCPU()
	begin := o.Clock()
	for f.Groups*events*recordBytes < writtenMax && (o.Clock()-begin < int64(length) || f.Groups == 0) && ctx.Err() == nil {
		g := &pair[f.Groups&1]
		g.Reset(log.Next())
		g.At(o.Clock())
		for range events {
			g.Add(record)
		}
		now := sent{at: o.Clock()}
		var err error
		if now.ticket, err = log.Append(g); err != nil {
			return f, err
		}
		if err := wait(); err != nil {
			return f, err
		}
		before = now
		f.Groups++
	}
	if err := wait(); err != nil {
		return f, err
	}
	if err := ctx.Err(); err != nil {
		return f, fmt.Errorf("after %d groups: %w", f.Groups, err)
	}
	f.PerSecond = float64(f.Groups*events) / (float64(max(o.Clock()-begin, 1)) / 1e9)
	end, _ := processCPU()
	f.CPU = per(end-cpu, known, f.Groups*events)
	slices.Sort(took)
	millis := func(i int) float64 { return float64(took[min(i, len(took)-1)]) / 1e6 }
	f.P50, f.P99, f.Max = millis(len(took)/2), millis(len(took)*99/100), millis(len(took))
	return f, nil
}
