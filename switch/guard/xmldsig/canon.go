package xmldsig

import (
	"bytes"
	"fmt"

	"switchd/codec/iso20022"
	"switchd/hsm"
)

// The bounds of what is read and written, beside those of a message. Namespaces are
// written again where they are used, so without a bound on their length a small
// message would have a huge canonical form.
const (
	attributesMax = iso20022.AttributesMax // of one element, declarations included
	bindingsMax   = 16                     // declarations in force at one place
	shownMax      = 2 * bindingsMax        // written ones: those of the header and of a part of the signature
	nameBytesMax  = 128
	uriBytesMax   = 256
	outBytesMax   = 2 * iso20022.BytesMax
)

const (
	uriXML   = "http://www.w3.org/XML/1998/namespace"
	uriXMLNS = "http://www.w3.org/2000/xmlns/"
)

// Why a message cannot be read. The XML is that of codec/iso20022, and the dialect reads
// what comes of it, so that a difference between the two can only refuse more.
var (
	errSyntax    = fmt.Errorf("%w: xmldsig: not well-formed XML", hsm.ErrBlock)
	errConstruct = fmt.Errorf("%w: xmldsig: a document type, comment, processing instruction, CDATA section or entity", hsm.ErrBlock)
	errCharacter = fmt.Errorf("%w: xmldsig: a character that XML or UTF-8 does not have", hsm.ErrBlock)
	errNamespace = fmt.Errorf("%w: xmldsig: a namespace prefix that is not declared, or wrongly", hsm.ErrBlock)
	errLimit     = fmt.Errorf("%w: xmldsig: too long, too deep, or too much of something", hsm.ErrBlock)
)

// canon reads XML from left to right and writes the exclusive canonical form (without
// comments) of what it reads. Its methods take the offset at which they begin and give
// the one at which they stopped, or -1 with err.
type canon struct {
	in, out []byte
	err     error

	elements int
	tag      tag // the start tag that was read last
	attrs    [attributesMax]attribute
	open     [iso20022.DepthMax]element
	depth    int
	bindings [bindingsMax]binding // in force
	bound    int
	shown    [shownMax]binding // written by the open elements
	shows    int
	floor    int // those before it were written outside of what is written now
}

// tag is a start tag.
type tag struct {
	name       name
	uri        []byte
	attributes int
	bound      int // bindings before it
	empty      bool
}

// name is a name as it is written.
type name struct{ whole, prefix, local []byte }

// is tells whether the tag is that of an element.
func (t *tag) is(uri []byte, local string) bool {
	return string(t.name.local) == local && bytes.Equal(t.uri, uri)
}

// attribute is one of a start tag, other than a namespace declaration.
type attribute struct {
	name
	uri, value []byte
}

// binding is a namespace declaration. The default one has no prefix.
type binding struct{ prefix, uri []byte }

// element is an open element.
type element struct {
	name         []byte
	bound, shows int // outside
	hidden       bool
}

func (c *canon) reset(in []byte) {
	if cap(c.out) > outBytesMax/8 {
		c.out = nil // one large message is no reason to keep much for ever
	}
	c.in, c.out, c.err = in, c.out[:0], nil
	c.elements, c.depth, c.bound, c.shows, c.floor = 0, 0, 0, 0, 0
	if len(in) > iso20022.BytesMax {
		c.err = errLimit
	}
}

func (c *canon) fail(err error) int {
	if c.err == nil {
		c.err = err
	}
	return -1
}

// push opens the element whose start tag was read last, writes its tag unless it is
// hidden, and closes it at once if its tag does.
func (c *canon) push(i int, hidden bool) int {
	if c.depth == len(c.open) {
		return c.fail(errLimit)
	}
	c.open[c.depth] = element{name: c.tag.name.whole, bound: c.tag.bound, shows: c.shows, hidden: hidden}
	c.depth++
	if !hidden && !c.render() {
		return -1
	}
	if c.tag.empty {
		c.pop()
	}
	return i
}

