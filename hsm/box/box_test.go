package box

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"switchd/hsm"
	"switchd/hsm/mac"
)

// cmacWith is the CMAC of a key of 32 equal bytes.
func cmacWith(t *testing.T, key byte) CMAC {
	t.Helper()
	k, err := mac.NewKey(hsm.AESCMAC, 0, bytes.Repeat([]byte{key}, KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return func(dst, message []byte) ([]byte, error) { return k.Sum(dst, message), nil }
}

// TestXAES: the two vectors of c2sp.org/XAES-256-GCM.
func TestXAES(t *testing.T) {
	for _, v := range []struct {
		key         byte
		public, box string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
		a, err := own(nonce, cmacWith(t, v.key))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(a.Seal(nil, nonce[12:], []byte("XAES-256-GCM"), []byte(v.public))); got != v.box {
			t.Errorf("%s, not %s", got, v.box)
		}
	}
}

// TestBox: the form, with a nonce that is known, and what does not open it.
func TestBox(t *testing.T) {
	key, nonce := cmacWith(t, 1), []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
	box, err := Seal(Content{Version: 0x01020304, Public: []byte("payment"), Data: []byte("account")}, key, bytes.NewReader(nonce))
	if err != nil || !bytes.Equal(box[:5], []byte{1, 1, 2, 3, 4}) || !bytes.Equal(box[5:29], nonce) || len(box) != 29+7+16 {
		t.Fatalf("%x, %v", box, err)
	}
	if v, err := Version(box); err != nil || v != 0x01020304 {
		t.Errorf("version %x, %v", v, err)
	}
	if got, err := Open(box, []byte("payment"), key); err != nil || string(got) != "account" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := Open(box, []byte("payment"), cmacWith(t, 2)); !errors.Is(err, hsm.ErrVerify) {
		t.Errorf("under another key: %v", err)
	}
	for n := range nonceEnd + tagBytes {
		if _, err := Open(box[:n], nil, key); !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, err := Seal(Content{}, key, bytes.NewReader(nonce[:5])); err == nil {
		t.Error("sealed without a whole nonce")
	}
	down := errors.New("down")
	if _, err := Open(box, nil, func([]byte, []byte) ([]byte, error) { return nil, down }); !errors.Is(err, down) {
		t.Errorf("a key that does not answer: %v", err)
	}
}
