package tidy

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// rim is where PINs, keys and tracks come by: an exported struct there must hold them
// in a type that masks itself, because sooner or later somebody prints the struct.
var rim = []string{
	"codec/...", "session/...", "switch/translate/...", "switch/guard/...", "switch/ingress", "switch/egress", "switch/vault", "hsm/...",
}

// secretWords are the words of a name that say what is in a field.
var secretWords = regexp.MustCompile(`^(?i:pins?|pinblocks?|pans?|keys?|tracks?)[0-9]*$`)

// plainFields are fields that are named like a secret and are none, or that must be
// plain, each with the reason. A row that fits no field any more fails the tests.
var plainFields = map[string]string{
	"codec/iso8583.Track.PAN":        "a view of the message, as all of a Track, which masks itself as a whole",
	"hsm/keyblock.Header.KeyVersion": "two characters that count versions of a key, in the clear in every block",
}

// checkSecrets refuses plain bytes and text for secrets in exported structs of the rim.
func checkSecrets(t *Tree, report reporter) {
	t.secretFields(func(f *File, name string, line int) {
		if plainFields[name] == "" {
			report(f.Path, line, "%s looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go", name)
		}
	})
}

// secretFields finds the plain fields of exported structs of the rim that are named
// like a secret, as folder.Type.Field.
func (t *Tree) secretFields(found func(f *File, name string, line int)) {
	for _, f := range t.Files {
		if f.Test || !under(f.Dir, rim...) {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			for _, name := range plainSecrets(spec.Type) {
				found(f, f.Dir+"."+spec.Name.Name+"."+name.Name, t.line(name.Pos()))
			}
			return false
		})
	}
}

// plainSecrets are the plain fields of a type, structs inside it included, that are
// named like a secret.
func plainSecrets(of ast.Expr) []*ast.Ident {
	var names []*ast.Ident
	ast.Inspect(of, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncType, *ast.InterfaceType: // arguments are not kept
			return false
		}
		field, ok := n.(*ast.Field)
		if !ok || !plainType(field.Type) {
			return true
		}
		for _, name := range field.Names {
			if slices.ContainsFunc(words(name.Name), secretWords.MatchString) {
				names = append(names, name)
			}
		}
		return true
	})
	return names
}

// plainType tells whether a type prints its bytes: text, bytes, and slices, arrays, maps
// and pointers of such.
func plainType(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "string"
	case *ast.ArrayType:
		of, ok := x.Elt.(*ast.Ident)
		return ok && (of.Name == "byte" || of.Name == "uint8" || of.Name == "rune") || plainType(x.Elt)
	case *ast.StarExpr:
		return plainType(x.X)
	case *ast.MapType:
		return plainType(x.Key) || plainType(x.Value)
	}
	return false
}

// words splits a name where its case changes: PINBlock is PIN and Block, zpkKeyID is
// zpk, Key and ID, PANs is one word.
func words(name string) []string {
	runes := []rune(name)
	var out []string
	begin := 0
	for i := 1; i < len(runes); i++ {
		lowerUpper := !unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i])
		plural := i+1 < len(runes) && runes[i+1] == 's' && (i+2 == len(runes) || !unicode.IsLower(runes[i+2]))
		lastUpper := unicode.IsUpper(runes[i]) && i+1 < len(runes) && unicode.IsLower(runes[i+1]) && !plural
		if lowerUpper || lastUpper || runes[i] == '_' {
			out = append(out, strings.Trim(string(runes[begin:i]), "_"))
			begin = i
		}
	}
	return append(out, strings.Trim(string(runes[begin:]), "_"))
}
