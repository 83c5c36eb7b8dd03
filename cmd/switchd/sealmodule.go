package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
	"switchd/switch/config"
	"switchd/switch/seal"
)

// The keys that seal a data folder are a few bytes that are needed for each record, so
// the module keeps not them but the key under which their file is sealed (hsm.seal).

// unseal has the module open what it has sealed.
func (s *security) unseal(key string, public, sealed []byte) ([]byte, error) {
	if s.module == nil {
		return nil, fmt.Errorf("%w under %s, and the configuration has none (hsm)", seal.ErrModule, key)
	}
	ctx, cancel := context.WithTimeout(context.Background(), modulePatience)
	defer cancel()
	text, err := s.module.Open(ctx, hsm.Box{By: hsm.KeyRef(key), Public: public, Data: sealed})
	if err != nil {
		return nil, fmt.Errorf("key %s of the security module: %w", key, err)
	}
	return text, nil
}

// unsealing opens a key file that is sealed under the key that a configuration names
// (hsm.seal). One that names another would be obeyed in nothing: a file is sealed once.
func (s *security) unsealing(name string) seal.ModuleOpen {
	return func(key string, public, sealed []byte) ([]byte, error) {
		if name != "" && name != key {
			return nil, fmt.Errorf("it is sealed under key %s of the security module, and hsm.seal is %s: a file is not sealed anew, so write hsm.seal: %s", key, name, key)
		}
		return s.unseal(key, public, sealed)
	}
}

// sealFile has the module seal a key file, unless it is sealed already.
func (s *security) sealFile(file, key string, log *slog.Logger) error {
	if _, err := seal.LoadFile(file); err != nil {
		if errors.Is(err, seal.ErrModule) {
			return nil
		}
		return err
	}
	err := seal.ModuleFile(file, key, func(key string, public, text []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeout(context.Background(), modulePatience)
		defer cancel()
		return s.module.Seal(ctx, hsm.Box{By: hsm.KeyRef(key), Public: public, Data: text})
	}, s.unseal)
	if err == nil {
		log.Warn("the keys that seal the data folder were in a file in the clear; the security module has sealed it. Copies of it as it was open the folder still", "event", "key.seal.moved", "file", file, "key", key)
	}
	return err
}

// sealLoader reads key files for commands, with the module of a configuration for those
// that it has sealed. cfg nil: there is none.
func sealLoader(cfg *config.Config) func(file string) (*seal.Keys, error) {
	return func(file string) (*seal.Keys, error) {
		keys, err := seal.LoadFile(file)
		if !errors.Is(err, seal.ErrModule) || cfg == nil || cfg.HSM.Driver == "" {
			return keys, err
		}
		module, err := moduleBeside(&cfg.HSM)
		if err != nil {
			return nil, err
		}
		keys, err = seal.LoadFileWith(file, (&security{module: module}).unsealing(cfg.HSM.Seal))
		return keys, errors.Join(err, module.Close())
	}
}

// moduleBeside opens the module of a switch that may be running.
func moduleBeside(h *config.HSM) (closingModule, error) {
	if h.Driver == "soft" {
		return openSoftFile(h, true)
	}
	open := drivers[h.Driver]
	if open == nil {
		return nil, fmt.Errorf("hsm: this binary is not built for driver %s", h.Driver)
	}
	return open(h, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
}
