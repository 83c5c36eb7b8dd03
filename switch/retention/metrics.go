package retention

import "github.com/prometheus/client_golang/prometheus"

// What became of a run.
const (
	done   = "done"
	failed = "failed"
)

// metrics of the job.
type metrics struct {
	runs               *prometheus.CounterVec
	days, bytes, swept prometheus.Counter
	oldest             prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_retention_runs_total", Help: "Runs of the daily job, by what became of them.",
		}, []string{"outcome"}),
		days:  counter("switchd_retention_days_total", "Business days that were archived and deleted from the journal."),
		bytes: counter("switchd_retention_archive_bytes_total", "Bytes written to the archive."),
		swept: counter("switchd_retention_payments_total", "Payments whose rows were deleted."),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "switchd_journal_first_time_seconds", Help: "Time of the oldest event in the journal, as the daily job has found it.",
		}),
	}
	for _, outcome := range []string{done, failed} {
		m.runs.WithLabelValues(outcome)
	}
	reg.MustRegister(m.runs, m.days, m.bytes, m.swept, m.oldest)
	return m
}

func seconds(ns int64) float64 { return float64(ns) / 1e9 }
