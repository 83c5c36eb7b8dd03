package iso20022

import (
	"strconv"
	"strings"
)

// builder collects the places of a layout over the schema of its definition.
type builder struct {
	root   *branch // Document or AppHdr
	prefix string  // of all paths
}

// branch is an element that is named, or above one that is.
type branch struct {
	typ      typeRef
	name     string
	tag      string    // name, and the namespace if it is the root
	path     string    // full
	min, max uint8     // in the schema, where its parent stands
	children []*branch // by index in the complex type; nil: not named
	again    *branch   // the next occurrence
	value    Field
	attr     Field
}

func newBuilder(def *Definition) *builder {
	return &builder{
		root:   &branch{typ: complexBit | typeRef(def.typ), name: def.Root, tag: def.Root + " xmlns=\"" + def.Namespace() + "\"", path: def.Root, min: 1, max: 1},
		prefix: pathPrefix(def),
	}
}

// pathPrefix is what the paths of a profile's file leave out.
func pathPrefix(def *Definition) string {
	if def.Root == "AppHdr" {
		return "AppHdr/"
	}
	message := complexTypes[def.typ].elements()[0]
	return def.Root + "/" + names[message.name] + "/"
}

// place puts a field at a path of the file and gives the full path.
func (b *builder) place(path string, f Field) (full, why string) {
	elements, attribute, hasAttribute := strings.Cut(path, "@")
	at, why := b.find(elements)
	if why != "" {
		return "", why
	}
	field := &at.value
	if hasAttribute {
		if c := at.typ.complex(); c == nil || c.kind != kindValue || names[c.attribute] != attribute {
			return "", "the element has no attribute " + attribute
		}
		field = &at.attr
	}
	if *field != NoField {
		return "", "field " + field.String() + " stands there already"
	}
	*field = f
	full = b.prefix + elements
	if hasAttribute {
		full += "/@" + attribute
	}
	return full, ""
}

// once marks an element that the schema allows several times.
func (b *builder) once(path string) (why string) {
	at, why := b.find(path)
	switch {
	case why != "":
		return why
	case at.again != nil || strings.HasSuffix(path, "]"):
		return "a later occurrence is named"
	}
	again, why := b.find(path + "[2]")
	if why == "" {
		again.value = repeated
	}
	return why
}

// find goes along a path of the file and makes the branches that are missing.
func (b *builder) find(path string) (at *branch, why string) {
	at = b.root
	for _, part := range strings.Split((b.prefix + path)[len(b.root.path)+1:], "/") {
		name, number, ok := cutOccurrence(part)
		if !ok {
			return nil, "a step of the path is not a name, with or without an occurrence from [2] on"
		}
		if at, why = at.child(name); why != "" {
			return nil, why
		}
		if at.max > 0 && number > int(at.max) {
			return nil, at.name + " cannot stand there so often"
		}
		for ; number > 1; number-- {
			at = at.next()
		}
	}
	return at, ""
}

// cutOccurrence splits "Bal[2]".
func cutOccurrence(part string) (name string, number int, ok bool) {
	name, rest, numbered := strings.Cut(part, "[")
	if !numbered {
		return name, 1, name != ""
	}
	number, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	return name, number, err == nil && strings.HasSuffix(rest, "]") && number >= 2 && number <= occurrenceMax
}

// occurrenceMax bounds the occurrences that a profile can name.
const occurrenceMax = 9

// child is the branch of an element inside, made if it is not there.
func (at *branch) child(name string) (*branch, string) {
	c := at.typ.complex()
	if c == nil || c.kind == kindValue || c.kind == kindWild {
		return nil, at.name + " holds no elements of the schema"
	}
	k, ok := c.find(name)
	if !ok {
		return nil, at.name + " holds no " + name + ", but " + elementNames(c)
	}
	if at.children == nil {
		at.children = make([]*branch, c.count)
	}
	if at.children[k] == nil {
		e := &c.elements()[k]
		at.children[k] = &branch{typ: e.typ, name: name, tag: name, path: at.path + "/" + name, min: e.min, max: e.max}
		if c.kind == kindChoice {
			at.children[k].min = 0
		}
	}
	return at.children[k], ""
}

func elementNames(c *complexType) string {
	all := make([]string, 0, c.count)
	for _, e := range c.elements() {
		all = append(all, names[e.name])
	}
	return strings.Join(all, ", ")
}

// next is the branch of the next occurrence, made if it is not there.
func (at *branch) next() *branch {
	if at.again == nil {
		at.again = &branch{typ: at.typ, name: at.name, tag: at.name, path: at.path}
	}
	return at.again
}

// tree lays the branches out for the scanner.
func (b *builder) tree() tree {
	t := tree{nodes: make([]node, rootNode, 64)}
	b.root.grow(&t)
	return t
}

// grow adds the node of a branch, of what is below it and of its later
// occurrences.
func (at *branch) grow(t *tree) uint16 {
	n := len(t.nodes)
	t.nodes = append(t.nodes, node{value: at.value, attribute: at.attr})
	if at.children != nil {
		first := len(t.next)
		t.next = append(t.next, make([]uint16, len(at.children))...)
		t.nodes[n].inner, t.nodes[n].first = true, uint32(first)
		for k, child := range at.children {
			if child != nil {
				t.next[first+k] = child.grow(t)
			}
		}
	}
	if at.again != nil {
		t.nodes[n].again = at.again.grow(t)
	}
	return uint16(n)
}
