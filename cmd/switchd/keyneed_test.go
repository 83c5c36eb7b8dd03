package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/certs"
	"switchd/hsm"
	"switchd/switch/config"
)

// limits are those of a key in a test's key file or key table.
type limits struct {
	name      hsm.KeyRef
	usage     hsm.Usage
	algorithm hsm.Algorithm
	bits      int
	mode      hsm.Mode
}

// working are keys of all kinds; wrong has what they are not for.
var working = []limits{
	{"zak", hsm.MACAlg5, hsm.AES, 128, hsm.MACBothWays}, {"zak-t", hsm.MACAlg5, hsm.TDES, 128, hsm.MACBothWays},
	{"zak-3", hsm.MACAlg3, hsm.TDES, 128, hsm.MACBothWays}, {"zak-g", hsm.MACAlg5, hsm.AES, 128, hsm.MACMake},
	{"zpk", hsm.PINEncryption, hsm.TDES, 128, hsm.BothWays}, {"zpk-a", hsm.PINEncryption, hsm.AES, 256, hsm.BothWays},
	{"zpk-d", hsm.PINEncryption, hsm.TDES, 128, hsm.DecryptOnly},
	{"zmk", hsm.KeyProtection, hsm.AES, 256, hsm.BothWays}, {"zmk-e", hsm.KeyProtection, hsm.AES, 256, hsm.EncryptOnly},
}

// naming is a part of a participant, with what is wrong with it.
type naming struct{ extra, want string }

// namings are what a participant names keys for, and what is wrong with it.
var namings = []naming{
	{"mac: {key: zak, algorithm: AES-CMAC}, pin: {key: zpk, format: ISO-0}, key_exchange: zmk", ""},
	{"mac: {key: zak, algorithm: AES-CMAC}, pin: {key: zpk-d, format: ISO-3}", ""},
	{"mac: {key: zak-3, algorithm: X9.19}", ""},
	{"pin: {key: zpk-a, format: ISO-0}", "pin.key zpk-a: it is a key for PIN encryption (usage P0, AES, mode B); PIN blocks of ISO-0 need one for PIN encryption (usage P0, TDES, mode B or E or D or N)"},
	{"pin: {key: zak, format: ISO-0}", "pin.key zak: it is a key for CMAC"},
	{"mac: {key: zak, algorithm: AES-CMAC}, key_exchange: zpk", "key_exchange zpk: it is a key for PIN encryption"},
	{"mac: {key: zak, algorithm: AES-CMAC}, key_exchange: zmk-e", "key_exchange zmk-e: it is a key for key block protection (usage K1, AES, mode E); key blocks need"},
	{"mac: {key: zak-g, algorithm: AES-CMAC}", "mac.key zak-g: it is a key for CMAC (usage M6, AES, mode G)"},
	{"mac: {key: zak-t, algorithm: AES-CMAC}", "mac.key zak-t: it is a key for CMAC (usage M6, TDES, mode C)"},
	{"mac: {key: none, algorithm: AES-CMAC}", "mac.key none: "},
}

// named is a configuration with a module whose participant names keys.
func named(t *testing.T, dir, module, extra string) *config.Config {
	t.Helper()
	file := filepath.Join(dir, "switchd.yml")
	text := fmt.Sprintf(`listen: 127.0.0.1:8583
admin: 127.0.0.1:9583
data_dir: data
institution: "999999"
tls: {ca: a, cert: b, key: c}
hsm: {%s}
participants:
  - {id: BANKA, institution: "100001", ifsc_prefixes: [BNKA], dialect: iso87-npci, framing: BIN2, net_debit_cap: "1.00", %s}
`, module, extra)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, known())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// says compares what is wrong with keys; place tells that it has to be told where.
func says(t *testing.T, who, extra, want string, err error) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	switch {
	case want == "" && got != "", want != "" && !strings.Contains(got, "switchd.yml:8:"), !strings.Contains(got, want), strings.Contains(got, "\n"):
		t.Errorf("%s: %s: it says %q, want %q", who, extra, got, want)
	}
}

