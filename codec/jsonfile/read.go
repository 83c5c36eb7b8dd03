package jsonfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// Syntax gives a sentence with the line when data is not one JSON value.
func Syntax(data []byte) string {
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

// twiceError is the error of EachKey for a key that stands twice in an object:
// the standard decoder would let the later one win in silence.
type twiceError struct{ key string }

func (e *twiceError) Error() string { return Quote(e.key) + " stands there twice" }

var errObject = errors.New("an object is expected here")

// EachKey calls do for every key of a JSON object, in the order of the text.
func EachKey(data []byte, do func(key string, value json.RawMessage)) error {
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
			return &twiceError{key}
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

// Decode decodes into a struct; it gives a sentence when a key is unknown or a
// value is of the wrong kind.
func Decode(data []byte, into any) string {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return ""
	case errors.As(err, &kind) && kind.Field == "":
		return "must not be a " + kind.Value
	case errors.As(err, &kind):
		return Quote(kind.Field) + " must not be a " + kind.Value
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// Quote bounds what a wrong file can put into an error text.
func Quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return strconv.Quote(s)
}
