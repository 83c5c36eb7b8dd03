// Package xmldsig signs ISO 20022 messages with an XML signature in their header, AppHdr/
// Sgntr: for participants that cannot take package jws.
//
// Of XML signatures there is one profile, that of payment systems which sign like that:
// three references, in any order, to the header (URI "", enveloped-signature and
// exclusive c14n), to the Document (no URI, exclusive c14n) and to the KeyInfo (its Id,
// exclusive c14n), all SHA-256; and a KeyInfo with issuer and serial number, or the
// SHA-256, of a pinned certificate. All else is refused.
//
// It promises that what it hands on is put together of the very bytes that were hashed,
// the canonical forms of header and Document, without the signature: whoever reads it
// reads nothing else. There is no search for ids or elements that a wrapped message
// could mislead: each part stands at its one place or the message is refused.
//
// Callers are switch/ingress and switch/egress by the guard.Scheme, and switch/simbank
// by Sign and Verify. It never resolves, fetches or includes anything, and never checks a
// message against a schema: the dialect does, with what it is handed.
//
// canon.go, tag.go and text.go read XML and write its canonical form; message.go knows
// where the parts stand; profile.go reads SignedInfo and KeyInfo, in their canonical
// form; check.go and protect.go are the Guard.
package xmldsig
