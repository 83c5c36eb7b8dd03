package payshield

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// How an attempt to connect ended.
const (
	dialUp = iota
	dialFailed
	dialRefused // connected, and NC was not answered as it must be
	dialCount
)

var dialNames = [dialCount]string{"up", "failed", "refused"}

// metrics of a module.
type metrics struct {
	dials         [dialCount]prometheus.Counter
	closed        map[error]prometheus.Counter
	cut           prometheus.Counter
	late, unknown prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, m *Module) *metrics {
	dials := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_hsm_payshield_dials_total", Help: "Attempts to connect to the HSM by how they ended; refused: NC was not answered as it must be.",
	}, []string{"result"})
	closed := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_hsm_payshield_closed_total", Help: "Connections to the HSM that have ended, by why.",
	}, []string{"reason"})
	dropped := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_hsm_payshield_dropped_total", Help: "Answers that were dropped: late, or with a header that no open request has.",
	}, []string{"why"})
	out := &metrics{
		closed: map[error]prometheus.Counter{
			errStopped: closed.WithLabelValues("stopped"), errHung: closed.WithLabelValues("hung"), errWrong: closed.WithLabelValues("wrong"),
		},
		cut: closed.WithLabelValues("cut"), late: dropped.WithLabelValues("late"), unknown: dropped.WithLabelValues("unknown"),
	}
	for i, name := range dialNames {
		out.dials[i] = dials.WithLabelValues(name)
	}
	count := func(what func(l *link) float64) func() float64 {
		return func() (sum float64) {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, l := range m.links {
				sum += what(l)
			}
			return sum
		}
	}
	reg.MustRegister(dials, closed, dropped,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_hsm_payshield_connections", Help: "Connections to the HSM that calls can use.",
		}, count(func(*link) float64 { return 1 })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_hsm_payshield_open", Help: "Requests to the HSM without an answer, given up ones included.",
		}, count(func(l *link) float64 { return float64(l.load.Load()) })),
	)
	for whose, own := range map[string]bool{"switch": true, "module": false} {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_hsm_payshield_cert_expiry_timestamp_seconds", ConstLabels: prometheus.Labels{"whose": whose},
			Help: "When the first of the certificates ends that were shown on connections to the HSM; 0 while none was.",
		}, func() float64 { return m.ends.first(own) }))
	}
	return out
}

// ended counts the end of a connection.
func (m *metrics) ended(err error) {
	for reason, counter := range m.closed {
		if errors.Is(err, reason) {
			counter.Inc()
			return
		}
	}
	m.cut.Inc()
}
