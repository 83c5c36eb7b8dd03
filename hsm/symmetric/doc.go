// Package symmetric makes block ciphers of keys: DES, TDES of two or three keys, AES.
//
// It promises that a key of a length that its algorithm does not have is refused, and
// that its own copies of a key are wiped. What the standard library keeps inside a
// cipher it cannot wipe. Callers are the packages of algorithms beside it and the
// drivers that compute themselves.
//
// It never looks at what a key is for, and does not judge keys: parity bits are not
// looked at, and two equal halves are a TDES key like any other.
//
//	zpk, err := symmetric.New(hsm.TDES, key)
package symmetric
