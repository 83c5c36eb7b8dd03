package symmetric

import "switchd/hsm"

// Rank is the strength of a key by its bytes, in the order of hsm.Algorithm.Rank: a TDES
// key of three parts with the first one again as the third is one of two, and one with
// two equal neighbours, which undo each other, is DES. Parity does not count.
func Rank(a hsm.Algorithm, key []byte) int {
	rank := a.Rank(len(key))
	if a != hsm.TDES || rank == 0 {
		return rank
	}
	first, second, last := key[:8], key[8:16], key[len(key)-8:]
	switch {
	case Equal(a, first, second), len(key) == 24 && Equal(a, second, last):
		return hsm.DES.Rank(8)
	case len(key) == 24 && Equal(a, first, last):
		return a.Rank(16)
	}
	return rank
}

// Equal compares keys of one algorithm, those of DES and TDES without their parity. How
// long it takes does not tell where they differ.
func Equal(a hsm.Algorithm, one, other []byte) bool {
	if len(one) != len(other) {
		return false
	}
	counts := byte(0xFF)
	if a == hsm.DES || a == hsm.TDES {
		counts = 0xFE
	}
	different := byte(0)
	for i := range one {
		different |= (one[i] ^ other[i]) & counts
	}
	return different == 0
}
