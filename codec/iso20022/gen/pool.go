package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// pool holds the types of all messages. Types that are built alike are one type,
// whatever their names are and in whichever message they stand.
type pool struct {
	names    rows[string]
	simple   rows[simple]
	complex  rows[complex]
	patterns rows[string]
	codes    rows[string] // the codes of a set, joined
	ways     map[string][][]patternRow
	messages []definition
}

// rows is a list without repetition.
type rows[T comparable] struct {
	all []T
	at  map[T]int
}

func (r *rows[T]) add(v T) int {
	if i, known := r.at[v]; known {
		return i
	}
	if r.at == nil {
		r.at = map[T]int{}
	}
	r.at[v] = len(r.all)
	r.all = append(r.all, v)
	return len(r.all) - 1
}

// simple is a simple type; the fields are those of simpleType in the codec.
type simple struct {
	base                  string
	nonNegative           bool
	totalDigits, fraction int
	pattern, codes        int
	minLength, maxLength  int
}

// complex is a complex type. Its elements are written out in a text, so that
// equal ones compare equal.
type complex struct {
	kind                     string
	elements                 string // of encodeElements
	must                     int
	wild                     string
	value                    int
	attribute, attributeType int
}

// particle is an element of a complex type.
type particle struct {
	name, typ int
	complex   bool
	min, max  int
	must      int
}

type definition struct {
	name, root, hash string
	typ              int
}

const none = 255

func newPool() *pool {
	p := &pool{ways: map[string][][]patternRow{}}
	// Index 0 means: none.
	p.names.add("")
	p.patterns.add("")
	p.codes.add("")
	return p
}

// add takes the types of one message into the pool.
func (p *pool) add(message string, source []byte) error {
	s, err := readSchema(message, source)
	if err != nil {
		return err
	}
	b := builder{pool: p, schema: s, done: map[string]ref{}, open: map[string]bool{}}
	root, err := b.typeOf(s.typ)
	if err != nil {
		return err
	}
	if !root.complex {
		return fmt.Errorf("the root element has a simple type")
	}
	for _, name := range slices.Sorted(maps.Keys(s.types)) {
		if _, used := b.done[name]; !used {
			// A type that nobody uses is harmless, but it is a sign of a schema that is
			// not of the kind we know.
			err = errors.Join(err, fmt.Errorf("type %s is not used", name))
		}
	}
	sum := sha256.Sum256(source)
	p.messages = append(p.messages, definition{message, s.root, hex.EncodeToString(sum[:]), root.index})
	return err
}

// ref is a type in the pool.
type ref struct {
	index   int
	complex bool
}

// builder takes the types of one schema into the pool, depth first.
type builder struct {
	*pool
	schema *schema
	done   map[string]ref
	open   map[string]bool // types that are being built
}

func (b *builder) typeOf(name string) (ref, error) {
	if r, known := b.done[name]; known {
		return r, nil
	}
	t := b.schema.types[name]
	switch {
	case t == nil:
		return ref{}, fmt.Errorf("type %q is not in the schema", name)
	case b.open[name]:
		return ref{}, fmt.Errorf("type %s contains itself", name)
	case len(t.Parts) != 1:
		return ref{}, fmt.Errorf("type %s has %d parts", name, len(t.Parts))
	}
	b.open[name] = true
	defer delete(b.open, name)
	var r ref
	var err error
	if t.kind() == "simpleType" {
		r.index, err = b.simpleType(&t.Parts[0])
	} else {
		r.complex = true
		r.index, err = b.complexType(&t.Parts[0])
	}
	if err != nil {
		return ref{}, fmt.Errorf("%s: %w", name, err)
	}
	b.done[name] = r
	return r, nil
}

// bases are the built-in types that the scanner judges.
var bases = map[string]string{
	"xs:string": "baseString", "xs:decimal": "baseDecimal", "xs:boolean": "baseBoolean",
	"xs:date": "baseDate", "xs:dateTime": "baseDateTime", "xs:time": "baseTime",
	"xs:gYearMonth": "baseYearMonth", "xs:base64Binary": "baseBinary",
}

