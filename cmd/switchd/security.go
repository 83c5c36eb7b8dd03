package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"switchd/certs"
	"switchd/hsm"
	"switchd/hsm/soft"
	"switchd/switch/config"
	"switchd/switch/guard"
	guard8583 "switchd/switch/guard/iso8583"
	"switchd/switch/ingress"
	"switchd/switch/payment"
	"switchd/switch/vault"
)

// security is the switch's module, and what is done with it. Without a module none of
// its fields is set.
type security struct {
	module closingModule
	pool   *hsm.Pool
	vault  *vault.Vault
	audit  *keyAudit // of its keys

	exchange *keyExchange // nil until the rim is made
	rule     guard.AccountRule
}

// closingModule is a module that is given back at the end, and says what its keys are.
type closingModule interface {
	hsm.Module
	Close() error
	// Describe is what is known of the active key of a name.
	Describe(ctx context.Context, key hsm.KeyRef) (hsm.KeyInfo, error)
}

// drivers open the modules of a configuration. That of PKCS#11 is in binaries that are
// built for it.
var drivers = map[string]func(*config.HSM, *slog.Logger, prometheus.Registerer) (closingModule, error){
	"soft": openSoft, "payshield": openPayShield,
}

// macAlgorithms and pinFormats are what a configuration calls them.
var (
	macAlgorithms = map[string]hsm.MACAlgorithm{"X9.9": hsm.X99, "X9.19": hsm.X919, "AES-CMAC": hsm.AESCMAC, "TDES-CMAC": hsm.DESCMAC}
	pinFormats    = map[string]hsm.PINFormat{"ISO-0": hsm.ISO0, "ISO-3": hsm.ISO3, "ISO-4": hsm.ISO4}
	accountRules  = map[string]guard.AccountRule{"padded13": guard.Padded13, "whole12": guard.Whole12}
)

// openSecurity opens the module of a configuration, and says so if it is none to trust
// real money to.
func openSecurity(cfg *config.Config, log *slog.Logger, registry prometheus.Registerer) (*security, error) {
	h := &cfg.HSM
	if h.Driver == "" {
		return &security{}, nil
	}
	open := drivers[h.Driver]
	if open == nil {
		return nil, fmt.Errorf("hsm: this binary is not built for driver %s", h.Driver)
	}
	module, err := open(h, log, registry)
	if err != nil {
		return nil, err
	}
	s := &security{module: module, audit: newKeyAudit(auditFile(cfg)), rule: accountRules[h.AccountRule]}
	if err := s.fits(cfg, log); err != nil {
		return nil, errors.Join(err, module.Close())
	}
	s.pool, err = hsm.NewPool(hsm.Options{Module: module, Clock: clock, Workers: h.Workers, QueueMax: h.Queue, Timeout: h.Timeout, ProbeEvery: moduleProbe, Registry: registry})
	if err != nil {
		return nil, errors.Join(err, module.Close())
	}
	s.vault = vault.New(vault.Options{Clock: clock, Registry: registry})
	s.recoverAudit(log)
	return s, nil
}

// fits refuses a module that does not answer, or is not for production in a switch
// that is.
func (s *security) fits(cfg *config.Config, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), modulePatience)
	defer cancel()
	health, err := s.module.Health(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("hsm: the module does not answer: %w", err)
	case health.Production:
		log.Info("security module", "event", "hsm.opened", "driver", health.Driver, "detail", health.Detail)
	case cfg.Profile == "production" && health.Driver == "payshield":
		return fmt.Errorf("hsm: the module at the other end is a simulated one, for development and tests (%s): with profile production a hardware module is needed", health.Detail)
	case cfg.Profile == "production":
		return fmt.Errorf("hsm: driver %s is for development and tests: with profile production a hardware module is needed", health.Driver)
	default:
		log.Warn("THE SECURITY MODULE IS SOFTWARE, FOR DEVELOPMENT AND TESTS ONLY: keys are in the memory of a process", "event", "hsm.software", "driver", health.Driver, "detail", health.Detail)
	}
	return nil
}

