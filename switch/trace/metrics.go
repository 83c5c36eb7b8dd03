package trace

import "github.com/prometheus/client_golang/prometheus"

// metrics of a Tracer.
type metrics struct {
	sent, full, over, failed prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, t *Tracer) *metrics {
	traces := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_traces_total", Help: "Payments that were chosen to be told of, by what became of their trace: sent, full (the queue was), over (more a second than are told of), failed (the collector did not take it).",
	}, []string{"result"})
	reg.MustRegister(traces, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_traces_waiting", Help: "Traces that wait for the collector.",
	}, func() float64 { return float64(len(t.queue)) }))
	return &metrics{
		sent: traces.WithLabelValues("sent"), full: traces.WithLabelValues("full"),
		over: traces.WithLabelValues("over"), failed: traces.WithLabelValues("failed"),
	}
}