func (b *builder) simpleType(r *part) (int, error) {
	if err := r.only("base"); err != nil || r.kind() != "restriction" {
		return 0, errors.Join(err, fmt.Errorf("xs:%s is not understood", r.kind()))
	}
	t := simple{base: bases[r.attr("base")], fraction: none}
	if t.base == "" {
		return 0, fmt.Errorf("base %s is not understood", r.attr("base"))
	}
	var codes []string
	for i := range r.Parts {
		facet := &r.Parts[i]
		if err := facet.only("value"); err != nil {
			return 0, err
		}
		if facet.kind() == "enumeration" {
			codes = append(codes, facet.attr("value"))
			continue
		}
		if err := b.facet(&t, facet); err != nil {
			return 0, err
		}
	}
	if err := checkCodes(&t, codes); err != nil {
		return 0, err
	}
	t.codes = b.codes.add(strings.Join(codes, " "))
	return b.simple.add(t), nil
}

// checkCodes fails if a code could be written in more than one way.
func checkCodes(t *simple, codes []string) error {
	if len(codes) > 0 && t.base != "baseString" {
		return fmt.Errorf("codes of %s are not understood", t.base)
	}
	for _, code := range codes {
		if code == "" || strings.ContainsAny(code, "&<>'\" \t\r\n") {
			return fmt.Errorf("code %q is not understood", code)
		}
	}
	return nil
}

// facet takes one restriction other than a code.
func (b *builder) facet(t *simple, f *part) error {
	if f.kind() == "pattern" {
		return b.pattern(t, f.attr("value"))
	}
	n, err := f.number("value", -1)
	if err != nil || n < 0 {
		return errors.Join(err, fmt.Errorf("xs:%s has no value", f.kind()))
	}
	var ok bool
	switch t.base {
	case "baseString", "baseBinary":
		ok = t.size(f.kind(), n)
	case "baseDecimal":
		ok = t.number(f.kind(), n)
	}
	if !ok {
		return fmt.Errorf("xs:%s of %s is not understood", f.kind(), t.base)
	}
	return nil
}

func (b *builder) pattern(t *simple, text string) error {
	if t.pattern != 0 || t.base != "baseString" {
		return fmt.Errorf("a second pattern, or one of a type that is not text")
	}
	ways, err := compilePattern(text)
	t.pattern = b.patterns.add(text)
	b.ways[text] = ways
	return err
}

// size takes a restriction of text or binary data.
func (t *simple) size(facet string, n int) bool {
	switch facet {
	case "length":
		t.minLength, t.maxLength = n, n
	case "minLength":
		t.minLength = n
	case "maxLength":
		t.maxLength = n
	default:
		return false
	}
	return n > 0
}

// number takes a restriction of decimal numbers.
func (t *simple) number(facet string, n int) bool {
	switch facet {
	case "totalDigits":
		t.totalDigits = n
		return n > 0 && n < none
	case "fractionDigits":
		t.fraction = n
		return n < none
	case "minInclusive":
		t.nonNegative = true
		return n == 0
	}
	return false
}

func (b *builder) complexType(c *part) (int, error) {
	switch {
	case c.kind() == "simpleContent" && len(c.Parts) == 1:
		return b.valueType(&c.Parts[0])
	case c.kind() != "sequence" && c.kind() != "choice":
		return 0, fmt.Errorf("xs:%s is not understood", c.kind())
	}
	if err := c.only(); err != nil {
		return 0, err
	}
	if len(c.Parts) == 1 && c.Parts[0].kind() == "any" {
		return b.wildType(&c.Parts[0])
	}
	var all []particle
	for i := range c.Parts {
		e, err := b.particle(&c.Parts[i])
		if err != nil {
			return 0, err
		}
		if slices.ContainsFunc(all, func(other particle) bool { return other.name == e.name }) {
			return 0, fmt.Errorf("two elements %s in one type", c.Parts[i].attr("name"))
		}
		all = append(all, e)
	}
	if len(all) == 0 || len(all) >= none {
		return 0, fmt.Errorf("a type with %d elements", len(all))
	}
	t := complex{kind: "kindSequence", must: none}
	if c.kind() == "choice" {
		t.kind = "kindChoice"
	}
	t.must = mandatory(all, t.kind)
	t.elements = encodeElements(all)
	return b.complex.add(t), nil
}

