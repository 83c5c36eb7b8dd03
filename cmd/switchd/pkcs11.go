//go:build pkcs11

package main

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm/pkcs11"
	"switchd/hsm/unlock"
	"switchd/switch/config"
)

func init() { drivers["pkcs11"] = openPKCS11 }

// openPKCS11 logs in to the token of a configuration.
func openPKCS11(h *config.HSM, _ *slog.Logger, _ prometheus.Registerer) (closingModule, error) {
	pin, err := unlock.Line(h.Unlock)
	if err != nil {
		return nil, fmt.Errorf("hsm: PIN of the token: %s: %w", h.Unlock, err)
	}
	defer pin.Wipe()
	m, err := pkcs11.Open(pkcs11.Options{Library: h.Library, Token: h.Token, PIN: pin, Clock: clock, Sessions: h.Workers})
	if err != nil {
		return nil, err
	}
	return m, nil
}
