package iso20022

// fieldSet is a set of fields.
type fieldSet [3]uint64

// The sets have room for all fields.
var _ [len(fieldSet{})*64 - int(FieldCount)]struct{}

func (s *fieldSet) add(f Field)      { s[f>>6] |= 1 << (f & 63) }
func (s *fieldSet) remove(f Field)   { s[f>>6] &^= 1 << (f & 63) }
func (s *fieldSet) has(f Field) bool { return s[f>>6]>>(f&63)&1 != 0 }

func (s *fieldSet) meets(o *fieldSet) bool {
	return s[0]&o[0]|s[1]&o[1]|s[2]&o[2] != 0
}

func (s *fieldSet) join(o *fieldSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

// step is an element that can be written. The steps of a layout are in the order
// of its schema, each followed by those inside it.
type step struct {
	open, close string   // tags; the opening one up to the attribute's value, if it has one
	path        string   // full
	inside      fieldSet // all fields that are written inside it, its own included
	next        uint16   // the step after all those inside it
	must        bool     // wherever its parent is written
	empty       bool     // it can be written without any field inside
	choice      bool     // one of the steps inside it is written
	value, attr Field    // of an element without elements; NoField: none
	text        *simpleType
	attrText    *simpleType
}

// planFault is why a layout can not be written.
type planFault struct{ path, why string }

// plan makes the steps of a layout. Elements that have no field to be written
// inside are left out; one that the schema demands beside others is a fault.
func (b *builder) plan(l *layout) (faults []planFault) {
	if !b.root.writable() {
		return []planFault{{"", "no field"}}
	}
	p := planner{layout: l, prefix: b.prefix}
	p.add(b.root, "<"+b.root.name+" xmlns=\""+l.def.Namespace()+"\">")
	return p.faults
}

type planner struct {
	layout *layout
	prefix string
	faults []planFault
}

func (p *planner) fail(at *branch, why string) {
	path := at.path
	if len(path) > len(p.prefix) {
		path = path[len(p.prefix):]
	}
	p.faults = append(p.faults, planFault{path, why})
}

// writable tells whether a field can be written at or below a branch.
func (at *branch) writable() bool {
	if at.typ.simple() != nil {
		return at.value != NoField && at.value != repeated || at.attr != NoField
	}
	for _, child := range at.children {
		if child != nil && child.writable() {
			return true
		}
	}
	return false
}

// add adds the step of a branch and all inside it, and of its later occurrences.
func (p *planner) add(at *branch, open string) {
	l := p.layout
	k := len(l.plan)
	l.plan = append(l.plan, step{open: open, close: "</" + at.name + ">", path: at.path, must: at.min > 0})
	if at.typ.simple() != nil {
		p.leaf(at, &l.plan[k], k)
	} else {
		p.inner(at, k)
	}
	l.plan[k].next = uint16(len(l.plan))
	for a := at.again; a != nil; a = a.again {
		if a.writable() {
			alone := *a
			alone.again = nil
			p.add(&alone, open)
		}
	}
}

func (p *planner) leaf(at *branch, s *step, k int) {
	s.value, s.attr, s.text = at.value, at.attr, at.typ.simple()
	if s.value == NoField {
		p.fail(at, "an attribute is named, but not its element")
		return
	}
	s.inside.add(s.value)
	p.layout.places[s.value].step = uint16(k + 1)
	if c := at.typ.complex(); c != nil {
		if s.attr == NoField {
			p.fail(at, "the attribute "+names[c.attribute]+" must be written, and no field stands there")
			return
		}
		s.open = "<" + at.name + " " + names[c.attribute] + "=\""
		s.attrText = &simpleTypes[c.attributeType]
		s.inside.add(s.attr)
		p.layout.places[s.attr].step = uint16(k + 1)
	}
}

func (p *planner) inner(at *branch, k int) {
	l := p.layout
	c := at.typ.complex()
	l.plan[k].choice = c.kind == kindChoice
	l.plan[k].empty = at.typ.mayBeEmpty()
	if at.value != NoField {
		l.places[at.value].all = uint16(k + 1)
	}
	for i, e := range c.elements() {
		var child *branch
		switch must := e.min > 0 && c.kind == kindSequence; {
		case at.children != nil && at.children[i] != nil && at.children[i].writable():
			child = at.children[i]
		case must && e.typ.mayBeEmpty():
			child, _ = at.child(names[e.name])
		case must:
			p.fail(at, names[e.name]+" must be written inside, and no field stands there")
			continue
		default:
			continue
		}
		first := len(l.plan)
		p.add(child, "<"+child.name+">")
		for n := first; n < len(l.plan); n = int(l.plan[n].next) {
			l.plan[k].inside.join(&l.plan[n].inside)
		}
	}
}

// mayBeEmpty tells whether the schema allows an element of the type that has
// nothing but, perhaps, elements that have nothing.
func (r typeRef) mayBeEmpty() bool {
	c := r.complex()
	if c == nil || c.kind != kindSequence {
		return false
	}
	for _, e := range c.elements() {
		if e.min > 0 && !e.typ.mayBeEmpty() {
			return false
		}
	}
	return true
}
