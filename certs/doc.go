// Package certs is the private certificate authority of a scheme and the TLS
// settings that rest on it.
//
// It promises that both ends of a link know each other by name: every leaf
// carries the SAN URI urn:switch:participant:<id>, signed by an authority that
// the scheme trusts, and the settings made here accept nothing else. A Trust holds
// what the switch shows and trusts: it watches its files, swaps what is good and
// keeps what was good when a file is bad, knows who is revoked, whose keys are
// pinned and who may still speak TLS 1.2, and says before something expires. Links
// that are up stay up through every swap, but those that would not be let in any
// more: Reject names them, and gnetio closes them. Init writes a development PKI
// and never overwrites a file; Issue adds leaves to it, IssueSigning and Certify
// certificates for signatures of messages, which open no link, Revoke makes its list.
//
// It is called by cmd/switchd (certs, serve, bank), by the simulated participants
// (ServerConfig, ClientConfig: read once, no revocation) and by the rim
// (session/gnetio asks Identity for the name of a peer). It never holds a
// connection; errors and logs name files and rules, never key material.
//
//	t, err := certs.New(certs.Options{Paths: p, CRLs: lists, Peers: peers, Clock: clock, Log: log, Registry: reg})
//	...
//	s, err := gnetio.Listen(gnetio.Options{TLS: t.Server(), DialTLS: t.Dial, ...}, handler)
//	...
//	err = t.Run(ctx, func() { s.CloseLinks(t.Reject) }) // until ctx ends
package certs
