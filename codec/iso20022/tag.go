package iso20022

import (
	"encoding/binary"
	"math/bits"
)

// tag is a start tag.
type tag struct {
	key        uint64 // of the local name, as in element.key
	whole      uint64 // the same of the name with its prefix
	start      uint32 // of its name
	local      uint32 // of the name after the prefix
	end        uint32 // of the name
	space      space
	attributes uint8 // other than namespace declarations
	bound      uint8 // bindings before it
	empty      bool  // <X/>
}

// name is where the name stands, with its prefix.
func (t *tag) name() span { return span{t.start, t.end} }

// attribute is one of a start tag, other than a namespace declaration.
type attribute struct {
	start, local, end int // of its name
	value             span
	bind              int8 // of its prefix in bindings; -1: it has none
	space             space
}

// quickTag takes what stands at i, where b[i] is '<', for a tag of nothing but a
// name, and reads up to the next '>'. Whether it is one is seen by finding that
// name in the table. It gives 0 if it cannot be one.
func (s *scanner) quickTag(i int) int {
	b := s.b
	if s.byDef != s.space || i+9 > len(b) {
		return 0
	}
	key := binary.LittleEndian.Uint64(b[i+1:])
	n := bits.TrailingZeros64(zeroBytes(key^'>'*ones)) / 8
	if n < 8 {
		key &= 1<<(8*n) - 1
	} else {
		for i+1+n < len(b) && b[i+1+n] != '>' {
			if n++; n > nameBytesMax {
				return 0
			}
		}
		if i+1+n >= len(b) {
			return 0
		}
	}
	// Field by field: a literal is put together elsewhere and copied.
	t := &s.tag
	t.key, t.whole, t.start, t.local, t.end = key, key, uint32(i+1), uint32(i+1), uint32(i+1+n)
	t.space, t.attributes, t.bound, t.empty = s.byDef, 0, uint8(s.bound), false
	return i + 1 + n + 1
}

// nameBytesMax bounds for how long quickTag looks; longer names are read with
// more thought.
const nameBytesMax = 40

// longTag reads the tag at i, where b[i] is '<', into s.tag, whatever it is made
// of.
func (s *scanner) longTag(i int) int {
	b := s.b
	j := s.nameEnd(i + 1)
	if j == i+1 && j < len(b) && (b[j] == '!' || b[j] == '?') {
		return s.fail(ReasonConstruct, i)
	}
	local, end := s.name(i+1, j)
	if end < 0 {
		return end
	}
	s.tag = tag{
		key: nameKey(b[local:end]), whole: nameKey(b[i+1 : end]), start: uint32(i + 1), local: uint32(local), end: uint32(end),
		bound: uint8(s.bound),
	}
	for j = end; ; {
		next := s.skipSpace(j)
		switch {
		case next >= len(b):
			return s.fail(ReasonSyntax, len(b))
		case b[next] == '>':
			return s.resolve(next + 1)
		case b[next] == '/' && next+1 < len(b) && b[next+1] == '>':
			s.tag.empty = true
			return s.resolve(next + 2)
		case next == j:
			return s.fail(ReasonSyntax, next)
		}
		if j = s.attribute(next); j < 0 {
			return j
		}
	}
}

// nameEnd gives the offset of the first byte that cannot be in a name.
func (s *scanner) nameEnd(i int) int {
	for i < len(s.b) && isNameChar(s.b[i]) {
		i++
	}
	return i
}

// nameKey is the first eight bytes of a name, as in element.key.
func nameKey(name []byte) uint64 {
	var key uint64
	for i, c := range name[:min(len(name), 8)] {
		key |= uint64(c) << (8 * i)
	}
	return key
}

// name reads a name with or without a prefix at i, which has characters of names
// up to j, and gives where the part after the prefix begins and ends.
func (s *scanner) name(i, j int) (local, end int) {
	b := s.b
	local = i
	if j > i && j < len(b) && b[j] == ':' {
		local = j + 1
		if isDigitOrMark(b[i]) {
			return i, s.fail(ReasonSyntax, i)
		}
		j = s.nameEnd(local)
	}
	if j == local || isDigitOrMark(b[local]) {
		return local, s.fail(ReasonSyntax, min(local, len(b)))
	}
	return local, j
}

// attribute reads one attribute or namespace declaration.
func (s *scanner) attribute(i int) int {
	a := attribute{start: i, bind: -1}
	if a.local, a.end = s.name(i, s.nameEnd(i)); a.end < 0 {
		return -1
	}
	start, end := s.assigned(a.end)
	if end < 0 {
		return end
	}
	a.value = span{uint32(start), uint32(end)}
	if !s.keep(&a) {
		return -1
	}
	return end + 1
}

// keep takes an attribute into s.attrs, or binds the prefix that it declares.
func (s *scanner) keep(a *attribute) bool {
	declared := s.bound - int(s.tag.bound)
	if int(s.tag.attributes)+declared >= AttributesMax {
		s.fail(ReasonAttributes, a.start)
		return false
	}
	prefix := ""
	if a.local > a.start {
		prefix = "other"
		if string(s.b[a.start:a.local]) == "xmlns:" {
			prefix = "xmlns"
		}
	}
	switch {
	case prefix == "xmlns":
		return s.bind(span{uint32(a.local), uint32(a.end)}, a.value)
	case prefix == "" && string(s.b[a.start:a.end]) == "xmlns":
		return s.bind(span{}, a.value)
	}
	s.attrs[s.tag.attributes] = *a
	s.tag.attributes++
	return true
}

