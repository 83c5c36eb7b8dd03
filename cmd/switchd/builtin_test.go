package main

import (
	"testing"

	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// TestBuiltinOnce: what is built in is compiled once, however often it is asked for.
func TestBuiltinOnce(t *testing.T) {
	for _, name := range iso8583.BuiltinNames() {
		first, err := builtinSpec(name)
		again, _ := loadDialect(name)
		if err != nil || first == nil || again != first {
			t.Errorf("%s: %p and %p, %v", name, first, again, err)
		}
	}
	for _, name := range iso20022.BuiltinNames() {
		first, err := builtinProfile(name)
		again, _ := openProfile(name)
		if err != nil || first == nil || again.profile != first {
			t.Errorf("%s: %p, %v", name, first, err)
		}
	}
	if _, err := builtinSpec("none"); err == nil {
		t.Error("a dialect that is not built in")
	}
	if _, err := builtinProfile("none"); err == nil {
		t.Error("a profile that is not built in")
	}
}
