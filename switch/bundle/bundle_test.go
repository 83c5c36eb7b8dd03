package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
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
			b.Metrics("m.txt", []byte("# HELP x "+canary+"\nx{who=\""+canary+"\",n=\"1\"} 123456789012\n"+canary+" 5\nx{le=\""+canary+"\"} 1\nx{who=\""+canary+"\",le=\"0.5\",n=\""+canary+"\"} 1\n"))
			b.Stacks("g.txt", []byte("1 @ 0x1 "+canary+"\n#\t0x1\tmain.serve+0x1\t"+canary+"\n# labels: {\"a\":\""+canary+"\"}\n"))
			b.Log("l.txt", []byte("level=INFO msg=x reason="+strconv.Quote(canary)+"\n{\"msg\":\"x\",\"reason\":"+strconv.Quote(canary)+",\"n\":"+strconv.Quote(canary)+"}\nhost switchd[1]: "+canary+" {\"msg\":"+strconv.Quote(canary)+"}\n{\"msg\":\""+canary+"\n"))
		}
		b.Settings("s.txt", []byte("BANKA: mac.key = "+canary+"\n"+canary+" = 1\n"+canary+"\n"))
		b.JSON("h.json", map[string]any{"chain": canary, "tree_root": canary, "verifier": canary, "checkpoint": "switchd/999999\n1\n" + canary})
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

