package iso20022

import "bytes"

// The bounds of what is read. A message above one is refused where it passes it.
const (
	// BytesMax bounds a message with its envelope.
	BytesMax = 256 << 10
	// DepthMax bounds how deep elements are nested, the envelope included.
	DepthMax = 32
	// ElementsMax bounds the number of elements.
	ElementsMax = 20_000
	// AttributesMax bounds the attributes of one element, namespace declarations
	// included.
	AttributesMax = 8
	// bindingsMax bounds the namespace declarations that are in force at one place.
	bindingsMax = 16
)

// span is a range of the message's bytes. The zero span is absent: no content
// begins at the first byte.
type span struct{ start, end uint32 }

func (p span) of(b []byte) []byte { return b[p.start:p.end] }

// Message is a received message: a view over its bytes, which must not change
// while it is in use. The zero value is ready; Parse again reuses it. It belongs
// to one goroutine.
type Message struct {
	scanner
	definition *Definition
	document   span
	header     span

	scratch []byte           // texts with entities undone
	decoded fieldSet         // the fields whose text is there
	texts   [FieldCount]span // where
}

// Parse checks a message and notes where the profile's fields are. b is a whole
// frame: an envelope of AppHdr and Document, or one of them alone. The message
// must be well-formed, valid by the schema of its namespace, and complete by the
// profile; a nil profile asks for nothing and notes nothing.
//
// The error is an *Error, about the first fault. The fields before it can be read
// then, and Definition once the Document's start tag was: enough to say which
// message it was.
func (m *Message) Parse(p *Profile, b []byte) error {
	m.definition, m.document, m.header = nil, span{}, span{}
	m.scratch, m.decoded = m.scratch[:0], fieldSet{}
	m.scanner.reset(b)
	if len(b) > BytesMax {
		m.fail(ReasonSize, BytesMax)
		return m.error()
	}
	i := m.prolog()
	if i >= 0 {
		i = m.longTag(i)
	}
	if i < 0 {
		return m.error()
	}
	if m.isEnvelope() {
		i = m.envelope(p, i)
	} else {
		i = m.part(p, i)
	}
	if i >= 0 && m.skipSpace(i) < len(b) {
		i = m.fail(ReasonSyntax, m.skipSpace(i))
	}
	if i < 0 {
		return m.error()
	}
	return nil
}

// Definition is the definition of the Document, or nil if there is none.
func (m *Message) Definition() *Definition { return m.definition }

// Has tells whether a field of the profile is there. It may be empty.
func (m *Message) Has(f Field) bool { return m.fields[f] != span{} }

// Raw gives a field as it stands in the message, with entities. It is a view,
// and nil if the field is absent.
func (m *Message) Raw(f Field) []byte {
	if !m.Has(f) {
		return nil
	}
	return m.fields[f].of(m.b)
}

// Offset is where a field begins in the message, or 0 if the field is absent.
func (m *Message) Offset(f Field) int { return int(m.fields[f].start) }

// Text gives a field's text, entities undone and line ends as XML wants them. It
// is a view that lasts until the next Parse, and nil if the field is absent.
func (m *Message) Text(f Field) []byte {
	raw := m.Raw(f)
	if bytes.IndexByte(raw, '&') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	if !m.decoded.has(f) {
		start := len(m.scratch)
		m.scratch = appendText(m.scratch, raw)
		m.decoded.add(f)
		m.texts[f] = span{uint32(start), uint32(len(m.scratch))}
	}
	at := m.texts[f]
	return m.scratch[at.start:at.end:at.end]
}

// Document gives the Document with its tags, byte for byte as it was received,
// or nil.
func (m *Message) Document() []byte { return m.view(m.document) }

// Header gives the AppHdr with its tags, byte for byte as it was received, or nil.
func (m *Message) Header() []byte { return m.view(m.header) }

func (m *Message) view(p span) []byte {
	if p.end == 0 {
		return nil
	}
	return p.of(m.b)
}

// isEnvelope tells whether the tag just read opens an envelope.
func (m *Message) isEnvelope() bool {
	return m.tag.space == spaceNone && string(m.b[m.tag.local:m.tag.end]) == "Message"
}

// envelope reads from after the tag <Message> to after </Message>: one AppHdr and
// then one Document, nothing else.
func (m *Message) envelope(p *Profile, i int) int {
	if m.tag.attributes != 0 || m.tag.empty {
		return m.fail(ReasonEnvelope, int(m.tag.start)-1)
	}
	m.frames[0] = frame{key: m.tag.whole, name: m.tag.name(), bound: m.tag.bound}
	m.depth, m.base = 1, 1
	for n := range 2 {
		if i = m.skipSpace(i); !m.opens(i) {
			return m.fail(ReasonEnvelope, i)
		}
		if i = m.longTag(i); i < 0 {
			return i
		}
		if string(m.b[m.tag.local:m.tag.end]) != [2]string{"AppHdr", "Document"}[n] {
			return m.fail(ReasonEnvelope, int(m.tag.start)-1)
		}
		if i = m.part(p, i); i < 0 {
			return i
		}
	}
	if i = m.skipSpace(i); !m.closes(i) {
		return m.fail(ReasonEnvelope, i)
	}
	if m.Has(BizDefinition) && string(m.Text(BizDefinition)) != m.definition.Name {
		m.fault.path, m.fault.want = "AppHdr/MsgDefIdr", "the Document's definition"
		return m.fail(ReasonMismatch, int(m.fields[BizDefinition].start))
	}
	return m.endTag(i, m.frames[0].name, m.frames[0].key)
}

// part reads a Document or AppHdr, whose start tag was just read, to after its
// end tag, and checks it by the profile.
func (m *Message) part(p *Profile, i int) int {
	start := int(m.tag.start) - 1
	d := m.tag.space.definition()
	if d == nil || d.Root != string(m.b[m.tag.local:m.tag.end]) {
		return m.fail(ReasonUnknownMessage, start)
	}
	var l *layout
	m.tree, m.root = &noTree, 0
	if p != nil {
		if l = p.layout(d); l == nil {
			return m.fail(ReasonUnknownMessage, start)
		}
		m.tree, m.root = &l.tree, rootNode
	}
	if d.Root != "AppHdr" {
		m.definition = d
	}
	if i = m.element(d, i); i < 0 {
		return i
	}
	whole := span{uint32(start), uint32(i)}
	if d.Root == "AppHdr" {
		m.header = whole
	} else {
		m.document = whole
	}
	if l != nil {
		if broken, why := l.fault(m); broken != nil {
			return m.failRule(broken, why, i)
		}
	}
	return i
}

// failRule is about a rule of the profile that the part ending at i breaks.
func (m *Message) failRule(broken *rule, why Reason, i int) int {
	if m.Has(broken.field) {
		i = int(m.fields[broken.field].start)
	}
	m.fault.path, m.fault.want = broken.path, broken.want(why)
	return m.fail(why, i)
}
