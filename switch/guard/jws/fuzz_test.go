package jws

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"switchd/hsm"
	"switchd/switch/guard/specimen"
)

// FuzzCheck: whatever verifies is what was signed, to the byte, and what does not is
// refused by an error of the contract.
func FuzzCheck(f *testing.F) {
	rsa := specimen.RSA("bankr", 2048)
	s := newScheme(f, own, bank, rsa)
	signed := map[string]bool{message: true, "<a/>": true}
	for text := range signed {
		for _, i := range []specimen.Identity{bank, rsa} {
			body, err := Sign(nil, []byte(text), i.Certificate, i.Signer)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(body)
		}
	}
	f.Add([]byte(message))
	f.Add(forge(f, `{"alg":"none"}`, message, bank, hsm.ES256))
	g := s.Open()
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := g.Check(context.Background(), nil, bytes.Clone(body))
		switch {
		case err == nil && !signed[string(got)]:
			t.Fatalf("%q counts as signed", got)
		case err != nil && (got != nil || !errors.Is(err, hsm.ErrVerify) && !errors.Is(err, hsm.ErrBlock)):
			t.Fatalf("%v, with %q", err, got)
		}
	})
}

// FuzzHeader reads headers that no signature protects from changes.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(good()))
	f.Add([]byte(`{"a":"\u00e9\\","b":-10,"c":null,"crit" : [ "b64" ],"b64":false,"alg":"","kid":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h header
		if err := h.read(text); err == nil && (!h.b64 || !h.crit || h.alg == nil || h.kid == nil) {
			t.Fatalf("%q is read as %+v", text, h)
		}
	})
}
