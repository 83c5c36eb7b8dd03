package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"

	"switchd/hsm"
	"switchd/hsm/soft"
)

// demoProof is how messages of the demo's participants are protected, as their
// configuration says it. BANKB's are by TLS alone.
var demoProof = map[string]string{
	"BANKA": "mac: {key: banka/zak, algorithm: X9.19}, pin: {key: banka/zpk, format: ISO-0}",
	"BANKC": "signature: {kind: jws, key: switch/sign, certificate: certs/switch-sign.pem, certificates: [certs/BANKC-sign.pem]}",
}

// demoSigners have certificates for signatures in the folder of certificates.
var demoSigners = []string{"switch", "BANKC"}

// demoKey is a key that the switch of the demo shares with a participant.
type demoKey struct {
	file  string // in the folder of keys: the participant's copy
	as    hsm.KeyRef
	usage hsm.Usage
	mode  hsm.Mode
}

var demoShared = []demoKey{
	{"BANKA-mac.key", "banka/zak", hsm.MACAlg3, hsm.MACBothWays},
	{"BANKA-pin.key", "banka/zpk", hsm.PINEncryption, hsm.BothWays},
}

// makeDemoKeys fills the folder of keys: what the switch has, sealed, and the copies of
// the participants. A folder that is there already stays as it is.
func makeDemoKeys(dir, certDir string) (err error) {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	seal := make([]byte, 32)
	if _, err := rand.Read(seal); err != nil {
		return err
	}
	if err := writeKey(filepath.Join(dir, "switch.unlock"), seal); err != nil {
		return err
	}
	m, err := soft.Create(soft.Options{Path: filepath.Join(dir, "switch.hsm"), Key: hsm.NewSecret(seal), Clock: clock})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	for _, k := range demoShared {
		if err := k.share(m, filepath.Join(dir, k.file)); err != nil {
			return fmt.Errorf("make key %s: %w", k.as, err)
		}
	}
	return importSigner(m, filepath.Join(certDir, demoSigners[0]+"-sign-key.pem"))
}

// importSigner gives the module the key that the switch signs with.
func importSigner(m *soft.Module, file string) error {
	key, err := readSigner(file)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	n := hsm.New{As: "switch/sign", Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Mode: hsm.SignMode, Export: hsm.NotExportable}
	_, err = m.ImportPair(context.Background(), n, hsm.NewSecret(der))
	return err
}

// share makes a TDES key for the module and the participant. A module takes keys that
// come in clear as components only, and of the sum of three the parity is right too.
func (k *demoKey) share(m hsm.Keeper, file string) error {
	const bytesOf = 16
	var parts []hsm.Component
	key := make([]byte, bytesOf)
	for range 3 {
		part := make([]byte, bytesOf)
		if _, err := rand.Read(part); err != nil {
			return err
		}
		for i := range part {
			part[i] ^= byte(1 - bits.OnesCount8(part[i])&1)
			key[i] ^= part[i]
		}
		parts = append(parts, hsm.Component{Part: hsm.NewSecret(part)})
	}
	n := hsm.New{As: k.as, Usage: k.usage, Algorithm: hsm.TDES, Mode: k.mode, Export: hsm.NotExportable}
	if _, err := m.ImportComponents(context.Background(), hsm.Components{New: n, Parts: parts}); err != nil {
		return err
	}
	return writeKey(file, key)
}

// writeKey writes a key in hexadecimal digits, for its owner alone.
func writeKey(file string, key []byte) error {
	return os.WriteFile(file, []byte(hex.EncodeToString(key)+"\n"), 0o600)
}

// keyFiles are the files of keys of a participant of the demo.
func (f *bankFlags) keyFiles(dir, certDir string) {
	f.macKey, f.pinKey, f.signKey = "", "", ""
	switch f.id {
	case "BANKA":
		f.macKey, f.pinKey = filepath.Join(dir, "BANKA-mac.key"), filepath.Join(dir, "BANKA-pin.key")
	case "BANKC":
		f.signKey = filepath.Join(certDir, "BANKC-sign-key.pem")
	}
}
