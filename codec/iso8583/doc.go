// Package iso8583 reads and writes ISO 8583 messages by a field table.
//
// It promises: a Message is a view over the caller's bytes, read in one pass,
// and neither reading nor writing allocates once a Message or Writer has been
// used; no input makes it panic; what it accepts is what the table says, byte
// for byte (lengths of digits only, character classes, no trailing bytes, no
// field that the table lacks); and what it reads it can write again.
//
// Callers are the rim: switch/ingress and switch/egress with switch/translate,
// the simulated participants of the load generator, and the decode command. A
// Spec is immutable and safe for concurrent use; a Message and a Writer belong
// to one goroutine.
//
// It never does I/O, never looks at which fields a message type needs (that is
// the dialect's work in switch/translate), and never puts message content into
// an error.
//
// Where things are: spec.go the table, load.go and compile.go from JSON to the
// table, encoding.go and prefix.go the axes on which a further encoding is one
// row, message.go reading, writer.go writing, tlv.go the tagged fields 48 and
// 120, class.go the character classes, mti.go the message types.
//
//	spec, _ := iso8583.Builtin("iso87-npci")
//	var m iso8583.Message
//	if err := m.Parse(spec, body); err != nil {
//		return err // a *FieldError: DE4 n12
//	}
//	amount, ok := m.Uint(4)
//	payee, _ := iso8583.FindTLV(m.Value(120), 4)
//
//	var w iso8583.Writer
//	w.Begin(spec, dst, m.MTI().Response())
//	w.Set(4, m.Value(4))
//	w.SetString(39, "00")
//	dst, err := w.Finish()
package iso8583
