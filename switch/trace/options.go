package trace

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/route"
)

// Options of a Tracer.
type Options struct {
	Endpoint string                         // required: URL of the collector
	Sample   int                            // payments that are told of whatever became of them, in hundredths of a percent
	Slow     time.Duration                  // a payment that has taken longer is told of; 0: none for that
	Failures int                            // payments a second that are told of because they went wrong or were slow
	Names    func(route.Participant) string // required: IDs of participants
	Instance string                         // which switch this is
	Version  string                         // of the program

	QueueMax int                   // payments that wait to be told; default 1024, 1 to 65,536
	Every    time.Duration         // how often those that wait are told; default 1 s
	Timeout  time.Duration         // of one request to the collector; default 5 s
	Log      *slog.Logger          // default: none
	Clock    func() int64          // UTC nanoseconds, to space lines of the log; required
	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	if o.QueueMax == 0 {
		o.QueueMax = 1024
	}
	if o.Every == 0 {
		o.Every = time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

// sampleAll is a Sample of all payments.
const sampleAll = 100 * 100

func (o *Options) validate() error {
	var faults []error
	if o.Endpoint == "" || o.Names == nil || o.Clock == nil {
		faults = append(faults, errors.New("trace: Endpoint, Names and Clock are required"))
	}
	if o.Sample < 0 || o.Sample > sampleAll {
		faults = append(faults, fmt.Errorf("trace: Sample %d, want 0 to %d", o.Sample, sampleAll))
	}
	if o.QueueMax < 1 || o.QueueMax > 1<<16 {
		faults = append(faults, fmt.Errorf("trace: QueueMax %d, want 1 to 65536", o.QueueMax))
	}
	if o.Slow < 0 || o.Failures < 0 || o.Every < 0 || o.Timeout < 0 {
		faults = append(faults, errors.New("trace: Slow, Failures, Every and Timeout are not negative"))
	}
	return errors.Join(faults...)
}
