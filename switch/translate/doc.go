// Package translate is the contract between wire messages and the payment
// machine: what every dialect promises, and the tables that all of them share.
//
// A [Dialect] is how one participant speaks, an [Interpreter] is that dialect at
// work on one link. The dialects are packages of their own: translate/iso8583 and
// translate/iso20022. Their callers are switch/ingress (Read and the answers that
// need no event) and switch/egress (Compose). All of it is pure.
//
// They promise that what they let through is complete and well-formed for the
// machine, that a fault names the field and never quotes its content, and that an
// effect composed twice gives the same bytes.
//
// Where to look: outcome.go is the table of result codes, reason.go that of ISO
// 20022, reference.go how an answer finds its leg, address.go what an address is.
package translate
