// Package iso20022 is the dialect of participants that speak ISO 20022: it turns
// messages into payment events and effects into messages, by the contract of
// switch/translate. What is on the wire is told in docs/wire20022.md.
//
// Its callers are cmd/switchd, which builds a [Dialect] for each participant, and
// through translate.Interpreter the ingress and the egress. It is pure. It never
// quotes the content of an element in an error.
//
// Where to look: interpreter.go sorts messages, request.go and enquiry.go read what
// participants ask, answer.go what they answer; compose.go and its neighbours write
// the legs; reference.go says how an answer finds its leg.
//
//	d := &iso20022.Dialect{Profile: profile, Directory: directory, Number: n}
//	in := d.Open().Read(body, &event)
package iso20022
