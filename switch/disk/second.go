package disk

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What the disk of the journal's second folder must have. A hanging disk is bridged for some
// 100,000 payments, of which the log has less than SecondLow; below SecondLeast the log does
// not go there, because a full disk ends the process, and a slow one does not.
const (
	SecondLow   int64 = 512 << 20
	SecondLeast int64 = 128 << 20
)

// Second watches the room on the disk of the journal's second folder. It holds no payment:
// with too little room there, payments wait for the first disk when that is slow.
type Second struct {
	o           SecondOptions
	seen        atomic.Pointer[view]
	failing     bool
	free, state prometheus.Gauge
}

// SecondOptions are those of a Second.
type SecondOptions struct {
	Dir string // the second folder, which need not be there yet; empty: there is none

	Free     func() (int64, error) // bytes that can still be written; default: asks the file system of Dir
	Every    time.Duration         // between two looks; default 250 ms. A look is one system call
	Log      *slog.Logger          // default: slog.Default()
	Registry prometheus.Registerer // default: none
}

// OpenSecond takes a first look.
func OpenSecond(o SecondOptions) *Second {
	if o.Free == nil {
		o.Free = func() (int64, error) { return freeBytes(there(o.Dir)) }
	}
	if o.Every == 0 {
		o.Every = 250 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	s := &Second{
		o:     o,
		free:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "switchd_wal_failover_free_bytes", Help: "Bytes that can still be written on the disk of journal.wal_failover_dir; 0 without one."}),
		state: prometheus.NewGauge(prometheus.GaugeOpts{Name: "switchd_wal_failover_room_state", Help: "Room on the disk of journal.wal_failover_dir: 0 ok, 1 low, 2 too little: the journal's log does not go there, and payments wait for the disk of the data folder when that is slow."}),
	}
	o.Registry.MustRegister(s.free, s.state)
	s.seen.Store(&view{})
	s.look()
	return s
}

// Run looks until ctx ends. Each look is of a goroutine of its own, one at a time, so that
// a disk that does not even say what is free keeps nobody else, and no end of the process.
func (s *Second) Run(ctx context.Context) error {
	if s.o.Dir == "" {
		return nil
	}
	tick := time.NewTicker(s.o.Every)
	defer tick.Stop()
	seen := make(chan struct{}, 1)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		go func() {
			s.look()
			seen <- struct{}{}
		}()
		select {
		case <-ctx.Done():
			return nil
		case <-seen:
		}
	}
}

// Enough says that the log may go there. Safe for concurrent use; it never blocks.
func (s *Second) Enough() bool { return s.seen.Load().state != Reserve }

// Warning is what is to be known of a disk that is getting full; empty: nothing. Safe for
// concurrent use.
func (s *Second) Warning() string {
	switch v := s.seen.Load(); v.state {
	case Low:
		return fmt.Sprintf("the disk of %s has %s free, which should be %s: make room", s.o.Dir, shown(v.free), shown(SecondLow))
	case Reserve:
		return fmt.Sprintf("the disk of %s has %s free, too little for the journal to go there: make room, or payments wait when the disk of the data folder is slow", s.o.Dir, shown(v.free))
	}
	return ""
}

// look sees how much room there is. A disk that does not tell stays in the state that it
// was in.
func (s *Second) look() {
	if s.o.Dir == "" {
		return
	}
	free, err := s.o.Free()
	if err != nil {
		if !s.failing {
			s.o.Log.Warn("the room on the disk of the journal's second folder cannot be found out", "event", "journal.second.unknown", "folder", s.o.Dir, "error", err)
		}
		s.failing = true
		return
	}
	before := s.seen.Load().state
	v := &view{state: before.next(free, levels{reserve: SecondLeast, warning: SecondLow}), free: free}
	s.failing = false
	s.seen.Store(v)
	s.free.Set(float64(free))
	s.state.Set(float64(v.state))
	log := s.o.Log.With("folder", s.o.Dir, "free", shown(free))
	switch {
	case v.state == before:
	case v.state == Reserve:
		log.Warn("the disk of the journal's second folder has too little room: the journal does not go there; make room", "event", "journal.second.full", "needed", shown(SecondLeast))
	case before == Reserve:
		log.Info("the journal may go on in its second folder again", "event", "journal.second.usable")
	case v.state == Low:
		log.Warn("the disk of the journal's second folder is getting full: make room", "event", "journal.second.low", "wanted", shown(SecondLow))
	default:
		log.Info("the disk of the journal's second folder has room again", "event", "journal.second.room")
	}
}
