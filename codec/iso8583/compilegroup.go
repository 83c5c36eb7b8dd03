package iso8583

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// composite compiles a field with subfields.
func (c *compiler) composite(key string, f *field, d *detail, j *fieldJSON) bool {
	why := ""
	switch {
	case j.Enc != "":
		why = "a Composite has no encoding of its own"
	case j.Tag == nil && j.Bitmap == nil:
		why = "a Composite needs a tag or a bitmap"
	case j.Tag != nil && j.Bitmap != nil:
		why = "a Composite has a tag or a bitmap, not both"
	case j.Padding != nil && j.Padding.Type != "None":
		why = "a Composite has no padding of its own"
	}
	if !c.check(key, why) {
		return false
	}
	if j.hasPlainTags() {
		return c.tagged(key, f, d, j)
	}
	if j.Class != "" && j.Class != "b" {
		return c.check(key, "class is for values: the subfields of this Composite have them")
	}
	as := fieldJSON{Type: "Binary", Enc: "Binary", Length: j.Length, Prefix: j.Prefix}
	if !c.check(key, f.compile(&as)) {
		return false
	}
	j.Class = "b"
	f.kind = kindGeneral
	f.group = &group{index: make(map[string]int)}
	if !c.check(key, f.group.layout(j)) {
		return false
	}
	return c.subfields(key, f.group, j)
}

// hasPlainTags says that the composite is of the shape of our dialect's tagged
// fields, for which tlv.go has a faster way: text of one encoding, made of tags
// of 3 digits, lengths of 3 digits and values.
func (j *fieldJSON) hasPlainTags() bool {
	t := j.Tag
	if t == nil || j.DisableAutoExpand || t.Enc != "ASCII" && t.Enc != "EBCDIC" && t.Enc != "EBCDIC1047" {
		return false
	}
	plain := tagJSON{Length: 3, Enc: t.Enc, Sort: "StringsByInt", SkipUnknownTLVTags: true, PrefUnknownTLV: t.Enc + ".LLL"}
	plain.StoreUnknownTLVTags = t.StoreUnknownTLVTags // unknown tags are always kept
	p, _ := prefixByName(j.Prefix)
	if *t != plain || p == prefixFixed || p >= prefixRest {
		return false
	}
	all := true
	err := eachKey(j.subfields(), func(tag string, value json.RawMessage) {
		var sub fieldJSON
		why := strictly(value, &sub)
		_, digits := readDigits([]byte(tag))
		all = all && why == "" && len(tag) == tagDigits && digits && sub.isPlainTag(t.Enc)
	})
	return all && err == nil
}

func (j *fieldJSON) isPlainTag(enc string) bool {
	return (j.Type == "String" || j.Type == "Numeric") && j.Enc == enc && j.Prefix == enc+".LLL" &&
		j.Padding == nil && j.Class != "x+n"
}

func (j *fieldJSON) subfields() json.RawMessage {
	if j.Subfields == nil {
		return json.RawMessage("{}")
	}
	return j.Subfields
}

func (c *compiler) tagged(key string, f *field, d *detail, j *fieldJSON) bool {
	as := fieldJSON{Type: "String", Enc: j.Tag.Enc, Length: j.Length, Prefix: j.Prefix, Class: j.Class}
	if !c.check(key, f.compile(&as)) {
		return false
	}
	j.Class = as.Class
	f.tags, f.looks, f.quick = newTagTable(f.class), true, false
	good := true
	c.object(key, j.subfields(), func(tag string, value json.RawMessage) {
		var sub fieldJSON
		strictly(value, &sub)
		var row field
		info := new(detail)
		if !c.value(key+"."+tag, &row, info, &sub) {
			good = false
			return
		}
		info.describe(&row, &sub)
		number, _ := readDigits([]byte(tag))
		f.tags.rules[number] = tagRule{max: row.length, class: row.class}
		f.tags.known[number] = info
	})
	return good
}

