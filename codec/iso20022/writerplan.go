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

// step is an element that can be written, with those around it in which there is
// nothing else to write. The steps of a layout are in the order of its schema,
// each followed by those inside it.
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

// typeOf is the type of a field that stands here.
func (s *step) typeOf(f Field) *simpleType {
	if s.attr == f {
		return s.attrText
	}
	return s.text
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
	p.add(b.root, tags{must: true})
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

// tags are those around a step.
type tags struct {
	open, close string
	must        bool // in the schema, where the parent of the outermost stands
}

// add adds the step of a branch, with tags around it, and all inside it.
func (p *planner) add(at *branch, around tags) {
	l := p.layout
	k := len(l.plan)
	if at.value != NoField && at.typ.simple() == nil {
		l.places[at.value].all = uint16(k + 1)
	}
	around.close = "</" + at.name + ">" + around.close
	if at.typ.simple() != nil {
		l.plan = append(l.plan, p.leaf(at, around, k))
		return
	}
	around.open += "<" + at.tag + ">"
	inside := p.inside(at)
	empty := at.typ.mayBeEmpty()
	if len(inside) == 1 && !(around.must && empty) {
		p.add(inside[0], around)
		return
	}
	l.plan = append(l.plan, step{
		open: around.open, close: around.close, path: at.path, must: around.must,
		empty: empty, choice: at.typ.complex().kind == kindChoice,
	})
	for _, child := range inside {
		n := len(l.plan)
		p.add(child, tags{must: child.min > 0})
		l.plan[k].inside.join(&l.plan[n].inside)
	}
	l.plan[k].next = uint16(len(l.plan))
}

// leaf is the step of an element with text.
func (p *planner) leaf(at *branch, around tags, k int) step {
	s := step{
		open: around.open + "<" + at.name + ">", close: around.close, path: at.path, next: uint16(k + 1), must: around.must,
		value: at.value, attr: at.attr, text: at.typ.simple(),
	}
	c := at.typ.complex()
	switch {
	case s.value == NoField:
		p.fail(at, "an attribute is named, but not its element")
		return s
	case c != nil && s.attr == NoField:
		p.fail(at, "the attribute "+names[c.attribute]+" must be written, and no field stands there")
		return s
	case c != nil:
		s.open = around.open + "<" + at.name + " " + names[c.attribute] + "=\""
		s.attrText = &simpleTypes[c.attributeType]
		s.inside.add(s.attr)
		p.layout.places[s.attr].step = s.next
	}
	s.inside.add(s.value)
	p.layout.places[s.value].step = s.next
	return s
}

// inside lists what is written inside a branch: the children with fields, each
// with its later occurrences, and those that the schema demands and may be empty.
func (p *planner) inside(at *branch) (all []*branch) {
	c := at.typ.complex()
	for i, e := range c.elements() {
		must := e.min > 0 && c.kind == kindSequence
		switch {
		case at.children != nil && at.children[i] != nil && at.children[i].writable():
			for child := at.children[i]; child != nil; child = child.again {
				if child.writable() {
					all = append(all, child)
				}
			}
		case must && e.typ.mayBeEmpty():
			child, _ := at.child(names[e.name])
			all = append(all, child)
		case must:
			p.fail(at, names[e.name]+" must be written inside, and no field stands there")
		}
	}
	return all
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
