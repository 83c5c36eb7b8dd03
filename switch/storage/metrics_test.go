package storage

import (
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// TestSyncsAreMeasured: every sync that a commit waits for counts, with the time that
// the file system took for it.
func TestSyncsAreMeasured(t *testing.T) {
	var now, files atomic.Int64
	slow := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData {
			now.Add(3_000_000) // while the file is synced
			files.Add(1)
		}
		return nil
	})
	reg := prometheus.NewRegistry()
	syncs := NewSyncs(reg, now.Load).Of("journal")
	db, err := pebble.Open("db", Options{FS: errorfs.Wrap(vfs.NewMem(), slow), Syncs: syncs}.Pebble("journal"))
	if err != nil {
		t.Fatal(err)
	}
	before := histogram(t, reg)
	logged, _ := syncs.Log().Since(1<<60, 0)
	for range 5 {
		if err := db.Set([]byte("k"), []byte("v"), pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	after := histogram(t, reg)
	first, spans := syncs.Log().Since(logged, LatestMax)
	if first != logged || len(spans) != 5 {
		t.Fatalf("the log remembers %d syncs from %d on, want 5 from %d on", len(spans), first, logged)
	}
	for i, s := range spans {
		if s.Took != 3_000_000 || s.Ended != now.Load()-int64(4-i)*3_000_000 {
			t.Errorf("sync %d of the log: %+v", i, s)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	n := after.GetSampleCount() - before.GetSampleCount()
	if sum := after.GetSampleSum() - before.GetSampleSum(); n < 5 || sum < 0.003*5-1e-9 {
		t.Errorf("%d syncs of %v s", n, sum)
	}
	if all := histogram(t, reg).GetSampleCount(); int64(all) != files.Load() {
		t.Errorf("%d measured, %d made", all, files.Load())
	}
	if after.Schema == nil || len(after.Bucket) == 0 {
		t.Error("want native and classic buckets")
	}
}

func histogram(t *testing.T, reg *prometheus.Registry) *dto.Histogram {
	t.Helper()
	all, err := reg.Gather()
	if err != nil || len(all) != 1 || all[0].GetName() != "switchd_fsync_duration_seconds" || all[0].Metric[0].Label[0].GetValue() != "journal" {
		t.Fatal(all, err)
	}
	return all[0].Metric[0].Histogram
}

// TestLatestSyncs: what is forgotten is told, and no answer is longer than was asked for.
func TestLatestSyncs(t *testing.T) {
	var r LatestSyncs
	for i := range int64(LatestMax + 10) {
		r.note(Span{Ended: i, Took: 1})
	}
	for _, c := range []struct {
		since uint64
		limit int
		first uint64
		count int
	}{
		{0, LatestMax, 10, LatestMax}, {0, 5, 10, 5}, {LatestMax, 100, LatestMax, 10}, {LatestMax + 10, 100, LatestMax + 10, 0},
		{1 << 60, 100, LatestMax + 10, 0}, {12, 0, 12, 0}, {12, -1, 12, 0},
	} {
		first, spans := r.Since(c.since, c.limit)
		if first != c.first || len(spans) != c.count {
			t.Errorf("since %d, limit %d: %d from %d on, want %d from %d on", c.since, c.limit, len(spans), first, c.count, c.first)
		}
		if len(spans) > 0 && spans[0].Ended != int64(c.first) {
			t.Errorf("since %d: the first is %d", c.since, spans[0].Ended)
		}
	}
}
