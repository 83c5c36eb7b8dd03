package symmetric_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"switchd/hsm"
	"switchd/hsm/symmetric"
)

// TestVectors: each key encrypts a block of zeros, which is its check value. The first
// three are in the project's specification (5.2 and 5.4); a key of equal parts is DES,
// whose row is the first of the variable key test of NIST SP 800-17.
func TestVectors(t *testing.T) {
	for _, v := range []struct {
		a        hsm.Algorithm
		key, out string
	}{
		{hsm.TDES, "0123456789ABCDEFFEDCBA9876543210", "08d7b4"},
		{hsm.TDES, "89E88CF7931444F334BD7547FC3F380C", "d1d812"},
		{hsm.AES, "2b7e151628aed2a6abf7158809cf4f3c", "7df76b"},
		{hsm.DES, "8001010101010101", "95a8d72813daa94d"},
		{hsm.TDES, "800101010101010180010101010101018001010101010101", "95a8d72813daa94d"},
		{hsm.TDES, "80010101010101018001010101010101", "95a8d72813daa94d"},
	} {
		key, _ := hex.DecodeString(v.key)
		c, err := symmetric.New(v.a, key)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, c.BlockSize())
		c.Encrypt(out, out)
		if got := hex.EncodeToString(out); got[:len(v.out)] != v.out {
			t.Errorf("%s %s: %s, not %s", v.a, v.key, got, v.out)
		}
		if again, _ := hex.DecodeString(v.key); !bytes.Equal(again, key) {
			t.Error("the key was changed")
		}
	}
}

func TestRefused(t *testing.T) {
	for _, a := range []hsm.Algorithm{hsm.DES, hsm.TDES, hsm.AES, hsm.HMAC, hsm.RSA, '?'} {
		for n := range 40 {
			c, err := symmetric.New(a, make([]byte, n))
			if want := a.Rank(n) > 0; want != (err == nil) || want != (c != nil) || !want && !errors.Is(err, hsm.ErrKey) {
				t.Errorf("%s of %d bytes: %v", a, n, err)
			}
		}
	}
}

// TestRank: a key counts by its bytes, parity aside.
func TestRank(t *testing.T) {
	const a, b, c = "0123456789ABCDEF", "FEDCBA9876543210", "89E88CF7931444F3"
	const other = "0022446688AACCEE" // a with other parity
	for _, v := range []struct {
		algorithm hsm.Algorithm
		key       string
		rank      int
	}{
		{hsm.DES, a, 1}, {hsm.TDES, a + b, 2}, {hsm.TDES, a + a, 1}, {hsm.TDES, a + other, 1},
		{hsm.TDES, a + b + c, 3}, {hsm.TDES, a + b + a, 2}, {hsm.TDES, a + b + other, 2},
		{hsm.TDES, a + a + b, 1}, {hsm.TDES, a + other + b, 1}, {hsm.TDES, b + a + other, 1}, {hsm.TDES, a + a + a, 1},
		{hsm.AES, a + a, 4}, {hsm.AES, a + b + a, 5}, {hsm.TDES, a, 0}, {hsm.HMAC, a + a, 0}, {'?', a + a, 0},
	} {
		key, err := hex.DecodeString(v.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := symmetric.Rank(v.algorithm, key); got != v.rank {
			t.Errorf("%s %s has rank %d, not %d", v.algorithm, v.key, got, v.rank)
		}
	}
}

// TestEqual: parity counts with AES only, every byte and the length always.
func TestEqual(t *testing.T) {
	key := bytes.Repeat([]byte{0x10}, 16)
	for n := range key {
		other := bytes.Clone(key)
		other[n] ^= 1
		if !symmetric.Equal(hsm.TDES, key, other) || !symmetric.Equal(hsm.DES, key[:8], other[:8]) || symmetric.Equal(hsm.AES, key, other) {
			t.Errorf("parity of byte %d", n)
		}
		if other[n] ^= 0x81; symmetric.Equal(hsm.TDES, key, other) {
			t.Errorf("byte %d", n)
		}
	}
	if symmetric.Equal(hsm.AES, key, key[:15]) || symmetric.Equal(hsm.TDES, key, nil) || !symmetric.Equal(hsm.AES, key, key) {
		t.Error("lengths")
	}
}
