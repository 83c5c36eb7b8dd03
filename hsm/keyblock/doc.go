// Package keyblock wraps keys for transport and unwraps them, by ANSI X9.143 (TR-31):
// versions B (TDES) and D (AES) both ways, A and C (TDES variants) unwrapping only,
// since old partners still send them and nobody should be sent them.
//
// It promises that no key comes out of a block whose header or body was changed in any
// bit, that a key never leaves its header (what it may be used for), that a stronger
// key is not carried by a weaker one, and that optional blocks are kept as they came,
// in order. Callers are the drivers of package hsm that compute themselves, and
// `switchd keys`.
//
// It never guesses: lengths, digits and characters are as the standard has them or the
// block is refused, before anything is decrypted. It does not know whose key it is; who
// calls it checks the usage (Header.Require) and the check value.
//
//	block, err := keyblock.Wrap(zmk, keyblock.Header{Version: 'D', Usage: hsm.PINEncryption, Algorithm: hsm.AES,
//		Mode: hsm.BothWays, KeyVersion: "00", Export: hsm.NotExportable}, zpk, rand.Reader)
//	header, zpk, err := keyblock.Unwrap(zmk, block)
package keyblock
