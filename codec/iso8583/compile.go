package iso8583

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// compiler turns the fields of one file into a Spec.
type compiler struct {
	file string
	spec *Spec
}

func (c *compiler) fail(field, reason string) error {
	return &SpecError{File: c.file, Field: field, Reason: reason}
}

// wrap makes a SpecError of an error that came from the JSON walk.
func (c *compiler) wrap(err error) error {
	var spec *SpecError
	if errors.As(err, &spec) {
		return spec
	}
	return c.fail("", err.Error())
}

// fieldType is what the spec key "type" stands for.
type fieldType struct {
	name   string
	binary bool   // the value is raw bytes
	class  string // the class of a field that names none
}

// fieldTypes lists the types of a plain data element. Composite and Bitmap have
// their own rules. Numeric is text here: a number that lost its leading zeros
// could not be written back as it came.
var fieldTypes = []fieldType{
	{name: "String", class: "ans"},
	{name: "Numeric", class: "n"},
	{name: "Track2", class: "z"},
	{name: "Binary", class: "b", binary: true},
}

// field compiles one data element, the message type or the bitmap.
func (c *compiler) field(de int, key string, j *fieldJSON) error {
	var why string
	switch {
	case de == 0:
		why = c.messageType(j)
	case de == 1:
		why = c.bitmap(j)
	case de == 65:
		why = "a third bitmap is not supported, and 65 can be nothing else"
	case j.Type == "Composite":
		return c.composite(de, key, j)
	default:
		why = c.element(&c.spec.fields[de], j)
	}
	if why != "" {
		return c.fail(key, why)
	}
	c.describe(de, j)
	return nil
}

// element compiles a field that is one value; the same rules serve tags.
func (c *compiler) element(f *field, j *fieldJSON) string {
	t := typeByName(j.Type)
	if t == nil {
		return "type " + quote(j.Type) + " is not supported (known: String, Numeric, Track2, Binary, Composite; Bitmap for field 1)"
	}
	if j.Tag != nil || j.Subfields != nil || j.Bitmap != nil || j.DisableAutoExpand {
		return "a " + t.name + " has no tag, subfields, bitmap or disableAutoExpand"
	}
	if j.Class == "" {
		j.Class = t.class
	}
	for _, set := range []func() string{
		func() string { return f.setEncoding(j.Enc, t) },
		func() string { return f.setClass(j.Class, t.binary) },
		func() string { return f.setLength(j) },
		func() string { return f.setPadding(j.Padding) },
	} {
		if why := set(); why != "" {
			return why
		}
	}
	// Parse may look at neighbours of a class together, prefixes included, so
	// letters, which leave the prefix's digits out, are not among them.
	if !f.sign && f.class != classA {
		f.row = rangesOf[f.class]
	}
	if f.row != nil && f.kind == kindPlain && f.prefix == prefixFixed {
		f.kind = kindFixed
	}
	return ""
}

func typeByName(name string) *fieldType {
	for i := range fieldTypes {
		if fieldTypes[i].name == name {
			return &fieldTypes[i]
		}
	}
	return nil
}

// setEncoding also chooses the way through Parse.
func (f *field) setEncoding(name string, t *fieldType) string {
	e, known := encodingByName(name)
	if !known {
		return "encoding " + quote(name) + " is not supported (known: " + encodingNames() + ")"
	}
	if encodings[e].binary != t.binary {
		return "encoding " + name + " does not fit type " + t.name
	}
	f.enc, f.kind = e, kindPlain
	if encodings[e].wireBytes != nil {
		f.kind = kindConvert
	}
	return ""
}

func (f *field) setClass(name string, binary bool) string {
	k, known := classNames[name]
	if !known {
		return "class " + quote(name) + " is not known (known: n, a, an, ans, ns, z, b, x+n)"
	}
	if binary != (k == classB) {
		return "class b is for type Binary, and for it alone"
	}
	f.class, f.sign = k, name == "x+n"
	return ""
}

func (f *field) setLength(j *fieldJSON) string {
	p, known := prefixByName(j.Prefix)
	if !known {
		return "prefix " + quote(j.Prefix) + " is not supported (known: " + prefixNames() + ")"
	}
	if most := prefixes[p].lengthMax; j.Length < 1 || j.Length > most {
		return "length must be 1 to " + strconv.Itoa(most) + " with prefix " + j.Prefix
	}
	if f.sign && j.Length < 2 {
		return "length of class x+n must be 2 or more, its sign is counted"
	}
	f.prefix, f.digits, f.length = p, uint8(prefixes[p].width), uint16(j.Length)
	return ""
}

func (f *field) setPadding(p *paddingJSON) string {
	if p == nil || p.Type == "None" {
		return ""
	}
	if f.prefix != prefixFixed {
		return "padding is for fixed fields"
	}
	if len(p.Pad) != 1 || p.Pad[0] > 0x7e {
		return "pad must be one ASCII character"
	}
	switch p.Type {
	case "Left":
		f.pad = padLeft
	case "Right":
		f.pad = padRight
	default:
		return "padding type " + quote(p.Type) + " is not known (known: Left, Right, None)"
	}
	f.fill = p.Pad[0]
	return ""
}

