package main

import (
	"crypto/fips140"

	"github.com/prometheus/client_golang/prometheus"

	systemclock "switchd/switch/clock"
)

// showProcess registers what the process and its configuration are.
func (n *node) showProcess() {
	systemclock.Register(n.registry, clockJump)
	n.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_clock_behind_seconds", Help: "By how much the clock is behind the journal's time now: it was ahead before the start, and has not been set forward since.",
	}, func() float64 {
		if n.rising.yet() != nil {
			return 0
		}
		return max(0, n.engine.Ahead()-clockSet()).Seconds()
	}))
	n.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_fips_enforced", Help: "1 if nothing but algorithms that FIPS 140-3 approves can be used (GODEBUG=fips140=only), else 0.",
	}, func() float64 { return truth(fips140.Enforced()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_fips_enabled", Help: "1 if the cryptography is that of the FIPS 140-3 module (GODEBUG=fips140=on or only), else 0.",
		}, func() float64 { return truth(fips140.Enabled()) }),
		&configHash{n: n, desc: prometheus.NewDesc("switchd_config_hash_info",
			"1, with the begin of the SHA-256 of the configuration in force: two switches that serve by one have the same.", []string{"hash"}, nil)})
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// configHash shows which configuration is in force. There is one series at a time.
type configHash struct {
	n    *node
	desc *prometheus.Desc
}

// hashShown is how much of the hash tells configurations apart.
const hashShown = 12

// Describe is called by Prometheus.
func (c *configHash) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect is called by Prometheus, for each scrape.
func (c *configHash) Collect(ch chan<- prometheus.Metric) {
	if a := c.n.conf.inForce.Load(); a != nil {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, 1, a.kept.SHA256[:hashShown])
	}
}
