package iso20022

import "encoding/binary"

// scanner is the state of one pass over a message. Its methods take the offset at
// which they begin and give the one at which they stopped, or -1 after a fault.
type scanner struct {
	b      []byte
	fields [FieldCount]span

	// The part that is read, a Document or AppHdr.
	def   *Definition
	space space  // its namespace
	tree  *tree  // what the profile wants of it
	root  uint16 // in tree
	base  int    // depth outside of it

	tag      tag // the start tag that was read last
	depth    int
	elements int
	bound    int // bindings in force
	byDef    space
	fault    fault
	foreign  [foreignMax]span // names of elements in places for any
	foreigns int              // how many
	frames   [DepthMax]frame
	bindings [bindingsMax]binding
	attrs    [AttributesMax]attribute
}

// frame is an open element with children.
type frame struct {
	name    span   // as written, with its prefix
	key     uint64 // its first eight bytes
	content uint32 // where its content begins
	count   uint32 // how often the last child has been there
	typ     uint16 // in complexTypes
	node    uint16 // in tree
	kid     uint16 // that of the last child
	pos     int16  // index of the last child, -1 before the first
	must    uint8  // index of the next mandatory child, or none
	low     uint8  // how often the last child must be there
	bound   uint8  // bindings outside
}

func (f *frame) complex() *complexType { return &complexTypes[f.typ] }

// fault is the first fault, as the pass leaves it.
type fault struct {
	why   Reason
	at    int
	child int         // index in the innermost frame of the element it is about, or -1
	attr  uint16      // and the name of its attribute, or 0
	typ   *simpleType // what would have been right
	want  string      // the same in words
	name  span        // of an element that the schema does not have there
	path  string      // instead of the open elements
}

var noTree = tree{nodes: make([]node, 1)}

func (s *scanner) reset(b []byte) {
	s.b = b
	clear(s.fields[:])
	s.def, s.space, s.byDef = nil, spaceNone, spaceNone
	s.tree, s.root = &noTree, 0
	s.base, s.depth, s.elements, s.bound, s.foreigns = 0, 0, 0, 0, 0
	s.fault = fault{child: -1}
}

// element reads a part, whose start tag was just read and is that of the
// definition's root, to after its end tag.
func (s *scanner) element(d *Definition, i int) int {
	s.def, s.space, s.base = d, s.tag.space, s.depth
	if s.tag.attributes != 0 && !s.attributes(&complexTypes[d.typ]) {
		return -1
	}
	if i = s.push(d.typ, s.root, i); i < 0 {
		return i
	}
	if i = s.content(i); i < 0 {
		return i
	}
	s.def, s.space = nil, spaceNone
	return i
}

// content reads children and end tags until the part has ended.
func (s *scanner) content(i int) int {
	b := s.b
	for s.depth > s.base {
		if i < len(b) && b[i] != '<' {
			i = s.skipSpace(i)
		}
		switch {
		case i+1 >= len(b):
			return s.fail(ReasonSyntax, len(b))
		case b[i] != '<':
			return s.failText(i)
		case b[i+1] == '/':
			i = s.close(i)
		default:
			i = s.open(i)
		}
		if i < 0 {
			return i
		}
	}
	return i
}

// open reads a start tag, and of an element without children all of it.
func (s *scanner) open(i int) int {
	f := &s.frames[s.depth-1]
	kids := complexTypes[f.typ].elements()
	k, next := -1, s.quickTag(i)
	if next > 0 {
		k = s.find(f, kids)
	}
	if k < 0 {
		if next = s.longTag(i); next < 0 {
			return next
		}
		if k = s.find(f, kids); k < 0 {
			return s.failUnexpected(f)
		}
	}
	if !s.take(f, kids, k) {
		return -1
	}
	typ := kids[k].typ
	if typ&complexBit == 0 {
		if s.tag.attributes != 0 && !s.attributes(nil) {
			return -1
		}
		return s.leaf(&simpleTypes[typ], f.kid, next)
	}
	t := typ.complex()
	if (s.tag.attributes != 0 || t.attribute != 0) && !s.attributes(t) {
		return -1
	}
	if t.kind == kindValue {
		return s.leaf(&simpleTypes[t.value], f.kid, next)
	}
	return s.push(uint16(typ&^complexBit), f.kid, next)
}

// find gives the index of the element just opened among those from the last one
// on, or -1.
func (s *scanner) find(f *frame, kids []element) int {
	if s.tag.space != s.space {
		return -1
	}
	// Names have no zero bytes, so below eight bytes the key says it all.
	key, short := s.tag.key, s.tag.end-s.tag.local < 8
	for k := max(int(f.pos), 0); k < len(kids); k++ {
		if kids[k].key == key && (short || s.isNamed(names[kids[k].name])) {
			return k
		}
	}
	return -1
}

