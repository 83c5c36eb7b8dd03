package tidy

import (
	"fmt"
	"strings"
	"testing"
)

// sources are files by path.
type sources map[string]string

// check applies one rule to sources and compares all that it finds; want has one
// breach per line, without the rule's name.
func check(t *testing.T, name string, in sources, want string) {
	t.Helper()
	tree := Parse("switchd", in)
	if len(tree.broken) > 0 {
		t.Fatalf("%s", lines(tree.broken))
	}
	var got []string
	for _, v := range tree.Check() {
		if v.Rule == name {
			got = append(got, fmt.Sprintf("%s:%d: %s", v.Path, v.Line, v.Text))
		}
	}
	if g := strings.Join(got, "\n"); g != strings.TrimSpace(want) {
		t.Errorf("got:\n%s\nwant:\n%s", g, strings.TrimSpace(want))
	}
}

func TestLayer(t *testing.T) {
	check(t, "layer", sources{
		"switch/engine/a.go":       "package engine\nimport (\n_ \"switchd/switch/payment\"\n_ \"switchd/switch/ingress\"\n_ \"switchd/codec/frame\"\n)",
		"switch/payment/a.go":      "package payment\nimport _ \"switchd/ledger\"\nimport _ \"switchd/switch/journal\"",
		"switch/route/a.go":        "package route\nimport _ \"switchd/ledger\"",
		"switch/ingress/a.go":      "package ingress\nimport _ \"switchd/switch/engine\"\nimport _ \"switchd/session/gnetio\"\nimport _ \"switchd/switch/egress\"",
		"switch/simbank/a.go":      "package simbank\nimport _ \"switchd/switch/payment\"",
		"switch/simbank/a_test.go": "package simbank\nimport _ \"switchd/switch/payment\"",
		"ledger/a_test.go":         "package ledger\nimport _ \"switchd/cmd/switchd\"\nimport _ \"switchd/switch/tidy\"",
		"session/session.go":       "package session\nimport _ \"switchd/session/mtls\"",
		"switch/extra/a.go":        "package extra",
		"cmd/switchd/main.go":      "package main\nimport _ \"switchd/switch/engine\"\nimport _ \"switchd/session/gnetio\"\nimport _ \"switchd/switch/tidy\"",
	}, `
ledger/a_test.go:2: nothing imports cmd/switchd: move what is needed into a package of its own
ledger/a_test.go:3: nothing imports switch/tidy: move what is needed into a package of its own
session/session.go:2: session may not import session/mtls: pass what is needed in as a value, a function or an interface
switch/engine/a.go:4: switch/engine may not import switch/ingress: pass what is needed in as a value, a function or an interface
switch/engine/a.go:5: switch/engine may not import codec/frame: pass what is needed in as a value, a function or an interface
switch/extra/a.go:1: package switch/extra has no place in the import law: add it to the architecture page and to law.go
switch/ingress/a.go:4: switch/ingress may not import switch/egress: pass what is needed in as a value, a function or an interface
switch/payment/a.go:3: switch/payment may not import switch/journal: pass what is needed in as a value, a function or an interface
switch/route/a.go:2: switch/route may not import ledger: pass what is needed in as a value, a function or an interface
switch/simbank/a.go:2: switch/simbank may not import switch/payment: pass what is needed in as a value, a function or an interface
`)
}

