package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"switchd/codec/iso8583"
)

// specDoc is a compiled spec with its text, which says what the table does not
// show: encodings, prefixes and subfields.
type specDoc struct {
	spec *iso8583.Spec
	text []byte
	doc  struct {
		Fields map[string]specField `json:"fields"`
	}
}

// specField is the part of a field in a spec file that people want to see. The
// text was accepted by LoadSpec, so nothing is checked again.
type specField struct {
	Type        string                `json:"type"`
	Length      int                   `json:"length"`
	Description string                `json:"description"`
	Enc         string                `json:"enc"`
	Prefix      string                `json:"prefix"`
	Class       string                `json:"class"`
	Mask        string                `json:"mask"`
	Tag         *struct{ Enc string } `json:"tag"`
	Subfields   map[string]specField  `json:"subfields"`
}

// specColumns fill 120 columns with two spaces between them.
var specColumns = columns{widths: []int{10, 9, 10, 13, 5, 32, 29}, words: true}

// count is the number of data elements.
func (d *specDoc) count() (n int) {
	for de := 2; de <= 128; de++ {
		if d.spec.Defines(de) {
			n++
		}
	}
	return n
}

// encodings says in short how digits, bitmaps and lengths are written.
func (d *specDoc) encodings() string {
	bitmap := "binary"
	if d.doc.Fields["1"].Enc != "Binary" {
		bitmap = "hexadecimal"
	}
	lengths, _, _ := strings.Cut(d.doc.Fields["2"].Prefix, ".")
	return d.doc.Fields["0"].Enc + ", " + bitmap + ", " + lengths
}

// show prints the table of fields.
func (d *specDoc) show(stdout io.Writer) error {
	w := bufio.NewWriter(stdout)
	fmt.Fprintf(w, "%s: %d fields, %d message types with rules\n\n", orNone(visible(d.spec.Name()), "spec without a name"), d.count(), len(d.spec.Messages()))
	specColumns.row(w, "field", "format", "encoding", "prefix", "mask", "name", "mandatory in")
	for de := 0; de <= 128; de++ {
		f, ok := d.doc.Fields[strconv.Itoa(de)]
		if !ok {
			continue
		}
		format := d.spec.Format(de)
		if format == "" {
			format = f.format()
		}
		f.row(w, fieldLabel(strconv.Itoa(de)), format, d.spec.Mask(de).String(), d.mandatory(de))
		f.subfields(w, "  "+strconv.Itoa(de))
	}
	return w.Flush()
}

// row prints one field.
func (f *specField) row(w io.Writer, label, format, mask, mandatory string) {
	enc := f.Enc
	if f.Tag != nil && enc == "" {
		enc = "tags"
	} else if len(f.Subfields) > 0 && enc == "" {
		enc = "subfields"
	}
	if mask == iso8583.MaskNone.String() {
		mask = ""
	}
	specColumns.row(w, label, format, enc, f.Prefix, mask, visible(f.Description), mandatory)
}

// subfields prints them in the order of their tags: numbers as numbers.
func (f *specField) subfields(w io.Writer, path string) {
	tags := slices.SortedFunc(maps.Keys(f.Subfields), func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	for _, tag := range tags {
		sub := f.Subfields[tag]
		sub.row(w, path+"."+visible(tag), sub.format(), sub.Mask, "")
		sub.subfields(w, "  "+path+"."+visible(tag))
	}
}

// format is the notation of the standard for a subfield, where the text has
// enough for it.
func (f *specField) format() string {
	class := f.Class
	if class == "" {
		switch f.Type {
		case "Binary", "Bitmap", "Hex":
			class = "b"
		case "Numeric":
			class = "n"
		default:
			class = "ans"
		}
	}
	_, shape, _ := strings.Cut(f.Prefix, ".")
	dots := ""
	if shape != "" && strings.Trim(shape, "L") == "" {
		dots = strings.Repeat(".", len(shape))
	} else if f.Prefix == "BerTLV" {
		dots = ".."
	}
	return class + dots + strconv.Itoa(f.Length)
}

// mandatory lists the message types that must have an element.
func (d *specDoc) mandatory(de int) string {
	var in []string
	types := d.spec.Messages()
	for _, mti := range types {
		if slices.Contains(d.spec.Mandatory(mti), de) {
			in = append(in, mti.String())
		}
	}
	if len(types) > 0 && len(in) == len(types) {
		return "all types"
	}
	return strings.Join(in, " ")
}