// layout compiles how the elements of a group are found.
func (g *group) layout(j *fieldJSON) string {
	if j.Bitmap != nil {
		return g.bitmapped(j.Bitmap)
	}
	t := j.Tag
	if t.Sort != "StringsByInt" && t.Sort != "StringsByHex" {
		return "tag sort " + quote(t.Sort) + " is not known (known: StringsByInt, StringsByHex)"
	}
	g.skip = t.SkipUnknownTLVTags
	unknown := fieldJSON{Type: "Binary", Enc: "Binary", Prefix: "BerTLV"}
	switch {
	case t.Enc == "":
		if t.Length > 0 {
			return "a tag with a length has an encoding"
		}
		g.kind, g.skip = groupPositional, false
		return ""
	case t.Enc == "BerTLVTag":
		g.kind = groupBER
	default:
		g.kind = groupTagged
		tag := fieldJSON{Type: "String", Length: t.Length, Enc: t.Enc, Prefix: "ASCII.Fixed", Padding: t.Padding}
		if why := g.tag.compile(&tag); why != "" {
			return "tag: " + why
		}
		// A prefix says how long the values of unknown tags are; without it they
		// cannot be skipped.
		g.skip = g.skip && t.PrefUnknownTLV != ""
	}
	if t.PrefUnknownTLV != "" {
		unknown.Prefix = t.PrefUnknownTLV
	}
	p, known := prefixByName(unknown.Prefix)
	if !known {
		return "prefix " + quote(unknown.Prefix) + " of unknown tags is not supported (known: " + prefixNames() + ")"
	}
	unknown.Length = prefixes[p].lengthMax
	return g.unknown.compile(&unknown)
}

func (g *group) bitmapped(j *fieldJSON) string {
	if j.Type != "Bitmap" || !j.DisableAutoExpand {
		return "the bitmap of a Composite is of type Bitmap with disableAutoExpand"
	}
	if j.Length == 0 {
		j.Length = 8
	}
	if j.Length > len(cursor{}.bits) {
		return "the bitmap of a Composite has at most 16 bytes"
	}
	g.kind, g.bits = groupBitmapped, 8*j.Length
	as := fieldJSON{Type: "Binary", Length: j.Length, Enc: j.Enc, Prefix: j.Prefix}
	if why := g.bitmap.compile(&as); why != "" {
		return "bitmap: " + why
	}
	if g.bitmap.prefix != prefixFixed || g.bitmap.class != classB {
		return "bitmap: it is fixed, in encoding Binary, HexToASCII or HexToEBCDIC"
	}
	return ""
}

// subfields compiles the subfields and puts them into the order of the wire.
func (c *compiler) subfields(key string, g *group, j *fieldJSON) bool {
	good := true
	c.object(key, j.subfields(), func(tag string, value json.RawMessage) {
		s := sub{tag: tag}
		var sub fieldJSON
		why := strictly(value, &sub)
		if why == "" {
			why = g.named(&s)
		}
		path := key + "." + tag
		if !c.check(path, why) || !c.value(path, &s.f, &s.detail, &sub) {
			good = false
			return
		}
		s.describe(&s.f, &sub)
		if mask := emvMasks[tag]; g.kind == groupBER && sub.Mask == "" {
			s.mask = mask
		}
		g.subs = append(g.subs, s)
	})
	if g.kind == groupPositional && len(g.subs) == 0 && good {
		return c.check(key, "a Composite without tags needs subfields")
	}
	byHex := j.Tag != nil && j.Tag.Sort == "StringsByHex"
	slices.SortFunc(g.subs, func(a, b sub) int { return compareTags(a.tag, b.tag, byHex) })
	for i := range g.subs {
		g.index[g.subs[i].tag] = i
	}
	return good
}

// named checks the tag of a subfield.
func (g *group) named(s *sub) string {
	switch g.kind {
	case groupBitmapped:
		n, err := strconv.Atoi(s.tag)
		if err != nil || n < 1 || n > g.bits || strconv.Itoa(n) != s.tag {
			return "subfields behind a bitmap of " + strconv.Itoa(g.bits) + " bits are numbered 1 to " + strconv.Itoa(g.bits)
		}
		s.number = n
	case groupBER:
		s.tag = strings.ToUpper(s.tag)
		raw, err := hex.DecodeString(s.tag)
		if err != nil || len(raw) == 0 || berTag(raw) != len(raw) {
			return "no BER-TLV tag in hexadecimal"
		}
	}
	return ""
}

// compareTags orders as the format's first user does: by number, or as text
// where one is none.
func compareTags(a, b string, byHex bool) int {
	base := 10
	if byHex {
		base = 16
	}
	m, errA := strconv.ParseUint(a, base, 64)
	n, errB := strconv.ParseUint(b, base, 64)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	switch {
	case m < n:
		return -1
	case m > n:
		return 1
	}
	return 0
}