func TestDependency(t *testing.T) {
	check(t, "dependency", sources{
		"session/gnetio/a.go":        "package gnetio\nimport _ \"github.com/panjf2000/gnet/v2\"\nimport _ \"github.com/prometheus/client_golang/prometheus\"",
		"switch/ingress/a.go":        "package ingress\nimport _ \"github.com/panjf2000/gnet/v2\"",
		"switch/journal/a.go":        "package journal\nimport _ \"github.com/cockroachdb/pebble/v2/vfs\"",
		"switch/engine/a.go":         "package engine\nimport _ \"github.com/cockroachdb/pebble/v2\"",
		"switch/config/a.go":         "package config\nimport _ \"github.com/goccy/go-yaml/ast\"",
		"switch/admin/a.go":          "package admin\nimport _ \"github.com/goccy/go-yaml\"",
		"switch/simbank/a.go":        "package simbank\nimport _ \"github.com/moov-io/iso8583\"",
		"codec/iso8583/a.go":         "package iso8583\nimport _ \"github.com/moov-io/iso8583/field\"",
		"codec/iso8583/a_test.go":    "package iso8583\nimport _ \"github.com/moov-io/iso8583\"\nimport _ \"github.com/cockroachdb/datadriven\"",
		"cmd/switchd/serve/serve.go": "package serve\nimport _ \"github.com/spf13/cobra\"",
		"switch/bench/a.go":          "package bench\nimport _ \"github.com/spf13/cobra\"",
		"switch/payment/a.go":        "package payment\nimport _ \"github.com/prometheus/client_golang/prometheus\"\nimport _ \"encoding/json\"",
		"switch/vault/a.go":          "package vault\nimport _ \"golang.org/x/sync/errgroup\"",
	}, `
codec/iso8583/a.go:2: github.com/moov-io/iso8583/field may not be imported here: it is the second opinion and must not become the first
switch/admin/a.go:2: github.com/goccy/go-yaml may not be imported here: YAML is read in one place and printed in one
switch/bench/a.go:2: github.com/spf13/cobra may not be imported here: the command line belongs to the command
switch/engine/a.go:2: github.com/cockroachdb/pebble/v2 may not be imported here: storage is reached through journal and state
switch/ingress/a.go:2: github.com/panjf2000/gnet/v2 may not be imported here: the event loop has one user
switch/payment/a.go:2: github.com/prometheus/client_golang/prometheus may not be imported here: pure packages keep no metrics
switch/vault/a.go:2: golang.org/x/sync/errgroup may not be imported here: goroutines are started by the command
`)
}

func TestPurityOfImports(t *testing.T) {
	var text, want strings.Builder
	text.WriteString("package frame\n")
	for i, pkg := range []string{"os", "os/exec", "net", "net/http", "sync", "sync/atomic", "context", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand"} {
		fmt.Fprintf(&text, "import _ %q\n", pkg)
		fmt.Fprintf(&want, "codec/frame/a.go:%d: a pure package may not import %s: hand the value in\n", i+2, pkg)
	}
	text.WriteString("import _ \"embed\"\nimport _ \"encoding/json\"\nimport _ \"slices\"\nimport _ \"time\"\n")
	in := sources{
		"codec/frame/a.go":      text.String(),
		"codec/frame/a_test.go": "package frame\nimport _ \"os\"",
		"session/mtls/a.go":     "package mtls\nimport _ \"net\"",
		"session/a.go":          "package session\nimport . \"strings\"",
	}
	want.WriteString("session/a.go:2: a dot import hides what is used: name the package\n")
	check(t, "purity", in, want.String())
}

func TestPurityOfTime(t *testing.T) {
	check(t, "purity", sources{
		"session/a.go": `package session
import clock "time"
var a clock.Duration = 3 * clock.Second
const m = clock.January
var b = clock.Now
var c = clock.Unix(0, 1)
var d = clock.NewTimer
func f(t clock.Time) clock.Month { return t.Month() }
`,
		"session/gnetio/a.go": "package gnetio\nimport \"time\"\nvar t = time.NewTimer",
	}, `
session/a.go:5: time.Now is not a type or constant of time: take the time as an argument
session/a.go:6: time.Unix is not a type or constant of time: take the time as an argument
session/a.go:7: time.NewTimer is not a type or constant of time: take the time as an argument
`)
}

