package iso20022

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

//go:generate sh -c "go run ./gen -xsd ../../../shared/xsd -xsd ${DOLLAR}(go list -m -f '{{.Dir}}' github.com/moov-io/iso20022)/docs/specifications"

// Definition is one message of ISO 20022 in one version, with its schema. All
// definitions are static and immutable; compare them by pointer.
type Definition struct {
	// Name is the message's identifier, "pacs.008.001.08".
	Name string
	// Root is the name of its root element, Document or AppHdr.
	Root string
	// SchemaHash is the SHA-256 of the XSD that its table was made of, in hex.
	SchemaHash string

	index uint8  // in definitions
	typ   uint16 // of the root element, in complexTypes
}

// namespacePrefix is what the namespaces of all messages begin with; the name
// follows.
const namespacePrefix = "urn:iso:std:iso:20022:tech:xsd:"

// Namespace is the XML namespace of all elements of the message.
func (d *Definition) Namespace() string { return namespacePrefix + d.Name }

// Find gives the definition of a message by its identifier, "pacs.008.001.08",
// or nil.
func Find(name string) *Definition {
	i, found := slices.BinarySearchFunc(definitions[:], name, func(d Definition, name string) int {
		return cmp.Compare(d.Name, name)
	})
	if !found {
		return nil
	}
	return &definitions[i]
}

// Definitions gives all messages that this package knows, sorted by name. The
// slice is the caller's, what it points to is shared.
func Definitions() []*Definition {
	all := make([]*Definition, len(definitions))
	for i := range definitions {
		all[i] = &definitions[i]
	}
	return all
}

// findNamespace gives the definition of a namespace, or nil. It is Find without
// making a string of the bytes.
func findNamespace(uri []byte) *Definition {
	if len(uri) <= len(namespacePrefix) || string(uri[:len(namespacePrefix)]) != namespacePrefix {
		return nil
	}
	name := uri[len(namespacePrefix):]
	low, high := 0, len(definitions)
	for low < high {
		mid := (low + high) / 2
		if definitions[mid].Name < string(name) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(definitions) && definitions[low].Name == string(name) {
		return &definitions[low]
	}
	return nil
}

// element is a particle of a complex type. The generator proves that no complex
// type has two of one name, that none is nested in another, and that the numbers
// fit.
type element struct {
	key  uint64 // the first eight bytes of the name, the first one lowest
	name uint16 // in names
	typ  typeRef
	min  uint8
	max  uint8 // 0: no bound
	must uint8 // in a sequence: index of the next mandatory element after it, or none
}

// none is an index of no element.
const none = 255

// noType is the type of an element that stands for xs:any.
const noType = 1<<16 - 1

// typeRef is the type of an element: a complex one if the top bit is set.
type typeRef uint16

const complexBit typeRef = 1 << 15

func (r typeRef) complex() *complexType {
	if r&complexBit == 0 {
		return nil
	}
	return &complexTypes[r&^complexBit]
}

// simple is the type of the element's text: its own, or that of a complex type
// with an attribute. It is nil if the element has no text.
func (r typeRef) simple() *simpleType {
	if c := r.complex(); c == nil {
		return &simpleTypes[r]
	} else if c.kind == kindValue {
		return &simpleTypes[c.value]
	}
	return nil
}

// complexKind is how the content of a complex type is made.
type complexKind uint8

const (
	kindSequence complexKind = iota // elements in their order
	kindChoice                      // one of the elements
	kindValue                       // text of a simple type, and an attribute
	kindWild                        // one element of another schema
)

// complexType is the type of an element with children or an attribute.
type complexType struct {
	first uint16 // in elements
	count uint8
	kind  complexKind
	must  uint8  // first mandatory element of a sequence, 0 of a choice that may not be empty, or none
	wild  uint8  // kindWild: whether only a signature may stand there
	value uint16 // kindValue: the text's type, in simpleTypes
	// attribute is the name of the one attribute, mandatory, of kindValue, in
	// names; 0: none. attributeType is in simpleTypes.
	attribute, attributeType uint16
}

// The values of complexType.wild.
const (
	wildAny       = 0
	wildSignature = 1
)

func (c *complexType) elements() []element {
	return elements[c.first : int(c.first)+int(c.count)]
}

// find gives the index of an element by its name.
func (c *complexType) find(name string) (k int, ok bool) {
	k = slices.IndexFunc(c.elements(), func(e element) bool { return names[e.name] == name })
	return k, k >= 0
}

// base is the kind of value that a simple type restricts.
type base uint8

const (
	baseString base = iota
	baseDecimal
	baseBoolean
	baseDate
	baseDateTime
	baseTime
	baseYearMonth
	baseBinary
)

// simpleType is what the text of an element or attribute must be.
type simpleType struct {
	base        base
	nonNegative bool
	totalDigits uint8  // 0: no bound
	fraction    uint8  // digits after the point; none: no bound
	pattern     uint16 // in patterns; 0: none
	codes       uint16 // in codeSets; 0: none
	minLength   uint32 // in characters, of binary data in bytes
	maxLength   uint32 // 0: no bound
}

// pattern is a regular expression of a schema, as ways to match it from the
// left, taking as many characters as possible at each row. The generator refuses
// expressions for which that is not exact.
type pattern struct {
	text string
	ways [][]row
}

// row is a repeated character class of a pattern.
type row struct {
	class    uint8 // in classes
	min, max uint8
	end      bool // the value may end before this row
}

// class is a set of ASCII characters.
type class [2]uint64

func (c *class) has(b byte) bool {
	return b < 128 && c[b>>6]>>(b&63)&1 != 0
}

// describe says in words what the text of a type must be, for people.
func (t *simpleType) describe() string {
	switch {
	case t.codes != 0:
		return "one of " + strings.Join(codeSets[t.codes], ", ")
	case t.pattern != 0:
		return "the pattern " + patterns[t.pattern].text
	}
	return t.describeBase()
}

// describeBase is describe for a type without codes or pattern.
func (t *simpleType) describeBase() string {
	text := baseNames[t.base]
	if t.maxLength != 0 {
		text += fmt.Sprintf(" of %d to %d", t.minLength, t.maxLength)
	}
	if t.totalDigits != 0 {
		text += fmt.Sprintf(" of at most %d digits", t.totalDigits)
	}
	if t.fraction != none {
		text += fmt.Sprintf(", %d after the point", t.fraction)
	}
	if t.nonNegative {
		text += ", not below 0"
	}
	return text
}

var baseNames = [...]string{
	baseString:    "text",
	baseDecimal:   "a decimal number",
	baseBoolean:   "true or false",
	baseDate:      "a date",
	baseDateTime:  "a date and time",
	baseTime:      "a time",
	baseYearMonth: "a year and month",
	baseBinary:    "base64",
}
