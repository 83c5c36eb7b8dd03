package tidy

import (
	"go/ast"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"switchd/switch/logline"
)

// otherLogs are folders whose lines are not a switch's own: simulated participants,
// a simulated module, the simulation.
var otherLogs = []string{"switch/simbank", "switch/sim", "hsm/payshieldsim"}

// loggerName is how a value of slog.Logger is called.
var loggerName = regexp.MustCompile(`(?i)^(.*log|.*logger)$`)

// checkEvents holds the table of kinds of log lines: every call of a logger names a
// row of it, at its level, every row is written by one package, and all are written.
func checkEvents(t *Tree, report reporter) {
	l := &logLines{t, report, map[string]logline.Event{}, map[string]string{}, map[string]bool{}}
	for _, e := range logline.Events() {
		l.rows[e.ID] = e
	}
	whole := false
	for _, f := range t.Files {
		switch {
		case f.Path == eventTable:
			whole = true
		case !f.Test && !under(f.Dir, otherLogs...):
			l.look(f)
		}
	}
	for id := range l.rows {
		if whole && !l.written[id] {
			report(eventTable, 1, "nobody writes %s", id)
		}
	}
}

// eventTable is the file of the table.
const eventTable = "switch/logline/table.go"

// logLines is what was found about the lines of a tree.
type logLines struct {
	tree    *Tree
	report  reporter
	rows    map[string]logline.Event
	by      map[string]string // which folder writes an event
	written map[string]bool   // the events that stand in the code
}

// look goes through a file.
func (l *logLines) look(f *File) {
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if id, ok := text(n); ok {
			l.written[id] = true
		}
		if call, ok := n.(*ast.CallExpr); ok {
			if level, args, ok := logCall(call); ok {
				l.judge(f, l.tree.line(call.Pos()), level, eventOf(call, args))
			}
		}
		return true
	})
}

// judge looks at one line of a log.
func (l *logLines) judge(f *File, line int, level, id string) {
	row, known := l.rows[id]
	switch other := l.by[id]; {
	case !known:
		l.report(f.Path, line, "a log line names its event: write \"event\", \"area.what\" after the message and give it a row in %s (now %q)", eventTable, id)
	case level != "" && level != row.Level.String():
		l.report(f.Path, line, "%s is written at level %s, and its row says %s", id, level, row.Level)
	case other != "" && other != f.Dir:
		l.report(f.Path, line, "%s is written by %s too: an event has one package", id, other)
	}
	l.by[id] = f.Dir
}

// logCall says whether a call writes a line by slog: at which level ("" for Log) and
// with which arguments after the message. A type check would know it better, and take
// a hundred times as long.
func logCall(call *ast.CallExpr) (level string, args []ast.Expr, ok bool) {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !loggerName.MatchString(nameOf(fun.X)) {
		return "", nil, false
	}
	skip := 1
	switch name := strings.TrimSuffix(fun.Sel.Name, "Context"); name {
	case "Debug", "Info", "Warn", "Error":
		level = strings.ToUpper(name)
		if name != fun.Sel.Name {
			skip = 2
		}
	case "Log", "LogAttrs":
		skip = 3
	default:
		return "", nil, false
	}
	if len(call.Args) < skip {
		return "", nil, false
	}
	return level, call.Args[skip:], true
}

// nameOf is the last name of an expression; of a With, that of what it is called on.
func nameOf(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.CallExpr:
		if s, ok := x.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "With" {
			return nameOf(s.X)
		}
		return nameOf(x.Fun)
	}
	return ""
}

// eventOf is the literal after "event": of the call, or of a With that it is made on.
func eventOf(call *ast.CallExpr, args []ast.Expr) string {
	if s, ok := call.Fun.(*ast.SelectorExpr); ok {
		if with, ok := s.X.(*ast.CallExpr); ok {
			args = slices.Concat(with.Args, args)
		}
	}
	for i := range len(args) - 1 {
		if key, ok := text(args[i]); ok && key == logline.Key {
			id, _ := text(args[i+1])
			return id
		}
	}
	return ""
}

// text is the value of a literal text.
func text(n ast.Node) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || !strings.HasPrefix(lit.Value, `"`) {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
