package keyblock_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/mac"
)

// forge makes a block of version D with a right MAC around any body, under 16 bytes:
// what a partner could send that has our key and other rules.
func forge(t *testing.T, under hsm.Secret, kind string, body []byte) string {
	t.Helper()
	cmac := func(key, in []byte) []byte {
		k, err := mac.NewKey(hsm.AESCMAC, 0, key)
		if err != nil {
			t.Fatal(err)
		}
		return k.Sum(nil, in)
	}
	header := fmt.Sprintf("D%04d%s00N0000", 16+2*len(body)+32, kind)
	seal, err := aes.NewCipher(cmac(under.Reveal(), []byte{1, 0, 0, 0, 0, 2, 0, 128}))
	if err != nil {
		t.Fatal(err)
	}
	code := cmac(cmac(under.Reveal(), []byte{1, 0, 1, 0, 0, 2, 0, 128}), append([]byte(header), body...))
	sealed := make([]byte, len(body))
	cipher.NewCBCEncrypter(seal, code).CryptBlocks(sealed, body)
	return header + strings.ToUpper(hex.EncodeToString(sealed)+hex.EncodeToString(code))
}

// TestForeignRules: blocks that are proven to be from the partner, and break a rule.
func TestForeignRules(t *testing.T) {
	under := random(t, 16)
	body := func(bits, size int) []byte {
		return append([]byte{byte(bits >> 8), byte(bits)}, make([]byte, size-2)...)
	}
	for _, c := range []struct {
		what, kind string
		body       []byte
		want       error
	}{
		{"as it should be", "P0AB", body(128, 32), nil},
		{"more fill than needed", "P0AB", body(128, 64), nil},
		{"AES-256 under AES-128", "P0AB", body(256, 48), hsm.ErrDenied},
		{"AES-192 under AES-128", "P0AB", body(192, 32), hsm.ErrDenied},
		{"AES of 20 bytes", "P0AB", body(160, 32), hsm.ErrKey},
		{"TDES of 8 bytes", "P0TB", body(64, 16), hsm.ErrKey},
		{"an algorithm of some vendor", "P0ZB", body(128, 32), hsm.ErrKey},
		{"no bits", "P0AB", body(0, 32), hsm.ErrBlock},
		{"bits that are no bytes", "P0AB", body(127, 32), hsm.ErrBlock},
		{"more bits than body", "P0AB", body(256, 32), hsm.ErrBlock},
		{"all bits", "P0AB", body(0xFFF8, 32), hsm.ErrBlock},
	} {
		_, key, err := keyblock.Unwrap(under, forge(t, under, c.kind, c.body))
		if !errors.Is(err, c.want) || (err == nil) != (key.Len() == 16) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
