package conform

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"switchd/hsm"
)

// Driver is what is tested.
type Driver struct {
	// New makes a module that holds these keys. It is called once, and what the module
	// needs is cleaned up by the test.
	New func(t testing.TB, keys []Key) hsm.Module
	// Cannot says what the driver cannot do, and why. The keys for it are not handed to
	// New, and calls for it must be refused with an error that says that nothing was done.
	Cannot map[Ability]string
	// CodeSizes are the lengths of MACs that the driver has, in bytes; default: all. Others
	// that the algorithm has must be refused with hsm.ErrDenied.
	CodeSizes []int
	// NoBits says that the module does not tell how long a key is that was imported.
	NoBits bool
}

// Key is a key that the module under test holds.
type Key struct {
	// Ref names it.
	Ref hsm.KeyRef
	// Usage, Algorithm, Mode and Export are its limits.
	Usage     hsm.Usage
	Algorithm hsm.Algorithm
	Mode      hsm.Mode
	Export    hsm.Export
	// Bytes is the key; of a pair PKCS#8, and of a public key (mode V) PKIX, both DER.
	Bytes hsm.Secret
	// For is what the key is for.
	For Ability
}

// Ability is something that a driver can do, or says that it cannot.
type Ability string

// The abilities.
const (
	PINs         Ability = "PIN blocks of formats 0, 1 and 3 under TDES"
	PINsWithAES  Ability = "PIN blocks of format 4"
	PVV          Ability = "Visa PIN verification values"
	IBM3624      Ability = "IBM 3624 offsets"
	DUKPT        Ability = "keys of devices, TDES"
	DUKPTWithAES Ability = "keys of devices, AES"
	X99          Ability = "MACs by X9.9"
	X919         Ability = "MACs by X9.19"
	CMAC         Ability = "CMAC with AES"
	CMACWithTDES Ability = "CMAC with TDES"
	PaddingTwo   Ability = "padding method 2 of X9.9 and X9.19"
	BlocksB      Ability = "key blocks of version B"
	BlocksD      Ability = "key blocks of version D"
	BlocksLegacy Ability = "key blocks of versions A and C, reading"
	Replacing    Ability = "a key in the place of another, which still reads"
	Sealing      Ability = "data at rest"
	Tokens       Ability = "pseudonyms"
	ECDSA        Ability = "signatures ES256"
	RSA          Ability = "signatures PS256 and RS256"
)

// suite is a run of the tests.
type suite struct {
	d    Driver
	m    hsm.Module
	keys map[hsm.KeyRef]Key
}

// tests in their order, with what a driver must be able to do for them.
var tests = []struct {
	name  string
	needs []Ability
	run   func(s *suite, t *testing.T)
}{
	{"health", nil, (*suite).health},
	{"check values", nil, (*suite).checkValues},
	{"PIN vectors", []Ability{PINs}, (*suite).pinVectors},
	{"PIN translations", []Ability{PINs}, (*suite).pinTranslations},
	{"PIN refusals", []Ability{PINs}, (*suite).pinRefusals},
	{"PIN rules", nil, (*suite).pinRules},
	{"PIN translations with AES", []Ability{PINs, PINsWithAES}, (*suite).pinTranslationsAES},
	{"PVV", []Ability{PINs, PVV}, (*suite).pvv},
	{"IBM 3624", []Ability{PINs, IBM3624}, (*suite).offset},
	{"DUKPT", []Ability{PINs, DUKPT}, (*suite).dukpt},
	{"DUKPT with AES", []Ability{PINsWithAES, DUKPTWithAES}, (*suite).dukptAES},
	{"MAC vectors", nil, (*suite).macVectors},
	{"MAC random", nil, (*suite).macRandom},
	{"MAC refusals", []Ability{CMAC}, (*suite).macRefusals},
	{"key block vectors", nil, (*suite).blockVectors},
	{"key block export", nil, (*suite).blockExport},
	{"key block import refusals", []Ability{BlocksD}, (*suite).blockImportRefusals},
	{"key block export refusals", []Ability{BlocksD}, (*suite).blockExportRefusals},
	{"key block strength", []Ability{BlocksD}, (*suite).blockStrength},
	{"strength of TDES keys", []Ability{Replacing, BlocksB, BlocksD, PINs}, (*suite).strengthTDES},
	{"replacing a MAC key", []Ability{Replacing, BlocksD, CMAC}, (*suite).replaceMAC},
	{"replacing a PIN key", []Ability{Replacing, BlocksD, PINs, PINsWithAES}, (*suite).replacePIN},
	{"replacing refusals", []Ability{Replacing, BlocksD, CMAC}, (*suite).replaceRefusals},
	{"a key that comes again", []Ability{Replacing, BlocksD, PINs, PINsWithAES}, (*suite).keyAgain},
	{"a key from before", []Ability{Replacing, BlocksD, CMAC}, (*suite).keyFromBefore},
	{"too many keys of a name", []Ability{Replacing, BlocksD, CMAC}, (*suite).keysOfName},
	{"a key that outlasts a newer one", []Ability{Replacing, BlocksD, CMAC}, (*suite).keyOutlasts},
	{"key blocks that are weak", []Ability{BlocksLegacy}, (*suite).blockLegacy},
	{"sealing", []Ability{Sealing}, (*suite).sealing},
	{"tokens", []Ability{Tokens}, (*suite).tokens},
	{"ES256", []Ability{ECDSA}, (*suite).es256},
	{"PS256 and RS256", []Ability{RSA}, (*suite).rsa},
	{"algorithms of signatures", []Ability{ECDSA, RSA}, (*suite).signatureConfusion},
	{"contexts that are done", nil, (*suite).doneContexts},
	{"calls at the same time", []Ability{PINs, CMAC}, (*suite).atTheSameTime},
	{"what it cannot do", nil, (*suite).cannot},
}

