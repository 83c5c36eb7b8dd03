// Package payshield is an hsm.Module that asks a payShield over its host protocol, by TCP
// or TLS: several connections, several requests under way on each, answers in any order.
//
// It promises that every call ends with its context at the latest; that a failure says
// whether the command can have been done (hsm.NotDone is true only of one that was never
// written whole); that an answer to another question ends the connection, and a late one
// is dropped; and that connections, requests and bytes have limits. Calls need a
// connection that has answered NC; without one they fail at once, so that a payment is
// declined, not kept waiting. Callers are cmd/switchd, through hsm.Pool.
//
// It holds no clear key. The module gives keys out under its local master key (LMK), and
// they are kept in a key table: a file that is no secret, but whoever can write it says
// which key a participant has. Seal, Open, Token, Sign and Verify are refused: this
// protocol is not asked for them (docs/hsm.md lists what is, and what was never tried
// against the real machine).
//
//	module, err := payshield.New(payshield.Options{Addresses: []string{"10.1.2.3:1500"}, Table: "hsm-keys.json"})
//	go module.Run(ctx)
//	err = module.Up(ctx) // until a connection has answered
//	pool, err := hsm.NewPool(hsm.Options{Module: module, Clock: clock})
package payshield
