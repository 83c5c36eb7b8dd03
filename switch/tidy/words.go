package tidy

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

var numberedFile = regexp.MustCompile(`_[0-9]+(_test)?\.go$`)

// checkNames refuses package names that say nothing, packages that are not called
// like their folder, and files that were split by number.
func checkNames(t *Tree, report reporter) {
	for _, f := range t.Files {
		line, name, folder := t.line(f.AST.Name.Pos()), strings.TrimSuffix(f.AST.Name.Name, "_test"), path.Base(f.Dir)
		if slices.Contains(bannedPackages, name) || slices.Contains(bannedPackages, folder) {
			report(f.Path, line, "%q says nothing about what the package does: name it after its noun", folder)
		}
		if name != "main" && name != folder {
			report(f.Path, line, "package %s lives in folder %s: give both one name", name, folder)
		}
		if numberedFile.MatchString(f.Path) {
			report(f.Path, 1, "a file is named after its behaviour, not numbered")
		}
	}
}

// checkPackageDocs demands a doc.go with a real comment in every package.
func checkPackageDocs(t *Tree, report reporter) {
	first, documented := map[string]string{}, map[string]bool{}
	for _, f := range t.Files {
		if first[f.Dir] == "" {
			first[f.Dir] = f.Path
		}
		if path.Base(f.Path) != "doc.go" {
			continue
		}
		documented[f.Dir] = true
		if n := strings.Count(f.AST.Doc.Text(), "\n"); n < docLinesMin {
			report(f.Path, t.line(f.AST.Package), "the package comment has %d lines: say what it promises, who calls it and what it never does (%d at least)", n, docLinesMin)
		}
	}
	for dir, file := range first {
		if !documented[dir] {
			report(file, 1, "package %s has no doc.go: say what it promises, who calls it and what it never does", dir)
		}
	}
}

// checkComments demands a comment on every exported name. Commands and tests
// export nothing that anyone could call.
func checkComments(t *Tree, report reporter) {
	for _, f := range t.Files {
		if f.Test || f.AST.Name.Name == "main" {
			continue
		}
		for _, d := range f.AST.Decls {
			for _, bare := range undocumented(d) {
				report(f.Path, t.line(bare.Pos()), "%s is exported: say in a sentence what it is for", bare.Name)
			}
		}
	}
}

// undocumented are the exported names of a declaration without a comment.
func undocumented(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc.Text() == "" && (d.Recv == nil || exportedReceiver(d.Recv)) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		var bare []*ast.Ident
		for _, spec := range d.Specs {
			bare = append(bare, undocumentedSpec(d, spec)...)
		}
		return bare
	}
	return nil
}

// undocumentedSpec looks at one entry of a type, const or var declaration. A
// comment on a group of constants or variables speaks for the whole group; types
// of a group need their own.
func undocumentedSpec(d *ast.GenDecl, spec ast.Spec) []*ast.Ident {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		own := s.Doc.Text() + s.Comment.Text()
		if !d.Lparen.IsValid() {
			own += d.Doc.Text()
		}
		if s.Name.IsExported() && own == "" {
			return []*ast.Ident{s.Name}
		}
	case *ast.ValueSpec:
		if d.Doc.Text()+s.Doc.Text()+s.Comment.Text() != "" {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(s.Names), func(n *ast.Ident) bool { return !n.IsExported() })
	}
	return nil
}

// exportedReceiver tells whether a method belongs to an exported type.
func exportedReceiver(recv *ast.FieldList) bool {
	if len(recv.List) == 0 {
		return false
	}
	x := recv.List[0].Type
	for {
		switch t := x.(type) {
		case *ast.StarExpr:
			x = t.X
		case *ast.ParenExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.IndexListExpr:
			x = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// leftover are words that people write when they mean to come back. The pattern
// is put together, so that this file does not contain them.
var leftover = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|HA` + `CK|X` + `XX)\b`)

// checkMarks refuses leftover words in comments and documents: what is left to do
// is an issue, not a comment.
func checkMarks(t *Tree, report reporter) {
	for _, f := range t.Files {
		for _, group := range f.AST.Comments {
			for _, c := range group.List {
				if word := leftover.FindString(c.Text); word != "" {
					report(f.Path, t.line(c.Pos()), "%s is left over: do it or open an issue", word)
				}
			}
		}
	}
	for file, text := range t.Texts {
		number := 0
		for line := range strings.Lines(text) {
			number++
			if word := leftover.FindString(line); word != "" {
				report(file, number, "%s is left over: do it or open an issue", word)
			}
		}
	}
}