// pop closes the innermost element.
func (c *canon) pop() {
	c.depth--
	e := &c.open[c.depth]
	if !e.hidden {
		c.out = append(append(append(c.out, "</"...), e.name...), '>')
	}
	c.bound, c.shows = e.bound, e.shows
}

// end reads the end tag of the innermost element.
func (c *canon) end(i int) int {
	want := c.open[c.depth-1].name
	if !bytes.HasPrefix(c.in[i+2:], want) {
		return c.fail(errSyntax)
	}
	i = c.space(i + 2 + len(want))
	if i == len(c.in) || c.in[i] != '>' {
		return c.fail(errSyntax)
	}
	c.pop()
	return i + 1
}

// closes tells whether an end tag stands at i, where a '<' does.
func (c *canon) closes(i int) bool { return i+1 < len(c.in) && c.in[i+1] == '/' }

// subtree reads and writes the element whose start tag was read last, to its end.
// allowed is asked about each tag in it, the first included.
func (c *canon) subtree(i int, allowed func(*canon) error) int {
	outside := c.depth
	for {
		if err := allowed(c); err != nil {
			return c.fail(err)
		}
		if i = c.push(i, false); i < 0 {
			return i
		}
		for c.depth > outside {
			if i = c.text(i); i < 0 {
				return i
			}
			if !c.closes(i) {
				break
			}
			if i = c.end(i); i < 0 {
				return i
			}
		}
		if c.depth == outside {
			return i
		}
		if i = c.start(i); i < 0 {
			return i
		}
	}
}

// render writes the start tag that was read last: the namespaces that it uses and that
// are not written yet, by prefix, and the attributes, by namespace and name.
func (c *canon) render() bool {
	c.out = append(append(c.out, '<'), c.tag.name.whole...)
	first := c.shows
	ok := c.show(c.tag.name.prefix, c.tag.uri)
	all := c.attrs[:c.tag.attributes]
	for i := range all {
		if len(all[i].prefix) > 0 { // one without has no namespace
			ok = c.show(all[i].prefix, all[i].uri) && ok
		}
	}
	if !ok {
		return false
	}
	added := c.shown[first:c.shows]
	for i := range added {
		for j := i; j > 0 && bytes.Compare(added[j].prefix, added[j-1].prefix) < 0; j-- {
			added[j], added[j-1] = added[j-1], added[j]
		}
	}
	for _, b := range added {
		c.out = append(c.out, " xmlns"...)
		if len(b.prefix) > 0 {
			c.out = append(append(c.out, ':'), b.prefix...)
		}
		c.out = append(append(append(c.out, `="`...), b.uri...), '"')
	}
	for i := range all {
		for j := i; j > 0 && all[j].before(&all[j-1]); j-- {
			all[j], all[j-1] = all[j-1], all[j]
		}
	}
	for i := range all {
		c.out = append(append(append(c.out, ' '), all[i].whole...), `="`...)
		c.out = append(appendValue(c.out, all[i].value), '"')
	}
	c.out = append(c.out, '>')
	return true
}

// before is the order of attributes.
func (a *attribute) before(b *attribute) bool {
	if n := bytes.Compare(a.uri, b.uri); n != 0 {
		return n < 0
	}
	return bytes.Compare(a.local, b.local) < 0
}

// show notes a namespace to be written, unless it was, with the same prefix and nothing
// else in between.
func (c *canon) show(prefix, uri []byte) bool {
	if string(prefix) == "xml" {
		return true
	}
	i := c.shows - 1
	for i >= c.floor && !bytes.Equal(c.shown[i].prefix, prefix) {
		i--
	}
	switch {
	case i >= c.floor && bytes.Equal(c.shown[i].uri, uri):
		return true
	case i < c.floor && len(prefix) == 0 && len(uri) == 0:
		return true // no default namespace where there never was one
	case c.shows == shownMax:
		return c.fail(errLimit) > 0
	}
	c.shown[c.shows] = binding{prefix, uri}
	c.shows++
	return true
}
