// Package certs is the private certificate authority of a switch and the TLS
// settings that rest on it.
//
// It promises that both ends of a link know each other by name: every leaf
// carries the SAN URI urn:switch:participant:<id>, signed by the one CA that
// the scheme trusts, and the configurations made here accept nothing else and
// nothing older than TLS 1.3. Init writes a development PKI and never
// overwrites a file; Issue adds leaves to it.
//
// It is called by cmd/switchd (certs init, serve, bank), by the simulated
// participants and by the rim (session/gnetio asks Identity for the name of a
// peer). It never holds a connection, never reloads on its own and never logs;
// errors name files and rules, never key material.
//
//	err := certs.InitAt("certs", []string{"BANKA", "BANKB"}, now, certs.LeafValidity)
//	...
//	p := certs.Paths{CA: "certs/ca.pem", Cert: "certs/switch.pem", Key: "certs/switch-key.pem"}
//	conf, err := certs.ServerConfig(p, configured, clock)
package certs
