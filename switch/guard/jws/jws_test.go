package jws

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/switch/guard"
	"switchd/switch/guard/signer"
	"switchd/switch/guard/specimen"
)

const message = `<Message xmlns=""><AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><BizMsgIdr>A1</BizMsgIdr></AppHdr><Document xmlns="urn:x">ü&amp;</Document></Message>`

var (
	bank = specimen.EC("banka")
	own  = specimen.EC("switch")
)

// newScheme is that of a participant with the certificates of the given identities.
func newScheme(t testing.TB, mine specimen.Identity, theirs ...specimen.Identity) *Scheme {
	t.Helper()
	o := signer.Options{Own: mine.File, Key: "own/sign", Clock: specimen.Clock}
	for _, i := range theirs {
		o.Theirs = append(o.Theirs, i.File)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// forge signs a message under any header with the bank's key.
func forge(t testing.TB, header, message string, by specimen.Identity, a hsm.SignatureAlgorithm) []byte {
	t.Helper()
	protected := base64.RawURLEncoding.EncodeToString([]byte(header))
	digest := sha256.Sum256([]byte(protected + "." + message))
	signature, err := by.Module().Sign(context.Background(), hsm.Signing{Algorithm: a, Digest: digest})
	if err != nil {
		t.Fatal(err)
	}
	return []byte(protected + ".." + base64.RawURLEncoding.EncodeToString(signature) + "\n" + message)
}

// good is the header that the bank's messages have.
func good() string {
	return fmt.Sprintf(`{"alg":"ES256","b64":false,"crit":["b64"],"kid":"%s"}`, bank.Certificate.ID())
}

func check(s *Scheme, body []byte) ([]byte, error) {
	return s.Open().Check(context.Background(), nil, body)
}

// TestRoundTrip: what one side signs the other reads, with both kinds of keys, after a
// change of keys as before it, and by the functions for simulated participants.
func TestRoundTrip(t *testing.T) {
	next, rsa := specimen.EC("banka next"), specimen.RSA("bankb", 2048)
	ctx := context.Background()
	for _, them := range []specimen.Identity{bank, next, rsa} {
		ours := newScheme(t, own, bank, next, rsa)
		theirs := newScheme(t, them, own)

		before := []byte("before ")
		body, err := theirs.Open().Protect(ctx, them.Module(), bytes.Clone(before), []byte(message), nil)
		if err != nil || !bytes.HasPrefix(body, before) {
			t.Fatal(err)
		}
		body = body[len(before):]
		if got, err := check(ours, body); err != nil || string(got) != message {
			t.Errorf("%s: %v, %q", them.File.Name, err, got)
		}
		if got, err := Verify(body, them.Certificate, specimen.At); err != nil || string(got) != message {
			t.Errorf("%s: Verify: %v, %q", them.File.Name, err, got)
		}
		if body, err = Sign(nil, []byte(message), them.Certificate, them.Signer); err != nil {
			t.Fatal(err)
		}
		if got, err := check(ours, body); err != nil || string(got) != message {
			t.Errorf("%s: of Sign: %v, %q", them.File.Name, err, got)
		}
	}
	if _, err := Sign(nil, []byte(message), bank.Certificate, own.Signer); !errors.Is(err, hsm.ErrKey) {
		t.Errorf("a key that is not the certificate's: %v", err)
	}
}

// TestRFC7797 builds what is signed as section 4.2 of RFC 7797 does, whose example has a
// symmetric key.
func TestRFC7797(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, key)
	input(h, []byte("eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19"), []byte("$.02"))
	if got := base64.RawURLEncoding.EncodeToString(h.Sum(nil)); got != "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY" {
		t.Errorf("the example's signature came out as %s", got)
	}
}

// TestRFC7515 has the signature of appendix A.3 of RFC 7515: an ES256 of somebody else's.
func TestRFC7515(t *testing.T) {
	const (
		x, y = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
		text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
		sig  = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	)
	c := specimen.Public(number(t, x), number(t, y))
	signature, _ := base64.RawURLEncoding.DecodeString(sig)
	digest := sha256.Sum256([]byte(text))
	if err := c.Verify(hsm.ES256, digest[:], signature); err != nil {
		t.Error(err)
	}
	signature[63] ^= 1
	if err := c.Verify(hsm.ES256, digest[:], signature); !errors.Is(err, hsm.ErrVerify) {
		t.Errorf("changed: %v", err)
	}
}

func number(t *testing.T, text string) *big.Int {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(b)
}

// TestHeaders: a header is refused for its own fault, although the signature is that of
// a pinned key over it.
func TestHeaders(t *testing.T) {
	s := newScheme(t, own, bank)
	kid := `"kid":"` + bank.Certificate.ID() + `"`
	for header, want := range map[string]error{
		good(): nil,
		` { "kid" : "` + bank.Certificate.ID() + `" , "crit" : [ "b64" ] , "b64" : false , "alg" : "ES256" } `:        nil,
		`{"typ":"a\/b\u00e9","iat":17,"n":-1,"x":null,"y":true,"alg":"ES256","b64":false,"crit":["b64"],` + kid + `}`: nil,

		`{"alg":"none","b64":false,"crit":["b64"],` + kid + `}`:                                        signer.ErrAlgorithm,
		`{"alg":"HS256","b64":false,"crit":["b64"],` + kid + `}`:                                       signer.ErrAlgorithm,
		`{"alg":"RS256","b64":false,"crit":["b64"],` + kid + `}`:                                       signer.ErrAlgorithm,
		`{"alg":"PS256","b64":false,"crit":["b64"],` + kid + `}`:                                       signer.ErrAlgorithm,
		`{"alg":"ES384","b64":false,"crit":["b64"],` + kid + `}`:                                       signer.ErrAlgorithm,
		`{"alg":"es256","b64":false,"crit":["b64"],` + kid + `}`:                                       signer.ErrAlgorithm,
		`{"alg":"","b64":false,"crit":["b64"],` + kid + `}`:                                            signer.ErrAlgorithm,
		`{"alg":null,"b64":false,"crit":["b64"],` + kid + `}`:                                          errText,
		`{"alg":["ES256"],"b64":false,"crit":["b64"],` + kid + `}`:                                     errText,
		`{"alg":"ES\u0032\u0035\u0036","b64":false,"crit":["b64"],` + kid + `}`:                        errText,
		`{"b64":false,"crit":["b64"],` + kid + `}`:                                                     errMissing,
		`{"alg":"ES256","b64":false,` + kid + `}`:                                                      errMissing,
		`{"alg":"ES256","crit":["b64"],` + kid + `}`:                                                   errMissing,
		`{"alg":"ES256","b64":false,"crit":["b64"]}`:                                                   errMissing,
		`{"alg":"ES256",` + kid + `}`:                                                                  errMissing,
		`{"alg":"ES256","b64":true,"crit":["b64"],` + kid + `}`:                                        errEncoded,
		`{"alg":"ES256","b64":"false","crit":["b64"],` + kid + `}`:                                     errEncoded,
		`{"alg":"ES256","b64":0,"crit":["b64"],` + kid + `}`:                                           errEncoded,
		`{"alg":"ES256","b64":false,"crit":[],` + kid + `}`:                                            errCritical,
		`{"alg":"ES256","b64":false,"crit":"b64",` + kid + `}`:                                         errCritical,
		`{"alg":"ES256","b64":false,"crit":["b64","b64"],` + kid + `}`:                                 errCritical,
		`{"alg":"ES256","b64":false,"crit":["b64","exp"],"exp":1,` + kid + `}`:                         errCritical,
		`{"alg":"ES256","b64":false,"crit":["exp"],"exp":1,` + kid + `}`:                               errCritical,
		`{"alg":"ES256","b64":false,"crit":["alg"],` + kid + `}`:                                       errCritical,
		`{"alg":"ES256","alg":"ES256","b64":false,"crit":["b64"],` + kid + `}`:                         errDuplicate,
		`{"alg":"ES256","b64":false,"b64":false,"crit":["b64"],` + kid + `}`:                           errDuplicate,
		`{"alg":"ES256","b64":false,"crit":["b64"],"crit":["b64"],` + kid + `}`:                        errDuplicate,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,` + kid + `}`:                           errDuplicate,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":1,"x":1}`:                           errDuplicate,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"jwk":{"kty":"EC"}}`:                    errBringsKey,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"jku":"https://x"}`:                     errBringsKey,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x5u":"https://x"}`:                     errBringsKey,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x5c":["MII"]}`:                         errBringsKey,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":{}}`:                                errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":[1]}`:                               errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"\u0061lg":"none"}`:                     errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":01}`:                                errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":1e3}`:                               errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":truex}`:                             errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":"\q"}`:                              errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":"\u12"}`:                            errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,}`:                                      errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `}{}`:                                     errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + ``:                                        errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":"` + "\x01" + `"}`:                  errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],` + kid + `,"x":"` + "\xff" + `"}`:                  errJSON,
		`{"alg":"ES256","b64":false,"crit":["b64"],"kid":"` + own.Certificate.ID() + `"}`:              signer.ErrUnknown,
		`{"alg":"ES256","b64":false,"crit":["b64"],"kid":""}`:                                          signer.ErrUnknown,
		`{"alg":"ES256","b64":false,"crit":["b64"],"kid":"` + bank.Certificate.ID()[:42] + `"}`:        signer.ErrUnknown,
		`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,` + good()[1:]: errJSON,
		`[]`: errJSON, `{}`: errJSON, `null`: errJSON, ``: errJSON, "\ufeff" + good(): errJSON,
	} {
		got, err := check(s, forge(t, header, message, bank, hsm.ES256))
		if !errors.Is(err, want) || want == nil && string(got) != message || want != nil && got != nil {
			t.Errorf("%s\n\tgives %v, want %v", header, err, want)
		}
	}
}

