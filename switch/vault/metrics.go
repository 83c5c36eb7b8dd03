package vault

import "github.com/prometheus/client_golang/prometheus"

// metrics of a Vault.
type metrics struct {
	refused, expired prometheus.Counter
}

func newMetrics(r prometheus.Registerer, v *Vault) *metrics {
	m := &metrics{
		refused: prometheus.NewCounter(prometheus.CounterOpts{Name: "switchd_vault_refused_total", Help: "PIN blocks that found no room."}),
		expired: prometheus.NewCounter(prometheus.CounterOpts{Name: "switchd_vault_expired_total", Help: "PIN blocks that nobody took in time, wiped."}),
	}
	if r != nil {
		r.MustRegister(m.refused, m.expired, prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: "switchd_vault_blocks", Help: "PIN blocks that wait for their debit."},
			func() float64 { return float64(v.Len()) }))
	}
	return m
}
