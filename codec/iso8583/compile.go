package iso8583

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// compiler turns the fields of one file into a Spec. It collects faults and
// goes on, so that a user sees all of them at once.
type compiler struct {
	file     string
	spec     *Spec
	seen     [129]bool // fields of the file, good or bad
	messages json.RawMessage
	unknown  json.RawMessage
	faults   []error
}

func (c *compiler) fail(field, reason string) {
	c.faults = append(c.faults, &SpecError{File: c.file, Field: field, Reason: reason})
}

func (c *compiler) err() error {
	if len(c.faults) == 1 {
		return c.faults[0]
	}
	return errors.Join(c.faults...)
}

// fieldType is what the spec key "type" stands for.
type fieldType struct {
	name   string
	class  string // the class of a field that names none, unless its encoding has one
	binary bool   // the value is raw bytes
	track  bool
}

// fieldTypes lists the types of a value; Composite and Bitmap have their own
// rules. Numeric is text here: a number that lost its leading zeros could not
// be written back as it came. The last three are types of moov-io/iso8583 that
// its spec files cannot name.
var fieldTypes = []fieldType{
	{name: "String", class: "ans"},
	{name: "Numeric", class: "n"},
	{name: "Track2", class: "z", track: true},
	{name: "Binary", class: "b", binary: true},
	{name: "Hex", class: "b", binary: true},
	{name: "Track1", class: "ans", track: true},
	{name: "Track3", class: "z", track: true},
}

// field compiles one data element, the message type or the bitmap.
func (c *compiler) field(de int, key string, j *fieldJSON) {
	f, d := &c.spec.fields[de], &c.spec.details[de]
	ok := true
	switch de {
	case 0:
		ok = c.check(key, messageType(f, j)...)
	case 1:
		ok = c.check(key, c.bitmap(f, j)...)
	default:
		d.mask = defaultMasks[de]
		ok = c.value(key, f, d, j)
	}
	if ok {
		d.describe(f, j)
	}
}

// check reports what is wrong; an empty reason is none.
func (c *compiler) check(key string, reasons ...string) bool {
	before := len(c.faults)
	for _, why := range reasons {
		if why != "" {
			c.fail(key, why)
		}
	}
	return len(c.faults) == before
}

// value compiles a data element or a subfield.
func (c *compiler) value(key string, f *field, d *detail, j *fieldJSON) bool {
	good := true
	if mask, known := maskNames[j.Mask]; known {
		d.mask = mask
	} else if j.Mask != "" {
		good = c.check(key, "mask "+quote(j.Mask)+" is not known (known: none, pan, track, all, emv)")
	}
	if j.Type == "Composite" {
		return c.composite(key, f, d, j) && good
	}
	return c.check(key, f.compile(j)...) && good
}

// compile makes a field that is one value, and gives all that is wrong with it.
func (f *field) compile(j *fieldJSON) (faults []string) {
	note := func(why string) bool {
		if why != "" {
			faults = append(faults, why)
		}
		return why == ""
	}
	t := typeByName(j.Type)
	switch {
	case t == nil:
		note("type " + quote(j.Type) + " is not supported (known: String, Numeric, Binary, Hex, Track1, Track2, Track3, Composite; Bitmap for field 1)")
	case j.Tag != nil || j.Subfields != nil || j.Bitmap != nil || j.DisableAutoExpand:
		note("a " + t.name + " has no tag, subfields, bitmap or disableAutoExpand")
	}
	encoded := note(f.setEncoding(j))
	note(f.setCounts(j))
	if encoded {
		note(f.setFiller(j))
	}
	if note(knownClass(j)) && encoded && t != nil {
		note(f.setClass(j, t))
	}
	note(f.setLength(j))
	if note(f.setPadding(j.Padding)) && encoded {
		note(f.fillFits())
	}
	if len(faults) == 0 {
		f.quicken()
	}
	return faults
}

func typeByName(name string) *fieldType {
	for i := range fieldTypes {
		if fieldTypes[i].name == name {
			return &fieldTypes[i]
		}
	}
	return nil
}

