package disk

import "github.com/prometheus/client_golang/prometheus"

// failure is a thing that may not work.
type failure string

const (
	statFailed    failure = "statfs"
	ballastFailed failure = "ballast"
	noteFailed    failure = "note"
)

// metrics of the watch.
type metrics struct {
	free, reserve, state, ballast prometheus.Gauge
	errors                        *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		free:    gauge("switchd_disk_free_bytes", "Bytes that can still be written on the disk of the data folder."),
		reserve: gauge("switchd_disk_reserve_bytes", "Free bytes below which new payments are declined: the configured reserve, or more when the open payments need more."),
		state:   gauge("switchd_disk_state", "0 ok, 1 low, 2 below the reserve: new payments are declined."),
		ballast: gauge("switchd_disk_ballast_bytes", "Bytes that the ballast file takes; 0 when it was given up."),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_disk_errors_total", Help: "Looks at the disk, changes of the ballast and notes that failed, by which.",
		}, []string{"what"}),
	}
	for _, what := range []failure{statFailed, ballastFailed, noteFailed} {
		m.errors.WithLabelValues(string(what))
	}
	reg.MustRegister(m.free, m.reserve, m.state, m.ballast, m.errors)
	return m
}

func (m *metrics) show(v *view) {
	m.free.Set(float64(v.free))
	m.reserve.Set(float64(v.levels.reserve))
	m.state.Set(float64(v.state))
	m.ballast.Set(float64(v.ballast))
}

// worked counts a failure and tells of it once, and once when it is over.
func (w *Watch) worked(what failure, err error) bool {
	if err != nil {
		w.metrics.errors.WithLabelValues(string(what)).Inc()
	}
	switch failed := err != nil; {
	case failed == w.failing[what]:
	case failed:
		w.o.Log.Error("disk of the data folder", "event", "disk.failed", "failed", string(what), "error", err)
	default:
		w.o.Log.Info("disk of the data folder works again", "event", "disk.works", "what", string(what))
	}
	w.failing[what] = err != nil
	return err == nil
}
