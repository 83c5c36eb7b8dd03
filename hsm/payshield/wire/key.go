package wire

import (
	"switchd/hsm"
)

// The key schemes: the letter before a key says how it is written and protected.
const (
	SchemeSingle = 'Z' // DES under the LMK, 16 digits
	SchemeDouble = 'U' // TDES of two keys under variants of the LMK, 32 digits
	SchemeTriple = 'T' // TDES of three keys under variants of the LMK, 48 digits
	SchemeBlock  = 'S' // a key block of the module's own, under the LMK or a ZMK
	SchemeTR31   = 'R' // a key block of TR-31, under a ZMK
)

// digitsOf the schemes that have a fixed length.
var digitsOf = map[byte]int{SchemeSingle: 16, SchemeDouble: 32, SchemeTriple: 48}

const (
	blockHeaderLen = 16   // of a key block
	blockMax       = 9999 // its longest, by the four digits of its length
)

// KeyLen is how many characters of a text are a key, scheme included; 0 if it begins
// with none. A key block says itself how long it is.
func KeyLen(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	n, kind := digitsOf[text[0]], hexDigit
	if text[0] == SchemeBlock || text[0] == SchemeTR31 {
		n, kind = blockLen(text[1:]), printable
	}
	if n == 0 || len(text) < 1+n {
		return 0
	}
	for _, c := range text[1 : 1+n] {
		if !kind(c) {
			return 0
		}
	}
	return 1 + n
}

// blockLen is how long a key block says it is, 0 if it does not.
func blockLen(block []byte) int {
	if len(block) < blockHeaderLen {
		return 0
	}
	length := Take(block[1:5])
	n := length.Number(4)
	if !length.Good() || n < blockHeaderLen || n > blockMax {
		return 0
	}
	return n
}

// KeyHeader is what a key block says of its key in the clear. For other schemes, and
// for letters that this switch does not know, it is false.
func KeyHeader(key string) (h hsm.KeyInfo, ok bool) {
	if key == "" || KeyLen([]byte(key)) != len(key) || key[0] != SchemeBlock && key[0] != SchemeTR31 {
		return h, false
	}
	block := key[1:]
	h = hsm.KeyInfo{Usage: hsm.Usage(block[5:7]), Algorithm: hsm.Algorithm(block[7]), Mode: hsm.Mode(block[8]), Export: hsm.Export(block[11])}
	return h, h.Usage.Known() && h.Mode.Known() && h.Export.Known()
}

// KeyBits is the length of a key by its scheme, parity included; 0 for a key block,
// which does not show it.
func KeyBits(scheme byte) int { return 4 * digitsOf[scheme] }

// BlockKeyType is the key type of commands whose keys are key blocks, which say their
// type themselves.
const BlockKeyType = "FFF"

// keyTypes of keys that are no key blocks, by usage: under which pair of the LMK they
// are.
var keyTypes = map[hsm.Usage]string{
	hsm.KeyEncryption: "000", hsm.KeyProtection: "000", // ZMK
	hsm.PINEncryption: "001",                                         // ZPK
	hsm.MACAlg1:       "008", hsm.MACAlg3: "008", hsm.MACAlg5: "008", // ZAK
	hsm.BaseDerivation: "009", // BDK
	hsm.DataEncryption: "00A", // ZEK
	// PVK
	hsm.PINVerification: "002", hsm.PINVerifyIBM3624: "002", hsm.PINVerifyVisaPVV: "002",
}

// KeyType is the three digits that say what a key of a scheme is, "" for a usage that
// the scheme has no type for.
func KeyType(scheme byte, u hsm.Usage) string {
	if scheme == SchemeBlock || scheme == SchemeTR31 {
		return BlockKeyType
	}
	return keyTypes[u]
}

// formats of PIN blocks by their codes.
var formats = map[hsm.PINFormat]string{hsm.ISO0: "01", hsm.ISO1: "05", hsm.ISO3: "47", hsm.ISO4: "48"}

// FormatCode is the code of a PIN block format, "" for one that is not known.
func FormatCode(f hsm.PINFormat) string { return formats[f] }

// FormatOf is the PIN block format of a code.
func FormatOf(code []byte) (hsm.PINFormat, bool) {
	for f, c := range formats {
		if c == string(code) {
			return f, true
		}
	}
	return 0, false
}

// PINMax is what commands say is the longest PIN.
const PINMax = "12"

// MaxDigits are the limits of an account where its whole number is sent.
const MaxDigits = 19
