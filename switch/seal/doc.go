// Package seal keeps the secret parts of records unreadable at rest: account
// numbers and what else is personal, in the journal, in the state store, and in
// whatever is made of them.
//
// It promises that the sealed form of a record gives back exactly that record or an
// error, that changing one bit of the public or of the sealed part is found, and
// that nothing secret can be learned from a data folder without the key file.
// Callers are switch/engine (records of the journal) and switch/state (rows); both
// learn from switch/payment where in a record the secret part begins.
//
// Sealing is AES-256-GCM with the public part as associated data. A Sealer draws a
// random salt when it starts and derives a key of its own from the key of the file
// (HKDF-SHA-256), so that a plain counter is a nonce that never repeats, however
// often a process is killed or a backup is restored, and sealing needs no random
// number for each record. The id of the file's key and the salt are in the record:
// keys can be added without sealing anything again.
//
// An account is searched by its Token: HMAC-SHA-256 under a key that only the key
// file has. It must not change, or old payments are not found by account.
//
//	keys, err := seal.LoadFile("seal.key")
//	s, o := keys.Sealer(), keys.Opener()
//	sealed := s.Seal(nil, record, payment.SecretAt(record))
//	record, err = o.Open(nil, sealed, payment.SecretAt(sealed))
package seal
