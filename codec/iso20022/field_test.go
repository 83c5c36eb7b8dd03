package iso20022

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestFieldNames: the name of a field is that of its constant, so that profiles,
// code and documents speak of one thing by one word.
func TestFieldNames(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "field.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants []string
	ast.Inspect(file, func(n ast.Node) bool {
		if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.CONST {
			for _, spec := range d.Specs {
				constants = append(constants, spec.(*ast.ValueSpec).Names[0].Name)
			}
		}
		return true
	})
	if len(constants) != int(FieldCount)+1 {
		t.Fatalf("%d constants, %d fields", len(constants), FieldCount)
	}
	for f := NoField + 1; f < repeated; f++ {
		if f.String() != constants[f] || FieldByName(constants[f]) != f {
			t.Errorf("%s is called %s, and found as %v", constants[f], f, FieldByName(constants[f]))
		}
	}
	for _, name := range []string{"", "no field", "repeated", "FieldCount", "msgid"} {
		if f := FieldByName(name); f != NoField {
			t.Errorf("%q is %v", name, f)
		}
	}
	if FieldCount.String() != "unknown field" {
		t.Error(FieldCount.String())
	}
}

// TestFieldsHavePlaces: no field is a name only.
func TestFieldsHavePlaces(t *testing.T) {
	var used fieldSet
	for _, name := range BuiltinNames() {
		p := mustProfile(t, name)
		for _, d := range Definitions() {
			for _, place := range p.Places(d) {
				used.add(place.Field)
			}
		}
	}
	for f := NoField + 1; f < repeated; f++ {
		if !used.has(f) {
			t.Errorf("%s stands nowhere", f)
		}
	}
}
