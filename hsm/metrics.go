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

// ending is how a call ended.
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
	endFull
	endCount
)

var endNames = [endCount]string{"ok", "denied", "verify", "key", "block", "down", "timeout", "error", "full"}

// metrics of a pool. Calls touch counters that were looked up once.
type metrics struct {
	calls    [opCount][endCount]prometheus.Counter
	duration [opCount]prometheus.Observer
	late     prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, p *Pool) *metrics {
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_hsm_calls_total", Help: "Calls to the HSM by kind and how they ended; full: the pool had no room.",
	}, []string{"op", "outcome"})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "switchd_hsm_call_duration_seconds", Help: "From the request of a call to its answer, the wait for a worker included.",
		Buckets: prometheus.ExponentialBuckets(5e-6, 2, 20),
	}, []string{"op"})
	m := &metrics{late: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "switchd_hsm_late_total", Help: "Answers of the HSM to calls that had been given up.",
	})}
	for op := range opCount {
		m.duration[op] = duration.WithLabelValues(op.String())
		for end := range endCount {
			m.calls[op][end] = calls.WithLabelValues(op.String(), endNames[end])
		}
	}
	reg.MustRegister(calls, duration, m.late,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_hsm_waiting", Help: "Calls that wait for a worker.",
		}, func() float64 { return float64(len(p.queue)) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_hsm_busy", Help: "Workers inside the HSM; all of them for long: it hangs.",
		}, func() float64 { return float64(p.busy.Load()) }),
	)
	return m
}