func (c *compiler) messageType(j *fieldJSON) string {
	var f field
	j.Class = "n"
	if why := c.element(&f, j); why != "" {
		return why
	}
	if f.length != 4 || f.prefix != prefixFixed {
		return "the message type is 4 fixed digits"
	}
	c.spec.fields[0] = f
	return ""
}

func (c *compiler) bitmap(j *fieldJSON) string {
	if j.Type != "Bitmap" || j.Length != 8 {
		return "the bitmap is of type Bitmap and length 8"
	}
	if j.DisableAutoExpand {
		return "disableAutoExpand is not supported, the second bitmap follows bit 1"
	}
	var f field
	as := *j
	as.Type, as.Class = "Binary", "b"
	if why := c.element(&f, &as); why != "" {
		return why
	}
	if f.prefix != prefixFixed {
		return "the bitmap is fixed"
	}
	c.spec.fields[1], c.spec.bitmapBytes = f, 8
	if f.kind == kindConvert {
		c.spec.bitmapBytes = encodings[f.enc].wireBytes(8)
	}
	return ""
}

// composite compiles a field that is made of tags.
func (c *compiler) composite(de int, key string, j *fieldJSON) error {
	if why := checkTagged(j); why != "" {
		return c.fail(key, why)
	}
	f := &c.spec.fields[de]
	as := fieldJSON{Type: "String", Enc: "ASCII", Length: j.Length, Prefix: j.Prefix, Class: j.Class, Padding: j.Padding}
	if why := c.element(f, &as); why != "" {
		return c.fail(key, why)
	}
	if f.prefix == prefixFixed {
		return c.fail(key, "a Composite has a length prefix")
	}
	f.tags = newTagTable(f.class)
	if j.Subfields != nil {
		err := eachKey(j.Subfields, func(tag string, value json.RawMessage) error {
			if why := c.tag(f.tags, tag, value); why != "" {
				return c.fail(key+"."+tag, why)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	j.Class = as.Class
	c.describe(de, j)
	return nil
}

// checkTagged refuses every kind of composite that is not our tag, length,
// value: 3 digits, 3 digits, ascending, unknown tags kept.
func checkTagged(j *fieldJSON) string {
	t := j.Tag
	switch {
	case t == nil || j.Bitmap != nil:
		return "a Composite without tags is not supported"
	case t.Length != 3 || t.Enc != "ASCII" || t.Padding != nil:
		return "tags must be 3 ASCII digits without padding"
	case t.Sort != "StringsByInt":
		return "tags must be sorted by StringsByInt"
	case !t.SkipUnknownTLVTags || !t.StoreUnknownTLVTags || t.PrefUnknownTLV != "ASCII.LLL":
		return "unknown tags must be skipped and stored, with prefix ASCII.LLL"
	case j.Enc != "":
		return "a Composite has no encoding of its own"
	}
	return ""
}

func (c *compiler) tag(table *tagTable, tag string, value json.RawMessage) string {
	number, ok := readDigits([]byte(tag))
	if len(tag) != tagDigits || !ok {
		return "tags are 3 digits"
	}
	var j fieldJSON
	if why := strictly(value, &j); why != "" {
		return why
	}
	var f field
	if why := c.element(&f, &j); why != "" {
		return why
	}
	if f.prefix != prefixASCII3 || f.enc != encASCII || f.sign {
		return "a tag's value is text with prefix ASCII.LLL"
	}
	table[number] = tagRule{max: f.length, class: f.class}
	return ""
}

// describe makes the notation of the standard; x+n counts the digits alone, b
// counts bytes.
func (c *compiler) describe(de int, j *fieldJSON) {
	f := &c.spec.fields[de]
	n := int(f.length)
	if f.sign {
		n--
	}
	class := j.Class
	if de == 1 {
		class = "b"
	}
	c.spec.formats[de] = class + prefixes[f.prefix].dots + strconv.Itoa(n)
	c.spec.descriptions[de] = j.Description
}

func (c *compiler) finish() error {
	if c.spec.name == "" {
		return c.fail("", "the spec has no name")
	}
	for de, what := range []string{"message type", "bitmap"} {
		if c.spec.fields[de].kind == kindAbsent {
			return c.fail(strconv.Itoa(de), "the spec lacks the "+what)
		}
	}
	return nil
}

func encodingNames() string {
	var names []string
	for i := range encodings {
		names = append(names, encodings[i].name)
	}
	return strings.Join(names, ", ")
}

func prefixNames() string {
	var names []string
	for i := range prefixes {
		names = append(names, prefixes[i].names...)
	}
	return strings.Join(names, ", ")
}
