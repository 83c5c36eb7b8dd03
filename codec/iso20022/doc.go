// Package iso20022 reads, checks and writes the ISO 20022 messages of an instant
// payment system by tables made of their schemas.
//
// It promises: a Message is a view over the caller's bytes, read in one pass that
// checks well-formedness, the schema and the profile together and notes where the
// profile's fields are; nothing is serialised again, so signed bytes stay as they
// were received; reading and writing allocate nothing once a Message or Writer
// has been used; no input makes it panic, look at a byte more than a few times or
// allocate more than its size; and what it accepts is valid by the schema.
//
// Callers are the rim: switch/ingress and switch/egress with switch/translate,
// and the decode and validate commands. Definitions and Profiles are immutable
// and safe for concurrent use; a Message and a Writer belong to one goroutine.
//
// It never does I/O, never frames (see codec/frame), never reads a clock, and
// never puts message content into an error.
//
// # The XML that is read
//
// A strict subset: UTF-8 without byte order mark, an XML declaration or none, no
// document type, no processing instruction, no comment, no CDATA section, no
// character reference and no entity but the five; names in ASCII; at most
// BytesMax bytes, DepthMax levels, ElementsMax elements and AttributesMax
// attributes of one element. Namespaces may be written with or without prefixes.
// Of the attributes of XML Schema xsi:schemaLocation and
// xsi:noNamespaceSchemaLocation are passed over, xsi:type and xsi:nil refused.
// Where a schema has xs:any, one element is read for well-formedness only; it may
// not hold another Document or AppHdr of the message's own namespace.
//
// # Where things are
//
// definition.go the table's types, table_*.go the table, made by gen; scan.go the
// one pass, tag.go, namespace.go and chars.go its XML, wild.go what stands for
// xs:any, value.go and moment.go the simple types,
// message.go what callers see, trie.go what the pass needs of a profile, errors.go and
// fault.go what is said of a bad message.
package iso20022
