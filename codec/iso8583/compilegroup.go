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
	if !c.check(key, j.notComposite()...) {
		return false
	}
	if j.hasPlainTags() {
		return c.tagged(key, f, d, j)
	}
	if j.Class != "" && j.Class != "b" {
		return c.check(key, "class is for values: the subfields of this Composite have them")
	}
	as := fieldJSON{Type: "Binary", Enc: "Binary", Length: j.Length, Prefix: j.Prefix}
	if !c.check(key, f.compile(&as)...) {
		return false
	}
	j.Class = "b"
	f.kind = kindGeneral
	f.group = &group{index: make(map[string]int)}
	if !c.check(key, f.group.layout(j)...) {
		return false
	}
	return c.subfields(key, f.group, j)
}

// notComposite is what a composite lacks, or has and must not have.
func (j *fieldJSON) notComposite() (faults []string) {
	if j.Enc != "" {
		faults = append(faults, "a Composite has no encoding of its own")
	}
	if j.Padding != nil && j.Padding.Type != "None" {
		faults = append(faults, "a Composite has no padding of its own")
	}
	if j.Counts != "" || j.Filler != "" {
		faults = append(faults, "a Composite has no counts or filler: its bytes are counted")
	}
	switch {
	case j.Tag == nil && j.Bitmap == nil:
		faults = append(faults, "a Composite needs a tag or a bitmap")
	case j.Tag != nil && j.Bitmap != nil:
		faults = append(faults, "a Composite has a tag or a bitmap, not both")
	}
	return faults
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
	if !c.check(key, f.compile(&as)...) {
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
		f.tags.rules[number] = tagRule{max: row.length, class: row.class, named: true}
		f.tags.known[number] = info
	})
	return good
}

// layout compiles how the elements of a group are found.
func (g *group) layout(j *fieldJSON) []string {
	if j.Bitmap != nil {
		return g.bitmapped(j.Bitmap)
	}
	t := j.Tag
	if t.Sort != "StringsByInt" && t.Sort != "StringsByHex" {
		return []string{"tag sort " + quote(t.Sort) + " is not known (known: StringsByInt, StringsByHex)"}
	}
	g.skip = t.SkipUnknownTLVTags
	unknown := fieldJSON{Type: "Binary", Enc: "Binary", Prefix: "BerTLV"}
	switch {
	case t.Enc == "":
		if t.Length > 0 {
			return []string{"a tag with a length has an encoding"}
		}
		g.kind, g.skip = groupPositional, false
		return nil
	case t.Enc == "BerTLVTag":
		g.kind = groupBER
	default:
		g.kind = groupTagged
		tag := fieldJSON{Type: "String", Length: t.Length, Enc: t.Enc, Prefix: "ASCII.Fixed", Padding: t.Padding}
		if faults := g.tag.compile(&tag); faults != nil {
			return within("tag", faults)
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
		return []string{"prefix " + quote(unknown.Prefix) + " of unknown tags is not supported (known: " + prefixNames() + ")"}
	}
	unknown.Length = prefixes[p].lengthMax
	return g.unknown.compile(&unknown)
}

func (g *group) bitmapped(j *fieldJSON) []string {
	if j.Type != "Bitmap" || !j.DisableAutoExpand {
		return []string{"the bitmap of a Composite is of type Bitmap with disableAutoExpand"}
	}
	if j.Length == 0 {
		j.Length = 8
	}
	if j.Length > len(cursor{}.bits) {
		return []string{"the bitmap of a Composite has at most 16 bytes"}
	}
	g.kind, g.bits = groupBitmapped, 8*j.Length
	as := fieldJSON{Type: "Binary", Length: j.Length, Enc: j.Enc, Prefix: j.Prefix}
	if faults := g.bitmap.compile(&as); faults != nil {
		return within("bitmap", faults)
	}
	if g.bitmap.prefix != prefixFixed || g.bitmap.class != classB {
		return []string{"bitmap: it is fixed, in encoding Binary, HexToASCII or HexToEBCDIC"}
	}
	return nil
}

// within says of faults that they are those of a part.
func within(part string, faults []string) []string {
	for i := range faults {
		faults[i] = part + ": " + faults[i]
	}
	return faults
}

// subfields compiles the subfields and puts them into the order of the wire.
func (c *compiler) subfields(key string, g *group, j *fieldJSON) bool {
	good := true
	c.object(key, j.subfields(), func(tag string, value json.RawMessage) {
		s := sub{tag: tag}
		var sub fieldJSON
		path := key + "." + tag
		named := c.check(path, g.named(&s))
		if !c.decode(path, value, &sub) || !c.value(path, &s.f, &s.detail, &sub) || !named {
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
