package certs

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the counters of a Trust.
type metrics struct {
	taken, refused prometheus.Counter
	bad            prometheus.Gauge
}

// newMetrics registers with r; a second Trust on the same registry is refused.
func newMetrics(r prometheus.Registerer, e *expiry) (*metrics, error) {
	loads := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_cert_reloads_total", Help: "Changes of certificate files by result; refused ones count once, however often they are tried."}, []string{"result"})
	m := &metrics{
		taken: loads.WithLabelValues("taken"), refused: loads.WithLabelValues("refused"),
		bad: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "switchd_cert_files_refused", Help: "Certificate files whose content is not in force because it is bad; the one before is."}),
	}
	var faults []error
	for _, c := range []prometheus.Collector{loads, m.bad, &expiryCollector{e: e, desc: prometheus.NewDesc("switchd_cert_expiry_timestamp_seconds",
		"When a certificate expires: of the switch, the first authority (ca) and revocation list (crl), of each participant with a link the first it shows, and the first of each ID/signature.",
		[]string{"certificate"}, nil)}} {
		faults = append(faults, r.Register(c))
	}
	return m, errors.Join(faults...)
}

// expiryCollector shows what expires when. Its labels are as many as participants
// are configured, twice (with signatures), and a few more.
type expiryCollector struct {
	e    *expiry
	desc *prometheus.Desc
}

// Describe is called by Prometheus.
func (c *expiryCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect is called by Prometheus, for each scrape.
func (c *expiryCollector) Collect(ch chan<- prometheus.Metric) {
	for label, at := range c.e.earliest() {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(at.Unix()), label)
	}
}
