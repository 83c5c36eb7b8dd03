package iso20022

import "strings"

// Element is an element of a message's schema, for people.
type Element struct {
	// Name is the tag without prefix.
	Name string
	// Min and Max say how often it stands there; Max 0: no bound.
	Min, Max int
	// Choice: its siblings are alternatives, of which one stands there.
	Choice bool
	// Text says in words what its text must be; "": it holds elements.
	Text string
	// Attribute is the one that it must have, and AttributeText what that must be;
	// "": it has none.
	Attribute, AttributeText string

	typ typeRef
}

// Outline is the root element of the message, from which all others are reached.
func (d *Definition) Outline() Element {
	return Element{Name: d.Root, Min: 1, Max: 1, typ: complexBit | typeRef(d.typ)}
}

// Message is the name of the element that stands for the message: the first in
// a Document, and the header itself.
func (d *Definition) Message() string {
	if d.Root == "AppHdr" {
		return d.Root
	}
	return names[complexTypes[d.typ].elements()[0].name]
}

// Elements lists what may stand in the element, in its order.
func (e Element) Elements() []Element {
	c := e.typ.complex()
	if c == nil || c.kind == kindValue || c.kind == kindWild {
		return nil
	}
	inside := make([]Element, 0, c.count)
	for _, child := range c.elements() {
		out := Element{Name: names[child.name], Min: int(child.min), Max: int(child.max), Choice: c.kind == kindChoice, typ: child.typ}
		out.describe()
		inside = append(inside, out)
	}
	return inside
}

// describe fills in what stands in an element that holds none of its schema.
func (e *Element) describe() {
	c := e.typ.complex()
	switch {
	case c != nil && c.kind == kindWild && c.wild == wildSignature:
		e.Text = "a signature (XML-DSig)"
	case c != nil && c.kind == kindWild:
		e.Text = "one element of any schema"
	case e.typ.simple() != nil:
		e.Text = e.typ.simple().describe()
	}
	if c != nil && c.kind == kindValue && c.attribute != 0 {
		e.Attribute, e.AttributeText = names[c.attribute], simpleTypes[c.attributeType].describe()
	}
}

// Rule says in words what the profile asks of a field beyond the schema and its
// Need; "": nothing.
func (p *Profile) Rule(d *Definition, f Field) string {
	l := p.layout(d)
	if l == nil || f >= FieldCount || l.places[f].rule == 0 {
		return ""
	}
	r := &l.rules[l.places[f].rule-1]
	var parts []string
	if r.when.is != nil {
		parts = append(parts, "if "+r.when.field.String()+" is "+strings.Join(r.when.is, " or "))
	}
	if r.unless != nil {
		var others []string
		for _, other := range r.unless {
			others = append(others, other.String())
		}
		parts = append(parts, "unless "+strings.Join(others, " or ")+" is there")
	}
	switch len(r.values) {
	case 0:
	case 1:
		parts = append(parts, "value "+r.values[0])
	default:
		parts = append(parts, "one of "+strings.Join(r.values, ", "))
	}
	if r.id {
		parts = append(parts, "characters of an id")
	}
	return strings.Join(parts, "; ")
}
