package hsm_test

import (
	"errors"
	"strings"
	"testing"

	"switchd/hsm"
)

func TestKeyRef(t *testing.T) {
	for _, name := range []string{"a", "banka/zpk", "zmk-1.old", strings.Repeat("k", 64)} {
		if k, err := hsm.ParseKeyRef(name); err != nil || string(k) != name {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "A", "a b", "a_b", "ä", "a\x00", strings.Repeat("k", 65)} {
		if _, err := hsm.ParseKeyRef(name); !errors.Is(err, hsm.ErrKey) || name != "" && strings.Contains(err.Error(), `"`+name) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestRank: the order of X9.24-3, in which no key carries or derives a stronger one.
func TestRank(t *testing.T) {
	order := []struct {
		a    hsm.Algorithm
		size int
	}{{hsm.DES, 8}, {hsm.TDES, 16}, {hsm.TDES, 24}, {hsm.AES, 16}, {hsm.AES, 24}, {hsm.AES, 32}}
	for i, k := range order {
		if got := k.a.Rank(k.size); got != i+1 {
			t.Errorf("%s of %d bytes has rank %d, not %d", k.a, k.size, got, i+1)
		}
	}
	for _, a := range []hsm.Algorithm{hsm.DES, hsm.TDES, hsm.AES} {
		for _, size := range []int{-1, 0, 1, 7, 9, 15, 17, 23, 25, 31, 33, 64} {
			if a.Fits(size) || a.Rank(size) != 0 {
				t.Errorf("%s takes %d bytes", a, size)
			}
		}
	}
	if hsm.RSA.Rank(300) != 0 || !hsm.RSA.Fits(300) || hsm.Algorithm('?').Fits(16) {
		t.Error("keys outside the order")
	}
}

func TestLetters(t *testing.T) {
	for _, u := range []hsm.Usage{"P0", "M1", "M3", "M6", "K0", "K1", "B0", "V1", "V2", "D0", "S0"} {
		if !u.Known() || u.Text() == "" {
			t.Errorf("usage %s is not known", u)
		}
	}
	for _, u := range []hsm.Usage{"", "p0", "P", "P00", "ZZ"} {
		if u.Known() || u.Text() != "" {
			t.Errorf("usage %q is known", string(u))
		}
	}
	for c := range 256 {
		if got, want := hsm.Mode(c).Known(), c != 0 && strings.ContainsRune("NBEDCGVSTXY", rune(c)); got != want {
			t.Errorf("mode %d: %t", c, got)
		}
		if got, want := hsm.Export(c).Known(), c == 'E' || c == 'N' || c == 'S'; got != want {
			t.Errorf("export %d: %t", c, got)
		}
	}
}

func TestKCV(t *testing.T) {
	three, err := hsm.NewKCV([]byte{0x08, 0xD7, 0xB4})
	if err != nil || three.String() != "08D7B4" {
		t.Fatalf("%s, %v", three, err)
	}
	five, _ := hsm.NewKCV([]byte{0x08, 0xD7, 0xB4, 0x01, 0x02})
	other, _ := hsm.NewKCV([]byte{0x08, 0xD7, 0xB4, 0x01, 0x03})
	if !three.Matches(five) || !five.Matches(three) || five.Matches(other) || !five.Matches(five) {
		t.Error("compared wrong")
	}
	if (hsm.KCV{}).Matches(three) || (hsm.KCV{}).Matches(hsm.KCV{}) {
		t.Error("no check value matches")
	}
	for _, n := range []int{0, 2, 6} {
		if _, err := hsm.NewKCV(make([]byte, n)); !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestMACAlgorithms: each has a size, a usage and a name.
func TestMACAlgorithms(t *testing.T) {
	for a, want := range map[hsm.MACAlgorithm]struct {
		size  int
		usage hsm.Usage
		name  string
	}{
		hsm.X99: {8, "M1", "X9.9"}, hsm.X919: {8, "M3", "X9.19"}, hsm.AESCMAC: {16, "M6", "AES-CMAC"}, hsm.DESCMAC: {8, "M6", "TDES-CMAC"}, 0: {0, "", "?"},
	} {
		if a.Size() != want.size || a.Usage() != want.usage || a.String() != want.name {
			t.Errorf("%s: %d %s", a, a.Size(), a.Usage())
		}
	}
}