// TestConfusion: a key of RSA signs nothing that counts in any other way than PS256, and
// that only if the participant is set up for it.
func TestConfusion(t *testing.T) {
	rsa := specimen.RSA("bankr", 2048)
	s := newScheme(t, own, bank, rsa)
	header := func(alg string) string {
		return fmt.Sprintf(`{"alg":"%s","b64":false,"crit":["b64"],"kid":"%s"}`, alg, rsa.Certificate.ID())
	}
	for _, c := range []struct {
		alg  string
		made hsm.SignatureAlgorithm
		want error
	}{
		{"PS256", hsm.PS256, nil}, {"RS256", hsm.RS256, signer.ErrAlgorithm}, {"PS256", hsm.RS256, signer.ErrSignature},
		{"ES256", hsm.PS256, signer.ErrAlgorithm}, {"none", hsm.PS256, signer.ErrAlgorithm},
	} {
		if _, err := check(s, forge(t, header(c.alg), message, rsa, c.made)); !errors.Is(err, c.want) {
			t.Errorf("%s made as %s: %v, want %v", c.alg, c.made, err, c.want)
		}
	}

	only, err := New(signer.Options{Theirs: []signer.File{bank.File}, Accept: []hsm.SignatureAlgorithm{hsm.ES256}, Own: own.File, Key: "k", Clock: specimen.Clock})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check(only, forge(t, good(), message, bank, hsm.ES256)); err != nil {
		t.Error(err)
	}

	// The public key as the secret of an HMAC, the oldest of all.
	protected := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(good(), "ES256", "HS256", 1)))
	h := hmac.New(sha256.New, bank.File.Content)
	input(h, []byte(protected), []byte(message))
	body := protected + ".." + base64.RawURLEncoding.EncodeToString(h.Sum(nil)) + "\n" + message
	if _, err := check(s, []byte(body)); !errors.Is(err, signer.ErrAlgorithm) {
		t.Errorf("HMAC: %v", err)
	}
}

