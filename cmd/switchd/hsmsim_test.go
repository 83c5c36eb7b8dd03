package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"switchd/certs"
	"switchd/hsm"
	"switchd/hsm/payshield"
)

// hsmsimAt starts a simulated HSM with flags and gives its address.
func hsmsimAt(t *testing.T, flags ...string) (*process, string) {
	t.Helper()
	p := start(t, append([]string{"hsmsim", "--listen", "127.0.0.1:0"}, flags...)...)
	p.says(patience, "LMK check value ")
	if !strings.Contains(p.err.String(), "for tests and labs only") {
		t.Error("no banner")
	}
	return p, regexp.MustCompile(`listening on (\S+),`).FindStringSubmatch(p.err.String())[1]
}

// TestHSMSim: what `hsmsim key` makes the driver uses at the simulated HSM, over TCP and
// over TLS with the certificates of `certs init`; Ctrl-C ends it with 0.
func TestHSMSim(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := certs.Init(dir, []string{"HSM", "BANKA"}, clock); err != nil {
		t.Fatal(err)
	}
	lmk := filepath.Join(dir, "lab.lmk")
	for _, secured := range []bool{false, true} {
		flags, o := []string{"--lmk", lmk, "--fault", "M6:error=68/2"}, payshield.Options{Clock: clock, Conns: 1}
		if secured {
			flags = append(flags, "--tls-dir", dir)
			var err error
			if o.TLS, err = certs.DialConfig(leafPaths(dir, certs.SwitchID), "HSM", clock); err != nil {
				t.Fatal(err)
			}
		}
		p, address := hsmsimAt(t, flags...)
		if made := strings.Contains(p.err.String(), "with a new LMK"); made == secured {
			t.Errorf("made an LMK: %v", made)
		}
		f := hsmsimKeyFlags{lmk: lmk, name: "banka/zak", usage: "M3", algorithm: "T", mode: "C", export: "N", scheme: "S"}
		entry, err := f.protect(strings.NewReader("0123456789ABCDEFFEDCBA9876543210\n"))
		if err != nil || !strings.Contains(string(entry), `"kcv": "08D7B4"`) {
			t.Fatalf("%s, %v", entry, err)
		}
		o.Table, o.Addresses = filepath.Join(dir, fmt.Sprintf("keys-%v.json", secured)), []string{address}
		if err := os.WriteFile(o.Table, fmt.Appendf(nil, `{"version": 1, "keys": [%s]}`, entry), 0o600); err != nil {
			t.Fatal(err)
		}
		askHSM(t, o)
		p.signal(syscall.SIGINT)
		p.wait(patience, 0)
		if !strings.Contains(p.err.String(), "answered 4 commands") {
			t.Error(tail(p.err.String()))
		}
	}
	p, address := hsmsimAt(t, "--tls-dir", dir, "--duration", "1h")
	other, err := certs.DialConfig(leafPaths(dir, "BANKA"), "HSM", clock)
	if err != nil {
		t.Fatal(err)
	}
	m, err := payshield.New(payshield.Options{Clock: clock, Conns: 1, TLS: other, Addresses: []string{address}, Table: filepath.Join(dir, "none.json")})
	if err != nil {
		t.Fatal(err)
	}
	refused, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(refused) }()
	p.says(patience, "connection ended")
	if _, err := m.Health(refused); err == nil {
		t.Error("a participant's certificate was taken for the switch's")
	}
	stop()
	<-ended
}

// connecting is a module whose connections are made, until end.
func connecting(t *testing.T, ctx context.Context, o payshield.Options) (m *payshield.Module, end func()) {
	t.Helper()
	m, err := payshield.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	return m, func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// askHSM asks for NC, a check value and two MACs, of which the second is refused.
func askHSM(t *testing.T, o payshield.Options) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	m, end := connecting(t, ctx, o)
	defer end()
	if err := m.Up(ctx); err != nil {
		t.Fatal(err)
	}
	if v, err := m.KCV(ctx, "banka/zak"); err != nil || v.String() != "08D7B4" {
		t.Errorf("%s, %v", v, err)
	}
	in := hsm.MACInput{By: "banka/zak", Algorithm: hsm.X919, Size: 8, Message: []byte("Now is the time for all ")}
	if code, err := m.MAC(ctx, in); err != nil || fmt.Sprintf("%X", code) != "A1C72E74EA3FA9B6" {
		t.Errorf("%X, %v", code, err)
	}
	if _, err := m.MAC(ctx, in); err == nil || !strings.Contains(err.Error(), "68") {
		t.Errorf("the fault: %v", err)
	}
}
