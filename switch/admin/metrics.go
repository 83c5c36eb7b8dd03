package admin

import "github.com/prometheus/client_golang/prometheus"

// metrics are the server's own counters.
type metrics struct {
	requests *prometheus.CounterVec // by page (a fixed set) and status class
	refused  prometheus.Counter
}

// newMetrics makes the counters and registers them if there is a registry.
func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_admin_requests_total",
			Help: "HTTP requests to the admin server by page and status.",
		}, []string{"page", "status"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_admin_connections_refused_total",
			Help: "Connections to the admin server closed because too many were open.",
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.refused} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