func (f *field) setEncoding(j *fieldJSON) string {
	e, known := encodingByName(j.Enc)
	if !known {
		return "encoding " + quote(j.Enc) + " is not supported (known: " + encodingNames() + ")"
	}
	f.enc = e
	return ""
}

func (f *field) setCounts(j *fieldJSON) string {
	switch j.Counts {
	case "", "value", "bytes":
	default:
		return "counts is value or bytes"
	}
	f.byBytes = encodings[f.enc].bytewise || j.Counts == "bytes" && !f.inPlace()
	return ""
}

func (f *field) setFiller(j *fieldJSON) string {
	if j.Filler == "" {
		return ""
	}
	filled, packs := map[encoding]encoding{encBCD: encBCDF, encLBCD: encLBCDF}[f.enc]
	if !packs || j.Filler != "0" && j.Filler != "F" {
		return "filler is 0 or F, for BCD and LBCD"
	}
	if j.Filler == "F" {
		f.enc = filled
	}
	return ""
}

func knownClass(j *fieldJSON) string {
	if _, known := classNames[j.Class]; !known && j.Class != "" {
		return "class " + quote(j.Class) + " is not known (known: n, a, an, ans, ns, z, b, x+n)"
	}
	return ""
}

// classIn is the class of a field that names none, in an encoding that has the
// class own or none.
func (t *fieldType) classIn(own string) string {
	if own == "" || t.name == "Numeric" || t.track && own == "n" {
		return t.class
	}
	return own
}

// setClass takes the class of the file, else that of the encoding or the type.
func (f *field) setClass(j *fieldJSON, t *fieldType) string {
	if f.enc == encBCD && j.Class == "x+n" {
		f.enc = encSigned
	}
	own := encodings[f.enc].class
	if j.Class == "" {
		j.Class = t.classIn(own)
	}
	k := classNames[j.Class]
	f.class, f.sign = k, j.Class == "x+n"
	raw := t.binary || own == "b" && t.name != "Numeric"
	switch {
	case own == "n" && (k != classN && k != classZ || f.sign):
		return "class " + j.Class + " does not fit encoding " + j.Enc
	case (own == "" || own == "b") && raw != (k == classB):
		return "class b is for type Binary and encoding Binary, and for them alone"
	}
	if f.enc == encBinary && k != classB {
		f.enc = encASCII // a Numeric: text as its bytes, which is the same
	}
	return ""
}

func (f *field) setLength(j *fieldJSON) string {
	p, known := prefixByName(j.Prefix)
	if !known {
		return "prefix " + quote(j.Prefix) + " is not supported (known: " + prefixNames() + ")"
	}
	most := prefixes[p].lengthMax
	if j.Length == 0 && (p == prefixRest || p == prefixBER) {
		j.Length = most
	}
	if j.Length < 1 || p == prefixFixed && j.Length > most {
		return "length must be 1 to " + strconv.Itoa(most) + " with prefix " + j.Prefix
	}
	if f.sign && j.Length < 2 {
		return "length of class x+n must be 2 or more, its sign is counted"
	}
	// A maximum above what the prefix can say is harmless: no length reaches it.
	f.prefix, f.length = p, uint16(min(j.Length, most, MessageBytesMax))
	if p == prefixFixed && f.byBytes && f.valueMax() < 0 {
		return "length in bytes must be even with encoding " + j.Enc
	}
	return ""
}

