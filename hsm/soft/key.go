package soft

import (
	"crypto"
	"crypto/cipher"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"switchd/hsm"
	"switchd/hsm/box"
	"switchd/hsm/mac"
	"switchd/hsm/rule"
	"switchd/hsm/signature"
	"switchd/hsm/symmetric"
)

// form is how the bytes of a key are to be read.
type form uint8

const (
	formSymmetric form = iota + 1 // the key
	formPair                      // PKCS#8, DER
	formPublic                    // PKIX, DER
)

// key is one key. It does not change: a change of its state is a new one around the
// same bytes.
type key struct {
	hsm.KeyInfo
	form  form
	bytes hsm.Secret
	past  []hsm.KCV // of the name's keys that are destroyed, the oldest first
	*tools
}

// tools are what a key is used with, made once. What the ciphers of the standard
// library hold of the key cannot be wiped; it goes with the last reference to them.
type tools struct {
	block   cipher.Block // PIN blocks and PIN verification
	macs    [3]*mac.Key  // by padding; 0 is the standard's
	derive  *mac.Key     // keys of sealed data
	private crypto.Signer
	public  *signature.Public
}

// newKey takes the bytes over and makes a key ready, unless its limits and its bytes do
// not go together; then it wipes them.
func newKey(i hsm.KeyInfo, f form, b hsm.Secret) (*key, error) {
	k := &key{KeyInfo: i, form: f, bytes: b, tools: new(tools)}
	err := rule.Admit(&k.KeyInfo)
	if err == nil && f == formSymmetric {
		err = k.readySymmetric()
	} else if err == nil {
		err = k.readyAsymmetric()
	}
	if err != nil {
		b.Wipe()
		return nil, err
	}
	return k, nil
}

func (k *key) readySymmetric() (err error) {
	b := k.bytes.Reveal()
	if k.Usage == hsm.SignaturePair {
		return fmt.Errorf("%w: usage and algorithm do not go together", hsm.ErrKey)
	}
	if err := rule.AdmitBytes(&k.KeyInfo, b); err != nil {
		return err
	}
	k.Bits, k.Rank = 8*len(b), symmetric.Rank(k.Algorithm, b)
	if k.KCV, err = rule.CheckValue(k.Algorithm, b); err != nil {
		return err
	}
	switch k.Usage {
	case hsm.PINEncryption, hsm.PINVerification, hsm.PINVerifyIBM3624, hsm.PINVerifyVisaPVV:
		k.block, err = symmetric.New(k.Algorithm, b)
	case hsm.MACAlg1:
		err = k.readyMACs(hsm.X99)
	case hsm.MACAlg3:
		err = k.readyMACs(hsm.X919)
	case hsm.MACAlg5:
		k.macs[0], err = mac.NewKey(rule.CMACOf(k.Algorithm), 0, b)
	case hsm.DataEncryption:
		if len(b) == box.KeyBytes { // shorter ones are carried, and seal nothing
			k.derive, err = mac.NewKey(hsm.AESCMAC, 0, b)
		}
	}
	return err
}

func (k *key) readyMACs(a hsm.MACAlgorithm) (err error) {
	for _, p := range []hsm.Padding{hsm.PadZeros, hsm.PadOne} {
		if k.macs[p], err = mac.NewKey(a, p, k.bytes.Reveal()); err != nil {
			return err
		}
	}
	k.macs[0] = k.macs[hsm.PadZeros]
	return nil
}

// table is all keys by name, of one name the newest first. Only the first can be
// active.
type table map[hsm.KeyRef][]*key

// errAgain is for a key that is the active one of its name already.
var errAgain = errors.New("hsm/soft: the key is the active one")

// place puts a new key under its name, as the contract says it of hsm.Import.
func (t table) place(k *key, replace bool, overlap time.Duration) error {
	ring := t[k.Ref]
	a := rule.Arrival{
		Key: &k.KeyInfo, At: k.Created, Replace: replace, Overlap: overlap,
		Same: func(n int) bool { return symmetric.Equal(k.Algorithm, k.bytes.Reveal(), ring[n].bytes.Reveal()) },
	}
	var held []*hsm.KeyInfo
	for _, b := range ring {
		held = append(held, &b.KeyInfo)
	}
	if len(ring) > 0 {
		a.Past = ring[0].past
	}
	p, err := rule.Place(&a, held)
	switch {
	case err != nil:
		return err
	case p.Again:
		return errAgain
	}
	k.State, k.Version, k.past = hsm.StateActive, p.Version, p.Past
	fresh := []*key{k}
	for n, b := range ring {
		switch {
		case slices.Contains(p.Over, n): // what is over is destroyed
		case b.State == hsm.StateActive:
			fresh = append(fresh, b.replaced(k.Created, overlap))
		default:
			fresh = append(fresh, b.after(nil))
		}
	}
	t[k.Ref] = fresh
	return nil
}

// after is the key with what is remembered of those before it; of a name the newest key
// has it.
func (k *key) after(past []hsm.KCV) *key {
	now := *k
	now.past = past
	return &now
}

// replaced is the key after another has taken its place.
func (k *key) replaced(at int64, overlap time.Duration) *key {
	was := k.after(nil)
	was.State, was.Until = hsm.StateOld, at+int64(overlap)
	if k.Usage == hsm.DataEncryption {
		was.Until = 0
	}
	return was
}

// find is a version of a name and its place, nil if there is none.
func (t table) find(v hsm.KeyVersion) (int, *key) {
	for i, k := range t[v.Ref] {
		if k.Version == v.Number {
			return i, k
		}
	}
	return 0, nil
}

// count is how many keys there are.
func (t table) count() int {
	n := 0
	for _, ring := range t {
		n += len(ring)
	}
	return n
}

// sorted are all keys in the order of lists and files.
func (t table) sorted() []*key {
	var all []*key
	for _, ref := range slices.Sorted(maps.Keys(t)) {
		all = append(all, t[ref]...)
	}
	return all
}

// wipe wipes the keys that the table has and another has not.
func (t table) wipe(but table) {
	for ref, ring := range t {
		for _, k := range ring {
			if _, kept := but.find(hsm.KeyVersion{Ref: ref, Number: k.Version}); kept == nil {
				k.bytes.Wipe()
			}
		}
	}
}
