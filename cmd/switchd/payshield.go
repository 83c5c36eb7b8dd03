package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"switchd/hsm/payshield"
	"switchd/switch/config"
)

// payshieldModule is a payShield with its connections, until Close.
type payshieldModule struct {
	*payshield.Module
	stop context.CancelFunc
	work errgroup.Group
}

// openPayShield connects to the modules of a configuration; it fails if none of them
// answers.
func openPayShield(h *config.HSM, log *slog.Logger, registry prometheus.Registerer) (closingModule, error) {
	driver, err := payshield.New(payshield.Options{Addresses: h.Addresses, Table: h.Keys, Clock: clock, Log: log, Registry: registry})
	if err != nil {
		return nil, fmt.Errorf("hsm: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &payshieldModule{Module: driver, stop: stop}
	m.work.Go(func() error { return driver.Run(ctx) })
	patience, cancel := context.WithTimeout(ctx, modulePatience)
	defer cancel()
	if err := driver.Up(patience); err != nil {
		_ = m.Close() // never fails, and why there is no connection is what counts
		return nil, fmt.Errorf("hsm: the module does not answer: %w", err)
	}
	return m, nil
}

// Close ends the connections.
func (m *payshieldModule) Close() error {
	m.stop()
	return m.work.Wait()
}
