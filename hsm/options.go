package hsm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options of a Pool.
type Options struct {
	Module Module       // required
	Clock  func() int64 // required: UTC nanoseconds, for the metrics

	Workers  int           // calls inside the module at once; default 8, 1 to 256
	QueueMax int           // calls that wait for a worker; default 256, 1 to 65536. Above it calls are refused at once
	Timeout  time.Duration // from the request of a call to its answer; default 500 ms, up to 1 min
	StopMax  time.Duration // how long Run waits for calls inside the module when it stops; default 2 s

	// ProbeEvery is the pause between two questions to the module whether it is there,
	// for the metric switchd_hsm_up; up to 1 h, default 0: nobody asks, and the metric is
	// not there.
	ProbeEvery time.Duration

	// Deadline makes the context of a call and of a pause; default context.WithTimeout. Tests end
	// calls by hand with it.
	Deadline func(context.Context, time.Duration) (context.Context, context.CancelFunc)

	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	if o.Workers == 0 {
		o.Workers = 8
	}
	if o.QueueMax == 0 {
		o.QueueMax = 256
	}
	if o.Timeout == 0 {
		o.Timeout = 500 * time.Millisecond
	}
	if o.StopMax == 0 {
		o.StopMax = 2 * time.Second
	}
	if o.Deadline == nil {
		o.Deadline = context.WithTimeout
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

func (o Options) validate() error {
	var faults []error
	if o.Module == nil || o.Clock == nil {
		faults = append(faults, errors.New("hsm: Module and Clock are required"))
	}
	if o.Workers < 1 || o.Workers > 256 {
		faults = append(faults, fmt.Errorf("hsm: Workers %d is not 1 to 256", o.Workers))
	}
	if o.QueueMax < 1 || o.QueueMax > 65536 {
		faults = append(faults, fmt.Errorf("hsm: QueueMax %d is not 1 to 65536", o.QueueMax))
	}
	if o.Timeout < 0 || o.Timeout > time.Minute || o.StopMax < 0 {
		faults = append(faults, fmt.Errorf("hsm: Timeout %s is not up to 1m, or StopMax %s is negative", o.Timeout, o.StopMax))
	}
	if o.ProbeEvery < 0 || o.ProbeEvery > time.Hour {
		faults = append(faults, fmt.Errorf("hsm: ProbeEvery %s is not 0 to 1h", o.ProbeEvery))
	}
	return errors.Join(faults...)
}
