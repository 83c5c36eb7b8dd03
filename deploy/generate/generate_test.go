package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"switchd/switch/alert"
)

// TestFilesAreUpToDate: what is in the tree is what the tables make.
func TestFilesAreUpToDate(t *testing.T) {
	for name, want := range files() {
		if got, err := os.ReadFile(filepath.Join("..", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("deploy/%s is not what the tables make (%v): go run ./deploy/generate", name, err)
		}
	}
	for _, pattern := range []string{"prometheus/switchd.*.yml", "grafana/*.json"} {
		found, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			if name := filepath.ToSlash(file[len("../"):]); files()[name] == nil {
				t.Errorf("deploy/%s is not generated any more", name)
			}
		}
	}
}

// TestEveryAlertHasACaseOfEachKind that can fail: the firing one has to fire.
func TestEveryAlertHasACaseOfEachKind(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range cases() {
		if c.fires.at == "" || c.silent.at == "" || len(c.fires.series) == 0 || len(c.silent.series) == 0 {
			t.Errorf("%s: a case of nothing", c.rule)
		}
		seen[c.rule] = true
	}
	for _, r := range alert.Rules() {
		if seen[r.Name] != (r.Expr != "") {
			t.Errorf("%s: has an expression: %v, and cases: %v", r.Name, r.Expr != "", seen[r.Name])
		}
		delete(seen, r.Name)
	}
	for name := range seen {
		t.Errorf("%s: cases of an alert that is none", name)
	}
}

// TestRulesInPrometheus has promtool check all rules and try all cases: group by group,
// since it evaluates every rule of a file for every minute of every case.
func TestRulesInPrometheus(t *testing.T) {
	promtool(t, "check", "rules", filepath.Join("..", "prometheus", "switchd.rules.yml"))
	promtool(t, "check", "config", "--syntax-only", filepath.Join("..", "prometheus", "prometheus.example.yml"))
	for _, group := range alertGroups() {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			dir, groups := t.TempDir(), []string{group}
			write(t, dir, "rules.yml", rulesText(groups))
			args := []string{"test", "rules"}
			for _, u := range []suite{{"rules.yml", "1m", groups, false}, {"rules.yml", "30m", groups, true}} {
				if text := u.text(cases()); !strings.HasSuffix(text, "tests:\n") {
					args = append(args, write(t, dir, u.every+".yml", text))
				}
			}
			promtool(t, args...)
		})
	}
}

// TestQueriesInPrometheus has promtool parse every query of every dashboard.
func TestQueriesInPrometheus(t *testing.T) {
	var b strings.Builder
	b.WriteString("groups:\n  - name: queries\n    rules:\n")
	n := 0
	for _, d := range dashboards() {
		for _, q := range d.queries() {
			n++
			b.WriteString("      - record: query\n")
			exprText(&b, q)
		}
	}
	if n == 0 {
		t.Fatal("no dashboard asks anything")
	}
	promtool(t, "check", "rules", "--lint=none", write(t, t.TempDir(), "queries.yml", b.String()))
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool: install the package prometheus")
	}
	if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(slices.Clip(args), " "), err, out)
	}
}
