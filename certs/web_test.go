package certs

import (
	"crypto/tls"
	"os"
	"strings"
	"testing"
	"time"
)

// TestWeb: a port for browsers shows its certificate by the name of its host, asks for
// those of clients, and takes what has changed when two looks have seen it.
func TestWeb(t *testing.T) {
	dir, day := t.TempDir(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	must(t, InitAt(dir, []string{"asha"}, day, 48*time.Hour))
	if _, err := NewWeb(paths(dir, "nobody"), clockAt(day)); err == nil {
		t.Error("files that are not there are taken")
	}
	if _, err := NewWeb(paths(dir, SwitchID), clockAt(day.Add(49*time.Hour))); err == nil || !strings.Contains(err.Error(), "expired on") {
		t.Errorf("one that has expired: %v", err)
	}
	w, err := NewWeb(paths(dir, SwitchID), clockAt(day))
	must(t, err)
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "switch": false, "": false, "10.0.0.1": false} {
		if w.Covers(host) != want {
			t.Errorf("covers %q: %v", host, !want)
		}
	}
	client := func(id string) *tls.Config {
		t.Helper()
		conf, pool, err := baseConfig(paths(dir, "asha"), clockAt(day))
		must(t, err)
		conf.RootCAs, conf.ServerName = pool, "localhost"
		if id == "" {
			conf.Certificates = nil
		}
		return conf
	}
	for _, id := range []string{"asha", ""} {
		if server, client := shake(t, w.TLS(), client(id)); server != nil || client != nil {
			t.Errorf("%q: %v, %v", id, server, client)
		}
	}
	first := w.Certificate()
	for _, name := range []string{"switch.pem", "switch-key.pem"} {
		must(t, os.Remove(dir+"/"+name))
	}
	must(t, Issue(dir, []string{SwitchID}, day, 48*time.Hour))
	if changed, err := w.Look(false); changed || err != nil || w.Certificate() != first {
		t.Errorf("the first look: %v %v", changed, err)
	}
	if changed, err := w.Look(false); !changed || err != nil || w.Certificate() == first || w.Bad() {
		t.Errorf("the second look: %v %v", changed, err)
	}
	second := w.Certificate()
	must(t, os.WriteFile(dir+"/switch.pem", []byte("nonsense"), 0o600))
	for i, told := range []bool{false, true, false} {
		if changed, err := w.Look(false); changed || (err != nil) != told {
			t.Errorf("look %d at a bad file: %v %v", i, changed, err)
		}
	}
	if _, err := w.Look(true); err == nil || !w.Bad() || w.Certificate() != second {
		t.Errorf("a bad file: %v", err)
	}
	plain, err := NewWeb(Paths{Cert: dir + "/asha.pem", Key: dir + "/asha-key.pem"}, clockAt(day))
	must(t, err)
	if conf := plain.TLS(); conf.ClientAuth != tls.NoClientCert || conf.MinVersion != tls.VersionTLS13 {
		t.Errorf("without authorities of clients: %v", conf.ClientAuth)
	}
}