// TestQuotedSecrets: a value behind its name is masked to its end, in whatever quotes it
// stands, and a block of a key with all of its lines.
func TestQuotedSecrets(t *testing.T) {
	const block = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABB\n\nhunter2AAAA\n-----END RSA PRIVATE KEY-----"
	for _, text := range []string{
		`password="hunter2"`, `password: "hunter2"`, `token="abcd hunter2"`, `pin = "hunter2"`, `secret='a hunter2'`, `{"Password":"hunter2"}`,
		`msg="{\"Password\":\"a hunter2\"}"`, `token="a\" hunter2"`, `password="hunter2`, `db_password=hunter2`, `{"client_secret": "hunter2"}`,
		block, strings.TrimSuffix(block, "-----END RSA PRIVATE KEY-----"), strings.ReplaceAll(block, "\n", `\n`),
	} {
		for how, mask := range map[string]func([]byte) ([]byte, int){"text": Text, "log": Log, "settings": Settings} {
			if how == "settings" && strings.Contains(text, " = ") {
				continue // there it is what a setting is called
			}
			if got, n := mask([]byte("before " + text + " after")); n == 0 || strings.Contains(string(got), "hunter2") || !strings.HasPrefix(string(got), "before ") {
				t.Errorf("as %s: %s\nis %s", how, text, got)
			}
		}
	}
	if got, _ := Text([]byte(`password="hunter2" event=link.up`)); string(got) != hidden+" event=link.up" {
		t.Errorf("behind the quotes: %s", got)
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
	b.Metrics("b.txt", []byte(buckets))
	b.Stacks("g.txt", []byte(stacks))
	b.Settings("s.txt", []byte("tls.key = /etc/switchd/certs/switch-key.pem\nBANKA: mac.key = banka/zak\nhsm.token = switch\n"))
	b.JSON("journal.json", []byte(tellsJournal))
	b.Log("l.txt", []byte(`time=2026-11-23T14:10:28.524Z level=WARN msg="handshake refused" reason=unknown_ca remote=10.1.0.7:40112 times=3
time=2026-11-23T14:10:29Z level=INFO msg="configuration reloaded" operator="asha rao" reason="Mr. Iyer \"called\"" event=config.reloaded
{"level":"WARN","msg":"link down","reason":"keepalive_flood","participant":"BANKB"}
Nov 23 host switchd[7]: {"level":"INFO","msg":"operator's command","operator":"asha rao","reason":"Mr. Iyer called","command":"drain"}
`))
	if _, err := b.End(); err != nil {
		t.Fatal(err)
	}
	files := unpack(t, out.Bytes())
	for name, wants := range map[string][]string{
		"j.json": {`"2026-11-23T10:00:00.123456789Z"`, "12345678901234567890", "10.1.0.7:40112", "TLS_AES_128_GCM_SHA256", `"reason": ""`, `"operator": "(masked)"`, `"down"`},
		"m.txt":  {`switchd_legs_total{participant="BANKB",class="debit"} 1234567890`, "switchd_cert_expiry_timestamp_seconds 1.8e+09", "# TYPE switchd_legs_total counter"},
		"t.txt":  {"BANKB: limits.outbox = 4194304", "breaker = 20 of 50 in 10s"},
		"b.txt":  {buckets}, "g.txt": {stacks},
		"s.txt": {"tls.key = /etc/switchd/certs/switch-key.pem\nBANKA: mac.key = banka/zak\nhsm.token = switch\n"},
		"l.txt": {
			`msg="handshake refused" reason=unknown_ca remote=10.1.0.7:40112 times=3`, `msg="configuration reloaded" operator=(masked) reason=(masked) event=config.reloaded`,
			`"reason":"keepalive_flood"`, `Nov 23 host switchd[7]: {"command":"drain","level":"INFO","msg":"operator's command","operator":"(masked)","reason":"(masked)"}`,
		},
		"journal.json": {"b99d30f3b08f9c42ef825c8e689435512647cb9939910a6aa6e585655b630272", `lDHmZD+HVC4y7dG8BTkWIeFbo1cjye3IknoVhnkN0Ns=\n\n— switchd/999999 SGFd1r3`, `"switchd/999999+48615dd6+AQCl57aglW/wWkM+M00REKR1NO8yRxulKfduYgjDGzkS"`, `"state_hash": "(masked)"`},
	} {
		for _, want := range wants {
			if !strings.Contains(files[name], want) {
				t.Errorf("nothing of %s in %s:\n%s", want, name, files[name])
			}
		}
	}
}

// What no one must hide.
const (
	buckets = `x_bucket{class="debit",le="6.103515625e-05"} 0
x_bucket{class="debit",le="0.0001220703125"} 12
x_bucket{le="1.073741824e+09",class="debit"} 12
x_bucket{le="+Inf"} 12
`
	stacks = "1 @ 0x1 0x2\n#\t0xd79e2e\tgithub.com/cockroachdb/pebble/v2/internal/genericcache.(*shard[...]).releaseLoop+0x6e\t/root/go/pkg/mod/github.com/cockroachdb/pebble/v2@v2.1.7/internal/genericcache/shard.go:61\n"

	tellsJournal = `{"chain":"b99d30f3b08f9c42ef825c8e689435512647cb9939910a6aa6e585655b630272","state_hash":"b99d30f3b08f9c42ef825c8e689435512647cb9939910a6aa6e585655b630272",
"verifier":"switchd/999999+48615dd6+AQCl57aglW/wWkM+M00REKR1NO8yRxulKfduYgjDGzkS",
"checkpoint":"switchd/999999\n445\nlDHmZD+HVC4y7dG8BTkWIeFbo1cjye3IknoVhnkN0Ns=\n\n— switchd/999999 SGFd1r3ZlsJgSi4ZoM5jK0WxqgZtWGU+qe4YNwBUR7wIe3jkB2ThsxQDA/353F1dC3jpa4TrP5083Yt2XjJeQUtYxAk=\n"}`
)

// TestLogIsCutAtItsBeginning: the last lines are those that count.
func TestLogIsCutAtItsBeginning(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := New(&out, Options{Name: "support", At: time.Unix(0, 0), BytesMax: 400})
	b.Log("log.txt", []byte(strings.Repeat("an old line\n", 100)+"the last line\n"))
	b.Log("short.txt", []byte("one\ntwo"))
	m, err := b.End()
	files := unpack(t, out.Bytes())
	if text := files["log.txt"]; err != nil || len(text) > 100 || !strings.HasPrefix(text, "an old line\n") || !strings.HasSuffix(text, "line\nthe last line\n") || !m.Entries[0].Cut || len(text) != m.Entries[0].Bytes {
		t.Errorf("%v: %q, %+v", err, text, m.Entries[0])
	}
	if files["short.txt"] != "one\ntwo\n" || m.Entries[1].Cut {
		t.Errorf("%q, %+v", files["short.txt"], m.Entries[1])
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
		b.Log("l", text)
		b.Stacks("g", text)
		b.Settings("s", text)
	}
	if _, err := b.End(); err != nil {
		t.Fatal(err)
	}
	unpack(t, out.Bytes())
}
