package tidy

import (
	"go/ast"
	"go/token"
	"strings"
)

// checkSize holds the limits on files and functions. Generated files are exempt:
// nobody reads them.
func checkSize(t *Tree, report reporter) {
	for _, f := range t.Files {
		if ast.IsGenerated(f.AST) {
			continue
		}
		factor := 1
		if f.Test {
			factor = testFactor
		}
		if n := strings.Count(f.Source, "\n"); n > factor*fileLinesMax {
			report(f.Path, factor*fileLinesMax+1, "the file has %d lines of %d: move one behaviour into a file of its own", n, factor*fileLinesMax)
		}
		for _, d := range f.AST.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			first, last := t.line(fn.Pos()), t.line(fn.End())
			if n := last - first + 1; n > factor*funcLinesMax {
				report(f.Path, first, "function %s has %d lines of %d: give its steps names", fn.Name.Name, n, factor*funcLinesMax)
			}
			if n := complexity(fn); n > factor*complexityMax {
				report(f.Path, first, "function %s has complexity %d of %d: use a table, a guard or a smaller function", fn.Name.Name, n, factor*complexityMax)
			}
		}
	}
}

// complexity is one plus the number of places where a function decides; those in
// function literals inside it count too.
func complexity(fn *ast.FuncDecl) int {
	n := 1
	ast.Inspect(fn, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if node.List != nil { // not default
				n++
			}
		case *ast.CommClause:
			if node.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if node.Op == token.LAND || node.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}
