package main

import (
	"context"
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
	"switchd/hsm/payshield"
	"switchd/switch/config"
)

// TestOpenPayShield: a switch whose configuration names a payShield begins with its
// health and its keys, refuses a simulated one in production, and gives it back.
func TestOpenPayShield(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lmk := filepath.Join(dir, "lab.lmk")
	p, address := hsmsimAt(t, "--lmk", lmk)
	f := hsmsimKeyFlags{lmk: lmk, name: "banka/zak", usage: "M6", algorithm: "A", mode: "C", export: "N", scheme: "S"}
	entry, err := f.protect(strings.NewReader("2B7E151628AED2A6ABF7158809CF4F3C"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{HSM: config.HSM{Driver: "payshield", Keys: filepath.Join(dir, "keys.json"), Addresses: []string{address}, Workers: 8, Queue: 256, Timeout: modulePatience}}
	if err := os.WriteFile(cfg.HSM.Keys, []byte(`{"version": 1, "keys": [`+string(entry)+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	log := slog.New(slog.DiscardHandler)
	// open has more patience than a start.
	open := func() (s *security, err error) {
		for ctx.Err() == nil {
			if s, err = openSecurity(cfg, log, prometheus.NewRegistry()); !errors.Is(err, hsm.ErrDown) && !errors.Is(err, hsm.ErrTimeout) {
				return s, err
			}
		}
		return s, err
	}
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.module.KCV(ctx, "banka/zak"); err != nil || v.String() != "7AD386" {
		t.Errorf("%s, %v", v, err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	cfg.Profile = "production"
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "hardware module is needed") {
		t.Errorf("a simulated module in production: %v", err)
	}
	cfg.HSM.Keys = lmk
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "key table") {
		t.Errorf("a table that is none: %v", err)
	}
	p.kill()
	patient, stop := context.WithCancel(ctx)
	stop()
	if err := s.module.(*payshieldModule).Up(patient); !errors.Is(err, hsm.ErrDown) {
		t.Errorf("after Close: %v", err)
	}
}

// TestPayShieldByTLS: what a configuration says of TLS is how the simulated HSM is
// reached: by its name, with a certificate of its CA, and not in the clear.
func TestPayShieldByTLS(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, other} {
		if err := certs.Init(d, []string{"HSM"}, clock); err != nil {
			t.Fatal(err)
		}
	}
	server, mine, strange := leafPaths(dir, "HSM"), leafPaths(dir, certs.SwitchID), leafPaths(other, certs.SwitchID)
	lmk := filepath.Join(dir, "lab.lmk")
	_, address := hsmsimAt(t, "--lmk", lmk, "--tls-cert", server.Cert, "--tls-key", server.Key, "--client-ca", server.CA)
	table := filepath.Join(dir, "keys.json")
	load := func(tls string) *config.HSM {
		text := fmt.Sprintf(`listen: 127.0.0.1:8583
admin: 127.0.0.1:9583
data_dir: data
institution: "999999"
tls: {ca: a, cert: b, key: c}
hsm: {driver: payshield, keys: %s, addresses: [%q]%s}
participants: [{id: BANKA, institution: "100001", ifsc_prefixes: [BNKA], dialect: iso87-ascii, framing: ASCII4, net_debit_cap: "1.00"}]
`, table, address, tls)
		file := filepath.Join(dir, "switchd.yml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(file, known())
		if err != nil {
			t.Fatal(err)
		}
		return &cfg.HSM
	}
	by := func(p certs.Paths, more string) string {
		return fmt.Sprintf(", tls: {ca: %s, cert: %s, key: %s%s}", p.CA, p.Cert, p.Key, more)
	}
	mixed := mine
	mixed.CA = strange.CA
	unknown := strange
	unknown.CA = mine.CA
	for name, c := range map[string]struct{ tls, want string }{
		"TLS":             {by(mine, ""), ""},
		"by another name": {by(mine, `, server_name: localhost, min: "1.3"`), ""},
		"plain":           {"", "EOF"},
		"wrong CA":        {by(mixed, ""), "unknown authority"},
		"wrong name":      {by(mine, ", server_name: hsm.example"), "not hsm.example"},
		"wrong pin":       {by(mine, `, pins: ["sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]`), "not pinned"},
		"stranger":        {by(unknown, ""), "certificate"},
	} {
		o, err := payshieldOptions(load(c.tls))
		if err != nil {
			t.Fatal(name, err)
		}
		registry := prometheus.NewRegistry()
		o.Registry = registry
		// What is sent to an end that has closed can come back before the reason does.
		if err := reaches(t, o); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) &&
			!strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "broken pipe") {
			t.Errorf("%s: %v, not %q", name, err, c.want)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				at := time.Unix(int64(m.GetGauge().GetValue()), 0)
				if f.GetName() == "switchd_hsm_payshield_cert_expiry_timestamp_seconds" && c.want == "" && at.Before(time.Unix(0, clock()).Add(time.Hour)) {
					t.Errorf("%s: the certificate %s ends at %s", name, m.GetLabel()[0], at)
				}
			}
		}
	}
}

// reaches tells why a module cannot be used, after one attempt to connect.
func reaches(t *testing.T, o payshield.Options) error {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	once, tried := context.WithCancel(ctx)
	o.Conns, o.DialMax = 1, patience
	o.Wait = func(ctx context.Context, _ time.Duration) bool {
		tried() // also the wait for the first look of a connection that is up
		<-ctx.Done()
		return false
	}
	m, end := connecting(t, ctx, o)
	defer end()
	<-once.Done()
	return m.Up(once)
}
