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
// # Use
//
//	profile, _ := iso20022.Builtin("ips-base")
//	var m iso20022.Message
//	if err := m.Parse(profile, frame); err != nil {
//		return err // an *Error: its Reason has the codes for an admi.002 or a status
//	}
//	decimals, ok := iso20022.Exponent(string(m.Text(iso20022.AmountCurrency)))
//	minor, why := iso20022.ParseAmount(m.Text(iso20022.Amount), decimals)
//
//	var w iso20022.Writer
//	w.Begin(profile, profile.Sent("pacs.002"), dst)
//	w.SetString(iso20022.BizFrom, "999999")
//	w.Set(iso20022.OriginalMsgID, m.Text(iso20022.MsgID))
//	w.SetTime(iso20022.CreatedAt, now)
//	dst, err := w.Finish() // header and document, valid by schema and profile
//
//	dst, err = iso20022.AppendRelay(dst, profile, &m, // all else byte for byte
//		iso20022.Change{Field: iso20022.BizTo, Value: next})
//
// # Values
//
// A Field is our name for a value, one name per meaning in all messages; that of
// the creditor's agent is CreditorAgent whether it stands in a pacs.008 or a
// pain.013. Text is plain text: entities are undone on reading and made on
// writing. Amounts are int64 minor units with exactly the decimals of their
// currency, times are nanoseconds since 1970, written in UTC with milliseconds.
// A field may stand at an element with elements inside (OriginalTransaction,
// BizSignature): its value is XML and can only be read.
//
// # Profile files
//
// A profile is JSON with a name, a header and messages:
//
//		{"name": "bank", "header": {"definition": "head.001.001.02", "fields": [...]},
//		 "messages": [{"versions": ["pacs.028.001.03"], "once": ["TxInf"], "fields": [
//		   {"field": "MsgID", "path": "GrpHdr/MsgId", "need": "M", "chars": "id"}, ...]}]}
//
//	  - versions: what is accepted; the first one is sent
//	  - once: elements that the schema allows several times and the profile once; a
//	    second one would otherwise pass unread
//	  - field: a name of field.go; path: from the message's root element, "Amt@Ccy"
//	    for an attribute, "Bal[2]" for a later occurrence; else the first counts
//	  - need: M mandatory, O optional, C mandatory under a condition: "when":
//	    {"field": "Status", "is": ["RJCT"]}, "unless": ["DebtorIBAN"], or both
//	  - value: what is allowed; a mandatory field with one value is written by itself
//	  - chars: id for identifiers (letters, digits and /-?:().,'+ and space, no slash
//	    at an end, no two in a row), else text
//
// Every key, field and path must be known, and an element that the schema demands
// beside a named one must have a field, or a message could not be written; all
// faults are reported at once, with file, message and path.
//
// # Where things are
//
// definition.go the table's types, table_*.go the table, made by gen; scan.go the
// one pass, tag.go, namespace.go and chars.go its XML, wild.go what stands for
// xs:any, value.go and moment.go the simple types,
// message.go what callers see, trie.go what the pass needs of a profile, errors.go and
// fault.go what is said of a bad message. field.go the names; profile.go the
// profiles, profilefile.go and profilecompile.go from JSON to rules, tree and
// steps, profilecheck.go the rules; writer.go, writerfinish.go and writerplan.go
// writing, relay.go passing on; amount.go, time.go and escape.go the values.
package iso20022
