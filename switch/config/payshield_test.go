package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withModule is a configuration with a module.
func withModule(profile, hsm string) string {
	return `listen: 127.0.0.1:8583
admin: 127.0.0.1:9583
data_dir: data
institution: "999999"
tls: {ca: certs/ca.pem, cert: certs/switch.pem, key: certs/switch-key.pem}
profile: ` + profile + `
hsm: {` + hsm + `}
participants: [{id: BANKA, institution: "100001", ifsc_prefixes: [BNKA], dialect: iso87-ascii, framing: ASCII4, net_debit_cap: "1.00"}]
`
}

// TestPayShield: with profile production nothing goes to a module without TLS, and what is
// said of TLS, tunnels and keys must go together.
func TestPayShield(t *testing.T) {
	const (
		shield = `driver: payshield, keys: k.json, addresses: ["192.0.2.20:1500"]`
		near   = `driver: payshield, keys: k.json, addresses: ["127.0.0.1:1500", "[::1]:1500", "localhost:1500"]`
		soft   = `driver: soft, keys: k.hsm, unlock: k.unlock`
		files  = `ca: a.pem, cert: b.pem, key: c.pem`
	)
	for name, c := range map[string]struct{ profile, hsm, want string }{
		"plain, development":        {"development", shield, ""},
		"plain, production":         {"production", shield, "7:6: hsm without tls: with profile production the way to a payShield is TLS"},
		"plain loopback":            {"production", near, "7:6: hsm without tls"},
		"TLS, production":           {"production", shield + `, tls: {` + files + `}`, ""},
		"tunnel, production":        {"production", near + `, tunnel: true`, ""},
		"no tunnel, production":     {"production", near + `, tunnel: false`, "7:6: hsm without tls"},
		"tunnel to elsewhere":       {"production", shield + `, tunnel: true`, `"192.0.2.20:1500" is no address of this machine's own`},
		"tunnel to a name":          {"development", `driver: payshield, keys: k.json, addresses: ["hsm.example:1500"], tunnel: true`, "is no address of this machine's own"},
		"tunnel and TLS":            {"production", near + `, tunnel: true, tls: {` + files + `}`, "tunnel and tls are both there"},
		"no key":                    {"production", shield + `, tls: {ca: a.pem, cert: b.pem}`, `tls has no key "key"`},
		"no authority":              {"production", shield + `, tls: {cert: b.pem, key: c.pem}`, `tls has no key "ca"`},
		"empty authority":           {"production", shield + `, tls: {ca: "", cert: b.pem, key: c.pem}`, "ca is empty"},
		"old TLS":                   {"production", shield + `, tls: {` + files + `, min: "1.1"}`, `min "1.1" is not known`},
		"name with a port":          {"production", shield + `, tls: {` + files + `, server_name: "hsm:1500"}`, "server_name is"},
		"empty name":                {"production", shield + `, tls: {` + files + `, server_name: ""}`, "server_name is"},
		"pin":                       {"production", shield + `, tls: {` + files + `, pins: [x]}`, "sha256/ and 44 characters"},
		"LMK":                       {"development", shield + `, lmk: "1"`, "two digits in quotes"},
		"header":                    {"development", shield + `, header_len: 1`, "2 to 32"},
		"TLS for another driver":    {"development", soft + `, tls: {` + files + `}`, "tls is not for driver soft"},
		"tunnel for another driver": {"development", soft + `, tunnel: true`, "tunnel is not for driver soft"},
		"LMK for another driver":    {"development", soft + `, lmk: "00"`, "lmk is not for driver soft"},
		"header for another driver": {"development", soft + `, header_len: 4`, "header_len is not for driver soft"},
		"soft":                      {"development", soft + `, seal: data/kek`, ""},
		"soft, production":          {"production", soft, "7:15: driver soft is for development and tests"},
		"seal":                      {"development", shield + `, seal: data/kek`, "7:78: seal is not for driver payshield"},
		"variant, another driver":   {"development", soft + `, variant_lmk: true`, "variant_lmk is not for driver soft"},
	} {
		_, err := Parse("f", []byte(withModule(c.profile, c.hsm)), known)
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "\n") > 0) {
			t.Errorf("%s: %v, not %q", name, err, c.want)
		}
	}
}

// TestPayShieldFiles: the files for the way to the modules must be there, and the key not
// for everyone.
func TestPayShieldFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "switchd.yml")
	text := withModule("production", `driver: payshield, keys: k.json, addresses: ["192.0.2.20:1500"], tls: {ca: hsm-ca.pem, cert: hsm.pem, key: hsm-key.pem}`)
	c, err := Parse(file, []byte(text), known)
	if err != nil {
		t.Fatal(err)
	}
	err = CheckFiles(c)
	for _, want := range []string{":7:", "hsm.tls.ca file", "hsm.tls.cert file", "hsm.tls.key file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	for _, path := range []string{c.TLS.CA, c.TLS.Cert, c.TLS.Key, c.HSM.PayShield.TLS.CA, c.HSM.PayShield.TLS.Cert, c.HSM.PayShield.TLS.Key} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := CheckFiles(c); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(c.HSM.PayShield.TLS.Key, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := CheckFiles(c); err == nil || !strings.Contains(err.Error(), "hsm.tls.key file") || !strings.Contains(err.Error(), "open to everyone") {
		t.Error(err)
	}
}

// TestFaultOf: what the module says of a key is told at the place where the key is named.
func TestFaultOf(t *testing.T) {
	c, err := Parse("f.yml", mustRead(t, "security.good.yml"), known)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Participants {
		for what, name := range map[string]string{"mac.key": p.MAC.Key, "pin.key": p.PIN.Key, "key_exchange": p.KeyExchange, "signature.key": p.Signature.Key} {
			f := c.FaultOf(p.ID+" "+what, "%s", "wrong")
			if f.File != "f.yml" || f.Text != "wrong" {
				t.Errorf("%s %s: %v", p.ID, what, f)
			}
			lines := strings.Split(string(mustRead(t, "security.good.yml")), "\n")
			switch {
			case name == "" && f.Line != 0, name != "" && f.Line == 0:
				t.Errorf("%s %s %q: %v", p.ID, what, name, f)
			case name != "" && !strings.HasPrefix(lines[f.Line-1][f.Column-1:], name):
				t.Errorf("%s %s %q: %v", p.ID, what, name, f)
			}
		}
	}
	if f := c.FaultOf("hsm.keys", "none"); f.Line == 0 {
		t.Errorf("hsm.keys: %v", f)
	}
}
