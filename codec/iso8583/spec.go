package iso8583

import (
	"embed"
	"strings"
)

// Spec is a compiled field table. It is immutable and safe for concurrent use.
type Spec struct {
	name        string
	fields      [129]field
	inPlace     [2]uint64 // the elements whose value is their bytes on the wire
	lacked      [2]uint64 // the elements that the spec does not name but can skip
	tagged      [2]uint64 // the elements of tags
	mtiBytes    int       // of the message type on the wire
	bitmapBytes int       // of one bitmap on the wire
	bitmaps     bitmapCount
	keep        bool // elements that the spec lacks end the readable part
	rules       map[MTI]*rule
	// The cold part, beside the table so that rows stay small.
	details [129]detail
}

// bitmapCount is how many bitmaps a message has.
type bitmapCount uint8

const (
	bitmapsByBit bitmapCount = iota // bit 1 announces the second one
	bitmapsOne
	bitmapsTwo
)

// detail is what people see of an element or a subfield.
type detail struct {
	format      string // in the notation of the standard
	description string
	expected    string // a sentence for errors
	mask        Mask
}

// Name is the spec's name as in its file.
func (s *Spec) Name() string { return s.name }

// Defines says that the spec has a data element of this number (2 to 128).
func (s *Spec) Defines(de int) bool {
	return de >= 2 && de <= 128 && s.fields[de].kind != kindAbsent && !s.fields[de].unknown
}

// Format is the notation of the standard: "n12", "ans..28", "b8"; empty for an
// element that the spec does not have.
func (s *Spec) Format(de int) string {
	if !s.Defines(de) {
		return ""
	}
	return s.details[de].format
}

// Description is the element's name for people; empty when it has none.
func (s *Spec) Description(de int) string {
	if !s.Defines(de) {
		return ""
	}
	return s.details[de].description
}

// Tagged says that the element is made of the tags of our dialect (3 digits, a
// length of 3 digits), to be read with TLVReader or FindTLV. All other
// composites are read with Message.Subfield, BER-TLV also with BERReader.
func (s *Spec) Tagged(de int) bool { return s.Defines(de) && s.fields[de].tags != nil }

// Composite says that the element has subfields of any kind: it is a value of
// Message.Subfield and of Writer.BeginGroup, or it is Tagged.
func (s *Spec) Composite(de int) bool {
	return s.Defines(de) && (s.fields[de].tags != nil || s.fields[de].group != nil)
}

// Mask says how much of the element's value people may see.
func (s *Spec) Mask(de int) Mask {
	if de < 2 || de > 128 {
		return MaskNone
	}
	return s.details[de].mask
}

//go:embed specs/*.json
var builtin embed.FS

// Builtin gives one of the specs that the binary carries. Each call compiles it
// anew; callers do so at start and keep the result.
func Builtin(name string) (*Spec, error) {
	file := "specs/" + name + ".json"
	data, err := builtin.ReadFile(file)
	if err != nil {
		return nil, &SpecError{File: file, Reason: "no such built-in spec, known are " + strings.Join(BuiltinNames(), ", ")}
	}
	return LoadSpec(file, data)
}

// BuiltinNames lists the names that Builtin takes, sorted.
func BuiltinNames() []string {
	entries, err := builtin.ReadDir("specs")
	if err != nil {
		return nil // the folder is part of the binary
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}
