// Package box is the form of data at rest that modules seal: XAES-256-GCM
// (c2sp.org/XAES-256-GCM) with the version of the key in front. Each box has a key of its
// own, made of the first half of a random nonce of 24 bytes, so that one key may seal
// without a count of how often it did, which AES-GCM with its 12 bytes cannot.
//
//	format 1 = 1 | version of the key 4 | nonce 24 | data, and tag 16
//
// It promises that a box is opened by the key, the version and the public bytes that it
// was sealed with, or is hsm.ErrVerify. The key itself it never sees: whoever has it
// gives its AES-CMAC, so it may stay in hardware. Callers are hsm/soft and hsm/pkcs11.
//
//	sealed, err := box.Seal(box.Content{Version: 1, Public: public, Data: data}, cmac, random)
package box
