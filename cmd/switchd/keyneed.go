package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"switchd/hsm"
	"switchd/switch/config"
)

// keyNeed is what a key must be for what a configuration names it for. A key for
// something else would only show with the first message that needs it.
type keyNeed struct {
	at         string // in the section of the participant
	key        hsm.KeyRef
	what       string // needs it, in words
	usage      hsm.Usage
	algorithms []hsm.Algorithm // one of them
	modes      string          // one of them
}

// needsOf are the keys of a participant.
func needsOf(p *config.Participant) (all []keyNeed) {
	if p.MAC.Key != "" {
		by := macAlgorithms[p.MAC.Algorithm]
		all = append(all, keyNeed{"mac.key", hsm.KeyRef(p.MAC.Key), "codes by " + by.String() + " need", by.Usage(), []hsm.Algorithm{macCipher(by)}, "CN"})
	}
	if p.PIN.Key != "" {
		format := pinFormats[p.PIN.Format]
		all = append(all, keyNeed{"pin.key", hsm.KeyRef(p.PIN.Key), "PIN blocks of " + format.String() + " need", hsm.PINEncryption, []hsm.Algorithm{format.Algorithm()}, "BEDN"})
	}
	if p.KeyExchange != "" {
		all = append(all, keyNeed{"key_exchange", hsm.KeyRef(p.KeyExchange), "key blocks need", hsm.KeyProtection, []hsm.Algorithm{hsm.AES, hsm.TDES}, "BDN"})
	}
	if p.Signature.Key != "" {
		by := hsm.ECDSA
		if p.Signature.Algorithm == string(hsm.PS256) {
			by = hsm.RSA
		}
		all = append(all, keyNeed{"signature.key", hsm.KeyRef(p.Signature.Key), "signatures by " + p.Signature.Algorithm + " need", hsm.SignaturePair, []hsm.Algorithm{by}, "STN"})
	}
	return all
}

// macCipher is the cipher of an algorithm's keys.
func macCipher(a hsm.MACAlgorithm) hsm.Algorithm {
	switch a {
	case hsm.X99:
		return hsm.DES
	case hsm.AESCMAC:
		return hsm.AES
	}
	return hsm.TDES
}

// unmet says what is wrong with a key, "" if nothing is.
func (n *keyNeed) unmet(k *hsm.KeyInfo) string {
	if k.Usage == n.usage && slices.Contains(n.algorithms, k.Algorithm) && strings.IndexByte(n.modes, byte(k.Mode)) >= 0 {
		return ""
	}
	var ciphers []string
	for _, a := range n.algorithms {
		ciphers = append(ciphers, a.String())
	}
	return fmt.Sprintf("it is a key for %s (usage %s, %s, mode %c); %s one for %s (usage %s, %s, mode %s)",
		k.Usage.Text(), k.Usage, k.Algorithm, k.Mode, n.what, n.usage.Text(), n.usage, strings.Join(ciphers, " or "), strings.Join(strings.Split(n.modes, ""), " or "))
}

// faulty is what is wrong with the keys of a participant: what is said of each by look,
// and what it is not for. A module that does not answer is another error.
func faulty(cfg *config.Config, p *config.Participant, look func(*keyNeed) (hsm.KeyInfo, error)) (faults config.Faults, err error) {
	for _, n := range needsOf(p) {
		k, err := look(&n)
		why := ""
		if _, down := errors.AsType[*hsm.Fault](err); down {
			return nil, fmt.Errorf("participant %s: %s %s: %w", p.ID, n.at, n.key, err)
		} else if err != nil {
			why = err.Error()
		} else {
			why = n.unmet(&k)
		}
		if why != "" {
			faults = append(faults, cfg.FaultOf(p.ID+" "+n.at, "participant %s: %s %s: %s", p.ID, n.at, n.key, why))
		}
	}
	return faults, nil
}

// has says whether the module has the keys of a participant, and they are for what they
// are named for.
func (s *security) has(cfg *config.Config, p *config.Participant) error {
	ctx, cancel := context.WithTimeout(context.Background(), modulePatience)
	defer cancel()
	faults, err := faulty(cfg, p, func(n *keyNeed) (hsm.KeyInfo, error) {
		if _, err := s.module.KCV(ctx, n.key); err != nil {
			return hsm.KeyInfo{}, err
		}
		return s.module.Describe(ctx, n.key)
	})
	switch {
	case err != nil:
		return err
	case len(faults) > 0:
		return faults
	case p.MAC.Key == "":
		return nil
	}
	// What else the module may have against it.
	trial := hsm.MACInput{By: hsm.KeyRef(p.MAC.Key), Algorithm: macAlgorithms[p.MAC.Algorithm], Size: p.MAC.Size, Message: []byte("trial")}
	if _, err := s.module.MAC(ctx, trial); err != nil {
		return fmt.Errorf("participant %s: key %s makes no code by %s: %w", p.ID, p.MAC.Key, p.MAC.Algorithm, err)
	}
	return nil
}