// TestForms: what is around the header is refused in any other form.
func TestForms(t *testing.T) {
	s := newScheme(t, own, bank)
	whole := string(forge(t, good(), message, bank, hsm.ES256))
	protected, rest, _ := strings.Cut(whole, "..")
	signature, _, _ := strings.Cut(rest, "\n")
	zero := base64.RawURLEncoding.EncodeToString(make([]byte, 64))
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"unsigned":                      {message, errUnsigned},
		"empty":                         {"", errPrefix},
		"no line feed":                  {protected + ".." + signature, errPrefix},
		"a header without end":          {strings.Repeat("A", prefixMax) + whole, errPrefix},
		"attached":                      {protected + ".PE1lc3NhZ2U." + signature + "\n" + message, errCompact},
		"one point":                     {protected + "." + signature + "\n" + message, errCompact},
		"four parts":                    {protected + ".." + signature + ".\n" + message, errCompact},
		"no signature":                  {protected + "..\n" + message, signer.ErrSignature},
		"no header":                     {".." + signature + "\n" + message, errJSON},
		"padded":                        {protected + "==.." + signature + "\n" + message, errEncoding},
		"padded signature":              {protected + ".." + signature + "==\n" + message, errEncoding},
		"carriage return":               {protected + ".." + signature + "\r\n" + message, errEncoding},
		"carriage return in the middle": {protected + "..\r" + signature + "\n" + message, errEncoding},
		"space":                         {" " + whole, errEncoding},
		"two line feeds":                {protected + ".." + signature + "\n\n" + message, errMessage},
		"no message":                    {protected + ".." + signature + "\n", errMessage},
		"zero signature":                {protected + ".." + zero + "\n" + message, signer.ErrSignature},
		"short signature":               {protected + ".." + signature[:84] + "\n" + message, signer.ErrSignature},
		"long signature":                {protected + ".." + signature[:84] + "AAAA" + signature[84:] + "\n" + message, signer.ErrSignature},
		"signature as DER":              {protected + ".." + der(t, signature) + "\n" + message, signer.ErrSignature},
		"more at the end":               {whole + " ", signer.ErrSignature},
		"another message":               {strings.Replace(whole, "A1", "A2", 1), signer.ErrSignature},
	} {
		if got, err := check(s, []byte(c.body)); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// der is r and s in the form that JWS does not have.
func der(t *testing.T, signature string) string {
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	text := "30440220" + hex.EncodeToString(raw[:32]) + "0220" + hex.EncodeToString(raw[32:])
	out, _ := hex.DecodeString(text)
	return base64.RawURLEncoding.EncodeToString(out)
}

// TestEveryBit: no bit of a signed message can be changed.
func TestEveryBit(t *testing.T) {
	s := newScheme(t, own, bank)
	body := forge(t, good(), "<Message>12.50</Message>", bank, hsm.ES256)
	if _, err := check(s, body); err != nil {
		t.Fatal(err)
	}
	g := s.Open()
	for i := range body {
		for bit := range 8 {
			body[i] ^= 1 << bit
			if _, err := g.Check(context.Background(), nil, body); !errors.Is(err, hsm.ErrVerify) && !errors.Is(err, hsm.ErrBlock) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
			body[i] ^= 1 << bit
		}
	}
}

// TestTime: a certificate counts from its first second to its last, for both sides.
func TestTime(t *testing.T) {
	at := int64(0)
	o := signer.Options{Theirs: []signer.File{bank.File}, Own: own.File, Key: "k", Clock: func() int64 { return at }}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	g, body := s.Open(), forge(t, good(), message, bank, hsm.ES256)
	from, to := bank.Certificate.X509().NotBefore.UnixNano(), bank.Certificate.X509().NotAfter.UnixNano()
	for when, want := range map[int64]error{
		from - 1: signer.ErrInvalid, from: nil, specimen.At: nil, to + int64(time.Second) - 1: nil, to + int64(time.Second): signer.ErrInvalid, -1: signer.ErrInvalid,
	} {
		at = when
		if _, err := g.Check(context.Background(), nil, body); !errors.Is(err, want) {
			t.Errorf("at %d: %v, want %v", when, err, want)
		}
		if _, err := g.Protect(context.Background(), own.Module(), nil, []byte(message), nil); (err == nil) != (want == nil) {
			t.Errorf("at %d signing gives %v", when, err)
		}
	}
}

// TestProtectRefuses: nothing leaves unsigned.
func TestProtectRefuses(t *testing.T) {
	s, rsa := newScheme(t, own, bank), specimen.RSA("other", 2048)
	down := &hsm.Fault{Kind: hsm.ErrDown}
	dst := []byte("dst")
	for name, c := range map[string]struct {
		m    hsm.Module
		text string
		pin  *guard.PIN
		want error
	}{
		"PIN":         {own.Module(), message, &guard.PIN{}, hsm.ErrDenied},
		"nothing":     {own.Module(), "", nil, hsm.ErrBlock},
		"no XML":      {own.Module(), "0200", nil, hsm.ErrBlock},
		"module down": {specimen.Broken{Err: down}, message, nil, hsm.ErrDown},
		"another key": {rsa.Module(), message, nil, hsm.ErrKey},
		"too short":   {specimen.Broken{Signature: make([]byte, 63)}, message, nil, hsm.ErrKey},
	} {
		got, err := s.Open().Protect(context.Background(), c.m, dst, []byte(c.text), c.pin)
		if !errors.Is(err, c.want) || string(got) != "dst" {
			t.Errorf("%s: %v, %q", name, err, got)
		}
	}
	if err := s.Prove(context.Background(), own.Module()); err != nil {
		t.Error(err)
	}
	if err := s.Prove(context.Background(), bank.Module()); !errors.Is(err, hsm.ErrKey) {
		t.Errorf("another key of the same kind proves %v", err)
	}
}
