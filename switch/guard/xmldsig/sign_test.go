package xmldsig

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchd/codec/iso20022"
	"switchd/hsm"
	"switchd/switch/guard"
	"switchd/switch/guard/signer"
	"switchd/switch/guard/specimen"
)

var (
	bank = specimen.EC("banka")
	own  = specimen.EC("switch")
	ctx  = context.Background()
)

// newScheme is that of a participant with the certificates of the given identities.
func newScheme(t testing.TB, change func(*Options), mine specimen.Identity, theirs ...specimen.Identity) *Scheme {
	t.Helper()
	o := Options{Options: signer.Options{Own: mine.File, Key: "own/sign", Clock: specimen.Clock}}
	for _, i := range theirs {
		o.Theirs = append(o.Theirs, i.File)
	}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func check(s *Scheme, body []byte) ([]byte, error) { return s.Open().Check(ctx, nil, body) }

// messages are those of testdata/messages by their names.
func messages(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob("testdata/messages/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".xml")] = string(b)
	}
	return all
}

func parse(t *testing.T, text []byte) *iso20022.Message {
	t.Helper()
	profile, err := iso20022.Builtin("ips-base")
	if err != nil {
		t.Fatal(err)
	}
	m := new(iso20022.Message)
	if err := m.Parse(profile, text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m
}

// TestRoundTrip: what one side signs the other reads, whoever has which kind of key and
// names its certificate how; what is signed is valid by schema and profile, with Sgntr in
// its place, and what is read says in every field what was signed.
func TestRoundTrip(t *testing.T) {
	rsa := specimen.RSA("bankr", 2048)
	for name, text := range messages(t) {
		for _, c := range []struct {
			them       specimen.Identity
			with       hsm.SignatureAlgorithm
			thumbprint bool
		}{{bank, "", false}, {bank, "", true}, {rsa, "", false}, {rsa, hsm.RS256, true}} {
			theirs := newScheme(t, func(o *Options) { o.With, o.Thumbprint = c.with, c.thumbprint }, c.them, own)
			ours := newScheme(t, func(o *Options) { o.Accept = []hsm.SignatureAlgorithm{hsm.ES256, hsm.RS256, hsm.PS256} }, own, bank, rsa)
			body, err := theirs.Open().Protect(ctx, c.them.Module(), []byte("before "), []byte(text), nil)
			if err != nil || !bytes.HasPrefix(body, []byte("before ")) {
				t.Fatalf("%s: %v", name, err)
			}
			body = body[len("before "):]
			got, err := check(ours, body)
			if err != nil {
				t.Fatalf("%s of %s: %v\n%s", name, c.them.File.Name, err, body)
			}
			same(t, text, got)
			if signature := parse(t, body).Raw(iso20022.BizSignature); !bytes.Contains(signature, []byte("SignatureValue")) {
				t.Errorf("%s: the header has the signature %q", name, signature)
			}
			if got, err = Verify(body, c.them.Certificate, specimen.At); err != nil {
				t.Errorf("%s: Verify: %v", name, err)
			}
			same(t, text, got)

			if body, err = Sign(nil, []byte(text), c.them.Certificate, c.them.Signer); err != nil {
				t.Fatal(err)
			}
			if got, err = check(ours, body); err != nil {
				t.Errorf("%s: of Sign: %v", name, err)
			}
			same(t, text, got)
		}
	}
	if _, err := Sign(nil, []byte(messages(t)["transfer"]), bank.Certificate, own.Signer); !errors.Is(err, hsm.ErrKey) {
		t.Errorf("a key that is not the certificate's: %v", err)
	}
}

// same compares what two messages say.
func same(t *testing.T, text string, got []byte) {
	t.Helper()
	a, b := parse(t, []byte(text)), parse(t, got)
	if a.Definition() != b.Definition() {
		t.Errorf("%s became %s", a.Definition().Name, b.Definition().Name)
	}
	for f := iso20022.Field(0); f < iso20022.FieldCount; f++ {
		if a.Has(f) != b.Has(f) || !bytes.Equal(a.Text(f), b.Text(f)) && !bytes.Contains(a.Raw(f), []byte("<")) {
			t.Errorf("%s: %q became %q", f, a.Text(f), b.Text(f))
		}
	}
}

// TestCanonical: of a message that is in canonical form already, as the switch's own are,
// all but the signature is handed on as it is.
func TestCanonical(t *testing.T) {
	text := messages(t)["transfer"]
	body, err := Sign(nil, []byte(text), bank.Certificate, bank.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := check(newScheme(t, nil, own, bank), body); err != nil || string(got) != text {
		t.Errorf("%v: %s", err, got)
	}
}

// TestTime: a certificate counts from its first second to its last, for both sides.
func TestTime(t *testing.T) {
	at := int64(0)
	s := newScheme(t, func(o *Options) { o.Clock = func() int64 { return at } }, own, bank)
	text := []byte(messages(t)["transfer"])
	body, err := Sign(nil, text, bank.Certificate, bank.Signer)
	if err != nil {
		t.Fatal(err)
	}
	from, to := bank.Certificate.X509().NotBefore.UnixNano(), bank.Certificate.X509().NotAfter.UnixNano()
	for when, want := range map[int64]error{from - 1: signer.ErrInvalid, from: nil, to: nil, to + int64(time.Second): signer.ErrInvalid} {
		at = when
		if _, err := check(s, body); !errors.Is(err, want) {
			t.Errorf("at %d: %v, want %v", when, err, want)
		}
		if _, err := s.Open().Protect(ctx, own.Module(), nil, text, nil); (err == nil) != (want == nil) {
			t.Errorf("at %d signing gives %v", when, err)
		}
	}
}

// TestProtectRefuses: nothing leaves unsigned, or signed twice.
func TestProtectRefuses(t *testing.T) {
	s, rsa := newScheme(t, nil, own, bank), specimen.RSA("other", 2048)
	text := messages(t)["transfer"]
	signed, err := Sign(nil, []byte(text), bank.Certificate, bank.Signer)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		m    hsm.Module
		text string
		pin  *guard.PIN
		want error
	}{
		"PIN":         {own.Module(), text, &guard.PIN{}, guard.ErrPIN},
		"nothing":     {own.Module(), "", nil, errSyntax},
		"no XML":      {own.Module(), "0200", nil, errSyntax},
		"signed":      {own.Module(), string(signed), nil, errSigned},
		"no header":   {own.Module(), text[:18] + text[strings.Index(text, "<Document"):], nil, errEnvelope},
		"module down": {specimen.Broken{Err: &hsm.Fault{Kind: hsm.ErrDown}}, text, nil, hsm.ErrDown},
		"another key": {rsa.Module(), text, nil, hsm.ErrKey},
		"too short":   {specimen.Broken{Signature: make([]byte, 63)}, text, nil, hsm.ErrKey},
	} {
		got, err := s.Open().Protect(ctx, c.m, []byte("dst"), []byte(c.text), c.pin)
		if !errors.Is(err, c.want) || string(got) != "dst" {
			t.Errorf("%s: %v, %q", name, err, got)
		}
	}
}

// TestSameName: two certificates that a KeyInfo could not tell apart are refused when the
// files are read.
func TestSameName(t *testing.T) {
	again := specimen.Issue(specimen.EC("another").Signer, "banka", nil)
	_, err := New(Options{Options: signer.Options{Theirs: []signer.File{bank.File, again.File}, Own: own.File, Key: "k", Clock: specimen.Clock}})
	if err == nil || !strings.Contains(err.Error(), "two certificates") {
		t.Error(err)
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"CN=A b,O=C", " cn=A B, O=c\n", true}, {"CN=A", "CN=AB", false}, {"CN=AB", "CN=A", false}, {"", " ", true}, {"a ", "a", true}, {"ü", "ü", true}, {"CN=A,O=B", "O=B,CN=A", false},
	} {
		if sameName(c.a, []byte(c.b)) != c.same {
			t.Errorf("%q and %q: not %v", c.a, c.b, c.same)
		}
	}
}
