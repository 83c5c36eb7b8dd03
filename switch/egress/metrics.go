package egress

import "github.com/prometheus/client_golang/prometheus"

// metrics of the egress.
type metrics struct {
	sent, unsent, windowed, unencodable prometheus.Counter
	unprotected                         *prometheus.CounterVec // by reason
	messages                            *prometheus.CounterVec // by participant and class
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		sent:        counter("switchd_messages_sent_total", "Messages handed to a link."),
		unsent:      counter("switchd_messages_unsent_total", "Messages that found no link of their participant."),
		windowed:    counter("switchd_messages_windowed_total", "New requests not sent because the windows of their participant's links were full."),
		unencodable: counter("switchd_messages_unencodable_total", "Messages that did not fit the participant's dialect."),
		unprotected: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "switchd_messages_unprotected_total",
			Help: "Messages that did not leave: the security module failed, or their link while it worked."}, []string{"reason"}),
	}
	for _, reason := range []string{reasonModule, reasonPIN, reasonKey, reasonLink, reasonLate} {
		m.unprotected.WithLabelValues(reason)
	}
	m.messages = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_messages_total", ConstLabels: prometheus.Labels{"direction": "out"},
		Help: "Messages read from a link (in), or handed to one (out), by participant and class; of network messages those read only.",
	}, []string{"participant", "class"})
	reg.MustRegister(m.messages, m.sent, m.unsent, m.windowed, m.unencodable, m.unprotected)
	return m
}
