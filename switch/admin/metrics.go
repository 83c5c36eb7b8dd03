package admin

import "github.com/prometheus/client_golang/prometheus"

// metrics are the server's own counters. Pages are the paths of its routes, a fixed set.
type metrics struct {
	requests       *prometheus.CounterVec // by page and status
	took           *prometheus.HistogramVec
	refused        prometheus.Counter
	refusedLogins  *prometheus.CounterVec // by why
	sessions       prometheus.Gauge
	streams        prometheus.Gauge
	streamsRefused prometheus.Counter
}

// newMetrics makes the counters and registers them if there is a registry.
func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_admin_requests_total",
			Help: "HTTP requests to the admin server by page and status.",
		}, []string{"page", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "switchd_admin_request_duration_seconds",
			Help:    "How long the admin server took for a request, by page.",
			Buckets: []float64{.001, .01, .1, 1, 10},
		}, []string{"page"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_admin_connections_refused_total",
			Help: "Connections to the admin server closed because too many were open.",
		}),
		refusedLogins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_admin_logins_refused_total",
			Help: "Requests to the admin server of who is nobody, or has not the role, by why.",
		}, []string{"why"}),
		sessions: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "switchd_admin_sessions",
			Help: "Sessions of browsers.",
		}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "switchd_admin_streams",
			Help: "Answers of the admin server that have no end yet.",
		}),
		streamsRefused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_admin_streams_refused_total",
			Help: "Streams refused because too many were open.",
		}),
	}
	for _, why := range []string{whyMissing, whyScheme, whyToken, whySession, whyCertificate, whyRole, whyThrottled} {
		m.refusedLogins.WithLabelValues(why)
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.took, m.refused, m.refusedLogins, m.sessions, m.streams, m.streamsRefused} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
