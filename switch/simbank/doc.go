// Package simbank is a simulated participant: a payment service provider and
// the institution that keeps the accounts, in one, as a client of the switch
// over real TCP and mutual TLS.
//
// It promises a second opinion. Its codec is moov-io/iso8583, not this
// project's, so each byte that the switch writes is read by somebody else's
// code; and its [Book] is an account of its own, in minor units, so that a test
// can hold the switch's ledger against it. It answers resolve, debit, credit,
// reversal and advice, honours a reversal that overtakes its original, answers
// a repeated leg as it did the first time, and misbehaves on request ([Faults]).
//
// Its callers are the demo, "switchd bank", the load generator (which uses the
// Book alone) and tests. It never posts a leg twice, never lets a fault touch
// network management (0800), and never logs content, account numbers or the
// text of a codec error.
//
// Example:
//
//	bank, err := simbank.New(simbank.Options{
//		ID: "BANKA", Institution: "100001", Handle: "banka", IFSC: "BNKA",
//		Address: "127.0.0.1:8583", TLS: config, Spec: specJSON,
//		Clock: clock, Rate: 50, Peers: peers,
//	})
//	err = bank.Run(ctx)              // until ctx ends: drains, signs off
//	err = bank.WriteReport(os.Stdout) // what it saw, for an oracle
package simbank
