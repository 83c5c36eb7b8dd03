package tidy

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"strings"
)

// unorderedMark allows one range over a map; a reason must follow. It stands on
// the line above the loop (or at its end).
const unorderedMark = "//tidy:unordered"

// checkUnordered finds what takes a map's entries in their random order in a pure
// package: range over a map, and the iterators of package maps unless they are
// sorted at once. Whether an expression is a map is asked of go/types, over our
// own packages only: a map cannot come into a pure package from elsewhere except
// through standard functions that return one, which pure code has no use for.
func checkUnordered(t *Tree, report reporter) {
	c := typeChecker{tree: t, done: map[string]*types.Package{}, info: types.Info{Types: map[ast.Expr]types.TypeAndValue{}}}
	for _, f := range t.Files {
		if !f.Test && under(f.Dir, pure...) {
			_, _ = c.Import(t.Module + "/" + f.Dir)
			c.file(f, report)
		}
	}
}

// typeChecker is an importer that reads packages from the tree. It forgives all
// errors: a type that it cannot find out is not a map of ours.
type typeChecker struct {
	tree *Tree
	done map[string]*types.Package
	info types.Info
}

// Import gives our own packages from the tree; others are unknown to it.
func (c *typeChecker) Import(pkg string) (*types.Package, error) {
	dir, ours := c.tree.folder(pkg)
	if !ours {
		return nil, errors.New("not ours")
	}
	if p, done := c.done[dir]; done {
		return p, nil // nil inside an import cycle, which the compiler refuses anyway
	}
	c.done[dir] = nil
	var files []*ast.File
	for _, f := range c.tree.Files {
		if f.Dir == dir && !f.Test {
			files = append(files, f.AST)
		}
	}
	config := types.Config{Importer: c, Error: func(error) {}, FakeImportC: true}
	p, _ := config.Check(pkg, c.tree.fset, files, &c.info)
	c.done[dir] = p
	return p, nil
}

func (c *typeChecker) file(f *File, report reporter) {
	allowed := c.marks(f)
	sorted := sortedCalls(f)
	visit := func(at token.Pos, what string) {
		line := c.tree.line(at)
		for _, above := range []int{line, line - 1} {
			if reason, marked := allowed[above]; marked {
				delete(allowed, above)
				if reason == "" {
					report(f.Path, above, "say why the order does not matter: %s <reason>", unorderedMark)
				}
				return
			}
		}
		report(f.Path, line, "%s has no order: sort the keys first, or write %s <reason> above", what, unorderedMark)
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			if c.isMap(n.X) {
				visit(n.Pos(), "range over a map")
			}
		case *ast.CallExpr:
			if name := mapsCall(f, n); name != "" && !sorted[n] {
				visit(n.Pos(), "maps."+name)
			}
		}
		return true
	})
	for line := range allowed {
		report(f.Path, line, "this mark allows nothing: remove it")
	}
}

func (c *typeChecker) isMap(x ast.Expr) bool {
	t := c.info.TypeOf(x)
	if t == nil {
		return false
	}
	_, isMap := t.Underlying().(*types.Map)
	return isMap
}

// marks are the lines with a mark, and the reasons.
func (c *typeChecker) marks(f *File) map[int]string {
	marks := map[int]string{}
	for _, group := range f.AST.Comments {
		for _, comment := range group.List {
			if reason, ok := strings.CutPrefix(comment.Text, unorderedMark); ok {
				marks[c.tree.line(comment.Pos())] = strings.TrimSpace(reason)
			}
		}
	}
	return marks
}

// mapsCall is the name of an iterator of package maps that is called, or "".
func mapsCall(f *File, call *ast.CallExpr) string {
	switch name := packageCall(f, call, "maps"); name {
	case "Keys", "Values", "All":
		return name
	}
	return ""
}

// sortedCalls are the iterators that go straight into a sort, as in
// slices.Sorted(maps.Keys(m)).
func sortedCalls(f *File) map[*ast.CallExpr]bool {
	sorted := map[*ast.CallExpr]bool{}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 || !strings.HasPrefix(packageCall(f, call, "slices"), "Sorted") {
			return true
		}
		if inner, ok := call.Args[0].(*ast.CallExpr); ok && mapsCall(f, inner) != "Values" {
			sorted[inner] = true
		}
		return true
	})
	return sorted
}

// packageCall is the name of the function of a package that is called, or "".
func packageCall(f *File, call *ast.CallExpr, pkg string) string {
	if s, ok := call.Fun.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok && x.Name == path.Base(pkg) && importName(f, pkg) == x.Name {
			return s.Sel.Name
		}
	}
	return ""
}
