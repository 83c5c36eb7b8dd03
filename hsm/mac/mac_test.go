package mac_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"switchd/hsm"
	"switchd/hsm/mac"
	"switchd/hsm/vector"
)

func ready(t testing.TB, a hsm.MACAlgorithm, padding hsm.Padding, key []byte) *mac.Key {
	t.Helper()
	k, err := mac.NewKey(a, padding, key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The message of RFC 4493 section 4 and of NIST SP 800-38B appendix D.
const nist = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

// vectors, each with where it is from: "8583": the project's specification, section
// 5.2; RFC 4493 section 4; SP 800-38B: the examples of NIST (D.2 to D.5).
var vectors = []struct {
	from      string
	algorithm hsm.MACAlgorithm
	padding   hsm.Padding
	key       string
	message   string // text, or hexadecimal after "0x"
	code      string
}{
	{"8583", hsm.X99, 0, "0123456789ABCDEF", "7654321 Now is the time for ", "F1D30F6849312CA4"},
	{"8583", hsm.X919, hsm.PadZeros, "0123456789ABCDEFFEDCBA9876543210", "Now is the time for all ", "A1C72E74EA3FA9B6"},
	{"8583", hsm.X919, hsm.PadOne, "0123456789ABCDEFFEDCBA9876543210", "Now is the time for all ", "E9086230CA3BE796"},
	{"8583", hsm.X919, hsm.PadZeros, "0123456789ABCDEFFEDCBA9876543210", "Now is the time for it", "2E2B1428CC78254F"},
	{"8583", hsm.X919, hsm.PadOne, "0123456789ABCDEFFEDCBA9876543210", "Now is the time for it", "5A692CE64F404145"},
	{"8583", hsm.X919, hsm.PadZeros, "41414141414141414242424242424242", "hello world", "3DDE5C5511661CBF"},
	{"8583", hsm.X919, hsm.PadOne, "41414141414141414242424242424242", "hello world", "E16941032C3BC7D4"},
	{"8583, 16 zero bytes: the CMAC check value", hsm.AESCMAC, 0, "2b7e151628aed2a6abf7158809cf4f3c", "0x00000000000000000000000000000000", "7AD386"},

	{"RFC 4493", hsm.AESCMAC, 0, "2b7e151628aed2a6abf7158809cf4f3c", "0x", "bb1d6929e95937287fa37d129b756746"},
	{"RFC 4493", hsm.AESCMAC, 0, "2b7e151628aed2a6abf7158809cf4f3c", "0x" + nist[:32], "070a16b46b4d4144f79bdd9dd04a287c"},
	{"RFC 4493", hsm.AESCMAC, 0, "2b7e151628aed2a6abf7158809cf4f3c", "0x" + nist[:80], "dfa66747de9ae63030ca32611497c827"},
	{"RFC 4493", hsm.AESCMAC, 0, "2b7e151628aed2a6abf7158809cf4f3c", "0x" + nist, "51f0bebf7e3b9d92fc49741779363cfe"},

	{"SP 800-38B", hsm.AESCMAC, 0, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "0x", "d17ddf46adaacde531cac483de7a9367"},
	{"SP 800-38B", hsm.AESCMAC, 0, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "0x" + nist[:80], "8a1de5be2eb31aad089a82e6ee908b0e"},
	{"SP 800-38B", hsm.AESCMAC, 0, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "0x", "028962f61b7bf89efc6b551f4667d983"},
	{"SP 800-38B", hsm.AESCMAC, 0, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "0x" + nist, "e1992190549f6ed5696a2c056c315410"},
	{"SP 800-38B", hsm.DESCMAC, 0, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", "0x", "b7a688e122ffaf95"},
	{"SP 800-38B", hsm.DESCMAC, 0, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", "0x" + nist[:16], "8e8f293136283797"},
	{"SP 800-38B", hsm.DESCMAC, 0, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", "0x" + nist[:40], "743ddbe0ce2dc2ed"},
	{"SP 800-38B", hsm.DESCMAC, 0, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", "0x" + nist[:64], "33e6b1092400eae5"},
	{"SP 800-38B", hsm.DESCMAC, 0, "4cf15134a2850dd58a3d10ba80570d38", "0x", "bd2ebf9a3ba00361"},
	{"SP 800-38B", hsm.DESCMAC, 0, "4cf15134a2850dd58a3d10ba80570d38", "0x" + nist[:16], "4ff2ab813c53ce83"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		message := []byte(v.message)
		if h, ok := strings.CutPrefix(v.message, "0x"); ok {
			message = vector.Hex(t, h)
		}
		k, code := ready(t, v.algorithm, v.padding, vector.Hex(t, v.key)), vector.Hex(t, v.code)
		if got := k.Sum(nil, message); !bytes.Equal(got[:len(code)], code) || len(got) != v.algorithm.Size() {
			t.Errorf("%s %s, padding %d, %d bytes: %X, not %X", v.from, v.algorithm, v.padding, len(message), got, code)
		}
		if len(code) < 4 {
			continue
		}
		for n := 4; n <= len(code); n++ {
			if err := k.Verify(message, code[:n]); err != nil {
				t.Errorf("%s: first %d bytes: %v", v.from, n, err)
			}
		}
	}
}

// TestWrong: a code with any byte changed, of a changed message, too short or too
// long is refused.
func TestWrong(t *testing.T) {
	key := make([]byte, 16)
	_, _ = rand.Read(key)
	for _, a := range []hsm.MACAlgorithm{hsm.X99, hsm.X919, hsm.AESCMAC, hsm.DESCMAC} {
		size := 16
		if a == hsm.X99 {
			size = 8
		}
		k := ready(t, a, 0, key[:size])
		message := []byte("0200 of 300 bytes, shortened")
		code := k.Sum(nil, message)
		for i := range code {
			code[i] ^= 1
			if err := k.Verify(message, code); !errors.Is(err, hsm.ErrVerify) {
				t.Errorf("%s: byte %d changed: %v", a, i, err)
			}
			code[i] ^= 1
		}
		for i := range message {
			message[i] ^= 0x80
			if err := k.Verify(message, code); !errors.Is(err, hsm.ErrVerify) {
				t.Errorf("%s: byte %d of the message changed: %v", a, i, err)
			}
			message[i] ^= 0x80
		}
		for _, bad := range [][]byte{nil, code[:3], append(code, 0)} {
			if err := k.Verify(message, bad); !errors.Is(err, hsm.ErrBlock) {
				t.Errorf("%s: %d bytes: %v", a, len(bad), err)
			}
		}
		if err := k.Verify(message, code); err != nil || k.Size() != len(code) {
			t.Error(err)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	takes := map[hsm.MACAlgorithm]string{hsm.X99: " 8 ", hsm.X919: " 16 ", hsm.AESCMAC: " 16 24 32 ", hsm.DESCMAC: " 16 24 "}
	for a, lengths := range takes {
		for n := range 41 {
			_, err := mac.NewKey(a, 0, make([]byte, n))
			if want := strings.Contains(lengths, " "+strconv.Itoa(n)+" "); want != (err == nil) || err != nil && !errors.Is(err, hsm.ErrKey) {
				t.Errorf("%s with %d bytes: %v", a, n, err)
			}
		}
	}
	key := make([]byte, 16)
	for _, bad := range []struct {
		a hsm.MACAlgorithm
		p hsm.Padding
	}{{0, 0}, {9, 0}, {hsm.X919, 3}, {hsm.AESCMAC, hsm.PadZeros}, {hsm.DESCMAC, hsm.PadOne}} {
		if _, err := mac.NewKey(bad.a, bad.p, key); !errors.Is(err, hsm.ErrDenied) {
			t.Errorf("%d with padding %d: %v", bad.a, bad.p, err)
		}
	}
}

// TestPaddings: zeros at the end are lost with padding 1 and count with padding 2 and
// CMAC; an empty message is one block of padding.
func TestPaddings(t *testing.T) {
	key := vector.Hex(t, "0123456789ABCDEFFEDCBA9876543210")
	a, b := []byte("1234567"), []byte("1234567\x00")
	same := func(k *mac.Key) bool { return bytes.Equal(k.Sum(nil, a), k.Sum(nil, b)) }
	if !same(ready(t, hsm.X919, hsm.PadZeros, key)) || same(ready(t, hsm.X919, hsm.PadOne, key)) || same(ready(t, hsm.DESCMAC, 0, key)) {
		t.Error("padding")
	}
	zeros := ready(t, hsm.X919, hsm.PadZeros, key)
	if !bytes.Equal(zeros.Sum(nil, nil), zeros.Sum(nil, make([]byte, 8))) {
		t.Error("an empty message is not one block of zeros")
	}
	one := ready(t, hsm.X919, hsm.PadOne, key)
	if !bytes.Equal(one.Sum(nil, nil), zeros.Sum(nil, []byte{0x80})) {
		t.Error("an empty message is not one block of padding")
	}
}

// TestAgainstOpenSSL compares with the command openssl on random messages: CMAC
// directly; X9.9 and X9.19 as chains of TDES, of which DES is a special case.
func TestAgainstOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl here to compare with")
	}
	k := make([]byte, 32)
	_, _ = rand.Read(k)
	h := hex.EncodeToString
	for _, n := range []int{1, 7, 8, 15, 16, 17, 24, 64, 301} {
		message := make([]byte, n)
		_, _ = rand.Read(message)
		cmac := func(name, key string) string {
			return openssl(t, message, "mac", "-cipher", name, "-macopt", "hexkey:"+key, "-in", "/dev/stdin", "CMAC")
		}
		check := func(a hsm.MACAlgorithm, key []byte, want string) {
			if got := h(ready(t, a, 0, key).Sum(nil, message)); !strings.EqualFold(got, strings.TrimSpace(want)) {
				t.Errorf("%s of %d bytes: %s, openssl says %s", a, n, got, want)
			}
		}
		check(hsm.AESCMAC, k[:16], cmac("AES-128-CBC", h(k[:16])))
		check(hsm.AESCMAC, k, cmac("AES-256-CBC", h(k)))
		check(hsm.DESCMAC, k[:24], cmac("DES-EDE3-CBC", h(k[:24])))

		padded := append(message, make([]byte, (8-n%8)%8)...)
		chain := func(k1, k2, k3, iv, in []byte) []byte {
			return []byte(openssl(t, in, "enc", "-des-ede3-cbc", "-nopad", "-K", h(k1)+h(k2)+h(k3), "-iv", h(iv)))
		}
		out := chain(k[:8], k[:8], k[:8], make([]byte, 8), padded)
		check(hsm.X99, k[:8], h(out[len(out)-8:]))
		before := make([]byte, 8)
		if len(out) > 8 {
			before = out[len(out)-16 : len(out)-8]
		}
		check(hsm.X919, k[:16], h(chain(k[:8], k[8:16], k[:8], before, padded[len(padded)-8:])))
	}
}

func openssl(t *testing.T, in []byte, args ...string) string {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Stdin = bytes.NewReader(in)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("openssl %s: %v", args[0], err)
	}
	return string(out)
}

// TestConcurrent: one key, many goroutines.
func TestConcurrent(t *testing.T) {
	k := ready(t, hsm.AESCMAC, 0, make([]byte, 16))
	message := make([]byte, 300)
	want := k.Sum(nil, message)
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for range 200 {
				if k.Verify(message, want) != nil {
					t.Error("wrong")
					return
				}
			}
		})
	}
	done.Wait()
}

// TestNoAllocation: making and checking a code allocates nothing.
func TestNoAllocation(t *testing.T) {
	message := make([]byte, 300)
	for _, a := range []hsm.MACAlgorithm{hsm.X919, hsm.AESCMAC, hsm.DESCMAC} {
		k := ready(t, a, 0, make([]byte, 16))
		code := k.Sum(nil, message)
		if n := testing.AllocsPerRun(100, func() { _ = k.Verify(message, code) }); n > 0 {
			t.Errorf("%s: %v allocations", a, n)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	message := make([]byte, 300)
	for _, a := range []hsm.MACAlgorithm{hsm.X99, hsm.X919, hsm.AESCMAC, hsm.DESCMAC} {
		b.Run(a.String(), func(b *testing.B) {
			size := 16
			if a == hsm.X99 {
				size = 8
			}
			k := ready(b, a, 0, make([]byte, size))
			var code [16]byte
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				k.Sum(code[:0], message)
			}
		})
	}
}
