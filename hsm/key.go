package hsm

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// keyRefMax is the longest name of a key, in bytes.
const keyRefMax = 64

// KeyRef names a key that the module holds, such as "banka/zpk". It is no secret.
type KeyRef string

// ParseKeyRef takes a name of 1 to 64 of a-z, 0-9, '.', '-' and '/'.
func ParseKeyRef(name string) (KeyRef, error) {
	k := KeyRef(name)
	if !k.Valid() {
		return "", fmt.Errorf("%w: its name must be 1 to %d of a-z, 0-9, '.', '-', '/'", ErrKey, keyRefMax)
	}
	return k, nil
}

// Valid tells whether the name is one that ParseKeyRef takes.
func (k KeyRef) Valid() bool {
	if len(k) == 0 || len(k) > keyRefMax {
		return false
	}
	for i := range len(k) {
		c := k[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '/') {
			return false
		}
	}
	return true
}

// Usage is what a key is for, as the two characters of a key block (ANSI X9.143).
// A key does nothing else.
type Usage string

// The usages that this switch knows.
const (
	BaseDerivation   Usage = "B0" // DUKPT base derivation key
	InitialDUKPT     Usage = "B1" // DUKPT initial key
	DataEncryption   Usage = "D0"
	KeyEncryption    Usage = "K0" // wraps keys
	KeyProtection    Usage = "K1" // wraps key blocks: the ZMK of a participant
	MACAlg1          Usage = "M1" // ISO 9797-1 algorithm 1: X9.9
	MACAlg3          Usage = "M3" // ISO 9797-1 algorithm 3: X9.19
	MACAlg5          Usage = "M6" // ISO 9797-1 algorithm 5: CMAC
	MACHash          Usage = "M7" // HMAC
	PINEncryption    Usage = "P0" // ZPK, TPK
	SignaturePair    Usage = "S0" // asymmetric, signatures
	PINVerification  Usage = "V0" // of an algorithm that the block does not name
	PINVerifyIBM3624 Usage = "V1"
	PINVerifyVisaPVV Usage = "V2"
)

// usages with what operators read.
var usages = map[Usage]string{
	BaseDerivation: "DUKPT base derivation", InitialDUKPT: "DUKPT initial key", DataEncryption: "data encryption",
	KeyEncryption: "key encryption", KeyProtection: "key block protection",
	MACAlg1: "MAC X9.9", MACAlg3: "MAC X9.19", MACAlg5: "CMAC", MACHash: "HMAC",
	PINEncryption: "PIN encryption", SignaturePair: "signature", PINVerification: "PIN verification",
	PINVerifyIBM3624: "PIN verification IBM 3624", PINVerifyVisaPVV: "PIN verification PVV",
}

// Known tells whether this switch has a use for such a key.
func (u Usage) Known() bool { return usages[u] != "" }

// Text is the usage in words, "" of one that is not known.
func (u Usage) Text() string { return usages[u] }

// Algorithm is the cipher of a key, as the character of a key block.
type Algorithm byte

// The algorithms of keys.
const (
	DES   Algorithm = 'D' // single length: X9.9 only
	TDES  Algorithm = 'T' // two or three keys
	AES   Algorithm = 'A'
	HMAC  Algorithm = 'H'
	ECDSA Algorithm = 'E'
	RSA   Algorithm = 'R'
)

// String is the algorithm's name.
func (a Algorithm) String() string {
	switch a {
	case DES:
		return "DES"
	case TDES:
		return "TDES"
	case AES:
		return "AES"
	case HMAC:
		return "HMAC"
	case ECDSA:
		return "ECDSA"
	case RSA:
		return "RSA"
	}
	return "?"
}

// Fits tells whether a key of so many bytes is one of the algorithm. The bytes of
// keys other than DES and AES are not counted here.
func (a Algorithm) Fits(size int) bool {
	switch a {
	case DES:
		return size == 8
	case TDES:
		return size == 16 || size == 24
	case AES:
		return size == 16 || size == 24 || size == 32
	case HMAC, ECDSA, RSA:
		return size > 0
	}
	return false
}

// Rank orders symmetric keys by strength, as X9.24-3 does: a key must not carry or
// derive one of a higher rank. It is 0 for keys that have no place in that order.
func (a Algorithm) Rank(size int) int {
	switch {
	case !a.Fits(size):
		return 0
	case a == DES:
		return 1
	case a == TDES:
		return size / 8 // 2 or 3
	case a == AES:
		return size/8 + 2 // 4, 5, 6
	}
	return 0
}

// Mode is what may be done with a key, as the character of a key block.
type Mode byte

// The modes of use.
const (
	AnyMode       Mode = 'N' // no restriction
	BothWays      Mode = 'B' // encrypt and decrypt, wrap and unwrap
	EncryptOnly   Mode = 'E'
	DecryptOnly   Mode = 'D'
	MACBothWays   Mode = 'C' // make and verify
	MACMake       Mode = 'G'
	MACVerify     Mode = 'V'
	SignMode      Mode = 'S'
	SignDecrypt   Mode = 'T'
	DeriveKeys    Mode = 'X'
	CreateVariant Mode = 'Y'
)

// Known tells whether it is one of the modes.
func (m Mode) Known() bool { return m != 0 && strings.IndexByte("NBEDCGVSTXY", byte(m)) >= 0 }

// Export says who may take a key out of the module, as the character of a key block.
type Export byte

// The kinds of export.
const (
	Exportable    Export = 'E' // under a key block protection key
	NotExportable Export = 'N'
	Sensitive     Export = 'S' // under any key encryption key
)

// Known tells whether it is one of the kinds.
func (e Export) Known() bool { return e == Exportable || e == NotExportable || e == Sensitive }

// kcvMax is the longest check value.
const kcvMax = 5

// KCV is a key check value: 3 to 5 bytes that tell keys apart and reveal none.
type KCV struct {
	bytes [kcvMax]byte
	n     uint8
}

// NewKCV keeps the first 3 to 5 bytes of a check value.
func NewKCV(b []byte) (KCV, error) {
	if len(b) < 3 || len(b) > kcvMax {
		return KCV{}, fmt.Errorf("%w: a check value has 3 to %d bytes, not %d", ErrBlock, kcvMax, len(b))
	}
	k := KCV{n: uint8(len(b))}
	copy(k.bytes[:], b)
	return k, nil
}

// Bytes is a copy of the value.
func (k KCV) Bytes() []byte { return bytes.Clone(k.bytes[:k.n]) }

// String is the value in hexadecimal, as ceremonies read it aloud.
func (k KCV) String() string { return strings.ToUpper(hex.EncodeToString(k.bytes[:k.n])) }

// Matches compares the bytes that both have, of values of one method.
func (k KCV) Matches(other KCV) bool {
	n := min(k.n, other.n)
	return n >= 3 && bytes.Equal(k.bytes[:n], other.bytes[:n])
}
