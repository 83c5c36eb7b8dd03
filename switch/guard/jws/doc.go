// Package jws signs ISO 20022 messages with a detached JWS (RFC 7515) over their bytes
// as they stand in the frame (RFC 7797, b64 false): the way that is meant for
// participants who have the choice.
//
// A frame's body is
//
//	BASE64URL(header)..BASE64URL(signature) LF <Message ...>...</Message>
//
// with a header such as {"alg":"ES256","b64":false,"crit":["b64"],"kid":"..."}, where
// kid is the SHA-256 of the signer's certificate in base64url. A base64url character is
// never '<', so a body that begins with that has no signature.
//
// It promises that what it hands on is the received bytes behind the line feed, all of
// them signed; that the header decides nothing but which of the pinned certificates it
// was; and that there is one way to read a header. Nothing of XML is read here.
//
// Callers are switch/ingress and switch/egress by the guard.Scheme, and switch/simbank
// by Sign and Verify. It never takes a key out of a message (jwk, jku, x5u, x5c).
//
//	scheme, err := jws.New(signer.Options{Theirs: files, Own: own, Key: "own/sign", Clock: clock})
//	g := scheme.Open()
//	message, err := g.Check(ctx, module, body)
//	body, err = g.Protect(ctx, module, body[:0], message, nil)
package jws
