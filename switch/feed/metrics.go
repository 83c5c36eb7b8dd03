package feed

import "github.com/prometheus/client_golang/prometheus"

// metrics of the feed.
type metrics struct {
	lines   prometheus.Counter
	refused *prometheus.CounterVec // by why
}

func newMetrics(reg prometheus.Registerer, f *Feed) *metrics {
	m := &metrics{
		lines: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_feed_lines_total", Help: "Events that readers of event streams were told.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_feed_refused_total", Help: "Readers of event streams that were turned away because there were too many: of one participant, or of the shared places.",
		}, []string{"why"}),
	}
	for _, why := range []string{fullOfOne, fullShared} {
		m.refused.WithLabelValues(why)
	}
	reg.MustRegister(m.lines, m.refused,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_feed_readers", Help: "Readers of event streams.",
		}, func() float64 { return float64(f.open.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_feed_lag_records", Help: "Records of the journal that the slowest reader of an event stream has not been told of yet; 0 without readers.",
		}, func() float64 { return float64(f.Lag()) }),
	)
	return m
}
