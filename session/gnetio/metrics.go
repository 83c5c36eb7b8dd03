package gnetio

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
)

// metrics are the counters of a Server. Every label value exists from the
// start, so that a rate has a zero to start from, and so that the hot path
// adds to a counter without looking it up.
type metrics struct {
	links      map[phase]prometheus.Gauge
	handshakes map[string]prometheus.Counter
	closed     map[string]prometheus.Counter
	badFrames  map[string]prometheus.Counter
	framesIn   prometheus.Counter
	framesOut  prometheus.Counter
	bytesIn    prometheus.Counter
	bytesOut   prometheus.Counter
	diagnoses  map[string]prometheus.Counter
	dials      map[string]prometheus.Counter
	dialed     map[slotState]prometheus.Gauge
	shaken     prometheus.Histogram

	keepAlivesIn, keepAlivesOut prometheus.Counter
}

// newMetrics registers with r; a second server on the same registry is refused.
func newMetrics(r prometheus.Registerer) (*metrics, error) {
	links := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "switchd_links", Help: "Open links by state."}, []string{"state"})
	handshakes := counters("switchd_handshakes_total", "Handshakes by result.", "result")
	closed := counters("switchd_links_closed_total", "Links closed by reason.", "reason")
	bad := counters("switchd_frame_errors_total", "Malformed frames by reason; each closed its link.", "reason")
	frames := counters("switchd_frames_total", "Frames by direction: in is read, out is queued.", "direction")
	bytes := counters("switchd_bytes_total", "Bytes on the wire, with TLS, by direction.", "direction")
	alive := counters("switchd_keepalives_total", "Keep-alive frames by direction; they are not in switchd_frames_total.", "direction")
	diagnoses := counters("switchd_link_diagnoses_total", "Links whose first bytes were no message as configured, by what fits them.", "result")
	dials := counters("switchd_dials_total", "Attempts to reach a participant that the switch dials, by result.", "result")
	dialed := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "switchd_dialed_links", Help: "Links that the switch keeps up by dialling, by state."}, []string{"state"})
	m := &metrics{
		links:      map[phase]prometheus.Gauge{},
		handshakes: children(handshakes, shakeResults),
		closed:     children(closed, endReasons),
		badFrames:  children(bad, frame.Reasons()),
		framesIn:   frames.WithLabelValues("in"),
		framesOut:  frames.WithLabelValues("out"),
		bytesIn:    bytes.WithLabelValues("in"),
		bytesOut:   bytes.WithLabelValues("out"),
		diagnoses:  children(diagnoses, diagnosisResults),
		dials:      children(dials, dialResults),
		dialed:     map[slotState]prometheus.Gauge{},

		keepAlivesIn:  alive.WithLabelValues("in"),
		keepAlivesOut: alive.WithLabelValues("out"),
	}
	for p, name := range phaseNames {
		m.links[p] = links.WithLabelValues(name)
	}
	for p, name := range slotNames {
		m.dialed[p] = dialed.WithLabelValues(name)
	}
	m.shaken = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "switchd_handshake_duration_seconds", Help: "From the connection to the end of a handshake that made a link.",
		Buckets: prometheus.ExponentialBuckets(500e-6, 2, 15), NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160,
	})
	var faults []error
	for _, c := range []prometheus.Collector{m.shaken, links, handshakes, closed, bad, frames, bytes, alive, diagnoses, dials, dialed} {
		faults = append(faults, r.Register(c))
	}
	return m, errors.Join(faults...)
}

// showOutbox registers what the fullest outbox of a server holds.
func showOutbox(r prometheus.Registerer, s *Server) error {
	return r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_link_outbox_max_bytes", Help: "Bytes that wait on the link on which the most wait; one over its bound is closed.",
	}, s.fullest))
}

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
}

func children(v *prometheus.CounterVec, values []string) map[string]prometheus.Counter {
	m := map[string]prometheus.Counter{}
	for _, value := range values {
		m[value] = v.WithLabelValues(value)
	}
	return m
}

// move counts a link from one state to another; phaseNone is outside.
func (m *metrics) move(from, to phase) {
	if g := m.links[from]; g != nil {
		g.Dec()
	}
	if g := m.links[to]; g != nil {
		g.Inc()
	}
}
