package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestSigningContent(t *testing.T) {
	dir := pki(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	must(t, IssueSigning(dir, []string{"BANKA"}, day0, LeafValidity), Certify(dir, "switch-sign", &key.PublicKey, day0, LeafValidity))
	ca := mustCert(t, dir, "ca")
	for _, id := range []string{"BANKA-sign", "switch-sign"} {
		c := mustCert(t, dir, id)
		if c.Subject.CommonName != id || c.KeyUsage != x509.KeyUsageDigitalSignature || c.IsCA || len(c.ExtKeyUsage) != 0 || c.CheckSignatureFrom(ca) != nil {
			t.Errorf("%s: %+v", id, c)
		}
		if who, err := Identity(c); !errors.Is(err, ErrNoIdentity) {
			t.Errorf("%s names %q: %v", id, who, err)
		}
	}
	if !key.PublicKey.Equal(mustCert(t, dir, "switch-sign").PublicKey) {
		t.Error("another key was certified")
	}
	names := list(t, dir)
	if slices.Contains(names, "switch-sign-key.pem") || !slices.Contains(names, "BANKA-sign-key.pem") {
		t.Error(names)
	}
	for _, err := range []error{
		IssueSigning(dir, []string{"BANKB", "BANKA"}, day0, LeafValidity), Certify(dir, "switch-sign", &key.PublicKey, day0, LeafValidity)} {
		if !errors.Is(err, fs.ErrExist) {
			t.Errorf("overwritten: %v", err)
		}
	}
	for _, id := range []string{"switch", "BANKC", "ca", "ca-key", "crl", "../x-sign", "x-sign/", "-sign", "BANKA-sign-key-2"} {
		if err := Certify(dir, id, &key.PublicKey, day0, LeafValidity); err == nil || !strings.Contains(err.Error(), "a certificate for signatures has a name such as") {
			t.Errorf("%s: %v", id, err)
		}
	}
	if got := list(t, dir); !slices.Equal(got, names) {
		t.Errorf("%v, before %v", got, names)
	}
}

// Certificates for signatures open no link, neither as who connects nor as who is
// dialled, nor are they the switch's. Each of the two things that keep them out is enough.
func TestSigningOpensNoLink(t *testing.T) {
	dir := pki(t)
	unnamed, named := "BANKA-sign-any", "BANKA-sign-named"
	must(t, IssueSigning(dir, []string{"BANKA", "switch"}, day0, LeafValidity),
		issue(dir, []string{unnamed}, func(id string) *x509.Certificate {
			c := signingOf(id)
			c.UnknownExtKeyUsage = nil
			return c
		}, term{day0, LeafValidity}),
		issue(dir, []string{named}, func(id string) *x509.Certificate {
			c := signingOf(id)
			c.URIs = []*url.URL{{Scheme: "urn", Opaque: urnSpace + "BANKA"}}
			return c
		}, term{day0, LeafValidity}))
	r := trusting(t, dir, nil)
	must(t, r.connect("BANKA"))
	for name, want := range map[string]string{
		"BANKA-sign": "incompatible key usage", "switch-sign": "incompatible key usage",
		unnamed: ErrNoIdentity.Error(), named: "incompatible key usage",
	} {
		own, err := tls.LoadX509KeyPair(r.file(name+certExt), r.file(name+keyExt))
		must(t, err)
		client := r.client("BANKA")
		client.Certificates = []tls.Certificate{own}
		if err, _ := shake(t, r.Server(), client); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s connects: %v", name, err)
		}
		dial, err := r.Dial("BANKA")
		must(t, err)
		server := &tls.Config{Certificates: []tls.Certificate{own}, Time: dial.Time}
		if _, err := shake(t, server, dial); err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), ErrNoIdentity.Error()) {
			t.Errorf("%s is dialled: %v", name, err)
		}
	}
	o := Options{Paths: paths(dir, "switch-sign"), Clock: r.at.Load, Registry: r.reg, Log: r.o.Log}
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), ErrNoIdentity.Error()) {
		t.Errorf("the switch shows it: %v", err)
	}
}
