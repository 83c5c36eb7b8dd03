package screen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
)

// Form is how a value is printed.
type Form uint8

// The forms.
const (
	AsTable Form = iota // for people
	AsJSON
	AsYAML
)

var formNames = [...]string{"table", "json", "yaml"}

// FormNames are the names of the forms.
func FormNames() []string { return formNames[:] }

// ParseForm finds a form by its name.
func ParseForm(name string) (Form, error) {
	for f, known := range formNames {
		if name == known {
			return Form(f), nil
		}
	}
	return 0, fmt.Errorf("%q is none of table, json, yaml", name)
}

// Encode writes a value for programs, as JSON or YAML with the same names in the same
// order.
func Encode(w io.Writer, f Form, v any) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return err
	}
	data := text.Bytes()
	if f == AsYAML {
		var err error
		if data, err = yaml.JSONToYAML(data); err != nil {
			return err
		}
		data = append([]byte("---\n"), data...)
	}
	_, err := w.Write(data)
	return err
}