// setPadding takes an empty pad for none, as the format's first user does.
func (f *field) setPadding(p *paddingJSON) string {
	if p == nil || p.Type == "None" || p.Pad == "" {
		return ""
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

// fillFits says whether values can be filled up in the field's encoding. Where
// they could not, one character would be written and another one read.
func (f *field) fillFits() string {
	switch {
	case f.pad == padNone:
	case f.sign:
		return "class x+n has no padding: its sign would stand inside of it"
	case encodings[f.enc].class == "n" && (f.fill < 0x30 || f.fill > 0x3f):
		return "pad of a BCD field is a digit, or one of : ; < = > ? for A to F"
	case f.enc == encText && !strings.ContainsRune(hexDigits, rune(f.fill)):
		return "pad of hexadecimal text is 0 to 9 or A to F"
	}
	return ""
}

func messageType(f *field, j *fieldJSON) []string {
	as := *j
	as.Class = "n"
	if as.Enc == "Binary" {
		as.Enc = "ASCII" // text as its bytes, which is the same
	}
	if as.Type == "Binary" {
		as.Type = "String"
	}
	if faults := f.compile(&as); faults != nil {
		return faults
	}
	if f.valueMax() != 4 || f.prefix != prefixFixed {
		return []string{"the message type is 4 fixed digits"}
	}
	j.Class = "n"
	return nil
}

// bitmap takes the bitmap of 8 bytes with a second one behind bit 1, and two of
// a fixed size: 8 bytes, never with a second one, and 16 bytes, always two.
func (c *compiler) bitmap(f *field, j *fieldJSON) []string {
	if j.Length == 0 {
		j.Length = 8
	}
	if j.Type != "Bitmap" || j.Length != 8 && j.Length != 16 {
		return []string{"the bitmap is of type Bitmap and length 8 or 16"}
	}
	as := *j
	as.Type, as.Class, as.DisableAutoExpand, as.Length = "Binary", "b", false, 8
	if faults := f.compile(&as); faults != nil {
		return faults
	}
	if f.prefix != prefixFixed || !f.inPlace() && encodings[f.enc].bitmap == nil {
		return []string{"the bitmap is fixed, in encoding Binary, HexToASCII or HexToEBCDIC"}
	}
	c.spec.bitmapBytes = 8
	if !f.inPlace() {
		c.spec.bitmapBytes = encodings[f.enc].wireBytes(8)
	}
	switch {
	case j.Length == 16:
		c.spec.bitmaps = bitmapsTwo
	case j.DisableAutoExpand:
		c.spec.bitmaps = bitmapsOne
	}
	j.Class = "b"
	return nil
}

func encodingNames() string {
	var names []string
	for i := range encodings {
		if encodings[i].name != "" {
			names = append(names, encodings[i].name)
		}
	}
	return strings.Join(names, ", ")
}

func (c *compiler) finish() {
	s := c.spec
	if s.name == "" && len(c.faults) == 0 {
		c.fail("", "the spec has no name")
	}
	for de, what := range []string{"message type", "bitmap"} {
		if !c.seen[de] {
			c.fail(strconv.Itoa(de), "the spec lacks the "+what)
		}
	}
	s.mtiBytes = 4
	if !s.fields[0].inPlace() {
		s.mtiBytes = encodings[s.fields[0].enc].wireBytes(4)
	}
	if s.bitmaps == bitmapsByBit {
		// Tables often list element 65 as the third bitmap, which is refused.
		s.fields[65], s.details[65] = field{}, detail{}
	}
	c.finishUnknown()
	for de := 2; de <= 128; de++ {
		f, bit := &s.fields[de], uint64(1)<<(63-(de-1)&63)
		if f.inPlace() {
			s.inPlace[(de-1)>>6] |= bit
		}
		if f.unknown {
			s.lacked[(de-1)>>6] |= bit
		}
		if f.tags != nil {
			s.tagged[(de-1)>>6] |= bit
		}
	}
	if c.messages != nil {
		c.rules()
	}
}

// finishUnknown compiles what is done with elements that the spec lacks:
// "reject" them, "keep" everything from the first one on unread, or the format
// that all of them have.
func (c *compiler) finishUnknown() {
	if c.unknown == nil {
		return
	}
	var policy string
	if json.Unmarshal(c.unknown, &policy) == nil {
		if c.spec.keep = policy == "keep"; !c.spec.keep && policy != "reject" {
			c.fail("", "unknown is reject, keep, or the format of unknown fields")
		}
		return
	}
	var j fieldJSON
	var row field
	if !c.decode("unknown", c.unknown, &j) || !c.check("unknown", row.compile(&j)...) {
		return
	}
	for de := 2; de <= 128; de++ {
		if f := &c.spec.fields[de]; f.kind == kindAbsent && !(de == 65 && c.spec.bitmaps == bitmapsByBit) {
			*f = row
			c.spec.details[de].describe(f, &j)
			f.unknown = true
		}
	}
}
