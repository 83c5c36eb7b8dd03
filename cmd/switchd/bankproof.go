package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"

	"switchd/hsm"
	"switchd/hsm/pinblock"
	"switchd/switch/config"
	"switchd/switch/guard/signer"
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
	return f.sign(o, p)
}

// sign gives the bank its key for signatures, and the certificates of both sides.
func (f *bankFlags) sign(o *simbank.Options, p *config.Participant) (err error) {
	s := &p.Signature
	switch {
	case s.Kind == "" && f.signKey == "":
		return nil
	case s.Kind == "":
		return usageError{fmt.Errorf("--sign-key: participant %s has no signature in %s", p.ID, f.config)}
	case f.signKey == "":
		return usageError{fmt.Errorf("the messages of participant %s are signed by %s: give the bank its key with --sign-key FILE", p.ID, f.config)}
	}
	o.Signing.Kind = s.Kind
	if o.Signing.Key, err = readSigner(f.signKey); err != nil {
		return usageError{fmt.Errorf("--sign-key: %w", err)}
	}
	theirs, err := certificatesIn(s.Certificate)
	if err != nil {
		return usageError{err}
	}
	o.Signing.Theirs = theirs[0]
	for _, file := range s.Certificates {
		own, err := certificatesIn(file)
		if err != nil {
			return usageError{err}
		}
		for _, c := range own {
			if public, ok := c.X509().PublicKey.(interface{ Equal(crypto.PublicKey) bool }); ok && public.Equal(o.Signing.Key.Public()) {
				o.Signing.Own = c
			}
		}
	}
	if o.Signing.Own == nil {
		return usageError{fmt.Errorf("--sign-key: %s has the key of none of the certificates that %s names for participant %s", f.signKey, f.config, p.ID)}
	}
	return nil
}

func certificatesIn(file string) ([]*signer.Certificate, error) {
	content, err := readCertificate(file)
	if err != nil {
		return nil, err
	}
	return signer.ParseCertificates(content)
}

// readSigner reads a private key as "certs issue" writes it: PEM, PKCS #8.
func readSigner(file string) (crypto.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM file", file)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if s, ok := key.(crypto.Signer); err == nil && ok {
		return s, nil
	}
	return nil, fmt.Errorf("%s has no private key (PKCS #8)", file)
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
