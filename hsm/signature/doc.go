// Package signature is the signatures that modules make: which keys sign, with which
// algorithms, whether a signature is good, and how one is made with a key that is in this
// process.
//
// It promises that the key says which algorithms are its own, never the message; that
// P-256 and RSA of 2048 to 4096 bits are all that is taken; and that whatever is not
// exactly a signature is hsm.ErrVerify. Callers are the modules that keep keys
// themselves, hsm/soft and hsm/pkcs11, and switch/guard/signer for the certificates of
// participants. It keeps no private key.
//
//	key, err := signature.Parse(der)
//	err = key.Verify(&signing, sig)
package signature
