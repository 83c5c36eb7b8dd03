package conform

import (
	"crypto/rand"
	"crypto/subtle"
	"testing"

	"switchd/hsm"
	"switchd/hsm/keyblock"
)

// Protect has a module make a protection key for key blocks (AES-256) of components, as
// people bring it, and gives it.
func Protect(t testing.TB, m hsm.Keeper, ref hsm.KeyRef) hsm.Secret {
	t.Helper()
	sum := make([]byte, 32)
	c := hsm.Components{New: hsm.New{As: ref, Usage: hsm.KeyProtection, Algorithm: hsm.AES, Mode: hsm.BothWays, Export: hsm.NotExportable}}
	for range 3 {
		part := make([]byte, len(sum))
		rand.Read(part)
		subtle.XORBytes(sum, sum, part)
		c.Parts = append(c.Parts, hsm.Component{Part: hsm.NewSecret(part)})
	}
	if _, err := m.ImportComponents(background, c); err != nil {
		t.Fatal(ref, err)
	}
	return hsm.NewSecret(sum)
}

// Put has a module keep a key: a symmetric one by a key block under the protection key
// that Protect has made, a partner's public key as it is. Pairs have no way in that all
// modules share.
func Put(t testing.TB, m hsm.Keeper, under hsm.KeyRef, zmk hsm.Secret, k Key) {
	t.Helper()
	var err error
	if k.Usage == hsm.SignaturePair {
		_, err = m.ImportPublic(background, hsm.New{As: k.Ref, Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, Export: k.Export}, k.Bytes.Reveal())
	} else {
		_, err = m.ImportKey(background, hsm.Import{As: k.Ref, Under: under, Block: wrap(t, zmk, k), Want: []hsm.Usage{k.Usage}})
	}
	if err != nil {
		t.Fatal(k.Ref, err)
	}
}

// wrap makes a block of version D, as a partner does.
func wrap(t testing.TB, under hsm.Secret, k Key) string {
	t.Helper()
	block, err := keyblock.Wrap(under, keyblock.Header{
		Version: 'D', Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, KeyVersion: "00", Export: k.Export,
	}, k.Bytes, rand.Reader)
	if err != nil {
		t.Fatal(k.Ref, err)
	}
	return block
}