func TestPurityOfSyntax(t *testing.T) {
	check(t, "purity", sources{
		"switch/payment/a.go": `package payment
import ("math"; "strconv")
func f(c chan int) {
	go f(nil)
	c <- 1
	<-c
	select {}
	var x float64
	y := 0.5
	z := 1i
	_ = math.MaxInt64
	_ = math.Sqrt(2)
	_, _ = strconv.ParseFloat("1", 64)
	for range c {}
	_, _, _ = x, y, z
}
`,
		"switch/engine/a.go": "package engine\nfunc f(c chan float64) { go f(c) }",
	}, `
switch/payment/a.go:3: a pure package uses no channel: return an effect
switch/payment/a.go:4: a pure package starts no goroutine: return an effect
switch/payment/a.go:5: a pure package uses no channel: return an effect
switch/payment/a.go:6: a pure package uses no channel: return an effect
switch/payment/a.go:7: a pure package uses no channel: return an effect
switch/payment/a.go:8: a pure package uses no float: use int64 in minor units or nanoseconds
switch/payment/a.go:9: a pure package uses no float: write an integer in minor units or nanoseconds
switch/payment/a.go:10: a pure package uses no float: write an integer in minor units or nanoseconds
switch/payment/a.go:12: math.Sqrt is about floats: use integers
switch/payment/a.go:13: strconv.ParseFloat makes a float: use integers
`)
}

func TestUnordered(t *testing.T) {
	check(t, "unordered", sources{
		"switch/route/table.go": `package route
// Index is a map under another name.
type Index map[string][]int
// Table has one.
type Table struct { Index Index; List []int }
// All returns one.
func (t *Table) All() map[int]int { return nil }
`,
		"ledger/a.go": `package ledger
import ("maps"; "slices"; "switchd/switch/route")
func f(t *route.Table, m map[int]map[int]int) {
	for range t.Index {}
	for range t.List {}
	for range t.All() {}
	for _, in := range m { for range in {} }
	local := make(map[string]bool)
	for k := range local { _ = k }
	for range slices.Sorted(maps.Keys(local)) {}
	for range maps.Keys(local) {}
	_ = slices.Collect(maps.Values(m))
	_ = slices.SortedFunc(maps.Values(m), nil)
	//tidy:unordered a sum has no order
	for range m {}
	for range m {} //tidy:unordered counts only
	//tidy:unordered
	for range m {}
	//tidy:unordered nothing here
	for range 3 {}
}
func g[M ~map[int]int](m M, s []map[int]int) {
	for range s {}
	for range s[0] {}
}
`,
		"switch/engine/a.go": "package engine\nfunc f(m map[int]int) { for range m {} }",
	}, `
ledger/a.go:4: range over a map has no order: sort the keys first, or write //tidy:unordered <reason> above
ledger/a.go:6: range over a map has no order: sort the keys first, or write //tidy:unordered <reason> above
ledger/a.go:7: range over a map has no order: sort the keys first, or write //tidy:unordered <reason> above
ledger/a.go:9: range over a map has no order: sort the keys first, or write //tidy:unordered <reason> above
ledger/a.go:11: maps.Keys has no order: sort the keys first, or write //tidy:unordered <reason> above
ledger/a.go:12: maps.Values has no order: sort the keys first, or write //tidy:unordered <reason> above
ledger/a.go:13: maps.Values has no order: sort the keys first, or write //tidy:unordered <reason> above
ledger/a.go:17: say why the order does not matter: //tidy:unordered <reason>
ledger/a.go:19: this mark allows nothing: remove it
ledger/a.go:24: range over a map has no order: sort the keys first, or write //tidy:unordered <reason> above
`)
}

func TestClock(t *testing.T) {
	const text = "package %s\nimport \"time\"\nvar a, b, c, d = time.Now, time.Since, time.Until, time.NewTimer\n"
	check(t, "clock", sources{
		"cmd/switchd/wire.go":     fmt.Sprintf(text, "main"),
		"cmd/switchd/run.go":      fmt.Sprintf(text, "main"),
		"switch/admin/a_test.go":  fmt.Sprintf(text, "admin"),
		"switch/engine/engine.go": "package engine\nimport \"time\"\nvar t = time.Unix(0, 1)",
	}, `
cmd/switchd/run.go:3: time.Now is for cmd/switchd/wire.go only: take a Clock or a stamp
cmd/switchd/run.go:3: time.Since is for cmd/switchd/wire.go only: take a Clock or a stamp
cmd/switchd/run.go:3: time.Until is for cmd/switchd/wire.go only: take a Clock or a stamp
`)
}

