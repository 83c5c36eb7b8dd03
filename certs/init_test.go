package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// day0 is "now" in these tests.
var day0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestInitWritesPKI(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "pki")
	if err := InitAt(dir, []string{"BANKA", "psp-1"}, day0, LeafValidity); err != nil {
		t.Fatal(err)
	}
	want := map[string]os.FileMode{
		"ca.pem": 0o644, "ca-key.pem": 0o600, "switch.pem": 0o644, "switch-key.pem": 0o600,
		"BANKA.pem": 0o644, "BANKA-key.pem": 0o600, "psp-1.pem": 0o644, "psp-1-key.pem": 0o600,
	}
	got := map[string]os.FileMode{}
	for _, name := range list(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got[name] = info.Mode().Perm()
	}
	for name, mode := range want {
		if got[name]&^0o044 != mode&^0o044 || (mode == 0o600 && got[name] != mode) {
			t.Errorf("%s: mode %v, want %v", name, got[name], mode)
		}
	}
	if len(got) != len(want) {
		t.Errorf("files %v, want %d", got, len(want))
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("folder mode %v", info.Mode())
	}
}

func TestLeafContent(t *testing.T) {
	dir := t.TempDir()
	if err := InitAt(dir, []string{"BANKA"}, day0, LeafValidity); err != nil {
		t.Fatal(err)
	}
	ca, leaf := mustCert(t, dir, "ca"), mustCert(t, dir, "BANKA")
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
			opts := x509.VerifyOptions{Roots: pool, CurrentTime: day0, DNSName: host, KeyUsages: []x509.ExtKeyUsage{use}}
			if _, err := leaf.Verify(opts); err != nil {
				t.Errorf("usage %v host %s: %v", use, host, err)
			}
		}
	}
	if id, err := Identity(leaf); id != "BANKA" || err != nil {
		t.Errorf("identity %q %v", id, err)
	}
	if got := leaf.URIs[0].String(); got != "urn:switch:participant:BANKA" {
		t.Errorf("URI %s", got)
	}
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("key %T", leaf.PublicKey)
	}
	if d := leaf.NotAfter.Sub(day0); d != 825*24*time.Hour {
		t.Errorf("leaf valid for %v", d)
	}
	if d := ca.NotAfter.Sub(day0); d != 3650*24*time.Hour || !ca.IsCA || !ca.MaxPathLenZero {
		t.Errorf("CA valid for %v, is CA %v", d, ca.IsCA)
	}
	if leaf.IsCA || leaf.SerialNumber.Sign() <= 0 || leaf.SerialNumber.Cmp(ca.SerialNumber) == 0 {
		t.Errorf("leaf CA=%v serial %v", leaf.IsCA, leaf.SerialNumber)
	}
}

// Init dates certificates by the file system; they have to be valid at once.
func TestInitIsValidNow(t *testing.T) {
	dir := t.TempDir()
	if err := Init(dir, []string{"A"}, func() int64 { return time.Now().UnixNano() }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "A.pem"))
	if err != nil {
		t.Fatal(err)
	}
	leaf := mustCert(t, dir, "A")
	if at := info.ModTime(); at.Before(leaf.NotBefore) || at.After(leaf.NotAfter) {
		t.Errorf("valid %v to %v, file of %v", leaf.NotBefore, leaf.NotAfter, at)
	}
	if names := list(t, dir); len(names) != 6 {
		t.Errorf("files %v", names)
	}
}

func TestInitNeverOverwrites(t *testing.T) {
	for _, have := range []string{"ca.pem", "ca-key.pem", "switch.pem", "switch-key.pem", "B.pem", "B-key.pem"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, have), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := InitAt(dir, []string{"A", "B"}, day0, LeafValidity)
		if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), have) {
			t.Errorf("%s: error %v", have, err)
		}
		if got := list(t, dir); !slices.Equal(got, []string{have}) {
			t.Errorf("%s: folder has %v", have, got)
		}
	}
}

func TestInitRefusesIDs(t *testing.T) {
	for _, ids := range [][]string{
		{""}, {"A B"}, {"../x"}, {"a.b"}, {"BÄNK"}, {strings.Repeat("x", 33)}, // pattern
		{"A", "A"}, {"A", "a"}, {"ca"}, {"CA"}, {"X", "X-key"}, // same file twice
	} {
		dir := t.TempDir()
		if err := InitAt(dir, ids, day0, LeafValidity); err == nil {
			t.Errorf("%q: accepted", ids)
		}
		if got := list(t, dir); len(got) != 0 {
			t.Errorf("%q: wrote %v", ids, got)
		}
	}
}

// A failure in the middle leaves nothing behind.
func TestWriteAllRemovesItsOwn(t *testing.T) {
	dir := t.TempDir()
	err := writeAll(dir, []newFile{{"a", 0o600, nil}, {"b", 0o600, nil}, {"no/such/folder", 0o600, nil}})
	if err == nil || len(list(t, dir)) != 0 {
		t.Fatalf("error %v, left %v", err, list(t, dir))
	}
}

func TestIssueAddsToCA(t *testing.T) {
	dir := t.TempDir()
	if err := Issue(dir, []string{"B"}, day0, time.Hour); err == nil {
		t.Error("issued without a CA")
	}
	if err := InitAt(dir, []string{"A"}, day0, LeafValidity); err != nil {
		t.Fatal(err)
	}
	if err := Issue(dir, []string{"B"}, day0, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := mustCert(t, dir, "B").CheckSignatureFrom(mustCert(t, dir, "ca")); err != nil {
		t.Error(err)
	}
	if err := Issue(dir, []string{"C", "A"}, day0, time.Hour); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second A: %v", err)
	}
	other := t.TempDir()
	if err := InitAt(other, nil, day0, LeafValidity); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(other, caKeyFile), filepath.Join(dir, caKeyFile)); err != nil {
		t.Fatal(err)
	}
	if err := Issue(dir, []string{"D"}, day0, time.Hour); err == nil {
		t.Error("issued with the key of another CA")
	}
}

func mustCert(t *testing.T, dir, id string) *x509.Certificate {
	t.Helper()
	c, err := readCert(filepath.Join(dir, id+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