// resolve finds the namespaces of the tag and its attributes, now that all
// declarations of the tag are known, and refuses an attribute that is there
// twice. i is after the tag.
func (s *scanner) resolve(i int) int {
	var ok bool
	if s.tag.space, _, ok = s.lookup(int(s.tag.start), int(s.tag.local)); !ok {
		return s.fail(ReasonNamespace, int(s.tag.start))
	}
	all := s.attrs[:s.tag.attributes]
	for n := range all {
		a := &all[n]
		if a.local > a.start {
			var bind int
			if a.space, bind, ok = s.lookup(a.start, a.local); !ok {
				return s.fail(ReasonNamespace, a.start)
			}
			a.bind = int8(bind)
		}
		for m := range all[:n] {
			if s.equal(a, &all[m]) {
				return s.fail(ReasonAttribute, a.start)
			}
		}
	}
	return i
}

// equal tells whether two attributes have one name in one namespace.
func (s *scanner) equal(a, c *attribute) bool {
	if a.space != c.space || string(s.b[a.local:a.end]) != string(s.b[c.local:c.end]) {
		return false
	}
	if a.bind < 0 || c.bind < 0 {
		return a.bind == c.bind
	}
	return s.bindings[a.bind].same == s.bindings[c.bind].same
}

// attributes checks those of the tag just read by the type of its element; nil is
// a type without any. Hints where a schema is found are passed over.
func (s *scanner) attributes(t *complexType) bool {
	found := false
	for n := range s.attrs[:s.tag.attributes] {
		a := &s.attrs[n]
		local := string(s.b[a.local:a.end])
		switch {
		case a.space == spaceXSI && (local == "schemaLocation" || local == "noNamespaceSchemaLocation"):
		case a.space == spaceNone && t != nil && t.attribute != 0 && local == names[t.attribute]:
			if found = s.attributeValue(t, a); !found {
				return false
			}
		default:
			s.failLeaf(s.fail(ReasonAttribute, a.start))
			return false
		}
	}
	if t != nil && t.attribute != 0 && !found {
		s.fault.attr = t.attribute
		s.failLeaf(s.fail(ReasonMissing, int(s.tag.start)-1))
		return false
	}
	return true
}

// attributeValue checks the value of the one attribute that a type has.
func (s *scanner) attributeValue(t *complexType, a *attribute) bool {
	typ := &simpleTypes[t.attributeType]
	v := a.value.of(s.b)
	if why := typ.check(v, countText(v)); why != ReasonNone {
		s.fault.typ, s.fault.attr = typ, t.attribute
		s.failLeaf(s.fail(why, int(a.value.start)))
		return false
	}
	f := &s.frames[s.depth-1]
	if f.kid != 0 {
		if field := s.tree.nodes[f.kid].attribute; field != NoField {
			s.fields[field] = a.value
		}
	}
	return true
}

// endTag reads the end tag at i, where "</" stands, of an element of that name,
// whose first eight bytes are key.
func (s *scanner) endTag(i int, name span, key uint64) int {
	b := s.b
	n := int(name.end - name.start)
	if n < 8 && i+10 <= len(b) && (binary.LittleEndian.Uint64(b[i+2:])^key^'>'<<(8*n))<<(56-8*n) == 0 {
		return i + 3 + n
	}
	j := i + 2 + n
	if j >= len(b) || !s.sameBytes(int(name.start), i+2, n) {
		return s.fail(ReasonSyntax, i)
	}
	if b[j] == '>' {
		return j + 1
	}
	if j = s.skipSpace(j); j >= len(b) || b[j] != '>' {
		return s.fail(ReasonSyntax, j)
	}
	return j + 1
}

// sameBytes compares n bytes at two offsets, the second one behind the first and
// followed by at least one more byte. Up to 16 bytes it does so in two words,
// which may overlap.
func (s *scanner) sameBytes(p, q, n int) bool {
	b := s.b
	if q+8 > len(b) || n > 16 {
		return string(b[p:p+n]) == string(b[q:q+n])
	}
	differ := binary.LittleEndian.Uint64(b[p:]) ^ binary.LittleEndian.Uint64(b[q:])
	if n <= 8 {
		return differ<<(64-8*n) == 0
	}
	return differ == 0 && binary.LittleEndian.Uint64(b[p+n-8:]) == binary.LittleEndian.Uint64(b[q+n-8:])
}

// opens and closes tell whether a start tag or an end tag may stand at i.
func (s *scanner) opens(i int) bool {
	return i+1 < len(s.b) && s.b[i] == '<' && s.b[i+1] != '/'
}

func (s *scanner) closes(i int) bool {
	return i+1 < len(s.b) && s.b[i] == '<' && s.b[i+1] == '/'
}
