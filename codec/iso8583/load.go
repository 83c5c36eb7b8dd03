package iso8583

import (
	"encoding/json"
	"errors"
	"strconv"

	"switchd/codec/jsonfile"
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
		c.seen[de] = true
		if c.decode(key, value, &j) {
			c.field(de, key, &j)
		}
	})
}

// object calls do for every key of a JSON object and reports a broken one.
func (c *compiler) object(field string, data json.RawMessage, do func(key string, value json.RawMessage)) bool {
	if err := eachKey(data, do); err != nil {
		return c.check(field, err.Error())
	}
	return true
}

// decode decodes an object key by key, so that each bad one is reported. It is
// false when a value is missing because of that; an unknown key hides none.
func (c *compiler) decode(path string, data json.RawMessage, into any) bool {
	whole := true
	return c.object(path, data, func(key string, value json.RawMessage) {
		one, err := json.Marshal(map[string]json.RawMessage{key: value})
		if err != nil {
			whole = c.check(path, err.Error())
			return
		}
		if !c.check(path, strictly(one, into)) && json.Unmarshal(one, into) != nil {
			whole = false
		}
	}) && whole
}

// Spec files are read as strictly as the files of the other codec.
func badSyntax(data []byte) string          { return jsonfile.Syntax(data) }
func strictly(data []byte, into any) string { return jsonfile.Decode(data, into) }
func quote(s string) string                 { return jsonfile.Quote(s) }
func eachKey(data []byte, do func(key string, value json.RawMessage)) error {
	return jsonfile.EachKey(data, do)
}
