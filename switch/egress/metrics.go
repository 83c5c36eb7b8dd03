package egress

import "github.com/prometheus/client_golang/prometheus"

// metrics of the egress.
type metrics struct {
	sent, unsent, unencodable prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		sent:        counter("switchd_messages_sent_total", "Messages handed to a link."),
		unsent:      counter("switchd_messages_unsent_total", "Messages that found no link of their participant."),
		unencodable: counter("switchd_messages_unencodable_total", "Messages that did not fit the participant's dialect."),
	}
	reg.MustRegister(m.sent, m.unsent, m.unencodable)
	return m
}
