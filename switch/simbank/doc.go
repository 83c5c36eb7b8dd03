// Package simbank is a simulated participant: a payment service provider and
// the institution that keeps the accounts, in one, as a client of the switch
// over real TCP and mutual TLS.
//
// It promises a second opinion. It reads and writes ISO 8583 with
// moov-io/iso8583 and ISO 20022 with encoding/xml and structs of its own, never
// with this project's codecs, so each byte that the switch writes is read by
// other code; and its [Book] is an account of its own, in minor units, so that a
// test can hold the switch's ledger against it. In both protocols it answers
// resolve, debit, credit, reversal, advice, status check and fence, takes last
// words about credits and own payments, honours a reversal or fence that
// overtakes its original, answers a repeated leg as it did the first time, posts
// credits at once or when the switch confirms, and misbehaves on request
// ([Faults]). What it does knows no protocol; a protocol is a speech.
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
//	// in ISO 20022: Spec left out, ISO20022: true, Switch: "999999"
//	err = bank.Run(ctx)              // until ctx ends: drains, signs off
//	err = bank.WriteReport(os.Stdout) // what it saw, for an oracle
package simbank
