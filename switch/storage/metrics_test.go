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
	db, err := pebble.Open("db", Options{FS: errorfs.Wrap(vfs.NewMem(), slow), Syncs: NewSyncs(reg, now.Load).Of("journal")}.Pebble("journal"))
	if err != nil {
		t.Fatal(err)
	}
	before := histogram(t, reg)
	for range 5 {
		if err := db.Set([]byte("k"), []byte("v"), pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	after := histogram(t, reg)
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
