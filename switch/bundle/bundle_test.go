package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// unpack reads a bundle.
func unpack(t *testing.T, data []byte) map[string]string {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(h.Name, "support/")] = string(text)
	}
}

// canaries are secrets of every kind that must never be seen.
var canaries = []string{
	"switchd_q83hf7Qk29dhQ83hf7Qk29dhQ83hf7Qk29dh", "500001000012345678", "4111 1111 1111 1111", "4111-1111-1111-1111", "+91 98200 12345", "asha.rao@bankb", "GB29NWBK60161331926819",
	"0123456789ABCDEFFEDCBA9876543210", "Bearer eyJhbGciOiJIUzI1NiJ9.e30", "password=hunter22", "pin: 4711x", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
	"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----",
}

// TestNoCanary: a secret is not in a bundle wherever it stands: in a text, in a label, in
// a comment, in a value or a name of JSON, in why something is missing.
func TestNoCanary(t *testing.T) {
	t.Parallel()
	for _, canary := range canaries {
		var out bytes.Buffer
		b := New(&out, Options{Name: "support", At: time.Unix(0, 0), BytesMax: 1 << 20})
		b.Text("a.txt", []byte("before "+canary+" after\n"+canary))
		if !strings.Contains(canary, "\n") {
			b.Metrics("m.txt", []byte("# HELP x "+canary+"\nx{who=\""+canary+"\",n=\"1\"} 123456789012\n"+canary+" 5\n"))
		}
		b.JSON("j.json", map[string]any{"text": "of " + canary + ".", "list": []any{map[string]any{"deep": canary}}, canary: 1, "payer": canary, "reason": canary, "n": 123456789012})
		b.JSON("bad.json", []byte(`{"x": "`+canary))
		b.Missing("gone "+"x", errors.New("not "+canary))
		if _, err := b.End(); err != nil {
			t.Fatal(err)
		}
		for name, text := range unpack(t, out.Bytes()) {
			for part := range strings.SplitSeq(canary, "\n") {
				if strings.Contains(text, part) && !strings.HasPrefix(part, "-----") {
					t.Errorf("%q is in %s:\n%s", part, name, text)
				}
			}
		}
	}
}

// TestWhatStays: what is needed for help is not masked.
func TestWhatStays(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := New(&out, Options{Name: "support", At: time.Unix(0, 0), BytesMax: 1 << 20})
	b.JSON("j.json", []byte(`{"at":"2026-11-23T10:00:00.123456789Z","id":12345678901234567890,"remote":"10.1.0.7:40112","tls":"TLS 1.3, TLS_AES_128_GCM_SHA256","reason":"","operator":"asha","state":"down"}`))
	b.Metrics("m.txt", []byte("# TYPE switchd_legs_total counter\nswitchd_legs_total{participant=\"BANKB\",class=\"debit\"} 1234567890\nswitchd_cert_expiry_timestamp_seconds 1.8e+09\n"))
	b.Text("t.txt", []byte("BANKB: limits.outbox = 4194304\nbreaker = 20 of 50 in 10s\n"))
	if _, err := b.End(); err != nil {
		t.Fatal(err)
	}
	files := unpack(t, out.Bytes())
	for name, wants := range map[string][]string{
		"j.json": {`"2026-11-23T10:00:00.123456789Z"`, "12345678901234567890", "10.1.0.7:40112", "TLS_AES_128_GCM_SHA256", `"reason": ""`, `"operator": "(masked)"`, `"down"`},
		"m.txt":  {`switchd_legs_total{participant="BANKB",class="debit"} 1234567890`, "switchd_cert_expiry_timestamp_seconds 1.8e+09", "# TYPE switchd_legs_total counter"},
		"t.txt":  {"BANKB: limits.outbox = 4194304", "breaker = 20 of 50 in 10s"},
	} {
		for _, want := range wants {
			if !strings.Contains(files[name], want) {
				t.Errorf("nothing of %s in %s:\n%s", want, name, files[name])
			}
		}
	}
}

// TestBound: a bundle is never larger than it may be, and its manifest says what was cut.
func TestBound(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := New(&out, Options{Name: "support", At: time.Unix(0, 0), BytesMax: 10_000})
	line := []byte(strings.Repeat("a line of a text\n", 1000))
	for _, name := range []string{"1.txt", "2.txt", "3.txt", "4.txt", "5.txt"} {
		b.Text(name, line)
	}
	m, err := b.End()
	if err != nil || m.Bytes > 10_000 || len(m.Entries) != 5 {
		t.Fatalf("%v: %+v", err, m)
	}
	files := unpack(t, out.Bytes())
	var said Manifest
	if err := json.Unmarshal([]byte(files["manifest.json"]), &said); err != nil || said.Bytes != m.Bytes || !said.Entries[4].Cut {
		t.Errorf("%v: the manifest says %s", err, files["manifest.json"])
	}
	for _, e := range m.Entries {
		if len(files[e.Name]) != e.Bytes || e.Bytes > 2500 || strings.TrimRight(files[e.Name], "\n") != strings.TrimRight(strings.Repeat("a line of a text\n", e.Bytes/17), "\n") {
			t.Errorf("%s has %d bytes, the manifest says %d", e.Name, len(files[e.Name]), e.Bytes)
		}
	}
}

// TestAnyBytes: bytes that are no text do no harm.
func TestAnyBytes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	b := New(&out, Options{Name: "support", At: time.Unix(0, 0), BytesMax: 1 << 20})
	for range 50 {
		text := make([]byte, r.IntN(300))
		for i := range text {
			text[i] = byte(r.Uint32())
		}
		b.Text("x", text)
		b.Metrics("y", text)
		b.JSON("z", text)
	}
	if _, err := b.End(); err != nil {
		t.Fatal(err)
	}
	unpack(t, out.Bytes())
}
