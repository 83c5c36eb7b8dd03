// Package translate turns wire messages into payment events and payment effects
// into wire messages, for ISO 8583 dialects.
//
// It promises that what it lets through is complete and well-formed for the
// machine, that a fault names the field and never quotes its content, and that
// an effect composed twice gives the same bytes. Its callers are switch/ingress
// (Request, Answer, Refuse) and switch/egress (Compose); it is pure, and a
// Dialect may be used by several goroutines at once.
//
// Where to look: request.go and answer.go read, compose.go writes, outcome.go is
// the table of result codes, reference.go how an answer finds its leg.
//
//	var ev payment.Event
//	if fault := d.Request(&msg, &ev); fault != nil { ... decline with 30 ... }
package translate
