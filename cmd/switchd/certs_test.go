package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCerts makes a PKI, revokes a participant, gives it a new certificate, and shows
// all of it.
func TestCerts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	runs(t, 0, "certs", "init", "--dir", dir, "--ids", "BANKA,BANKB")
	if _, said := runs(t, 0, "certs", "revoke", "--dir", dir, "--ids", "BANKA"); !strings.Contains(said, "revoked in "+dir+"/crl.pem: BANKA") {
		t.Error(said)
	}
	runs(t, 0, "certs", "issue", "--dir", dir, "--ids", "BANKC", "--valid", "240h30m")
	if _, said := runs(t, exitFailed, "certs", "issue", "--dir", dir, "--ids", "BANKC"); !strings.Contains(said, "not overwritten") {
		t.Error(said)
	}
	if _, said := runs(t, exitFailed, "certs", "revoke", "--dir", dir, "--ids", "BANKX"); !strings.Contains(said, "BANKX.pem") {
		t.Error(said)
	}
	var shown []struct {
		Kind, Participant, Serial, Pin string
		Revoked                        []struct{ Serial string }
		NotAfter                       time.Time `json:"not_after"`
	}
	show := func(name string) {
		t.Helper()
		shown = nil
		out, said := runs(t, 0, "certs", "show", filepath.Join(dir, name), "--json")
		if err := json.Unmarshal([]byte(out), &shown); err != nil || len(shown) != 1 || said != "" {
			t.Fatalf("%s: %v\n%s%s", name, err, out, said)
		}
	}
	show("BANKA.pem")
	serial, pin := shown[0].Serial, shown[0].Pin
	if shown[0].Participant != "BANKA" || !strings.HasPrefix(pin, "sha256/") || shown[0].NotAfter.IsZero() {
		t.Errorf("%+v", shown)
	}
	show("crl.pem")
	if shown[0].Kind != "crl" || len(shown[0].Revoked) != 1 || shown[0].Revoked[0].Serial != serial {
		t.Errorf("%+v, want %s", shown, serial)
	}
	for name, want := range map[string][]string{
		"BANKA.pem": {"certificate  CN=BANKA", "participant  BANKA", "pin          " + pin, "names        urn:switch:participant:BANKA, localhost"},
		"BANKC.pem": {"expires      ", "in 10 days"},
		"ca.pem":    {"authority    CN=switchd development CA"},
		"crl.pem":   {"next due     ", "revoked      1", "  " + serial},
	} {
		out, _ := runs(t, 0, "certs", "show", filepath.Join(dir, name))
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in\n%s", name, w, out)
			}
		}
	}
	if out, said := runs(t, exitUsage, "certs", "show", filepath.Join(dir, "ca-key.pem")); out != "" || !strings.Contains(said, "neither") || strings.Contains(said, "PRIVATE") {
		t.Error(out, said)
	}
}
