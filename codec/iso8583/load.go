package iso8583

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// fieldJSON is a field of a spec file: the JSON format of moov-io/iso8583 with
// four keys of ours: "class", "counts", "filler" and "mask".
type fieldJSON struct {
	Type              string          `json:"type"`
	Length            int             `json:"length"`
	Description       string          `json:"description"`
	Enc               string          `json:"enc"`
	Prefix            string          `json:"prefix"`
	Class             string          `json:"class"`
	Counts            string          `json:"counts"`
	Filler            string          `json:"filler"`
	Mask              string          `json:"mask"`
	Padding           *paddingJSON    `json:"padding"`
	Tag               *tagJSON        `json:"tag"`
	Subfields         json.RawMessage `json:"subfields"`
	Bitmap            *fieldJSON      `json:"bitmap"`
	DisableAutoExpand bool            `json:"disableAutoExpand"`
}

type paddingJSON struct {
	Type string `json:"type"`
	Pad  string `json:"pad"`
}

type tagJSON struct {
	Length              int          `json:"length"`
	Enc                 string       `json:"enc"`
	Padding             *paddingJSON `json:"padding"`
	Sort                string       `json:"sort"`
	SkipUnknownTLVTags  bool         `json:"skipUnknownTLVTags"`
	StoreUnknownTLVTags bool         `json:"storeUnknownTLVTags"`
	PrefUnknownTLV      string       `json:"prefUnknownTLV"`
}

// LoadSpec compiles a spec in the JSON format of moov-io/iso8583, as doc.go
// describes it with the keys that are ours. The file name is for messages only.
//
// Every key must be known and understood: a spec of which a part was ignored
// would misread messages without a word. All faults of the file are reported at
// once: the error is a *SpecError, or several of them joined, which errors.As
// finds and SpecErrors lists.
func LoadSpec(file string, data []byte) (*Spec, error) {
	c := compiler{file: file, spec: &Spec{}}
	if line := badSyntax(data); line != "" {
		c.fail("", line)
		return nil, c.err()
	}
	c.object("", data, func(key string, value json.RawMessage) {
		switch key {
		case "name":
			if json.Unmarshal(value, &c.spec.name) != nil || c.spec.name == "" {
				c.fail("", "name must be a text")
			}
		case "fields":
			c.fields(value)
		case "messages":
			c.messages = value // rules name fields, which may follow
		case "unknown":
			c.unknown = value
		default:
			c.fail("", "unknown key "+quote(key)+" (known: name, fields, messages, unknown)")
		}
	})
	c.finish()
	if err := c.err(); err != nil {
		return nil, err
	}
	return c.spec, nil
}

// SpecErrors lists the faults in an error of LoadSpec or Builtin.
func SpecErrors(err error) []*SpecError {
	var one *SpecError
	var many interface{ Unwrap() []error }
	switch {
	case errors.As(err, &many):
		var all []*SpecError
		for _, e := range many.Unwrap() {
			all = append(all, SpecErrors(e)...)
		}
		return all
	case errors.As(err, &one):
		return []*SpecError{one}
	}
	return nil
}

// fields compiles the fields one by one, in the order of the file.
func (c *compiler) fields(data json.RawMessage) {
	c.object("", data, func(key string, value json.RawMessage) {
		de, err := strconv.Atoi(key)
		if err != nil || de < 0 || de > 128 || strconv.Itoa(de) != key {
			c.fail(key, "field numbers are 0 to 128")
			return
		}
		var j fieldJSON
		if why := strictly(value, &j); why != "" {
			c.fail(key, why)
			return
		}
		c.seen[de] = true
		c.field(de, key, &j)
	})
}

// object calls do for every key of a JSON object and reports a broken one.
func (c *compiler) object(field string, data json.RawMessage, do func(key string, value json.RawMessage)) {
	if err := eachKey(data, do); err != nil {
		c.fail(field, err.Error())
	}
}

// badSyntax gives a sentence with the line when data is not one JSON value.
func badSyntax(data []byte) string {
	var any json.RawMessage
	err := json.Unmarshal(data, &any)
	if err == nil {
		return ""
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
		return "line " + strconv.Itoa(line) + ": " + syntax.Error()
	}
	return err.Error()
}

// errTwice is the error of eachKey for a key that stands twice in an object:
// the standard decoder would let the later one win in silence.
type errTwice struct{ key string }

func (e *errTwice) Error() string { return quote(e.key) + " stands there twice" }

var errObject = errors.New("an object is expected here")

// eachKey calls do for every key of a JSON object, in the order of the text.
func eachKey(data []byte, do func(key string, value json.RawMessage)) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errObject
	}
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if seen[key] {
			return &errTwice{key}
		}
		seen[key] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		do(key, value)
	}
	return nil
}

// strictly decodes into a struct; it gives a sentence when a key is unknown or
// a value is of the wrong kind.
func strictly(data []byte, into any) string {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return ""
	case errors.As(err, &kind):
		return quote(kind.Field) + " must not be a " + kind.Value
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// quote bounds what a wrong file can put into an error text.
func quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return strconv.Quote(s)
}
