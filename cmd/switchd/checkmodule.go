package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"switchd/hsm"
	"switchd/hsm/payshield"
	"switchd/hsm/unlock"
	"switchd/switch/config"
)

// moduleLook is what files say of the keys of a module.
type moduleLook struct {
	faults   config.Faults
	describe func(hsm.KeyRef) (hsm.KeyInfo, error) // nil: only the module itself can say it
}

// checkModule checks the files of the security module as a start does, and the keys that
// they have: all faults at once. A switch may be running; nothing is changed, and no
// module is asked over a network.
func checkModule(cfg *config.Config, log *slog.Logger) config.Faults {
	h := &cfg.HSM
	if h.Driver == "" {
		return nil
	}
	if drivers[h.Driver] == nil {
		return config.Faults{cfg.FaultOf("hsm.driver", "hsm: this binary is not built for driver %s", h.Driver)}
	}
	var look moduleLook
	switch h.Driver {
	case "soft":
		close := look.soft(cfg)
		defer close()
	case "payshield":
		look.payshield(cfg, log)
	case "pkcs11":
		look.pkcs11(cfg)
	}
	if look.describe == nil {
		return look.faults
	}
	for i := range cfg.Participants {
		faults, err := faulty(cfg, &cfg.Participants[i], func(n *keyNeed) (hsm.KeyInfo, error) {
			if h.Driver == "payshield" && beyondPayShield(n) {
				return hsm.KeyInfo{}, fmt.Errorf("%s a driver that can do it: the host commands of payshield have no such thing", n.what)
			}
			return look.describe(n.key)
		})
		if err != nil {
			return append(look.faults, cfg.FaultOf("hsm.keys", "%v", err))
		}
		look.faults = append(look.faults, faults...)
	}
	if why := sealing(h, look.describe); why != "" {
		look.faults = append(look.faults, cfg.FaultOf("hsm.seal", "hsm.seal %s: %s", h.Seal, why))
	}
	return look.faults
}

// beyondPayShield tells whether no key would do.
func beyondPayShield(n *keyNeed) bool {
	return n.usage == hsm.SignaturePair || n.usage == hsm.MACAlg5 && n.algorithms[0] == hsm.TDES
}

// sealing says what is wrong with the key of hsm.seal, "" if nothing is.
func sealing(h *config.HSM, describe func(hsm.KeyRef) (hsm.KeyInfo, error)) string {
	if h.Seal == "" {
		return ""
	}
	n := keyNeed{key: hsm.KeyRef(h.Seal), what: "the file of seal_key needs", usage: hsm.DataEncryption, algorithms: []hsm.Algorithm{hsm.AES}, modes: "BDN"}
	k, err := describe(n.key)
	if err != nil {
		return err.Error()
	}
	return n.unmet(&k)
}

// soft opens the key file for reading only.
func (l *moduleLook) soft(cfg *config.Config) (close func()) {
	m, err := moduleBeside(&cfg.HSM)
	if err != nil {
		l.faults = append(l.faults, cfg.FaultOf("hsm.keys", "%v", err))
		return func() {}
	}
	ctx := context.Background()
	l.describe = func(key hsm.KeyRef) (hsm.KeyInfo, error) { return m.Describe(ctx, key) }
	return func() { _ = m.Close() } // what was read counts
}

// payshield reads the key table and the files of TLS.
func (l *moduleLook) payshield(cfg *config.Config, log *slog.Logger) {
	h := &cfg.HSM
	if _, err := payshieldOptions(h); err != nil {
		l.faults = append(l.faults, cfg.FaultOf("hsm.tls", "hsm.tls: %v", err))
	}
	describe, err := payshield.ReadTable(h.Keys, clock)
	if err != nil {
		l.faults = append(l.faults, cfg.FaultOf("hsm.keys", "hsm: %v", err))
		return
	}
	tellNoTable(h, log)
	l.describe = describe
}

// pkcs11 looks at the files; what keys there are only the token knows.
func (l *moduleLook) pkcs11(cfg *config.Config) {
	if _, err := os.Stat(cfg.HSM.Library); err != nil {
		l.faults = append(l.faults, cfg.FaultOf("hsm.library", "hsm.library: %v", err))
	}
	pin, err := unlock.Line(cfg.HSM.Unlock)
	if err != nil {
		l.faults = append(l.faults, cfg.FaultOf("hsm.unlock", "hsm: PIN of the token: %s: %v", cfg.HSM.Unlock, err))
	}
	pin.Wipe()
}
