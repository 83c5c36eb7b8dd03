package iso8583

import "bytes"

// group is a composite other than the tagged fields of tlv.go: its subfields
// stand one after another, or behind a bitmap of their own, or behind tags.
// Its value is the bytes between the field's prefix and its end, as sent, so
// tags that the spec does not know are kept by whoever copies the value.
type group struct {
	kind  groupKind
	subs  []sub          // in the order of the wire; by number when bitmapped
	index map[string]int // of subs by tag

	// Tags.
	tag     field // how a tag stands on the wire: fixed, with its filling
	skip    bool  // tags that the spec does not know are kept, not refused
	unknown field // how the value of such a tag stands
	// The bitmap.
	bitmap field
	bits   int
}

type groupKind uint8

const (
	groupPositional groupKind = iota
	groupTagged
	groupBER
	groupBitmapped
)

// sub is a subfield.
type sub struct {
	tag    string
	number int // when bitmapped
	f      field
	detail
}

// cursor walks over the elements of a group. b ends with the group, so that
// offsets are those of the message.
type cursor struct {
	g       *group
	b       []byte
	scratch []byte // room for tags: used behind its length
	at      int
	i       int
	short   bool // subfields at the end may be missing: the group has a length
	bits    [16]byte
	seen    [4]uint64 // subs that were there, of the first 256

	// The element of the last call of next.
	sub  *sub   // nil: a tag that the spec does not know
	f    *field // of sub, or for unknown tags
	tag  []byte // as in a spec file; only with tags
	from int    // of the element with its tag
	place
}

// next goes to the next element; it is false at the end and at a fault.
func (c *cursor) next() (ok bool, why fault) {
	c.sub, c.tag = nil, nil
	c.from = c.at
	switch c.g.kind {
	case groupPositional:
		ok = c.nextInOrder()
	case groupBitmapped:
		ok, why = c.nextBit()
	default:
		ok, why = c.nextTag()
	}
	if !ok || why != faultNone {
		if why == faultNone && c.at != len(c.b) {
			why = faultTrailing
		}
		return false, why
	}
	if c.place, why = c.f.locate(c.b, c.at); why != faultNone {
		return false, why
	}
	c.at = c.end()
	return true, faultNone
}

func (c *cursor) nextInOrder() bool {
	if c.i == len(c.g.subs) || c.short && c.at == len(c.b) {
		return false
	}
	c.sub = &c.g.subs[c.i]
	c.f = &c.sub.f
	c.i++
	return true
}

// nextBit reads the bitmap first. i is the last bit that was looked at.
func (c *cursor) nextBit() (ok bool, why fault) {
	if c.i == 0 {
		if c.short && c.at == len(c.b) {
			return false, faultNone
		}
		p, why := c.g.bitmap.locate(c.b, c.at)
		if why != faultNone {
			return false, why
		}
		bits := c.b[p.at:p.end()]
		if !c.g.bitmap.inPlace() {
			if bits, why = encodings[c.g.bitmap.enc].decode(c.scratch, bits, p.n); why != faultNone {
				return false, why
			}
			bits = bits[len(c.scratch):]
		}
		copy(c.bits[:], bits)
		c.at = p.end()
		c.from = c.at
	}
	for c.i < c.g.bits {
		c.i++
		if c.bits[(c.i-1)/8]<<((c.i-1)%8)&0x80 == 0 {
			continue
		}
		for i := range c.g.subs {
			if c.g.subs[i].number == c.i {
				c.sub = &c.g.subs[i]
				c.f = &c.sub.f
				return true, faultNone
			}
		}
		return false, faultUnknown
	}
	return false, faultNone
}

// nextTag reads a tag. A tag that the spec names may stand there once: two
// readers could take different ones.
func (c *cursor) nextTag() (ok bool, why fault) {
	if c.at == len(c.b) {
		return false, faultNone
	}
	if c.g.kind == groupBER {
		n := berTag(c.b[c.at:])
		if n == 0 {
			return false, faultTLV
		}
		text, _ := decodeText(c.scratch, c.b[c.at:c.at+n], 2*n)
		c.tag, c.scratch = text[len(c.scratch):], text[:len(c.scratch)]
		c.at += n
	} else if why = c.readTag(); why != faultNone {
		return false, why
	}
	i, known := c.g.index[string(c.tag)]
	switch {
	case !known && !c.g.skip:
		return false, faultUnknown
	case !known:
		c.f = &c.g.unknown
		return true, faultNone
	case i < 256 && c.seen[i>>6]>>(i&63)&1 != 0:
		return false, faultTLV
	case i < 256:
		c.seen[i>>6] |= 1 << (i & 63)
	}
	c.sub = &c.g.subs[i]
	c.f = &c.sub.f
	return true, faultNone
}

