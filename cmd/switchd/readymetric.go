package main

import "github.com/prometheus/client_golang/prometheus"

// readyMetric shows what /readyz says, so that time without readiness can be counted. The
// checks are run at each scrape, as a probe would, of a node that has all its parts.
func (n *node) readyMetric() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_ready", Help: "1 if /readyz says that new payments should be sent here, else 0.",
	}, func() float64 {
		if n.rising.yet() != nil {
			return 0
		}
		for _, c := range n.checks() {
			if _, err := c.Run(); err != nil {
				return 0
			}
		}
		return 1
	})
}
