package main

import (
	"context"

	"switchd/switch/canary"
	"switchd/switch/engine"
)

// newCanary makes the canary of the configuration, if it has one.
func (n *node) newCanary() (err error) {
	if n.cfg.Canary.Every == 0 {
		return nil
	}
	n.canary, err = canary.New(canary.Options{
		Every: n.cfg.Canary.Every, Timeout: n.cfg.Canary.Timeout, Engine: n.engine, Clock: clock, Log: n.log, Registry: n.registry,
	})
	return err
}

// sink takes the effects of the engine: what is for participants goes to their links.
func (n *node) sink() engine.Sink {
	if n.canary == nil {
		return n.egress
	}
	return n.canary.Sink(n.egress)
}

// runCanary pays until ctx ends.
func (n *node) runCanary(ctx context.Context) error {
	if n.canary == nil {
		return nil
	}
	return n.canary.Run(ctx)
}

// holdCanary has no more canary payments begin.
func (n *node) holdCanary() {
	if n.canary != nil {
		n.canary.Hold()
	}
}
