// Package iso8583 is the dialect of participants that speak ISO 8583:1987: it turns
// messages into payment events and effects into messages, by the contract of
// switch/translate.
//
// Its callers are cmd/switchd, which builds a [Dialect] for each participant, and
// through translate.Interpreter the ingress and the egress. It is pure. It never
// quotes the content of a field in an error.
//
// Where to look: request.go and answer.go read, compose.go writes, key.go says
// what makes two requests one, refuse.go is what needs no event.
//
//	d, err := (&iso8583.Dialect{Spec: spec, Directory: directory, Number: n}).With(nil, nil)
//	in := d.Open().Read(body, &event)
package iso8583
