// Package pkcs11 is an hsm.Keeper whose keys are in a token that is reached by its own
// library (PKCS#11). It is compiled with the build tag pkcs11 and cgo only; without the
// tag there is nothing but this text, and the binary stays static.
//
// It promises that keys are made so that the token never gives them out in the clear and
// does with each what its usage needs, and refuses those that are not so; that a wrong
// PIN is tried once and never again, so that it cannot lock the token; that sessions
// which are lost are opened anew; and that the number of sessions and of keys that are
// remembered has limits. A call returns when the library does: who must not wait asks
// through hsm.Pool, whose workers a hanging library may keep. Callers are cmd/switchd
// and tests.
//
// PKCS#11 has no commands for PINs and key blocks. They are composed in the memory of
// this process, out of the token's ciphers, with SoftHSM only, which is for development
// and tests: Health says so. With any other token they are hsm.ErrDenied, and Health says
// that it may be used in production for what remains: codes of messages, signatures, data
// at rest, tokens. PINs need a payment HSM (hsm/payshield).
//
//	module, err := pkcs11.Open(pkcs11.Options{Library: "/usr/lib/softhsm/libsofthsm2.so",
//		Token: "switch", PIN: pin, Clock: clock})
//	defer module.Close()
package pkcs11
