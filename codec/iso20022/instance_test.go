package iso20022

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// xmlNode is an element of a made-up message, which can be changed and written.
type xmlNode struct {
	name  string // with a prefix, if it has one
	attrs []string
	text  string // as written; of elements without children
	kids  []*xmlNode
	tail  string // after its end tag
	head  string // after its start tag, before the children
	short bool   // <X/>, if it is empty
	typ   typeRef
	wild  bool // of another schema
}

func (n *xmlNode) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *xmlNode) write(b *strings.Builder) {
	b.WriteString("<" + n.name)
	for _, a := range n.attrs {
		b.WriteString(" " + a)
	}
	if n.short && n.text == "" && n.head == "" && len(n.kids) == 0 {
		b.WriteString("/>" + n.tail)
		return
	}
	b.WriteString(">" + n.head + n.text)
	for _, k := range n.kids {
		k.write(b)
	}
	b.WriteString("</" + n.name + ">" + n.tail)
}

// all lists an element and what is in it.
func (n *xmlNode) all() []*xmlNode {
	list := []*xmlNode{n}
	for _, k := range n.kids {
		list = append(list, k.all()...)
	}
	return list
}

// maker makes valid messages by the table, the same ones for the same seed.
type maker struct {
	*rand.Rand
	optional int // percent of the optional elements that are there
}

func newMaker(seed uint64, optional int) *maker {
	return &maker{rand.New(rand.NewPCG(seed, 20022)), optional}
}

// document makes a Document or AppHdr.
func (m *maker) document(d *Definition) *xmlNode {
	root := &xmlNode{name: d.Root, attrs: []string{`xmlns="` + d.Namespace() + `"`}, typ: complexBit | typeRef(d.typ)}
	m.fill(root, 0)
	return root
}

// fill gives an element what its type wants.
func (m *maker) fill(n *xmlNode, depth int) {
	t := n.typ.complex()
	if t == nil {
		n.text = m.value(&simpleTypes[n.typ])
		return
	}
	kids := t.elements()
	switch t.kind {
	case kindValue:
		n.text = m.value(&simpleTypes[t.value])
		n.attrs = append(n.attrs, names[t.attribute]+`="`+m.value(&simpleTypes[t.attributeType])+`"`)
	case kindWild:
		k := &xmlNode{name: "Sgntr", attrs: []string{`xmlns="` + uriSignature + `"`}, text: "text &amp; more", wild: true}
		n.kids = append(n.kids, k)
	case kindChoice:
		n.kids = append(n.kids, m.element(&kids[m.IntN(len(kids))], depth)...)
	case kindSequence:
		for i := range kids {
			// Deep in the message optional elements get rare, or it would have thousands.
			if kids[i].min > 0 || m.IntN(100) < m.optional>>max(0, depth-2) {
				n.kids = append(n.kids, m.element(&kids[i], depth)...)
			}
		}
	}
}

// element makes one element as often as it must be there, sometimes more often.
func (m *maker) element(e *element, depth int) []*xmlNode {
	count := max(1, int(e.min))
	if (e.max == 0 || int(e.max) > count) && m.IntN(8) == 0 {
		count++
	}
	var list []*xmlNode
	for range count {
		n := &xmlNode{name: names[e.name], typ: e.typ}
		m.fill(n, depth+1)
		list = append(list, n)
	}
	return list
}

// value makes a text of a simple type.
func (m *maker) value(t *simpleType) string {
	switch t.base {
	case baseDecimal:
		return m.decimal(t)
	case baseBoolean:
		return m.pick("true", "false", "1", "0")
	case baseDate:
		return m.pick("2026-01-31", "2024-02-29", "2026-12-01Z", "2026-06-30+05:30")
	case baseDateTime:
		return m.pick("2026-01-31T10:00:00", "2024-02-29T23:59:59.999Z", "2026-12-01T00:00:00.123456+05:30")
	case baseTime:
		return m.pick("10:00:00", "23:59:59.5Z", "00:00:00-08:00")
	case baseYearMonth:
		return m.pick("2026-01", "2026-12Z")
	case baseBinary:
		return m.pick("QUJD", "QUI=", "QQ==", "QUJD QUJD")
	}
	switch {
	case t.codes != 0:
		codes := codeSets[t.codes]
		return codes[m.IntN(len(codes))]
	case t.pattern != 0:
		return m.match(&patterns[t.pattern], t)
	}
	n := max(1, int(t.minLength)) + m.IntN(20)
	if t.maxLength != 0 {
		n = min(n, int(t.maxLength))
	}
	return m.text(n)
}

// text makes a text of n characters, some of which take more than one byte.
func (m *maker) text(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(m.pick("a", "B", "7", "-", " ", "é", "क", "&amp;", "x", "y", "z", "0", "ε", "Q", "R", "S"))
	}
	return b.String()
}

func (m *maker) decimal(t *simpleType) string {
	digits := int(t.totalDigits)
	if digits == 0 {
		digits = 18
	}
	fraction := 0
	if t.fraction != none && t.fraction > 0 {
		fraction = m.IntN(min(int(t.fraction), digits-1) + 1)
	}
	text := fmt.Sprint(m.Uint64N(pow10(min(digits-fraction, 12))))
	if fraction > 0 {
		text += "." + fmt.Sprintf("%0*d", fraction, m.Uint64N(pow10(min(fraction, 9))))
	}
	return text
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range max(0, n) {
		p *= 10
	}
	return p
}

// match makes a text of a pattern.
func (m *maker) match(p *pattern, t *simpleType) string {
	way := p.ways[m.IntN(len(p.ways))]
	var b strings.Builder
	for _, r := range way {
		if r.end && m.IntN(2) == 0 {
			break
		}
		var set []byte
		for c := byte(0); c < 128; c++ {
			if classes[r.class].has(c) {
				set = append(set, c)
			}
		}
		n := int(r.min) + m.IntN(int(r.max-r.min)+1)
		if t.maxLength != 0 {
			n = min(n, int(t.maxLength))
		}
		for range n {
			b.WriteByte(set[m.IntN(len(set))])
		}
	}
	return b.String()
}

func (m *maker) pick(from ...string) string { return from[m.IntN(len(from))] }
