package conform

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"testing"

	"switchd/hsm"
)

// sealing: what was sealed comes out with the same public bytes and the same key only,
// unchanged, and no two boxes are alike.
func (s *suite) sealing(t *testing.T) {
	public := []byte("payment 17")
	for _, n := range []int{0, 1, 15, 16, 17, 1000} {
		plain := bytes.Repeat([]byte("account "), n/8+1)[:n]
		box, err := s.m.Seal(background, hsm.Box{By: data, Public: public, Data: plain})
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.m.Seal(background, hsm.Box{By: data, Public: public, Data: plain})
		if err != nil || bytes.Equal(box, again) {
			t.Errorf("%d bytes: sealed twice they are equal, or %v", n, err)
		}
		if n >= 8 && bytes.Contains(box, plain[:8]) {
			t.Errorf("%d bytes: they can be read", n)
		}
		got, err := s.m.Open(background, hsm.Box{By: data, Public: public, Data: box})
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %x, %v", n, got, err)
		}
		for i := range box {
			changed := bytes.Clone(box)
			changed[i] ^= 0x10
			_, err := s.m.Open(background, hsm.Box{By: data, Public: public, Data: changed})
			if kind := hsm.ErrVerify; errors.Is(err, hsm.ErrBlock) {
				s.refused(t, "a bit of the form changed", err, hsm.ErrBlock, "account ")
			} else {
				s.refused(t, "a bit changed", err, kind, "account ")
			}
		}
	}
	box, err := s.m.Seal(background, hsm.Box{By: dataOut, Public: public, Data: []byte("account 4711")})
	if err != nil {
		t.Fatal(err)
	}
	s.openRefusals(t, box, public)
}

func (s *suite) openRefusals(t *testing.T, box, public []byte) {
	t.Helper()
	for _, c := range []struct {
		what string
		box  hsm.Box
		kind error
	}{
		{"other public bytes", hsm.Box{By: dataIn, Public: []byte("payment 18"), Data: box}, hsm.ErrVerify},
		{"no public bytes", hsm.Box{By: dataIn, Data: box}, hsm.ErrVerify},
		{"a byte more", hsm.Box{By: dataIn, Public: public, Data: append(bytes.Clone(box), 0)}, hsm.ErrVerify},
		{"nothing", hsm.Box{By: dataIn, Public: public}, hsm.ErrBlock},
		{"a key that only seals", hsm.Box{By: dataOut, Public: public, Data: box}, hsm.ErrKey},
		{"nobody's key", hsm.Box{By: nobody, Public: public, Data: box}, hsm.ErrKey},
		{"a key for tokens", hsm.Box{By: token, Public: public, Data: box}, hsm.ErrKey},
	} {
		if _, held := s.keys[c.box.By]; !held && c.box.By != nobody {
			continue
		}
		_, err := s.m.Open(background, c.box)
		s.refused(t, c.what, err, c.kind, "account ")
	}
	if got, err := s.m.Open(background, hsm.Box{By: dataIn, Public: public, Data: box}); err != nil || string(got) != "account 4711" {
		t.Errorf("the same key for opening only: %q, %v", got, err)
	}
	for by, k := range s.keys {
		if k.Usage != hsm.DataEncryption || by == dataIn {
			_, err := s.m.Seal(background, hsm.Box{By: by, Data: []byte("account 4711")})
			s.refused(t, "sealing with "+string(by), err, hsm.ErrKey, "account ")
		}
	}
}

// tokens: HMAC-SHA-256 of the value.
func (s *suite) tokens(t *testing.T) {
	seen := map[[32]byte]bool{}
	for _, by := range []hsm.KeyRef{token, token2} {
		for _, value := range []string{"", "4012345678909", "4012345678908"} {
			h := hmac.New(sha256.New, s.keys[by].Bytes.Reveal())
			_, _ = h.Write([]byte(value))
			got, err := s.m.Token(background, by, secret(value))
			if err != nil || !bytes.Equal(got[:], h.Sum(nil)) || seen[got] {
				t.Errorf("%s of %d bytes: %x, %v", by, len(value), got, err)
			}
			seen[got] = true
		}
	}
	for ref, k := range s.keys {
		if k.Usage != hsm.MACHash {
			_, err := s.m.Token(background, ref, secret("4012345678909"))
			s.refused(t, "token with "+string(ref), err, hsm.ErrKey, "4012345678909")
		}
	}
	_, err := s.m.Token(background, nobody, secret("4012345678909"))
	s.refused(t, "token with nobody's key", err, hsm.ErrKey, "4012345678909")
}
