package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"switchd/certs"
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
	o, err := payshieldOptions(h)
	if err != nil {
		return nil, fmt.Errorf("hsm: %w", err)
	}
	tellNoTable(h, log)
	o.Log, o.Registry = log, registry
	driver, err := payshield.New(o)
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
		return nil, fmt.Errorf("hsm: no module can be used: %w", err)
	}
	return m, nil
}

// tellNoTable says that a key table is not there: the first import makes it, and a name
// that was mistyped looks the same.
func tellNoTable(h *config.HSM, log *slog.Logger) {
	if _, err := os.Stat(h.Keys); errors.Is(err, fs.ErrNotExist) {
		log.Warn("the key table (hsm.keys) is not there: it has no keys, and the first key that is taken makes it", "event", "key.table.new", "file", h.Keys)
	}
}

// payshieldOptions are what a configuration says of the modules and the way to them.
func payshieldOptions(h *config.HSM) (payshield.Options, error) {
	p := &h.PayShield
	o := payshield.Options{
		Addresses: h.Addresses, Table: h.Keys, Clock: clock,
		LMK: p.LMK, HeaderLen: p.HeaderLen, VariantLMK: p.VariantLMK,
	}
	if p.TLS.CA == "" {
		return o, nil
	}
	host := certs.Host{
		Paths: certs.Paths{CA: p.TLS.CA, Cert: p.TLS.Cert, Key: p.TLS.Key},
		Name:  p.TLS.ServerName, TLS12: p.TLS.Min == "1.2",
	}
	for _, text := range p.TLS.Pins {
		pin, err := certs.ParsePin(text)
		if err != nil {
			return o, err
		}
		host.Pins = append(host.Pins, pin)
	}
	var err error
	o.TLS, err = certs.HostConfig(host, clock)
	return o, err
}

// Close ends the connections.
func (m *payshieldModule) Close() error {
	m.stop()
	return m.work.Wait()
}
