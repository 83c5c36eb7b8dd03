package iso8583

import (
	"embed"
	"strings"
)

// field is one row of the table, as small as the hot path needs it.
type field struct {
	kind   kind
	digits uint8 // width of an ASCII length prefix, for kindPlain; 0 when fixed
	class  class
	pad    padding
	fill   byte
	sign   bool   // x+n: a C or D stands before the digits
	length uint16 // exact for a fixed field, else the maximum; in units of the value
	prefix prefix
	enc    encoding
	row    *charRanges // the class as ranges when Parse may check it with its neighbours
	tags   *tagTable
}

// kind chooses the way through Parse. The zero value is a field that the spec
// does not have, so an empty row needs no other mark.
type kind uint8

const (
	kindAbsent  kind = iota
	kindFixed        // as kindPlain, of fixed length and with a row
	kindPlain        // the wire bytes are the value; fixed or ASCII prefix
	kindConvert      // through the encoding and prefix tables
)

type padding uint8

const (
	padNone padding = iota
	padLeft
	padRight
)

// Spec is a compiled field table. It is immutable and safe for concurrent use.
type Spec struct {
	name        string
	fields      [129]field
	bitmapBytes int // of one bitmap on the wire
	// The cold part, beside the table so that rows stay small.
	formats      [129]string
	descriptions [129]string
}

// Name is the spec's name as in its file.
func (s *Spec) Name() string { return s.name }

// Defines says that the spec has a data element of this number (2 to 128).
func (s *Spec) Defines(de int) bool {
	return de >= 2 && de <= 128 && s.fields[de].kind != kindAbsent
}

// Format is the notation of the standard: "n12", "ans..28", "b8"; empty for an
// element that the spec does not have.
func (s *Spec) Format(de int) string {
	if !s.Defines(de) {
		return ""
	}
	return s.formats[de]
}

// Description is the element's name for people; empty when it has none.
func (s *Spec) Description(de int) string {
	if !s.Defines(de) {
		return ""
	}
	return s.descriptions[de]
}

// Tagged says that the element is made of tags, to be read with TLVReader or
// FindTLV.
func (s *Spec) Tagged(de int) bool { return s.Defines(de) && s.fields[de].tags != nil }

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
