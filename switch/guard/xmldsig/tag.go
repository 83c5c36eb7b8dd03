package xmldsig

import "bytes"

// start reads the start tag at i, where b[i] is '<', into c.tag and c.attrs, and takes
// its namespace declarations.
func (c *canon) start(i int) int {
	if c.elements++; c.elements > elementsMax {
		return c.fail(errLimit)
	}
	if i+1 < len(c.in) && (c.in[i+1] == '!' || c.in[i+1] == '?') {
		return c.fail(errConstruct)
	}
	c.tag = tag{bound: c.bound}
	if i = c.name(i+1, &c.tag.name); i < 0 {
		return i
	}
	for n := 0; ; n++ {
		next := c.space(i)
		switch {
		case next == len(c.in):
			return c.fail(errSyntax)
		case c.in[next] == '>':
			return c.resolve(next + 1)
		case c.in[next] == '/' && next+1 < len(c.in) && c.in[next+1] == '>':
			c.tag.empty = true
			return c.resolve(next + 2)
		case next == i:
			return c.fail(errSyntax)
		case n == attributesMax:
			return c.fail(errLimit)
		}
		if i = c.attribute(next); i < 0 {
			return i
		}
	}
}

// name reads a name with or without a prefix.
func (c *canon) name(i int, n *name) int {
	end, colon := i, -1
	for ; end < len(c.in) && charKinds[c.in[end]]&(charName|charColon) != 0; end++ {
		if c.in[end] == ':' {
			if colon >= 0 {
				return c.fail(errSyntax)
			}
			colon = end
		}
	}
	n.whole, n.prefix, n.local = c.in[i:end], nil, c.in[i:end]
	if colon >= 0 {
		n.prefix, n.local = c.in[i:colon], c.in[colon+1:end]
	}
	switch {
	case len(n.whole) > nameBytesMax:
		return c.fail(errLimit)
	case !begins(n.local) || colon >= 0 && !begins(n.prefix):
		return c.fail(errSyntax)
	}
	return end
}

// begins tells whether a name has a first character that names may begin with.
func begins(n []byte) bool { return len(n) > 0 && charKinds[n[0]]&charFirst != 0 }

// attribute reads one attribute or namespace declaration.
func (c *canon) attribute(i int) int {
	a := attribute{}
	if i = c.name(i, &a.name); i < 0 {
		return i
	}
	if i = c.space(i); i == len(c.in) || c.in[i] != '=' {
		return c.fail(errSyntax)
	}
	if i = c.space(i + 1); i == len(c.in) || c.in[i] != '"' && c.in[i] != '\'' {
		return c.fail(errSyntax)
	}
	end := c.value(i+1, c.in[i])
	if end < 0 {
		return end
	}
	a.value = c.in[i+1 : end]
	switch {
	case string(a.whole) == "xmlns":
		return c.bind(end+1, nil, a.value)
	case string(a.prefix) == "xmlns":
		return c.bind(end+1, a.local, a.value)
	}
	c.attrs[c.tag.attributes] = a
	c.tag.attributes++
	return end + 1
}

// bind takes a namespace declaration.
func (c *canon) bind(i int, prefix, uri []byte) int {
	bad := len(prefix) > 0 && len(uri) == 0 || string(prefix) == "xml" || string(prefix) == "xmlns"
	bad = bad || string(uri) == uriXML || string(uri) == uriXMLNS
	for _, other := range c.bindings[c.tag.bound:c.bound] {
		bad = bad || bytes.Equal(other.prefix, prefix)
	}
	for _, b := range uri { // nothing that could be written in another way
		bad = bad || b <= ' ' || b == '&' || b == '"'
	}
	switch {
	case bad:
		return c.fail(errNamespace)
	case c.bound == bindingsMax || len(uri) > uriBytesMax:
		return c.fail(errLimit)
	}
	c.bindings[c.bound] = binding{prefix, uri}
	c.bound++
	return i
}

// resolve finds the namespaces of the tag and its attributes, now that all declarations
// are known, and refuses an attribute that is there twice.
func (c *canon) resolve(i int) int {
	var ok bool
	if c.tag.uri, ok = c.lookup(c.tag.name.prefix); !ok {
		return c.fail(errNamespace)
	}
	all := c.attrs[:c.tag.attributes]
	for n := range all {
		a := &all[n]
		if len(a.prefix) > 0 {
			if a.uri, ok = c.lookup(a.prefix); !ok {
				return c.fail(errNamespace)
			}
		}
		for m := range all[:n] {
			if bytes.Equal(a.local, all[m].local) && bytes.Equal(a.uri, all[m].uri) {
				return c.fail(errSyntax)
			}
		}
	}
	return i
}

// lookup gives the namespace of a prefix. Without one it is the default, or none.
func (c *canon) lookup(prefix []byte) ([]byte, bool) {
	for i := c.bound - 1; i >= 0; i-- {
		if bytes.Equal(c.bindings[i].prefix, prefix) {
			return c.bindings[i].uri, true
		}
	}
	if string(prefix) == "xml" {
		return xmlSpace, true
	}
	return nil, len(prefix) == 0
}

var xmlSpace = []byte(uriXML)
