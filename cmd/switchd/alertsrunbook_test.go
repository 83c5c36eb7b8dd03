package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"switchd/switch/alert"
)

var (
	codeBlock  = regexp.MustCompile("(?s)```[a-z]*\n(.*?)```")
	inlineCode = regexp.MustCompile("`(switchd [^`]+)`")
	wordOfLine = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
)

// TestRunbooks: every alert has a page that names it with its severity, every page is of
// an alert, and is on the list of all.
func TestRunbooks(t *testing.T) {
	list, err := os.ReadFile("../../docs/runbooks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string][]alert.Rule{}
	for _, r := range alert.Rules() {
		wanted[r.Runbook] = append(wanted[r.Runbook], r)
	}
	for name, rules := range wanted {
		text, err := os.ReadFile("../../docs/runbooks/" + name + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		for _, part := range []string{"\n**What it means.** ", "\n**Us or a bank?** ", "\n## Look\n", "\n## Do\n", "\n## Over\n"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s.md has no %q", name, part)
			}
		}
		if !strings.Contains(string(list), "]("+name+".md)") {
			t.Errorf("%s.md is not on the list", name)
		}
		named := regexp.MustCompile("`(Switchd\\w+)` \\((\\w+)").FindAllStringSubmatch(strings.ReplaceAll(string(text), "\n", " "), -1)
		for _, r := range rules {
			if !slices.ContainsFunc(named, func(n []string) bool { return n[1] == r.Name && n[2] == string(r.Severity) }) {
				t.Errorf("%s.md does not name %s (%s)", name, r.Name, r.Severity)
			}
		}
	}
	files, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".md"); name != "README" && wanted[name] == nil {
			t.Errorf("%s.md is of no alert", name)
		}
	}
}

// TestCommandsOfOperatorsBooks: every command line in runbooks, in the operator's day and
// in what alerts say first is one that the command understands.
func TestCommandsOfOperatorsBooks(t *testing.T) {
	files, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../docs/operating.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandLines(string(text)) {
			if err := understood(line); err != "" {
				t.Errorf("%s: %s: %s", filepath.Base(file), line, err)
			}
		}
	}
	for _, r := range alert.Rules() {
		for _, line := range commandLines(r.Todo) {
			if err := understood(line); err != "" {
				t.Errorf("%s: %s: %s", r.Name, line, err)
			}
		}
	}
}

// commandLines are the calls of switchd in a text of Markdown.
func commandLines(text string) []string {
	var all []string
	for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "switchd ") {
				all = append(all, line)
			}
		}
	}
	for _, code := range inlineCode.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		all = append(all, strings.Join(strings.Fields(code[1]), " "))
	}
	return all
}

// understood says what the command does not understand of a line; empty: nothing.
func understood(line string) string {
	line, _, _ = strings.Cut(line, " | ")
	var words []string
	for _, w := range wordOfLine.FindAllString(line, -1) {
		words = append(words, strings.Trim(w, `'"`))
	}
	c, rest, err := newRoot().Find(words[1:])
	switch {
	case err != nil:
		return err.Error()
	case c.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-"):
		return "no such command"
	}
	if err := c.ParseFlags(rest); err != nil {
		return err.Error()
	}
	// A line in a sentence may leave out what it is about; one that says it says it right.
	if args := c.Flags().Args(); len(args) > 0 {
		if err := c.ValidateArgs(args); err != nil {
			return err.Error()
		}
	}
	return ""
}
