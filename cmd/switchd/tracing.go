package main

import (
	"context"

	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/route"
	payments "switchd/switch/trace"
)

// tracing tells a collector of some payments; the zero value tells nobody.
type tracing struct{ tracer *payments.Tracer }

// newTracing makes what the configuration asks for, before there is an engine.
func (n *node) newTracing(cfg *config.Config) (err error) {
	if cfg.Tracing.Endpoint == "" {
		return nil
	}
	n.tracing.tracer, err = payments.New(payments.Options{
		Endpoint: cfg.Tracing.Endpoint, Sample: cfg.Tracing.Sample, Slow: cfg.Tracing.Slow, Failures: cfg.Tracing.Failures,
		Names: n.nameOf, Instance: cfg.Institution, Version: build().Version, Log: n.log, Clock: clock, Registry: n.registry,
	})
	return err
}

// nameOf is the ID of a participant, empty if there is none with that number.
func (n *node) nameOf(number route.Participant) string {
	for _, p := range n.engine.Config().Participants {
		if p.Number == number {
			return p.ID
		}
	}
	return ""
}

// ended is what the engine tells of payments that have ended; nil if nobody listens.
func (t *tracing) ended() func(*payment.Payment) {
	if t.tracer == nil {
		return nil
	}
	return t.tracer.Ended
}

// run tells the collector until ctx ends.
func (t *tracing) run(ctx context.Context) error {
	if t.tracer == nil {
		return nil
	}
	return t.tracer.Run(ctx)
}
