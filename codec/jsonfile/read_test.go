package jsonfile

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSyntax(t *testing.T) {
	for data, want := range map[string]string{
		`{"a": 1}`:            "",
		"{\n\"a\": 1,\n}":     "line 3: invalid character '}' looking for beginning of object key string",
		`{} {}`:               "line 1: invalid character '{' after top-level value",
		``:                    "line 1: unexpected end of JSON input",
		"[\n1,\n2\n":          "line 4: unexpected end of JSON input",
		`"text" is no value `: "line 1: invalid character 'i' after top-level value",
	} {
		if got := Syntax([]byte(data)); got != want {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
}

func TestEachKey(t *testing.T) {
	for data, want := range map[string]string{
		`{"a": 1, "b": {"a": 2}}`: "a=1 b={\"a\": 2} ",
		`{}`:                      "",
		`[]`:                      "an object is expected here",
		`{"a": 1, "a": 2}`:        `a=1 "a" stands there twice`,
		`{"a": 1, "b"}`:           `a=1 expected colon after object key`,
	} {
		var got strings.Builder
		err := EachKey([]byte(data), func(key string, value json.RawMessage) {
			got.WriteString(key + "=" + string(value) + " ")
		})
		if err != nil {
			got.WriteString(err.Error())
		}
		if got.String() != want {
			t.Errorf("%s: %q, want %q", data, got.String(), want)
		}
	}
}

func TestDecode(t *testing.T) {
	type row struct {
		Name  string   `json:"name"`
		Items []string `json:"items"`
	}
	for data, want := range map[string]string{
		`{"name": "x", "items": ["y"]}`: "",
		``:                              "",
		`{"nam": "x"}`:                  `unknown field "nam"`,
		`{"name": 1}`:                   `"name" must not be a number`,
		`{"items": "y"}`:                `"items" must not be a string`,
		`7`:                             "must not be a number",
	} {
		if got := Decode([]byte(data), new(row)); got != want {
			t.Errorf("%s: %q, want %q", data, got, want)
		}
	}
}

func TestQuoteBounds(t *testing.T) {
	if got := Quote(strings.Repeat("k", 1000)); len(got) > 50 {
		t.Errorf("%d characters", len(got))
	}
}