// mandatory notes for each element of a sequence which mandatory one comes next,
// and gives the first. Of a choice it gives 0, or none if it may be empty: one
// optional element is enough for that.
func mandatory(all []particle, kind string) int {
	next := none
	for i := len(all) - 1; i >= 0; i-- {
		all[i].must = none
		if kind == "kindSequence" {
			all[i].must = next
			if all[i].min > 0 {
				next = i
			}
		}
	}
	optional := slices.ContainsFunc(all, func(e particle) bool { return e.min == 0 })
	if kind == "kindChoice" && !optional {
		return 0
	}
	return next
}

// encodeElements writes the elements as Go, one a line.
func encodeElements(all []particle) string {
	var s strings.Builder
	for _, e := range all {
		typ := fmt.Sprint(e.typ)
		if e.complex {
			typ = "complexBit + " + typ
		}
		fmt.Fprintf(&s, "%d, %s, %d, %d, %d\n", e.name, typ, e.min, e.max, e.must)
	}
	return s.String()
}

func (b *builder) particle(e *part) (particle, error) {
	if e.kind() != "element" || len(e.Parts) > 0 {
		return particle{}, fmt.Errorf("xs:%s inside of another part is not understood", e.kind())
	}
	if err := e.only("name", "type", "minOccurs", "maxOccurs"); err != nil {
		return particle{}, err
	}
	low, errLow := e.number("minOccurs", 1)
	high, errHigh := e.number("maxOccurs", 1)
	if err := errors.Join(errLow, errHigh); err != nil {
		return particle{}, err
	}
	if low > 255 || high > 255 || high != 0 && high < low || e.attr("minOccurs") == "unbounded" {
		return particle{}, fmt.Errorf("%s: %d to %d times is not understood", e.attr("name"), low, high)
	}
	name := e.attr("name")
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._") != "" {
		return particle{}, fmt.Errorf("the name %q is not understood", name)
	}
	r, err := b.typeOf(e.attr("type"))
	return particle{name: b.names.add(name), typ: r.index, complex: r.complex, min: low, max: high}, err
}

// valueType is text with an attribute.
func (b *builder) valueType(x *part) (int, error) {
	if err := x.only("base"); err != nil || x.kind() != "extension" || len(x.Parts) != 1 {
		return 0, errors.Join(err, fmt.Errorf("xs:%s is not understood", x.kind()))
	}
	a := &x.Parts[0]
	if err := a.only("name", "type", "use"); err != nil || a.kind() != "attribute" || a.attr("use") != "required" {
		return 0, errors.Join(err, fmt.Errorf("only a mandatory attribute is understood"))
	}
	value, err := b.typeOf(x.attr("base"))
	if err != nil {
		return 0, err
	}
	attribute, err := b.typeOf(a.attr("type"))
	if err != nil {
		return 0, err
	}
	if value.complex || attribute.complex {
		return 0, fmt.Errorf("the text or the attribute has a complex type")
	}
	return b.complex.add(complex{
		kind: "kindValue", must: none, value: value.index,
		attribute: b.names.add(a.attr("name")), attributeType: attribute.index,
	}), nil
}

// wildType is one element of another schema.
func (b *builder) wildType(a *part) (int, error) {
	if err := a.only("namespace", "processContents"); err != nil {
		return 0, err
	}
	t := complex{kind: "kindWild", must: 0}
	switch a.attr("namespace") {
	case "##any":
		t.wild = "wildAny"
	case "http://www.w3.org/2000/09/xmldsig#":
		t.wild = "wildSignature"
	default:
		return 0, fmt.Errorf("xs:any of namespace %s is not understood", a.attr("namespace"))
	}
	// Strict would need the other schema.
	if p := a.attr("processContents"); p != "lax" && p != "skip" {
		return 0, fmt.Errorf("xs:any with processContents=%s is not understood", p)
	}
	return b.complex.add(t), nil
}
