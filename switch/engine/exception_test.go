package engine

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/payment"
)

// gathered is the sum of a counter over its labels.
func gathered(t *testing.T, registry *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// TestExceptionsFillNoLog: whoever contradicts itself without end makes so many lines a
// second, and all are counted.
func TestExceptionsFillNoLog(t *testing.T) {
	var log strings.Builder
	registry := prometheus.NewRegistry()
	e := openWith(t, vfs.NewMem(), Options{Config: testConfig(time.Minute), Clock: clockOf, Registry: registry, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	log.Reset()
	at := clockOf()
	at -= at % int64(time.Second)
	for range 3 {
		for range 2 * exceptionsLogged {
			at += int64(time.Millisecond)
			e.exception(&payment.Effect{Notice: payment.Exception, Recon: payment.AnswerChanged, At: at})
		}
		at += int64(time.Second) - 2*exceptionsLogged*int64(time.Millisecond)
	}
	if n := strings.Count(log.String(), "reconciliation exception"); n != 3*exceptionsLogged {
		t.Errorf("%d lines in three seconds, want %d", n, 3*exceptionsLogged)
	}
	if counted := gathered(t, registry, "switchd_exceptions_total"); counted != 6*exceptionsLogged {
		t.Errorf("%v exceptions are counted, want %d", counted, 6*exceptionsLogged)
	}
	if err := errors.Join(e.o.Log.Close(), e.o.State.Close()); err != nil {
		t.Error(err)
	}
}
