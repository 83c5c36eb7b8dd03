package engine

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/payment"
)

// metrics of the engine. The hot path touches counters that were looked up once.
type metrics struct {
	events      [16]prometheus.Counter // by payment.Kind
	states      [32]prometheus.Counter // by payment.State
	notices     [16]prometheus.Counter // by payment.Notice
	exceptions  [16]prometheus.Counter // by payment.Recon
	held        [holdCount]prometheus.Counter
	groupEvents prometheus.Histogram
	groupBytes  prometheus.Counter
	refused     prometheus.Counter
	breakers    *prometheus.GaugeVec // by participant and class
	open        atomic.Int64
}

// newMetrics registers what is counted.
func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		groupEvents: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "switchd_commit_events", Help: "Events that shared one commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 14),
		}),
		groupBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_journal_bytes_total", Help: "Bytes appended to the journal.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_events_refused_total", Help: "Events that found the queue full or the engine stopped.",
		}),
	}
	m.vectors(reg)
	reg.MustRegister(m.groupEvents, m.groupBytes, m.refused)
	return m
}

// show registers what an engine is asked for at each scrape: of one that has replayed, or
// it would say that nothing is open.
func (m *metrics) show(reg prometheus.Registerer, e *Engine) {
	reg.MustRegister(&collector{e: e},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_payments_open", Help: "Payments that wait for an outcome or a repair.",
		}, func() float64 { return float64(m.open.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_queue_events", Help: "Events that wait for the sequencer.",
		}, func() float64 { return float64(e.q.len()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_queue_room", Help: "Requests that may wait for the sequencer: as many as are taken in a second (8192 at least), and in 100 ms when the queue is crowded.",
		}, func() float64 { _, most := e.Requests(); return float64(most) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_load_step", Help: "How far new work is shed: 0 not at all, 1 enquiries, 2 also collects, 3 also large payments, 4 all new payments.",
		}, func() float64 { return float64(e.Load()) }),
	)
}

// vectors registers the counters that have a label, one child for each value of
// its fixed set.
func (m *metrics) vectors(reg prometheus.Registerer) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_events_total", Help: "Events that have taken effect, by kind.",
	}, []string{"kind"})
	for _, k := range payment.Kinds() {
		m.events[k] = events.WithLabelValues(k.String())
	}
	states := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_payment_states_total", Help: "Payments that have entered a state.",
	}, []string{"state"})
	for _, s := range payment.States() {
		m.states[s] = states.WithLabelValues(s.String())
	}
	notices := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_notices_total", Help: "Duplicates, late and unmatched answers, exceptions.",
	}, []string{"notice"})
	for _, n := range payment.Notices() {
		if n != payment.Moved {
			m.notices[n] = notices.WithLabelValues(n.String())
		}
	}
	exceptions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_exceptions_total", Help: "What a person has to look at, by kind; the log names the payments.",
	}, []string{"kind"})
	for _, r := range payment.Recons() {
		m.exceptions[r] = exceptions.WithLabelValues(r.String())
	}
	holds := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_commit_held_total", Help: "Commits, by what they had to wait for: none, company (more events to share the commit), disk (the commit before).",
	}, []string{"for"})
	for h, name := range holdNames {
		m.held[h] = holds.WithLabelValues(name)
	}
	m.breakers = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "switchd_breaker_state", Help: "Breakers that have turned since the start: 0 closed, 1 open, 2 half-open.",
	}, []string{"participant", "class"})
	reg.MustRegister(events, states, notices, exceptions, holds, m.breakers)
}

// count takes one notice. Writer goroutine only.
func (m *metrics) count(ef *payment.Effect) {
	if ef.Notice != payment.Moved {
		m.notices[ef.Notice].Inc()
		return
	}
	m.states[ef.State].Inc()
}