// faultsOf is faults as an error.
func faultsOf(f config.Faults) error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// TestKeysAreForTheirUse: a key that is for something else than a participant names it for
// is refused by a start, a reload and a check of the files, before a payment needs it.
func TestKeysAreForTheirUse(t *testing.T) {
	t.Parallel()
	s := &scheme{t: t, dir: t.TempDir()}
	s.keyFile(func(k hsm.Keeper) {
		for _, l := range working {
			if _, err := k.Generate(t.Context(), hsm.New{As: l.name, Usage: l.usage, Algorithm: l.algorithm, Bits: l.bits, Mode: l.mode, Export: hsm.NotExportable}); err != nil {
				t.Fatal(l.name, err)
			}
		}
	})
	log := slog.New(slog.DiscardHandler)
	for _, c := range append(namings, naming{"mac: {key: zak-t, algorithm: TDES-CMAC}", ""}) {
		cfg := named(t, s.dir, "driver: soft, keys: keys.hsm, unlock: keys.unlock", c.extra)
		module, err := openSoft(&cfg.HSM, log, nil)
		if err != nil {
			t.Fatal(err)
		}
		says(t, "has", c.extra, c.want, (&security{module: module}).has(cfg, &cfg.Participants[0]))
		says(t, "checkModule", c.extra, c.want, faultsOf(checkModule(cfg, log))) // beside the one that has it open
		if err := module.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKeyTableIsForItsUse: the same with a payShield, by its key table and by a simulated
// module.
func TestKeyTableIsForItsUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lmk := filepath.Join(dir, "lab.lmk")
	_, address := hsmsimAt(t, "--lmk", lmk)
	var entries []string
	for i, l := range working {
		f := hsmsimKeyFlags{lmk: lmk, name: string(l.name), usage: string(l.usage), algorithm: string(l.algorithm), mode: string(l.mode), export: "N", scheme: "S"}
		entry, err := f.protect(strings.NewReader(strings.Repeat(fmt.Sprintf("%02X0123456789ABCDEFFEDCBA9876543210", i)[:16], l.bits/64)))
		if l.algorithm == hsm.TDES {
			entry, err = f.protect(strings.NewReader("0123456789ABCDEFFEDCBA9876543210"))
		}
		if err != nil {
			t.Fatal(l.name, err)
		}
		entries = append(entries, string(entry))
	}
	table := filepath.Join(dir, "keys.json")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		err := os.WriteFile(table, []byte(text), 0o600)
		if err == nil {
			err = os.Chmod(table, mode)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	good := `{"version": 1, "keys": [` + strings.Join(entries, ",\n") + `]}`
	write(good, 0o600)
	var said strings.Builder
	log := slog.New(slog.NewTextHandler(&said, nil))
	part := fmt.Sprintf("driver: payshield, keys: keys.json, addresses: [%q], timeout: 60s", address)
	cfg := named(t, dir, part, namings[0].extra)
	beyond := named(t, dir, part, "mac: {key: zak-t, algorithm: TDES-CMAC}")
	says(t, "checkModule", "TDES-CMAC", "codes by TDES-CMAC need a driver that can do it", faultsOf(checkModule(beyond, log)))
	module := openPatiently(t, cfg)
	for _, c := range namings {
		cfg := named(t, dir, part, c.extra)
		says(t, "has", c.extra, c.want, (&security{module: module}).has(cfg, &cfg.Participants[0]))
		says(t, "checkModule", c.extra, c.want, faultsOf(checkModule(cfg, log)))
	}
	if err := module.Close(); err != nil {
		t.Error(err)
	}
	if said.Len() != 0 {
		t.Errorf("the log has %s", &said)
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"field": {strings.Replace(good, `"version"`, `"more": 1, "version"`, 1), 0o600, "switchd.yml:6:"},
		"usage": {strings.Replace(good, `"M6"`, `"ZZ"`, 1), 0o600, "usage, algorithm, mode or export is not known"},
		"mode":  {good, 0o666, "can be written by others"},
	} {
		write(c.text, c.mode)
		if err := faultsOf(checkModule(cfg, log)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := os.Remove(table); err != nil {
		t.Fatal(err)
	}
	if err := faultsOf(checkModule(cfg, log)); err == nil || strings.Count(err.Error(), "the key table has no such key") != 3 || !strings.Contains(said.String(), "is not there") {
		t.Errorf("without a table: %v\n%s", err, &said)
	}
}

// openPatiently connects to a simulated HSM, with more patience than a start has.
func openPatiently(t *testing.T, cfg *config.Config) closingModule {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		m, err := openPayShield(&cfg.HSM, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err == nil {
			return m
		}
		if !errors.Is(err, hsm.ErrDown) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// TestModuleTLSFiles: an authority that is no certificate is found by a check of the files.
func TestModuleTLSFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := certs.Init(dir, nil, clock); err != nil {
		t.Fatal(err)
	}
	own := leafPaths(dir, certs.SwitchID)
	for _, c := range []struct{ ca, want string }{{own.CA, ""}, {own.Key, "hsm.tls: host TLS: "}} {
		cfg := named(t, dir, fmt.Sprintf(`driver: payshield, keys: keys.json, addresses: ["192.0.2.1:1500"], tls: {ca: %s, cert: %s, key: %s}`, c.ca, own.Cert, own.Key), "breaker: off")
		err := faultsOf(checkModule(cfg, slog.New(slog.DiscardHandler)))
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "switchd.yml:6:")) {
			t.Errorf("%s: %v, want %q", c.ca, err, c.want)
		}
	}
}