func TestChance(t *testing.T) {
	check(t, "chance", sources{
		"switch/simbank/a.go":      "package simbank\nimport _ \"math/rand\"",
		"switch/simbank/b.go":      "package simbank\nimport _ \"math/rand/v2\"",
		"switch/simbank/a_test.go": "package simbank\nimport _ \"math/rand\"",
	}, "switch/simbank/a.go:2: math/rand is seeded by nobody: use math/rand/v2 with a source that is handed in")
}

func TestSizeOfFiles(t *testing.T) {
	of := func(lines int) string { return "package ledger\n" + strings.Repeat("\n", lines-1) }
	check(t, "size", sources{
		"ledger/fits.go":      of(fileLinesMax),
		"ledger/long.go":      of(fileLinesMax + 1),
		"ledger/fits_test.go": of(2 * fileLinesMax),
		"ledger/long_test.go": of(2*fileLinesMax + 1),
		"ledger/tables.go":    "// Code generated by a tool. DO NOT EDIT.\n" + of(9*fileLinesMax),
	}, `
ledger/long.go:501: the file has 501 lines of 500: move one behaviour into a file of its own
ledger/long_test.go:1001: the file has 1001 lines of 1000: move one behaviour into a file of its own
`)
}

func TestSizeOfFunctions(t *testing.T) {
	of := func(lines int) string {
		return "package ledger\n\n// A comment does not count.\nfunc (b *Book) f() {" + strings.Repeat("\n", lines-1) + "}\n"
	}
	check(t, "size", sources{
		"ledger/fits.go":      of(funcLinesMax),
		"ledger/long.go":      of(funcLinesMax + 1),
		"ledger/fits_test.go": of(2 * funcLinesMax),
		"ledger/long_test.go": of(2*funcLinesMax + 1),
	}, `
ledger/long.go:4: function f has 71 lines of 70: give its steps names
ledger/long_test.go:4: function f has 141 lines of 140: give its steps names
`)
}

func TestSizeOfDecisions(t *testing.T) {
	of := func(ifs int) string {
		return `package ledger
func f(a, b bool, x any, c chan int) {
	if a && b || a { } else if b { }
	for range 3 { for a { } }
	switch { case a, b: case b: default: }
	switch x.(type) { case int: }
	select { case <-c: default: }
	func() { ` + strings.Repeat("if a {};", ifs) + ` }()
}
`
	}
	check(t, "size", sources{ // 1 + 2 ifs + 2 operators + 2 loops + 3 cases + 1 comm = 11
		"ledger/fits.go":      of(complexityMax - 11),
		"ledger/tangled.go":   of(complexityMax - 10),
		"ledger/more_test.go": of(2*complexityMax - 10),
	}, `
ledger/more_test.go:2: function f has complexity 31 of 30: use a table, a guard or a smaller function
ledger/tangled.go:2: function f has complexity 16 of 15: use a table, a guard or a smaller function
`)
}

func TestName(t *testing.T) {
	check(t, "name", sources{
		"switch/util/a.go":       "package util",
		"switch/helpers/a.go":    "package assist",
		"ledger/book_2.go":       "package ledger",
		"ledger/book_3_test.go":  "package ledger_test",
		"ledger/iso8583.go":      "package books",
		"cmd/switchd/main.go":    "package main",
		"codec/iso8583/iso87.go": "package iso8583",
	}, `
ledger/book_2.go:1: a file is named after its behaviour, not numbered
ledger/book_3_test.go:1: a file is named after its behaviour, not numbered
ledger/iso8583.go:1: package books lives in folder ledger: give both one name
switch/helpers/a.go:1: "helpers" says nothing about what the package does: name it after its noun
switch/helpers/a.go:1: package assist lives in folder helpers: give both one name
switch/util/a.go:1: "util" says nothing about what the package does: name it after its noun
`)
}

