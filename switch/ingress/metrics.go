package ingress

import "github.com/prometheus/client_golang/prometheus"

// metrics of the ingress.
type metrics struct {
	malformed prometheus.Counter
	unmatched prometheus.Counter
	shed      prometheus.Counter
	heldOff   prometheus.Counter
	refused   *prometheus.CounterVec
	held      *prometheus.CounterVec
	limited   *prometheus.CounterVec
	unproven  *prometheus.CounterVec
	messages  *prometheus.CounterVec
	links     *prometheus.GaugeVec
	echo      prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		malformed: counter("switchd_messages_malformed_total", "Messages in good frames with a bad field."),
		unmatched: counter("switchd_messages_unmatched_total", "Answers whose reference is none of this switch."),
		shed:      counter("switchd_messages_shed_total", "Messages for which the engine had no room."),
		heldOff:   counter("switchd_links_held_total", "Links held off because their participant had signed on too often within a minute."),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_messages_refused_total", Help: "Requests answered without becoming an event, by response code (DE39).",
		}, []string{"code"}),
		held: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_requests_held_total", Help: "New payments declined without a record while none were taken, by why.",
		}, []string{"reason"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchd_messages_limited_total", Help: "Messages turned away at the rim, by participant, class, and why: rate (its limit), gap (asked about just before), load (the switch sheds it), share (of the queue).",
		}, []string{"participant", "class", "why"}),
	}
	m.unproven = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_messages_unproven_total", Help: "Messages whose code or signature is wrong or missing (wrong), or could not be checked (down), by participant.",
	}, []string{"participant", "why"})
	m.messages = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_messages_total", ConstLabels: prometheus.Labels{"direction": "in"},
		Help: "Messages read from a link (in), or handed to one (out), by participant and class; of network messages those read only.",
	}, []string{"participant", "class"})
	m.links = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "switchd_participant_links", Help: "Links of a participant by where they stand: connected, signed_on, signed_off, leaving (as soon as what is unanswered on it has its answer).",
	}, []string{"participant", "state"})
	m.echo = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "switchd_link_echo_duration_seconds", Help: "From an echo that the switch has sent on a silent link to its answer.",
		Buckets: prometheus.ExponentialBuckets(100e-6, 2, 18), NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160,
	})
	m.held.WithLabelValues(string(DiskFull))
	reg.MustRegister(m.messages, m.links, m.echo, m.unproven, m.malformed, m.unmatched, m.shed, m.heldOff, m.refused, m.held, m.limited)
	return m
}

// Why a message is not proven, as metrics call it.
const (
	unprovenWrong = "wrong" // its code or signature is, or is missing
	unprovenDown  = "down"  // the security module has not answered
)