// readTag reads a tag of fixed length and takes its filling off.
func (c *cursor) readTag() fault {
	f := &c.g.tag
	p, why := f.locate(c.b, c.at)
	if why != faultNone {
		return why
	}
	c.tag = c.b[p.at:p.end()]
	if !f.inPlace() {
		text, why := encodings[f.enc].decode(c.scratch, c.tag, p.n)
		if why != faultNone {
			return why
		}
		c.tag, c.scratch = text[len(c.scratch):], text[:len(c.scratch)]
	}
	c.tag = f.unpadded(c.tag)
	c.at = p.end()
	return faultNone
}

// berTag is the length of the tag that b begins with, 1 to 4; 0 when b ends
// inside of it or it is longer.
func berTag(b []byte) int {
	if b[0]&0x1f != 0x1f {
		return 1
	}
	for n := 1; n < len(b) && n < 4; n++ {
		if b[n] < 0x80 {
			return n + 1
		}
	}
	return 0
}

// checker looks at the elements of groups. It keeps what it needs to say where
// the first bad one is.
type checker struct {
	scratch []byte  // room for decoded values: used behind its length
	blamed  bool    // the rest is set
	at      int     // offset of the bad element
	detail  *detail // of the bad subfield, nil when its tag is not known
	path    string  // its tags, ending with its own
}

// value looks at a value that stands at a place of b.
func (k *checker) value(f *field, b []byte, p place) fault {
	v := b[p.at:p.end()]
	switch {
	case f.group != nil:
		return k.group(f, b, p)
	case f.tags != nil:
		return k.tags(f, v, p.at)
	case !f.inPlace():
		s, why := encodings[f.enc].decode(k.scratch, v, p.n)
		if why != faultNone {
			return why
		}
		v, k.scratch = s[len(k.scratch):], s[:len(k.scratch)]
	}
	if !f.accepts(v) {
		return faultFormat
	}
	return faultNone
}

// tags looks at all tags of a value that stands at a place of the message. A bad
// tag that the spec lacks is named only if its value is where it should be: else
// its digits may be content.
func (k *checker) tags(f *field, v []byte, place int) fault {
	a := encodings[f.enc].alphabet
	at, _, why := f.tags.walk(v, a, false)
	if why == faultNone {
		return why
	}
	k.blamed, k.at = true, place+at
	if len(v)-at >= tagDigits {
		tag := digits3(v, at, a.zone)
		k.detail = f.tags.known[tag]
		if k.detail != nil || why == faultFormat {
			k.path = tagPath(tag)
		}
	}
	return why
}

// group looks at all elements of a group.
func (k *checker) group(f *field, b []byte, p place) fault {
	c := f.group.cursor(b, p, f.prefix != prefixFixed)
	c.scratch = k.scratch
	for {
		ok, why := c.next()
		k.scratch = c.scratch
		if ok {
			why = k.value(c.f, b[:p.end()], c.place)
			c.scratch = k.scratch
		}
		if why != faultNone {
			return k.blame(&c, why)
		}
		if !ok {
			return faultNone
		}
	}
}

// blame notes the innermost bad element and builds its path on the way out.
func (k *checker) blame(c *cursor, why fault) fault {
	if !k.blamed {
		k.blamed, k.at = true, c.from
		if c.sub != nil {
			k.detail = &c.sub.detail
		}
	}
	if c.sub != nil {
		if k.path != "" {
			k.path = "." + k.path
		}
		k.path = c.sub.tag + k.path
	}
	return why
}

// words are the reason and the expected of an error, where an element inside of
// f, which has the detail of, is bad.
func (k *checker) words(f *field, of *detail, why fault) (reason, expected string) {
	d := k.detail
	if d == nil {
		d = of
	}
	switch {
	case why == faultFormat:
		return d.format, d.expected
	case k.detail != nil && why != faultTLV:
		return faultReasons[why], d.expected
	case f.group != nil:
		return faultReasons[why], "subfields as the spec has them"
	}
	return faultReasons[why], of.expected
}

func (g *group) cursor(b []byte, p place, short bool) cursor {
	return cursor{g: g, b: b[:p.end()], at: p.at, short: short}
}

// find walks to the first element with the tag; ok is false when there is none.
func (c *cursor) find(tag string) bool {
	for {
		ok, _ := c.next()
		if !ok {
			return false
		}
		if c.sub != nil && c.sub.tag == tag || c.sub == nil && bytes.Equal(c.tag, []byte(tag)) {
			return true
		}
	}
}