func TestDoc(t *testing.T) {
	check(t, "doc", sources{
		"ledger/doc.go":       "// Package ledger keeps books.\n// It is pure.\n// It never rounds.\npackage ledger",
		"ledger/book.go":      "package ledger",
		"switch/route/doc.go": "// Package route is short.\npackage route",
		"switch/vault/doc.go": "package vault",
		"session/b.go":        "package session",
		"session/a_test.go":   "package session",
		"cmd/switchd/main.go": "package main",
	}, `
cmd/switchd/main.go:1: package cmd/switchd has no doc.go: say what it promises, who calls it and what it never does
session/a_test.go:1: package session has no doc.go: say what it promises, who calls it and what it never does
switch/route/doc.go:2: the package comment has 1 lines: say what it promises, who calls it and what it never does (3 at least)
switch/vault/doc.go:1: the package comment has 0 lines: say what it promises, who calls it and what it never does (3 at least)
`)
}

func TestComment(t *testing.T) {
	check(t, "comment", sources{
		"ledger/a.go": `package ledger
type Book struct{}
// Post is said.
func (b *Book) Post() {}
func (b *Book) Void() {}
func (b Book[T]) Reserve() {}
func (b *book) Hidden() {}
func New() {}
func internal() {}
// Limits of all kinds.
const ( A = 1; B = 2 )
const (
	C = 1 // C is said.
	D = 2
	e = 3
)
var F, g = 1, 2
//go:noinline
func H() {}
type (
	// I is said.
	I int
	J int
)
`,
		"ledger/a_test.go":    "package ledger\nfunc Helper() {}",
		"cmd/switchd/main.go": "package main\nfunc Main() {}",
	}, `
ledger/a.go:2: Book is exported: say in a sentence what it is for
ledger/a.go:5: Void is exported: say in a sentence what it is for
ledger/a.go:6: Reserve is exported: say in a sentence what it is for
ledger/a.go:8: New is exported: say in a sentence what it is for
ledger/a.go:14: D is exported: say in a sentence what it is for
ledger/a.go:17: F is exported: say in a sentence what it is for
ledger/a.go:19: H is exported: say in a sentence what it is for
ledger/a.go:23: J is exported: say in a sentence what it is for
`)
}

func TestMark(t *testing.T) {
	word := func(a, b string) string { return a + b }
	check(t, "mark", sources{
		"ledger/a.go":      "package ledger\n// " + word("TO", "DO") + ": later\nvar s = \"masked as " + word("XX", "X") + "\"\n/* " + word("FIX", "ME") + " */\n",
		"ledger/a_test.go": "package ledger\n// a " + word("HA", "CK") + "\n// a todo list, a hackle\n",
		"README.md":        "one\ntwo " + word("TO", "DO") + "\n",
		"Makefile":         "# " + word("XX", "XX") + " is a mask\n",
	}, `
README.md:2: `+word("TO", "DO")+` is left over: do it or open an issue
ledger/a.go:2: `+word("TO", "DO")+` is left over: do it or open an issue
ledger/a.go:4: `+word("FIX", "ME")+` is left over: do it or open an issue
ledger/a_test.go:2: `+word("HA", "CK")+` is left over: do it or open an issue
`)
}

