package iso8583

import "fmt"

// BuiltinJSON is the JSON of a built-in spec, in the format of moov-io/iso8583:
// for a second implementation that reads the same messages, and as the start of
// a user's own spec.
func BuiltinJSON(name string) ([]byte, error) {
	data, err := builtin.ReadFile("specs/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("no built-in spec %q", name)
	}
	return data, nil
}
