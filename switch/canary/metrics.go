package canary

import "github.com/prometheus/client_golang/prometheus"

// result is how a canary payment has ended.
type result string

const (
	success result = "success"
	failed  result = "failed"  // it was declined, deemed or reversed
	timeout result = "timeout" // there was no answer in time
	refused result = "refused" // the queue did not take it
	stuck   result = "stuck"   // none was begun, because the one before has not ended
)

var results = [...]result{success, failed, timeout, refused, stuck}

// metrics of the canary.
type metrics struct {
	payments map[result]prometheus.Counter
	duration prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, c *Canary) *metrics {
	m := &metrics{payments: map[result]prometheus.Counter{}, duration: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "switchd_canary_duration_seconds", Help: "Canary payments that have succeeded, from the request to its answer.",
		Buckets: prometheus.ExponentialBuckets(250e-6, 2, 16), NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100,
	})}
	payments := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_canary_payments_total", Help: "Canary payments, by result: success, failed, timeout, refused (by the queue), stuck (not begun, because the one before has not ended).",
	}, []string{"result"})
	for _, r := range results {
		m.payments[r] = payments.WithLabelValues(string(r))
	}
	reg.MustRegister(payments, m.duration, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_canary_last_success_timestamp_seconds", Help: "When the latest canary payment succeeded; 0: none has.",
	}, func() float64 { return float64(c.good.Load()) / 1e9 }))
	return m
}
