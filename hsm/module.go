package hsm

import (
	"context"
	"time"
)

// Module is an HSM, or what stands for one. All methods are safe for concurrent
// use, block until they are answered, and return soon after ctx is done, with a
// Fault. They read what they are given until they return, and keep none of it.
//
// A driver refuses by itself what is not allowed: it checks the usage and mode of
// every key, and AllowTranslation. Package conform has the tests that all drivers
// pass.
type Module interface {
	// TranslatePIN gives the same PIN under another key and in another format.
	TranslatePIN(ctx context.Context, t Translation) (Secret, error)
	// VerifyPVV compares a PIN with its Visa PIN verification value; a wrong one is
	// ErrVerify.
	VerifyPVV(ctx context.Context, c PVVCheck) error
	// VerifyOffset compares a PIN with its IBM 3624 offset; a wrong one is ErrVerify.
	VerifyOffset(ctx context.Context, c OffsetCheck) error

	// MAC makes a message authentication code.
	MAC(ctx context.Context, m MACInput) ([]byte, error)
	// VerifyMAC checks one in constant time; a wrong one is ErrVerify, one that has not
	// the input's Size is ErrBlock.
	VerifyMAC(ctx context.Context, m MACInput, code []byte) error

	// ImportKey takes a key out of a key block and keeps it.
	ImportKey(ctx context.Context, i Import) (KeyInfo, error)
	// ExportKey gives a key as a key block, if the key may leave.
	ExportKey(ctx context.Context, e Exporting) (string, error)
	// KCV is the check value of a key.
	KCV(ctx context.Context, key KeyRef) (KCV, error)

	// Seal encrypts data at rest together with public bytes that must stay the same.
	Seal(ctx context.Context, b Box) ([]byte, error)
	// Open undoes Seal; anything changed is ErrVerify.
	Open(ctx context.Context, b Box) ([]byte, error)
	// Token is the pseudonym of a value: the same for the same key and value, and
	// without the key it says nothing about the value.
	Token(ctx context.Context, key KeyRef, value Secret) ([32]byte, error)

	// Sign signs the hash of a message.
	Sign(ctx context.Context, s Signing) ([]byte, error)
	// Verify checks a signature with the public half of a key; a wrong one is ErrVerify.
	Verify(ctx context.Context, s Signing, signature []byte) error

	// Health tells what answers; an error when nothing does.
	Health(ctx context.Context) (Health, error)
}

// Translation of a PIN block between two keys.
type Translation struct {
	// In and Out name the key that the block is under and the one that it goes to.
	In, Out KeyRef
	// Change is the formats, and whether the block comes from a device.
	Change FormatChange
	// KSN is the key serial number of DUKPT, empty when In is the key itself.
	KSN []byte
	// Block is the encrypted PIN block.
	Block Secret
	// Account is the 1 to 19 digits that the block is bound to, before and after; a
	// check digit is the last of them.
	Account Secret
}

// EncryptedPIN is a PIN block with what is needed to read it.
type EncryptedPIN struct {
	// Under names the key that the block is under.
	Under KeyRef
	// Format of the block.
	Format PINFormat
	// KSN is the key serial number of DUKPT, empty when Under is the key itself.
	KSN []byte
	// Block is the encrypted PIN block.
	Block Secret
	// Account is the digits that the block is bound to.
	Account Secret
}

// PVVCheck asks whether a PIN has a Visa PIN verification value.
type PVVCheck struct {
	// Input is the PIN.
	Input EncryptedPIN
	// By names the PIN verification key; Index is its number, 0 to 9.
	By    KeyRef
	Index uint8
	// PVV is the four digits on record.
	PVV Secret
}

// OffsetCheck asks whether a PIN has an IBM 3624 offset.
type OffsetCheck struct {
	// Input is the PIN.
	Input EncryptedPIN
	// By names the PIN verification key.
	By KeyRef
	// Table is the decimalisation table, 16 digits.
	Table string
	// Validation is the 16 digits that the natural PIN is made of.
	Validation Secret
	// Offset is the digits on record.
	Offset Secret
}

// MACAlgorithm is how a message authentication code is made.
type MACAlgorithm uint8

// The algorithms.
const (
	X99     MACAlgorithm = iota + 1 // ANSI X9.9: DES CBC-MAC, ISO 9797-1 algorithm 1
	X919                            // ANSI X9.19: ISO 9797-1 algorithm 3 with DES
	AESCMAC                         // CMAC with AES (RFC 4493)
	DESCMAC                         // CMAC with TDES (NIST SP 800-38B)
)

// String is the algorithm's name.
func (a MACAlgorithm) String() string {
	switch a {
	case X99:
		return "X9.9"
	case X919:
		return "X9.19"
	case AESCMAC:
		return "AES-CMAC"
	case DESCMAC:
		return "TDES-CMAC"
	}
	return "?"
}

// Size is how many bytes a whole MAC has, 0 for an unknown algorithm.
func (a MACAlgorithm) Size() int {
	switch a {
	case X99, X919, DESCMAC:
		return 8
	case AESCMAC:
		return 16
	}
	return 0
}