func TestSecret(t *testing.T) {
	const fields = `
type Open struct {
	PIN        []byte
	pinBlock   string
	ZPKKey     *[]byte
	Track2     [40]byte
	keys       map[string][]byte
	PANs       []string
	Inner      struct{ Key string }
	Key        KeyRef
	Pinned     string
	Keyboard   []byte
	KeyKind    byte
	SpinCount  string
	Tracking   []byte
	Pin, Other Secret
}
type Ask func(key string) struct{ PIN string }
type shut struct{ PIN string }
`
	check(t, "secret", sources{
		"hsm/soft/a.go":       "package soft" + fields,
		"hsm/soft/a_test.go":  "package soft" + fields,
		"switch/payment/a.go": "package payment" + fields,
		"codec/iso8583/a.go":  "package iso8583\ntype Track struct { PAN []byte; Key []byte }",
	}, secretBreaches)
}

const secretBreaches = `
codec/iso8583/a.go:2: codec/iso8583.Track.Key looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go
hsm/soft/a.go:3: hsm/soft.Open.PIN looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go
hsm/soft/a.go:4: hsm/soft.Open.pinBlock looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go
hsm/soft/a.go:5: hsm/soft.Open.ZPKKey looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go
hsm/soft/a.go:6: hsm/soft.Open.Track2 looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go
hsm/soft/a.go:7: hsm/soft.Open.keys looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go
hsm/soft/a.go:8: hsm/soft.Open.PANs looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go
hsm/soft/a.go:9: hsm/soft.Open.Key looks like a secret and would print: give it hsm.Secret or a type that masks itself, or a row with the reason in secret.go
`

// TestSecretExceptions: each exception is a field that there is, and has a reason.
func TestSecretExceptions(t *testing.T) {
	root, err := FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	tree.secretFields(func(_ *File, name string, _ int) { there[name] = true })
	for name, why := range plainFields {
		if !there[name] || why == "" {
			t.Errorf("%s is no such field any more, or has no reason: remove the row", name)
		}
	}
}

// TestEveryRuleIsTested keeps this file complete: a rule that never fires in a
// test may never fire at all.
func TestEveryRuleIsTested(t *testing.T) {
	tested := " layer dependency purity unordered clock chance size name doc comment mark secret event "
	for _, r := range rules {
		if !strings.Contains(tested, " "+r.name+" ") {
			t.Errorf("rule %s has no test", r.name)
		}
	}
}

func TestEvents(t *testing.T) {
	check(t, "event", sources{
		"switch/engine/a.go": `package engine
func f() {
	e.o.Logger.Warn("breaker", "event", "breaker.turned", "class", "credit")
	log.With("event", "journal.replayed").Info("replayed", more...)
	log.Log(ctx, level, "load", "event", "load.changed")
	log.InfoContext(ctx, "ready", "event", "journal.replayed")
	log.Info("nothing")
	log.Info("what is not in the table", "event", "engine.sings")
	log.Info("not a literal", "event", id)
	log.Error("at another level", "event", "breaker.turned")
	log.With("a", "b").Error("breaker")
	t.Log("no log", "of ours")
	http.Error(w, err.Error(), 500)
	s.log = log
}
`,
		"session/gnetio/a.go":     "package gnetio\nfunc f() { s.opt.Log.Warn(\"x\", \"event\", \"breaker.turned\") }",
		"switch/simbank/a.go":     "package simbank\nfunc f() { log.Warn(\"x\") }",
		"switch/engine/a_test.go": "package engine\nfunc f() { log.Warn(\"x\") }",
	}, `
switch/engine/a.go:3: breaker.turned is written by session/gnetio too: an event has one package
switch/engine/a.go:7: a log line names its event: write "event", "area.what" after the message and give it a row in switch/logline/table.go (now "")
switch/engine/a.go:8: a log line names its event: write "event", "area.what" after the message and give it a row in switch/logline/table.go (now "engine.sings")
switch/engine/a.go:9: a log line names its event: write "event", "area.what" after the message and give it a row in switch/logline/table.go (now "")
switch/engine/a.go:10: breaker.turned is written at level ERROR, and its row says WARN
switch/engine/a.go:11: a log line names its event: write "event", "area.what" after the message and give it a row in switch/logline/table.go (now "")
`)
}
