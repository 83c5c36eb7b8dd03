package logline

import "github.com/prometheus/client_golang/prometheus"

// metrics of a Handler.
type metrics struct {
	suppressed prometheus.Counter
	masked     prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, w *watchlist) *metrics {
	m := &metrics{
		suppressed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_log_suppressed_total", Help: "Lines that were left out because their event had too many within a second.",
		}),
		masked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_log_masked_total", Help: "Values of lines that were masked: of a type that may hold a secret, or with digits that may be a card number.",
		}),
	}
	reg.MustRegister(m.suppressed, m.masked, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_log_watched_participants", Help: "Participants whose debug lines are written for a time.",
	}, func() float64 { return float64(len(w.list())) }))
	return m
}
