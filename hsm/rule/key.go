package rule

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"

	"switchd/hsm"
	"switchd/hsm/mac"
)

// CMACOf is the CMAC of a cipher.
func CMACOf(a hsm.Algorithm) hsm.MACAlgorithm {
	if a == hsm.AES {
		return hsm.AESCMAC
	}
	return hsm.DESCMAC
}

// CheckValue is the check value of a symmetric key. HMAC keys have no cipher: theirs is
// the beginning of an HMAC of nothing.
func CheckValue(a hsm.Algorithm, b []byte) (hsm.KCV, error) {
	if a != hsm.HMAC {
		return mac.CheckValue(a, b, mac.CheckStandard)
	}
	h := hmac.New(sha256.New, b)
	return hsm.NewKCV(h.Sum(nil)[:3])
}

// OverlapMax is how long a key that was replaced may go on reading.
const OverlapMax = 366 * 24 * time.Hour

// MayReplace refuses a key in the place of another: of another usage, or weaker, or a
// partner's public key for a pair and the other way round.
func MayReplace(k, b *hsm.KeyInfo) error {
	switch {
	case k.Usage != b.Usage:
		return fmt.Errorf("%w: %s is a key for %s", hsm.ErrDenied, b.Ref, b.Usage.Text())
	case rank(k) < rank(b), rank(k) == 0 && k.Algorithm == b.Algorithm && k.Bits < b.Bits:
		return fmt.Errorf("%w: the key is weaker than the one that it replaces", hsm.ErrDenied)
	case k.Usage == hsm.SignaturePair && (k.Mode == hsm.MACVerify) != (b.Mode == hsm.MACVerify):
		return fmt.Errorf("%w: of %s and the key that would replace it, one is a partner's public key, and one a pair", hsm.ErrDenied, b.Ref)
	}
	return nil
}

// rank is the strength of a key, as far as it is known.
func rank(k *hsm.KeyInfo) int {
	if k.Rank != 0 {
		return k.Rank
	}
	return k.Algorithm.Rank(k.Bits / 8)
}

// Has refuses a key of another check value than the one that is expected, unless none
// is.
func Has(k *hsm.KeyInfo, want hsm.KCV) error {
	if want != (hsm.KCV{}) && !k.KCV.Matches(want) {
		return fmt.Errorf("%w: the key has another check value", hsm.ErrVerify)
	}
	return nil
}

// Accepts refuses a key block of a version that an import does not take.
func Accepts(i *hsm.Import, version byte) error {
	if !i.Legacy && version != 'B' && version != 'D' {
		return fmt.Errorf("%w: key blocks of version A and C are weak, and taken only where that is asked for", hsm.ErrDenied)
	}
	return nil
}

// Protects refuses a protection key of another cipher than the version's of a key
// block: one of TDES could be as long as one of AES.
func Protects(k *hsm.KeyInfo, version byte) error {
	if (version == 'D') != (k.Algorithm == hsm.AES) {
		return fmt.Errorf("%w: %s is a key for %s, which key blocks of the version are not under", hsm.ErrKey, k.Ref, k.Algorithm)
	}
	return nil
}
