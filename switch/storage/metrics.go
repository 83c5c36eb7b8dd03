package storage

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Syncs measures what it takes to make data durable, for each database.
type Syncs struct {
	clock    func() int64
	duration *prometheus.HistogramVec
}

// NewSyncs registers the metric with reg and panics when it is there already. clock
// tells the time in nanoseconds.
func NewSyncs(reg prometheus.Registerer, clock func() int64) *Syncs {
	s := &Syncs{clock, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "switchd_fsync_duration_seconds", Help: "What one sync of a file or folder took, by database: that of the journal is on the way of every payment.",
		Buckets:                     prometheus.ExponentialBuckets(20e-6, 2, 18),
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160,
	}, []string{"store"})}
	reg.MustRegister(s.duration)
	return s
}

// Of measures the syncs of one database. Safe for concurrent use, as is what it
// returns.
func (s *Syncs) Of(store string) *Sync {
	return &Sync{clock: s.clock, duration: s.duration.WithLabelValues(store)}
}

// Sync measures the syncs of one database; nil measures nothing.
type Sync struct {
	clock    func() int64
	duration prometheus.Observer
	log      LatestSyncs
}

// Log is the latest syncs of the database's write-ahead log, which a commit waits for.
func (s *Sync) Log() *LatestSyncs { return &s.log }

// begin is when a sync begins.
func (s *Sync) begin() int64 {
	if s == nil {
		return 0
	}
	return s.clock()
}

// walSuffix ends the names of Pebble's write-ahead logs.
const walSuffix = ".log"

// end counts a sync of a file that has begun and is done; one that failed counts too.
func (s *Sync) end(begun int64, path string) {
	if s == nil {
		return
	}
	now := s.clock()
	s.duration.Observe(float64(now-begun) / 1e9)
	if strings.HasSuffix(path, walSuffix) {
		s.log.note(Span{Ended: now, Took: now - begun})
	}
}
