// Command gen turns ISO 20022 schemas into the tables of codec/iso20022.
//
// It promises: the same folders give the same bytes; whatever a schema says that
// the tables cannot hold, or that the scanner could not judge exactly, is an
// error and not an approximation. It is run by go generate and by its own test,
// which proves that the tables in the repository are what it makes.
//
// It never runs in the switch, and the schemas themselves stay outside of the
// repository: it takes folders, and where two of them have a message the first
// one wins.
//
//	go run ./codec/iso20022/gen -xsd ../shared/xsd -xsd "$(go list -m -f '{{.Dir}}' github.com/moov-io/iso20022)/docs/specifications"
//
// With -check it writes nothing and fails if a table differs.
package main
