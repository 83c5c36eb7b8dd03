package tidy

import (
	"go/ast"
	"go/token"
	"strings"
)

// pure are the packages whose functions give equal results for equal arguments,
// on every machine and every run.
var pure = []string{
	"codec/...", "session", "switch/payment", "switch/route", "switch/translate/...", "ledger/...", "switch/mutant",
}

// tools lie below pure packages and are programs that make their tables: they are
// run by go generate, never by the switch.
var tools = []string{"codec/iso20022/gen"}

// impureImports are standard packages that read or change the world, run things
// at the same time, or bring chance. A package below one of them is banned too.
var impureImports = []string{
	"os", "net", "sync", "context", "log", "math/rand", "crypto/rand", "syscall", "plugin", "unique", "weak",
}

// timeNames is what pure code may use of package time: types and constants.
const timeNames = " Duration Month Weekday Time Location " +
	"Nanosecond Microsecond Millisecond Second Minute Hour " +
	"January February March April May June July August September October November December " +
	"Sunday Monday Tuesday Wednesday Thursday Friday Saturday "

// checkPurity holds the purity law in the files of pure packages. Their tests
// may do what they like.
func checkPurity(t *Tree, report reporter) {
	for _, f := range t.Files {
		if f.Test || !under(f.Dir, pure...) || under(f.Dir, tools...) {
			continue
		}
		for pkg, line := range t.imports(f) {
			if impure(pkg) {
				report(f.Path, line, "a pure package may not import %s: hand the value in", pkg)
			}
		}
		t.uses(f, "time", func(name string, line int) {
			if !strings.Contains(timeNames, " "+name+" ") {
				report(f.Path, line, "time.%s is not a type or constant of time: take the time as an argument", name)
			}
		})
		t.uses(f, "strconv", func(name string, line int) {
			if strings.HasSuffix(name, "Float") {
				report(f.Path, line, "strconv.%s makes a float: use integers", name)
			}
		})
		t.uses(f, "math", func(name string, line int) {
			if !strings.HasPrefix(name, "MaxInt") && !strings.HasPrefix(name, "MaxUint") && !strings.HasPrefix(name, "MinInt") {
				report(f.Path, line, "math.%s is about floats: use integers", name)
			}
		})
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if what := impurity(n); what != "" {
				report(f.Path, t.line(n.Pos()), "%s", what)
			}
			return true
		})
	}
}

func impure(pkg string) bool {
	for _, banned := range impureImports {
		if pkg == banned || strings.HasPrefix(pkg, banned+"/") {
			return true
		}
	}
	return false
}

// impurity names what a piece of syntax does that a pure package may not do.
func impurity(n ast.Node) string {
	switch n := n.(type) {
	case *ast.ImportSpec:
		if n.Name != nil && n.Name.Name == "." {
			return "a dot import hides what is used: name the package"
		}
	case *ast.GoStmt:
		return "a pure package starts no goroutine: return an effect"
	case *ast.ChanType, *ast.SendStmt, *ast.SelectStmt:
		return "a pure package uses no channel: return an effect"
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "a pure package uses no channel: return an effect"
		}
	case *ast.BasicLit:
		if n.Kind == token.FLOAT || n.Kind == token.IMAG {
			return "a pure package uses no float: write an integer in minor units or nanoseconds"
		}
	case *ast.Ident:
		switch n.Name {
		case "float32", "float64", "complex64", "complex128":
			return "a pure package uses no float: use int64 in minor units or nanoseconds"
		}
	}
	return ""
}

// checkClock keeps reading the clock to one file, so that everything else can be
// run on made-up time. Since and Until read it too.
func checkClock(t *Tree, report reporter) {
	for _, f := range t.Files {
		if f.Test || f.Path == clockFile {
			continue
		}
		t.uses(f, "time", func(name string, line int) {
			if name == "Now" || name == "Since" || name == "Until" {
				report(f.Path, line, "time.%s is for %s only: take a Clock or a stamp", name, clockFile)
			}
		})
	}
}

// checkChance refuses the old math/rand, whose shared source cannot be seeded by
// its user.
func checkChance(t *Tree, report reporter) {
	for _, f := range t.Files {
		if line, there := t.imports(f)["math/rand"]; there && !f.Test {
			report(f.Path, line, "math/rand is seeded by nobody: use math/rand/v2 with a source that is handed in")
		}
	}
}
