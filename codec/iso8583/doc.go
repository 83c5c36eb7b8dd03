// Package iso8583 reads, checks and writes ISO 8583 messages by a field table.
//
// It promises: a Message is a view over the caller's bytes, read in one pass,
// and neither reading nor writing allocates once a Message or Writer has been
// used; no input makes it panic or allocate more than four times its size; what
// it accepts is what the table says, byte for byte (lengths of digits only,
// character classes, fillers, no trailing bytes, no field that the table lacks);
// and what it reads it can write again.
//
// Callers are the rim: switch/ingress and switch/egress with switch/translate,
// the simulated participants of the load generator, and the decode command. A
// Spec is immutable and safe for concurrent use; a Message and a Writer belong
// to one goroutine.
//
// It never does I/O, never computes a MAC, never frames (see codec/frame), and
// never puts message content into an error.
//
// # Use
//
//	spec, _ := iso8583.Builtin("iso87-npci")
//	var m iso8583.Message
//	if err := m.Parse(spec, body); err != nil {
//		return err // a *FieldError: iso8583: DE4 n12 at byte 20, expected 12 digits in ASCII
//	}
//	if err := spec.Check(&m); err != nil {
//		return err // the first element that a 0200 lacks or must not have
//	}
//	amount, ok := m.Uint(4)
//	payee, _ := iso8583.FindTLV(m.Value(120), 4)
//	cryptogram, _ := iso8583.FindBER(m.Value(55), 0x9F26)
//
//	var w iso8583.Writer
//	w.Begin(spec, dst, m.MTI().Response()) // a message of its own
//	w.Set(4, m.Value(4))
//	w.SetString(39, "00")
//	dst, err := w.Finish()
//
//	w.Relay(&m, dst, m.MTI()) // or the received one with a few changes
//	w.SetUint(11, stan)
//	w.Remove(52)
//	dst, err = w.Finish()
//
// # Values
//
// Value gives an element's canonical value: its text in ASCII, whatever the
// encoding on the wire, or raw bytes of a b field. So the same value can be set
// in a message of another dialect. Fixed elements keep their padding. The value
// of a composite is the bytes of its subfields as sent; of the tagged elements
// of our dialect it is the text of the tags. A track's separator is '=' in BCD.
//
// # Spec files
//
// A spec is JSON in the format of moov-io/iso8583 v0.26.0: what its ImportJSON
// reads loads here too, as long as it has a message type (0) and a bitmap (1).
// Element 65 is read and never used where bit 65 announces a third bitmap, which
// is refused; elements above 128 are an error for the same reason. Keys:
//
//   - type: String, Numeric (text here: leading zeros stay), Binary, Hex, Track1,
//     Track2, Track3, Composite; Bitmap for element 1 and in composites
//   - enc: ASCII, Binary, BCD, LBCD, EBCDIC (IBM 037), EBCDIC1047, HexToASCII,
//     ASCIIToHex, HexToEBCDIC; BerTLVTag for tags
//   - prefix: ASCII, BCD, Binary, Hex, EBCDIC or EBCDIC1047 with .Fixed or .L to
//     .LLLLLL; BerTLV; None.Fixed for what is left
//   - length, description, padding, tag, subfields, bitmap, disableAutoExpand
//
// Keys of ours, in a field or subfield:
//
//   - class: n, a, an, ans, ns, z, b or x+n; else that of the type or encoding
//   - counts: "value" (digits, characters) or "bytes" of the wire, where an odd
//     number of digits can be sent with the filler F alone
//   - filler: "0" or "F", the unused half byte of an odd BCD value
//   - mask: none, pan, track, all or emv; see Mask
//
// and of a spec:
//
//   - messages: per type what Check asks for, {"0210": {"mandatory": [39],
//     "forbidden": [52], "conditional": [{"fields": [38], "when": {"field": 39,
//     "is": ["00"]}}, {"fields": [102], "unless": {"field": 2}}]}}
//   - unknown: elements that the spec lacks: "reject"; "keep" them and all that
//     follows unread (Message.Rest) and relay it; or the format that all of them
//     have, {"type": "Binary", "enc": "Binary", "length": 999, "prefix": "ASCII.LLL"}
//
// # Where things are
//
// spec.go and field.go the table, load.go and compile*.go from JSON to the
// table, encoding.go, bcd.go, ebcdic.go and prefix.go the axes on which a further
// encoding is one row, class.go, alphabet.go and word.go the checks of characters,
// message.go reading, fault.go what a bad value leaves, value.go and places.go
// what was read and where it stands, writer.go, writetlv.go, writegroup.go and
// relay.go writing, tlv.go the tagged elements 48 and 120, group.go and ber.go all
// other composites, check.go the rules, mac.go the range of a code, inspect.go and
// mask.go what people see, track.go, mti.go.
package iso8583