// modulePatience is how long a start or a reload waits for the module.
const modulePatience = 5 * time.Second

// moduleProbe is the pause between two questions whether the module is there.
const moduleProbe = 5 * time.Second

// openSoft opens the software module of a configuration.
func openSoft(h *config.HSM, _ *slog.Logger, _ prometheus.Registerer) (closingModule, error) {
	return openSoftFile(h, false)
}

// openSoftFile opens the key file of a configuration, beside a running switch for reading
// only.
func openSoftFile(h *config.HSM, readOnly bool) (closingModule, error) {
	o := soft.Options{Path: h.Keys, Clock: clock, ReadOnly: readOnly}
	if err := o.Unlock(h.Unlock); err != nil {
		return nil, err
	}
	defer o.Passphrase.Wipe()
	defer o.Key.Wipe()
	m, err := soft.Open(o)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// run works until ctx ends; then it gives the module back. Nothing asks it any more
// by then.
func (s *security) run(ctx context.Context) error {
	if s.module == nil {
		return nil
	}
	var all errgroup.Group
	all.Go(func() error { return s.pool.Run(ctx) })
	all.Go(func() error { return s.vault.Run(ctx) })
	if s.exchange != nil {
		all.Go(func() error { return s.exchange.run(ctx) })
	}
	return errors.Join(all.Wait(), s.audit.close(), s.module.Close())
}

// startSecurity has the module at work until stop is called: after the engine, whose
// last messages it protects.
func (n *node) startSecurity(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var work errgroup.Group
	work.Go(func() error { return n.security.run(ctx) })
	return func() error {
		cancel()
		return work.Wait()
	}
}

// ofIngress is what the ingress does with it.
func (s *security) ofIngress() ingress.Security {
	if s.module == nil {
		return ingress.Security{}
	}
	return ingress.Security{Pool: s.pool, Vault: s.vault, PINs: s.vault.Take, Account: s.rule}
}

// dropPIN wipes PIN blocks that no debit will take; nil without a module.
func (s *security) dropPIN() func(token []byte) {
	if s.module == nil {
		return nil
	}
	return s.vault.Drop
}

// close gives back a module that never ran.
func (s *security) close() error {
	if s.module == nil {
		return nil
	}
	return s.module.Close()
}

// protection is what the rim has to know of how a participant's messages are protected.
type protection struct {
	scheme  guard.Scheme // nil: they are not
	fault   payment.Outcome
	zone    guard.Zone
	watched []certs.Watched // certificates of signatures
}

// protect makes the protection of a participant, whose keys must be in the module.
func (s *security) protect(cfg *config.Config, p *config.Participant) (protection, error) {
	out := protection{fault: payment.CryptoMAC, zone: pinZone(p)}
	switch {
	case p.Signature.Kind != "":
		return s.signed(p)
	case p.MAC.Key == "" && p.PIN.Key == "":
		return protection{}, nil
	}
	scheme, err := codesOf(p)
	if err != nil {
		return out, fmt.Errorf("participant %s: %w", p.ID, err)
	}
	out.scheme = scheme
	return out, s.has(cfg, p)
}

// pinZone is how the PIN blocks of a participant are encrypted.
func pinZone(p *config.Participant) guard.Zone {
	return guard.Zone{Key: hsm.KeyRef(p.PIN.Key), Format: pinFormats[p.PIN.Format]}
}

// codesOf is how the messages of a participant of ISO 8583 are protected.
func codesOf(p *config.Participant) (*guard8583.Scheme, error) {
	spec, err := builtinSpec(p.Dialect)
	if err != nil {
		return nil, err
	}
	return guard8583.New(guard8583.Options{
		Spec: spec, Zone: pinZone(p),
		MAC: guard8583.MAC{Key: hsm.KeyRef(p.MAC.Key), Algorithm: macAlgorithms[p.MAC.Algorithm], Size: p.MAC.Size},
	})
}
