package engine

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// recordBytes is the size of the events that architecture 10 gives a budget for.
const recordBytes = 300

// BenchmarkCommit is the group commit on a real disk when more waits than can be
// committed: events of 300 bytes through queue, sequencer, journal, machine and
// state store, one fsync for each group at most. Budget: 300,000 events a second
// (architecture 10).
func BenchmarkCommit(b *testing.B) {
	for name, keys := range map[string]*seal.Keys{"clear": nil, "sealed": testKeys(b, 1)} {
		b.Run(name, func(b *testing.B) {
			e, syncs := openDisk(b, b.TempDir(), keys)
			out := &progress{e: e, room: make(chan struct{}, 1)}
			stop := start(e, out)
			events := paddedEvents(64)
			submit(b, e, events...)
			out.await(int64(len(events)))
			syncs.Store(0)
			first, groups, n := out.applied.Load(), out.groups.Load(), 0
			b.ReportAllocs()
			for b.Loop() {
				const slice = 16_384 // an iteration, so that a run of one is one of many groups
				for done := 0; done < slice; done += len(events) {
					out.await(first + int64(n) - 4096)
					submit(b, e, events...)
					n += len(events)
				}
			}
			out.await(first + int64(n))
			b.StopTimer()
			count := float64(out.groups.Load() - groups)
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(n)/count, "events/group")
			b.ReportMetric(float64(syncs.Load())/count, "fsyncs/group")
			if err := stop(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// progress is a sink that says how far the engine is.
type progress struct {
	e       *Engine
	applied atomic.Int64
	groups  atomic.Int64
	room    chan struct{}
}

func (p *progress) Encode(*payment.Effect) {}

func (p *progress) Release() {
	p.applied.Store(int64(p.e.o.State.Applied()))
	p.groups.Add(1)
	select {
	case p.room <- struct{}{}:
	default:
	}
}

// await returns when events up to seq have taken effect.
func (p *progress) await(seq int64) {
	for p.applied.Load() < seq {
		<-p.room
	}
}

// paddedEvents are answers that belong to nothing: next to no work for the
// machine, and records of recordBytes for the journal.
func paddedEvents(n int) []payment.Event {
	ev := payment.Event{Kind: payment.AnswerArrived}
	ev.Text.Set(payment.Note, bytes.Repeat([]byte{'n'}, 140))
	short := recordBytes - len(payment.AppendEvent(nil, &ev))
	ev.Text.Set(payment.PayeeVPA, bytes.Repeat([]byte{'v'}, short))
	over := len(payment.AppendEvent(nil, &ev)) - recordBytes // the length of the field itself
	ev.Text.Set(payment.PayeeVPA, bytes.Repeat([]byte{'v'}, short-over))
	events := make([]payment.Event, n)
	for i := range events {
		events[i] = ev
	}
	return events
}

// openDisk is an engine on a real disk, with a count of the fsyncs of its journal.
func openDisk(b *testing.B, dir string, keys *seal.Keys) (*Engine, *atomic.Int64) {
	b.Helper()
	syncs := new(atomic.Int64)
	fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) && strings.HasSuffix(op.Path, ".log") {
			syncs.Add(1)
		}
		return nil
	}))
	j, err := journal.OpenPebble(filepath.Join(dir, "journal"), journal.Options{FS: fs})
	if err != nil {
		b.Fatal(err)
	}
	s, err := state.Open(filepath.Join(dir, "state"), state.Options{})
	if err != nil {
		b.Fatal(err)
	}
	e, err := Open(Options{Log: j, State: s, Config: testConfig(time.Minute), Clock: clockOf, Keys: keys})
	if err != nil {
		b.Fatal(err)
	}
	return e, syncs
}

// processCPU is the processor time that this process has taken.
func processCPU() time.Duration { return usage(syscall.RUSAGE_SELF) }

func usage(who int) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(who, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