// isNamed compares the tag's local name, of eight bytes or more, with a name of the
// same key. Up to 16 bytes the last eight say the rest.
func (s *scanner) isNamed(name string) bool {
	n := int(s.tag.end - s.tag.local)
	if n != len(name) || n > 16 {
		return name == string(s.b[s.tag.local:s.tag.end])
	}
	return binary.LittleEndian.Uint64(s.b[s.tag.end-8:]) == lastWord(name)
}

// lastWord is the last eight bytes of a name, the first of them lowest.
func lastWord(name string) uint64 {
	s := name[len(name)-8:]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// take checks that element k may come next, and keeps the books of the frame.
func (s *scanner) take(f *frame, kids []element, k int) bool {
	if s.elements++; s.elements > ElementsMax {
		s.fail(ReasonElements, int(s.tag.start)-1)
		return false
	}
	e := &kids[k]
	if k == int(f.pos) {
		return s.repeat(f, e, k)
	}
	if f.complex().kind == kindSequence {
		if int(f.must) < k || f.count < uint32(f.low) {
			return s.failMissing(f, int(s.tag.start)-1)
		}
	} else if f.pos >= 0 {
		s.failUnexpected(f)
		return false
	}
	f.pos, f.count, f.must, f.low, f.kid = int16(k), 1, e.must, e.min, s.tree.child(f.node, k)
	return true
}

// repeat takes another occurrence of the last child.
func (s *scanner) repeat(f *frame, e *element, k int) bool {
	if f.kid != 0 {
		f.kid = s.tree.nodes[f.kid].again
	}
	// What the profile wants once only is refused here, so that no second
	// transaction passes that nobody looks at.
	f.count++
	if e.max != 0 && f.count > uint32(e.max) || f.kid != 0 && s.tree.nodes[f.kid].value == repeated {
		s.fault.child = k
		s.fail(ReasonRepeated, int(s.tag.start)-1)
		return false
	}
	return true
}

// push opens an element with children, and closes it at once if its tag does.
func (s *scanner) push(typ, node uint16, i int) int {
	if s.depth >= DepthMax {
		return s.fail(ReasonDepth, int(s.tag.start)-1)
	}
	f := &s.frames[s.depth]
	s.depth++
	// Field by field: a literal is put together elsewhere and copied.
	f.key, f.name, f.content, f.bound = s.tag.whole, s.tag.name(), uint32(i), s.tag.bound
	f.typ, f.node, f.kid = typ, node, 0
	f.pos, f.count, f.must, f.low = -1, 0, complexTypes[typ].must, 0
	if s.tag.empty {
		return s.pop(f, i, i)
	}
	if complexTypes[typ].kind == kindWild {
		return s.wild(f, i)
	}
	return i
}

// close reads the end tag of the innermost element.
func (s *scanner) close(i int) int {
	f := &s.frames[s.depth-1]
	end := s.endTag(i, f.name, f.key)
	if end < 0 {
		return end
	}
	return s.pop(f, i, end)
}

// pop ends the innermost element, whose content ends at i; end is after its tag.
func (s *scanner) pop(f *frame, i, end int) int {
	if f.must != none || f.count < uint32(f.low) {
		s.failMissing(f, i)
		return -1
	}
	if f.node != 0 {
		s.note(f.node, int(f.content), i)
	}
	s.depth--
	if s.bound != int(f.bound) {
		s.unbind(int(f.bound))
	}
	return end
}

// note keeps where the content of an element is, if the profile names it.
func (s *scanner) note(n uint16, start, end int) {
	if f := s.tree.nodes[n].value; f != NoField {
		s.fields[f] = span{uint32(start), uint32(end)}
	}
}

// leaf reads text from i on, and the end tag.
func (s *scanner) leaf(t *simpleType, node uint16, i int) int {
	if s.depth >= DepthMax {
		return s.fail(ReasonDepth, int(s.tag.start)-1)
	}
	bound := s.tag.bound
	end, chars := i, 0
	if !s.tag.empty {
		if end, chars = s.text(i); end < 0 {
			return s.failLeaf(end)
		}
		if !s.closes(end) {
			return s.failLeaf(s.failText(end))
		}
	}
	if why := t.check(s.b[i:end], chars); why != ReasonNone {
		s.fault.typ = t
		return s.failLeaf(s.fail(why, i))
	}
	if node != 0 {
		s.note(node, i, end)
	}
	if !s.tag.empty {
		if i = s.endTag(end, s.tag.name(), s.tag.whole); i < 0 {
			return s.failLeaf(i)
		}
	}
	if s.bound != int(bound) {
		s.unbind(int(bound))
	}
	return i
}
