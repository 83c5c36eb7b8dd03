package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"

	"switchd/hsm"
	"switchd/hsm/pinblock"
	"switchd/switch/config"
	"switchd/switch/simbank"
)

// pinRules are the rules for accounts that are no cards, as package pinblock has them.
var pinRules = map[string]pinblock.AccountRule{"padded13": pinblock.Padded13, "whole12": pinblock.Whole12}

// prove gives the bank the keys that its messages and its customers are proven with,
// where the configuration says that they are. How they are used, it says as well; the
// keys themselves only the switch's module and their owner have.
func (f *bankFlags) prove(o *simbank.Options, p *config.Participant, cfg *config.Config) (err error) {
	for _, k := range []struct {
		flag, file, entry string
		into              *hsm.Secret
	}{
		{"--mac-key", f.macKey, p.MAC.Key, &o.MAC.Key},
		{"--pin-key", f.pinKey, p.PIN.Key, &o.PINs.Key},
	} {
		switch {
		case k.entry == "" && k.file == "":
		case k.entry == "":
			return usageError{fmt.Errorf("%s: participant %s has no such key in %s", k.flag, p.ID, f.config)}
		case k.file == "":
			return usageError{fmt.Errorf("participant %s has key %s in %s: give the bank its own copy with %s FILE", p.ID, k.entry, f.config, k.flag)}
		default:
			if *k.into, err = readKey(k.file); err != nil {
				return usageError{fmt.Errorf("%s: %w", k.flag, err)}
			}
		}
	}
	o.MAC.Algorithm, o.MAC.Size = macAlgorithms[p.MAC.Algorithm], p.MAC.Size
	o.PINs.Format, o.PINs.Rule = pinFormats[p.PIN.Format], pinRules[cfg.HSM.AccountRule]
	return nil
}

// readKey reads a key in hexadecimal digits. Simulated participants have them in clear;
// the switch never does.
func readKey(file string) (hsm.Secret, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return hsm.Secret{}, err
	}
	defer clear(text)
	digits := bytes.TrimSpace(text)
	key := make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(key, digits); err != nil {
		return hsm.Secret{}, fmt.Errorf("%s is no key in hexadecimal digits", file) // err has one of them
	}
	return hsm.NewSecret(key), nil
}
