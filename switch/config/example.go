package config

import (
	_ "embed"
	"slices"
)

//go:embed example.yml
var example []byte

// Example is a commented configuration that Load accepts as it is. The caller
// owns the bytes.
func Example() []byte { return slices.Clone(example) }
