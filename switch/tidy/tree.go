package tidy

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Violation is one breach of one law.
type Violation struct {
	// Path is relative to the module's root, with slashes.
	Path string
	// Line counts from 1.
	Line int
	// Rule is the name of the law.
	Rule string
	// Text says what to do.
	Text string
}

// String is the form that editors can jump to: "path:line: rule: text".
func (v Violation) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", v.Path, v.Line, v.Rule, v.Text)
}

// Tree is the module's sources, parsed once for all rules.
type Tree struct {
	// Module is the module path of go.mod.
	Module string
	// Files are all Go files, sorted by path.
	Files []*File
	// Texts are documents and scripts by path.
	Texts map[string]string

	fset   *token.FileSet
	broken []Violation // files that do not parse
}

// File is one Go file.
type File struct {
	// Path and Dir are relative to the module's root, with slashes.
	Path, Dir string
	// Test tells whether it is a _test.go file.
	Test bool
	// Source is its text.
	Source string
	// AST is its syntax with comments.
	AST *ast.File
}

// FindRoot walks up from the working folder to the one with go.mod.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("tidy: no go.mod above the working folder")
		}
		dir = up
	}
}

// Load reads all sources below a module's root.
func Load(root string) (*Tree, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	sources := map[string]string{}
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != root && skippedFolder(d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !readable(d) {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		sources[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return Parse(moduleOf(string(mod)), sources), nil
}

// skippedFolder names folders that hold no source of ours.
func skippedFolder(name string) bool {
	return name == "testdata" || name == "vendor" || name == "node_modules" || name == "bin" || name == "demo-data" ||
		strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// readable tells whether a file is a source or a document.
func readable(d fs.DirEntry) bool {
	if !d.Type().IsRegular() {
		return false
	}
	switch path.Ext(d.Name()) {
	case ".go", ".md", ".yml", ".yaml", ".sh", ".mk", ".service":
		return true
	}
	return d.Name() == "Makefile"
}

func moduleOf(mod string) string {
	for line := range strings.Lines(mod) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// Parse makes a tree from texts by path; Load and the tests of the rules use it.
func Parse(module string, sources map[string]string) *Tree {
	t := &Tree{Module: module, Texts: map[string]string{}, fset: token.NewFileSet()}
	for file, text := range sources {
		if path.Ext(file) != ".go" {
			t.Texts[file] = text
			continue
		}
		syntax, err := parser.ParseFile(t.fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.broken = append(t.broken, brokenFile(file, err))
			continue
		}
		t.Files = append(t.Files, &File{
			Path: file, Dir: path.Dir(file), Test: strings.HasSuffix(file, "_test.go"), Source: text, AST: syntax,
		})
	}
	slices.SortFunc(t.Files, func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
	return t
}

func brokenFile(file string, err error) Violation {
	v := Violation{Path: file, Line: 1, Rule: "syntax", Text: "does not parse"}
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		v.Line, v.Text = list[0].Pos.Line, "does not parse: "+list[0].Msg
	}
	return v
}

// Check applies all rules and returns every breach, sorted by place.
func (t *Tree) Check() []Violation {
	found := slices.Clone(t.broken)
	for _, r := range rules {
		found = append(found, t.apply(r)...)
	}
	slices.SortFunc(found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(found)
}

// rule is one law: a name and what finds its breaches.
type rule struct {
	name  string
	check func(t *Tree, report reporter)
}

// reporter notes a breach; the rule's name is added by who made it.
type reporter func(file string, line int, format string, args ...any)

var rules = []rule{
	{"layer", checkLayers},
	{"dependency", checkDependencies},
	{"purity", checkPurity},
	{"unordered", checkUnordered},
	{"clock", checkClock},
	{"chance", checkChance},
	{"size", checkSize},
	{"name", checkNames},
	{"doc", checkPackageDocs},
	{"comment", checkComments},
	{"mark", checkMarks},
	{"secret", checkSecrets},
	{"event", checkEvents},
}

func (t *Tree) apply(r rule) []Violation {
	var found []Violation
	r.check(t, func(file string, line int, format string, args ...any) {
		found = append(found, Violation{Path: file, Line: line, Rule: r.name, Text: fmt.Sprintf(format, args...)})
	})
	return found
}

// line is the line of a position.
func (t *Tree) line(p token.Pos) int { return t.fset.Position(p).Line }

// imports yields the import paths of a file with their lines.
func (t *Tree) imports(f *File) map[string]int {
	paths := make(map[string]int, len(f.AST.Imports))
	for _, spec := range f.AST.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths[p] = t.line(spec.Pos())
		}
	}
	return paths
}

// importName is the name by which a file uses a package, "" if it does not.
func importName(f *File, pkg string) string {
	for _, spec := range f.AST.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err != nil || p != pkg {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		name := path.Base(pkg)
		if name == "v2" {
			name = path.Base(path.Dir(pkg))
		}
		return name
	}
	return ""
}

// uses finds all X in pkg.X of a file, with their lines.
func (t *Tree) uses(f *File, pkg string, found func(name string, line int)) {
	local := importName(f, pkg)
	if local == "" {
		return
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
				found(s.Sel.Name, t.line(s.Pos()))
			}
		}
		return true
	})
}

// under tells whether a folder is one of the patterns: "a/b" is that folder,
// "a/..." that folder and everything below it.
func under(dir string, patterns ...string) bool {
	for _, p := range patterns {
		if top, below := strings.CutSuffix(p, "/..."); dir == top || below && strings.HasPrefix(dir, top+"/") {
			return true
		}
	}
	return false
}
