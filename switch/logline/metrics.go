package logline

import "github.com/prometheus/client_golang/prometheus"

// metrics of a Handler.
type metrics struct {
	suppressed prometheus.Counter
	masked     prometheus.Counter
}

func newMetrics() *metrics {
	return &metrics{
		suppressed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_log_suppressed_total", Help: "Lines that were left out because their event had too many within a second.",
		}),
		masked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_log_masked_total", Help: "Values of lines that were masked: of a type that may hold a secret, or with digits that may be a card number.",
		}),
	}
}

// Register registers the metrics of a Handler, and of those that With has made of it.
// It panics when they are there already.
func (h *Handler) Register(reg prometheus.Registerer) {
	reg.MustRegister(h.metrics.suppressed, h.metrics.masked, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_log_watched_participants", Help: "Participants whose debug lines are written for a time.",
	}, func() float64 { return float64(len(h.watched.list())) }))
}