// Usage is what a key must be for to be used with the algorithm.
func (a MACAlgorithm) Usage() Usage {
	switch a {
	case X99:
		return MACAlg1
	case X919:
		return MACAlg3
	case AESCMAC, DESCMAC:
		return MACAlg5
	}
	return ""
}

// Padding fills the last block of a message, by the methods of ISO 9797-1. CMAC
// has its own and takes neither.
type Padding uint8

// The paddings.
const (
	PadZeros Padding = 1 // zeros; right for messages whose length is known, as X9.9 and X9.19 have it
	PadOne   Padding = 2 // 0x80, then zeros
)

// MACInput is a message with how its code is made.
type MACInput struct {
	// By names the key.
	By KeyRef
	// Algorithm and Padding; padding 0 is what the algorithm's standard has.
	Algorithm MACAlgorithm
	Padding   Padding
	// Size is how many bytes of the code are used, from the left: 4 to all.
	Size int
	// Message is the bytes that are protected.
	Message []byte
}

// Import of a key.
type Import struct {
	// As names the key from now on. A name that is taken is refused.
	As KeyRef
	// Under names the key block protection key.
	Under KeyRef
	// Block is the key block.
	Block string
	// Legacy accepts blocks of the versions A and C too. Their keys are variants of the
	// protection key, which is exposed if one of them is; their code has 4 bytes. Nobody
	// should make such blocks any more, so whoever takes one says so: a person who knows
	// the partner, never a participant's link. Otherwise they are ErrDenied.
	Legacy bool
	// Want is the usages that are accepted, one at least.
	Want []Usage
	// KCV is compared with the imported key's, unless it is zero.
	KCV KCV
	// Replace has the key take the place of the active one of that name, which must have
	// the same usage and be no stronger. The one before stays good for reading and
	// verifying for Overlap (up to 366 days); keys for data at rest stay so until they
	// are retired. A driver that cannot do that says ErrDenied.
	//
	// If the key is the active one already, with the same limits, nothing changes, the
	// overlap of the one before included, and the answer is the active key's KeyInfo: so
	// an import may be repeated when its answer was lost. A key that the name had before
	// is ErrDenied, with Replace or without: an old block does not bring its key back.
	// That counts for keys that are destroyed too (the last 64), until the name has no key
	// at all any more. Keys are compared by their bytes where a driver sees them, and by
	// check values where it does not, as with those that are destroyed: once in 16 million
	// times that takes another key for the same.
	//
	// A name has KeyVersionsMax keys at most. One more destroys the oldest that is
	// retired; if there is none, or they are for data at rest, it is ErrDenied.
	Replace bool
	Overlap time.Duration
}

// KeyVersionsMax is how many keys a name has at most, the active one and those that are
// old or retired.
const KeyVersionsMax = 16

// Exporting of a key.
type Exporting struct {
	// What names the key; Under the key block protection key.
	What, Under KeyRef
	// Version of the key block, 'B' or 'D'.
	Version byte
}

// KeyInfo is what may be known about a key.
type KeyInfo struct {
	// Ref names it.
	Ref KeyRef
	// Usage, Algorithm, Mode and Export are its limits.
	Usage     Usage
	Algorithm Algorithm
	Mode      Mode
	Export    Export
	// Bits is its length, parity included; 0 where a module does not tell.
	Bits int
	// Rank is its strength (Algorithm.Rank) by its bytes, where a module sees them: a TDES
	// key of three parts with the first one again as the third is one of two. 0 is that of
	// its length.
	Rank int
	// KCV is its check value. Of an asymmetric key it is the beginning of the SHA-256 of
	// the public half (PKIX, DER).
	KCV KCV

	// What follows is zero where a driver keeps no record of it.

	// Version counts the keys that the name has had, from 1.
	Version uint32
	// State is what the key is good for, Origin where it came from.
	State  KeyState
	Origin Origin
	// Created and Expires are in UTC nanoseconds; Expires 0 is never.
	Created, Expires int64
	// Until is the end of StateOld; 0 for no end.
	Until int64
}

// Box is data that is sealed or opened.
type Box struct {
	// By names the key.
	By KeyRef
	// Public is authenticated with the data and kept elsewhere.
	Public []byte
	// Data is the plain bytes for Seal, the sealed ones for Open.
	Data []byte
}

// SignatureAlgorithm is how a signature is made, by the name that JWS has for it.
type SignatureAlgorithm string

// The algorithms of signatures.
const (
	ES256 SignatureAlgorithm = "ES256" // ECDSA on P-256 with SHA-256
	PS256 SignatureAlgorithm = "PS256" // RSASSA-PSS with SHA-256, salt of 32 bytes
	RS256 SignatureAlgorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
)

// Signing is a hash that is signed or verified.
type Signing struct {
	// By names the key.
	By KeyRef
	// Algorithm of the signature; the key must be of its kind.
	Algorithm SignatureAlgorithm
	// Digest is the SHA-256 of the message.
	Digest [32]byte
}

// Health is what a module says of itself.
type Health struct {
	// Driver is its name, such as "soft".
	Driver string
	// Detail is what the module says: firmware, serial number. No secret.
	Detail string
	// Production tells whether real money may depend on it.
	Production bool
}
