package backup

import "github.com/prometheus/client_golang/prometheus"

// result is how a backup ended.
type result string

const (
	made   result = "made"
	failed result = "failed"
)

// metrics of the backups of a switch that works.
type metrics struct {
	backups                        *prometheus.CounterVec
	running, last, size, snapshots prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		backups: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_backups_total", Help: "Online backups since the start, by result.",
		}, []string{"result"}),
		running:   gauge("switchd_backup_running", "1 while an online backup is being made."),
		last:      gauge("switchd_backup_last_timestamp_seconds", "When the last online backup since the start was made; 0: none."),
		size:      gauge("switchd_backup_last_bytes", "Size of the last online backup since the start."),
		snapshots: gauge("switchd_snapshots", "Snapshots in the data folder that were made before upgrades; each keeps disk space that the stores have given up."),
	}
	for _, r := range []result{made, failed} {
		m.backups.WithLabelValues(string(r))
	}
	reg.MustRegister(m.backups, m.running, m.last, m.size, m.snapshots)
	return m
}

func (m *metrics) count(r result) { m.backups.WithLabelValues(string(r)).Inc() }

func (m *metrics) made(b *Manifest, at int64) {
	m.count(made)
	m.last.Set(float64(at / 1e9))
	m.size.Set(float64(b.Bytes))
}
