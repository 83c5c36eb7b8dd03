package hsm

import "github.com/prometheus/client_golang/prometheus"

// Op is a kind of call, as metrics name it.
type Op uint8

// The kinds of calls, one for each method of Module.
const (
	OpTranslatePIN Op = iota
	OpVerifyPVV
	OpVerifyOffset
	OpMAC
	OpVerifyMAC
	OpImportKey
	OpExportKey
	OpKCV
	OpSeal
	OpOpen
	OpToken
	OpSign
	OpVerify
	OpHealth
	opCount
)

var opNames = [opCount]string{
	"translate_pin", "verify_pvv", "verify_offset", "mac", "verify_mac", "import_key", "export_key", "kcv",
	"seal", "open", "token", "sign", "verify", "health",
}

// String is the label of the metrics.
func (o Op) String() string {
	if o < opCount {
		return opNames[o]
	}
	return "unknown"
}

// ending is how a call to the module ended.
type ending uint8

const (
	endOK ending = iota
	endDenied
	endVerify
	endKey
	endBlock
	endDown
	endTimeout
	endError
	endCount
)

var endNames = [endCount]string{"ok", "denied", "verify", "key", "block", "down", "timeout", "error"}

// callMetrics are of the calls to a module. Calls touch counters that were looked up
// once.
type callMetrics struct {
	calls    [opCount][endCount]prometheus.Counter
	duration [opCount]prometheus.Observer
}

func newCallMetrics(reg prometheus.Registerer) *callMetrics {
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_hsm_calls_total", Help: "Calls to the HSM by kind and how they ended, each for itself.",
	}, []string{"op", "outcome"})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "switchd_hsm_call_duration_seconds", Help: "What a call to the HSM took, from its beginning to its answer.",
		Buckets: prometheus.ExponentialBuckets(5e-6, 2, 20), NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160,
	}, []string{"op"})
	m := &callMetrics{}
	for op := range opCount {
		m.duration[op] = duration.WithLabelValues(op.String())
		for end := range endCount {
			m.calls[op][end] = calls.WithLabelValues(op.String(), endNames[end])
		}
	}
	reg.MustRegister(calls, duration)
	return m
}

// leaving is how a request left the pool. It is a batch of calls, or one.
type leaving uint8

const (
	leftAnswered  leaving = iota // in time, whatever the answer is
	leftFull                     // refused: there was no room
	leftUnstarted                // given up before a worker took it
	leftGivenUp                  // given up inside the module
	leftStopped                  // the pool ended
	leftCount
)

var leftNames = [leftCount]string{"answered", "full", "unstarted", "given_up", "stopped"}

// metrics of a pool.
type metrics struct {
	requests [opCount][leftCount]prometheus.Counter
	duration prometheus.Histogram
	late     prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, p *Pool) *metrics {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_hsm_requests_total", Help: "Requests to the pool, most of them batches of calls to the HSM, by how they left it.",
	}, []string{"op", "outcome"})
	m := &metrics{
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "switchd_hsm_request_duration_seconds", Help: "From a request to the pool to its answer, the wait for a worker included.",
			Buckets: prometheus.ExponentialBuckets(5e-6, 2, 20), NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160,
		}),
		late: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchd_hsm_late_total", Help: "Answers to requests that had been given up.",
		}),
	}
	for op := range opCount {
		for how := range leftCount {
			m.requests[op][how] = requests.WithLabelValues(op.String(), leftNames[how])
		}
	}
	reg.MustRegister(requests, m.duration, m.late,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_hsm_waiting", Help: "Requests that wait for a worker.",
		}, func() float64 { return float64(len(p.queue)) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_hsm_busy", Help: "Workers inside the HSM; all of them for long: it hangs.",
		}, func() float64 { return float64(p.busy.Load()) }),
	)
	if p.o.ProbeEvery > 0 {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_hsm_up", Help: "1 if the HSM answered when it was last asked whether it is there, else 0.",
		}, p.upGauge))
	}
	return m
}

// Up says whether the module answered when it was last asked whether it is there, or
// that nobody asks. Safe for concurrent use.
func (p *Pool) Up() bool { return p.o.ProbeEvery <= 0 || p.up.Load() }

func (p *Pool) upGauge() float64 {
	if p.up.Load() {
		return 1
	}
	return 0
}
