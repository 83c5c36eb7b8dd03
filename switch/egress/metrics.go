package egress

import "github.com/prometheus/client_golang/prometheus"

// metrics of the egress.
type metrics struct {
	sent, unsent, windowed, unencodable prometheus.Counter
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
	}
	reg.MustRegister(m.sent, m.unsent, m.windowed, m.unencodable)
	return m
}
