// Package mac makes and checks the message authentication codes of payment
// messages: X9.9 (DES CBC-MAC), X9.19 (ISO 9797-1 algorithm 3), and CMAC with AES
// (RFC 4493) and TDES (NIST SP 800-38B).
//
// It promises the codes of the standards' vectors, that a check takes the same time
// wherever a code is wrong, that a Key can be used by many goroutines at once, and
// that making a code allocates nothing. Callers are the drivers of package hsm that
// compute themselves, and hsm/keyblock and hsm/dukpt.
//
// It never decides whether a key may be used so, and an error says nothing of the key
// or the message. X9.9 and X9.19 pad with zeros unless told otherwise: messages that
// differ only in zeros at their end have the same code, which is right only where the
// length is known otherwise, as in ISO 8583.
//
//	k, err := mac.NewKey(hsm.AESCMAC, 0, key)
//	code := k.Sum(nil, message)
//	err = k.Verify(message, code[:8])
package mac
