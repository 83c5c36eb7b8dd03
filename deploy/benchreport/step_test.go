package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program makes a program that writes what REPORT says into the file of --json, and ends
// with a code.
func program(t *testing.T, report, code string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	script := "#!/bin/sh\nif [ \"$1\" = version ]; then echo '{\"commit\":\"new\"}'; exit 0; fi\n" +
		"while [ \"$1\" != --json ]; do shift; done\ncat > \"$2\" <<'E'\n" + report + "\nE\necho it said so\nexit " + code + "\n"
	if report == "" {
		script = "#!/bin/sh\necho it said so\nexit " + code + "\n"
	}
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestMeasure: the report of a run that came to its end is kept, valid or not; what
// anything else leaves is not.
func TestMeasure(t *testing.T) {
	for _, c := range []struct {
		report, code string
		kept         bool
	}{
		{`{"valid":true,"rate":1}`, "0", true},
		{`{"valid":false,"rate":1}`, "1", true},
		{`{"valid":true,"rate":1}`, "1", false},
		{`{"valid":`, "0", false},
		{"", "0", false},
		{"", "2", false},
	} {
		file := filepath.Join(t.TempDir(), "x.json")
		s := settings{bin: program(t, c.report, c.code)}
		got, err := s.measure(t.Context(), []string{"bench"}, file)
		if _, there := os.Stat(file); (err == nil) != c.kept || (there == nil) != c.kept || (got != nil) != c.kept && err == nil {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
		if left, _ := os.ReadDir(filepath.Dir(file)); len(left) > 1 || len(left) == 1 && !c.kept {
			t.Errorf("%+v: left %v", c, left)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s := settings{bin: program(t, `{"valid":true}`, "0")}
	if _, err := s.measure(ctx, []string{"bench"}, filepath.Join(t.TempDir(), "x.json")); err == nil {
		t.Error("a run that was broken off is kept")
	}
}

// TestStep: what another version has measured is measured again, unless it is to be
// kept; what has no knee to be measured at stays open.
func TestStep(t *testing.T) {
	s := settings{bin: program(t, `{"valid":true,"commit":"new"}`, "0"), out: t.TempDir(), commit: "new"}
	file := filepath.Join(s.out, "plain.json")
	st := step{"plain", func(reports) []string { return []string{"--x"} }}
	old := func() {
		t.Helper()
		if err := os.WriteFile(file, []byte(`{"valid":true,"commit":"old"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		set  func()
		want string
	}{
		{"first", func() {}, "new"},
		{"another version", old, "new"},
		{"kept", func() { old(); s.keep = true }, "old"},
		{"others only", func() { s.keep, s.only = false, "kill" }, "old"},
		{"this one", func() { s.only = "plain" }, "new"},
	} {
		c.set()
		if r, err := s.step(t.Context(), st, reports{}, ""); err != nil || r.text("commit") != c.want {
			t.Errorf("%s: %v, %v", c.name, r, err)
		}
	}
	s.only = ""
	for _, st := range s.steps() {
		if st.name == "kill" && st.args(reports{}) != nil {
			t.Error("a run at 70 % of no knee")
		}
		if st.name == "kill" && !strings.Contains(strings.Join(st.args(reports{"knee": {"rate": 30_000.0}}), " "), "--rate 21000") {
			t.Errorf("%v", st.args(reports{"knee": {"rate": 30_000.0}}))
		}
	}
}
