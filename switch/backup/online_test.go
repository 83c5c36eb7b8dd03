package backup

import (
	"context"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
)

// value is that of a metric, of the result if it has one.
func value(t testing.TB, reg *prometheus.Registry, name, result string) float64 {
	t.Helper()
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range all {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			switch {
			case m.GetGauge() != nil:
				return m.GetGauge().GetValue()
			case m.GetLabel()[0].GetValue() == result:
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, result)
	return 0
}

// TestOneAtATime: a second backup is refused while one is being made, and a switch
// that stops ends the one that is being made before it closes its stores.
func TestOneAtATime(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(20)
	reg := prometheus.NewRegistry()
	b := NewOnline(*l.source(), options(t, fs), reg)
	l.closing = b.Stop
	copying, goOn := make(chan bool), make(chan bool)
	ended := make(chan error, 1)
	go func() {
		told := false
		_, err := b.Take(t.Context(), "out", func(p Progress) {
			if p.Step == StepCopy && !told {
				told = true
				copying <- true
				<-goOn
			}
		})
		ended <- err
	}()
	<-copying
	if _, err := b.Take(t.Context(), "other", func(Progress) {}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	if got := value(t, reg, "switchd_backup_running", ""); got != 1 {
		t.Errorf("running %v", got)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- l.stop() }()
	goOn <- true
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := b.Take(t.Context(), "late", func(Progress) {}); !errors.Is(err, ErrStopped) {
		t.Errorf("after the stop: %v", err)
	}
	gone(t, fs, "other", "late", "out"+partial, "data/"+stagingDir)
}

// TestMetrics: how backups ended is counted.
func TestMetrics(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(5)
	reg := prometheus.NewRegistry()
	b := NewOnline(*l.source(), options(t, fs), reg)
	m, err := b.Take(t.Context(), "out", func(Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Take(t.Context(), "out", func(Progress) {}); !errors.Is(err, ErrExists) {
		t.Errorf("onto the first one: %v", err)
	}
	for _, c := range []struct {
		name, result string
		want         float64
	}{
		{"switchd_backups_total", "made", 1}, {"switchd_backups_total", "failed", 1}, {"switchd_backup_running", "", 0},
		{"switchd_backup_last_bytes", "", float64(m.Bytes)}, {"switchd_backup_last_timestamp_seconds", "", 1.8e9}, {"switchd_snapshots", "", 0},
	} {
		if got := value(t, reg, c.name, c.result); got != c.want {
			t.Errorf("%s %s: %v, want %v", c.name, c.result, got, c.want)
		}
	}
}