// Run tests a driver.
func Run(t *testing.T, d Driver) {
	s := &suite{d: d, keys: map[hsm.KeyRef]Key{}}
	var handed []Key
	for _, k := range allKeys(t) {
		if _, cannot := d.Cannot[k.For]; cannot {
			continue
		}
		s.keys[k.Ref] = k
		k.Bytes = hsm.CopySecret(k.Bytes.Reveal()) // the driver may wipe its own
		handed = append(handed, k)
	}
	s.m = d.New(t, handed)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, a := range test.needs {
				if why, cannot := d.Cannot[a]; cannot {
					t.Skipf("this driver has no %s: %s", a, why)
				}
			}
			test.run(s, t)
		})
	}
}

// sized tells whether the driver has MACs of a length.
func (s *suite) sized(n int) bool { return s.d.CodeSizes == nil || slices.Contains(s.d.CodeSizes, n) }

// longest is the longest MAC of an algorithm that the driver has.
func (s *suite) longest(a hsm.MACAlgorithm) int {
	n := a.Size()
	for n > 0 && !s.sized(n) {
		n--
	}
	return n
}

// isBits tells whether a driver gives the length of an imported key as it must.
func (s *suite) isBits(got, want int) bool { return got == want || s.d.NoBits && got == 0 }

// can tells whether the driver has not said that it cannot.
func (s *suite) can(a Ability) bool {
	_, cannot := s.d.Cannot[a]
	return !cannot
}

var background = context.Background()

// refused demands an error of a kind that says that nothing was done, and that has
// nothing in it that is secret: no key of the suite, nor what else is given.
func (s *suite) refused(t *testing.T, what string, err, kind error, secrets ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, not %v", what, err, kind)
		return
	}
	if !hsm.NotDone(err) {
		t.Errorf("%s: the error does not say that nothing was done: %v", what, err)
	}
	s.discreet(t, what, err.Error(), secrets...)
}

// discreet demands a text without secrets.
func (s *suite) discreet(t *testing.T, what, text string, secrets ...string) {
	t.Helper()
	text = strings.ToUpper(text)
	for _, ref := range slices.Sorted(maps.Keys(s.keys)) {
		if k := s.keys[ref]; strings.Contains(text, strings.ToUpper(hex.EncodeToString(k.Bytes.Reveal()))) {
			t.Errorf("%s: the key %s is in the text", what, ref)
		}
	}
	for _, secret := range secrets {
		if len(secret) > 3 && strings.Contains(text, strings.ToUpper(secret)) {
			t.Errorf("%s: what is secret is in the text", what)
		}
	}
}

// health: the module says what it is.
func (s *suite) health(t *testing.T) {
	h, err := s.m.Health(background)
	if err != nil || h.Driver == "" {
		t.Errorf("%+v, %v", h, err)
	}
	s.discreet(t, "health", h.Driver+" "+h.Detail)
}
