package hsm

import (
	"context"
	"time"
)

// Keeper is a Module that keeps its keys itself and lets people care for them. What
// it answers holds no key, and all methods are safe for concurrent use.
//
// A name has one active key. Its earlier keys are told apart by their Version; those
// that are still good for reading are asked by themselves, so that nobody else needs
// to know them.
type Keeper interface {
	Module
	// Generate makes a random key or pair.
	Generate(ctx context.Context, n New) (KeyInfo, error)
	// Rotate makes a random key of the same kind in the place of the active one.
	Rotate(ctx context.Context, r Rotation) (KeyInfo, error)
	// ImportComponents makes a key of what several people hold.
	ImportComponents(ctx context.Context, c Components) (KeyInfo, error)
	// ImportPublic keeps a partner's public key, with which signatures are verified.
	// The file is a certificate or a public key (PKIX), DER or PEM. Who imports it
	// answers for whose it is: a certificate's issuer is not looked at.
	ImportPublic(ctx context.Context, n New, file []byte) (KeyInfo, error)
	// Public is the public half of a pair (PKIX, DER).
	Public(ctx context.Context, key KeyRef) ([]byte, error)
	// List gives all keys by name, of one name the newest first.
	List(ctx context.Context) ([]KeyInfo, error)
	// Retire ends the use of a key at once, for reading too.
	Retire(ctx context.Context, key KeyVersion) error
	// Delete destroys a key that is used no more (StateRetired).
	Delete(ctx context.Context, key KeyVersion) error
}

// New is a key to be made.
type New struct {
	// As names the key from now on. A name whose key is active is refused, unless
	// Replace says that it takes its place.
	As KeyRef
	// Usage, Algorithm, Mode and Export are its limits.
	Usage     Usage
	Algorithm Algorithm
	Mode      Mode
	Export    Export
	// Bits is the length of a key that is generated, parity included; 256 for ECDSA
	// (P-256), 2048 or more for RSA.
	Bits int
	// Expires is when its use ends, in UTC nanoseconds; 0 for never.
	Expires int64
	// Replace and Overlap are as in Import.
	Replace bool
	Overlap time.Duration
}

// Rotation of a key.
type Rotation struct {
	// Ref names the key.
	Ref KeyRef
	// Expires is when the new key's use ends, 0 for never.
	Expires int64
	// Overlap is as in Import.
	Overlap time.Duration
}

// Components of a key, of which each alone says nothing about it.
type Components struct {
	// New is the key; its Bits must be those of the components, or 0.
	New New
	// Parts are two or three components, which are added without carry.
	Parts []Component
	// KCV is compared with the key's, unless it is zero.
	KCV KCV
}

// Component is what one person holds of a key.
type Component struct {
	// Part is as long as the key; for DES and TDES each byte has odd parity.
	Part Secret
	// KCV is compared with the component's own, unless it is zero.
	KCV KCV
}

// KeyVersion is one of the keys that a name has had.
type KeyVersion struct {
	// Ref is the name.
	Ref KeyRef
	// Number is KeyInfo.Version.
	Number uint32
}

// KeyState is what a key is still good for.
type KeyState uint8

// The states. A driver that keeps no such record says 0.
const (
	StateActive  KeyState = iota + 1 // for all that its mode allows
	StateOld                         // replaced: for reading and verifying, until KeyInfo.Until
	StateRetired                     // for nothing
)

// String is the state as operators read it.
func (s KeyState) String() string {
	switch s {
	case StateActive:
		return "active"
	case StateOld:
		return "old"
	case StateRetired:
		return "retired"
	}
	return "?"
}

// Origin is where a key came from.
type Origin uint8

// The origins. A driver that keeps no such record says 0.
const (
	OriginGenerated  Origin = iota + 1 // in this module
	OriginComponents                   // several people's components
	OriginKeyBlock                     // a partner's key block
	OriginFile                         // a public key, a certificate or a pair
)

// String is the origin as operators read it.
func (o Origin) String() string {
	switch o {
	case OriginGenerated:
		return "generated"
	case OriginComponents:
		return "components"
	case OriginKeyBlock:
		return "key block"
	case OriginFile:
		return "file"
	}
	return "?"
}
