package canary

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/payment"
)

// Engine is what the canary needs of the engine.
type Engine interface {
	Submit(events []payment.Event) (taken int, err error)
	Inspect(ctx context.Context, f func(*payment.Machine)) error
	Config() *payment.Config
}

// Options of a Canary.
type Options struct {
	Every   time.Duration // required: from one payment to the next
	Timeout time.Duration // until one has failed; default 5 s
	Engine  Engine        // required
	Clock   func() int64  // required: UTC nanoseconds

	Log      *slog.Logger          // default: slog.Default()
	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

func (o *Options) validate() error {
	if o.Every <= 0 || o.Timeout <= 0 || o.Engine == nil || o.Clock == nil {
		return errors.New("canary: Every, Timeout, Engine and Clock are required")
	}
	return nil
}
