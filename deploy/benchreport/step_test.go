package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
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
	st := step{name: "plain", args: func(reports) []string { return []string{"--x"} }}
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := func() { put(`{"valid":true,"commit":"old"}`) }
	for _, c := range []struct {
		name string
		set  func()
		want string
	}{
		{"first", func() {}, "new"},
		{"another version", old, "new"},
		{"nobody knows the version", func() { put(`{"valid":true}`) }, "new"},
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
	testOtherKnee(t, &s)
	for _, st := range s.steps() {
		if st.name == "kill" && st.args(reports{}) != nil {
			t.Error("a run at 70 % of no knee")
		}
		if st.name == "kill" && !strings.Contains(strings.Join(st.args(reports{"knee": {"rate": 30_000.0}}), " "), "--rate 21000") {
			t.Errorf("%v", st.args(reports{"knee": {"rate": 30_000.0}}))
		}
	}
}

// TestRoom: the long run is at 70 % of the knee where its folder has room for that, at what
// there is room for otherwise, and is not made where there is none; the page says which.
func TestRoom(t *testing.T) {
	for _, c := range []struct {
		free int64
		want string // of the arguments; empty: it is not made
		less bool
	}{
		{-1, "--rate 28000 ", false},
		{2<<30 + 600*28_000*1350, "--rate 28000 ", false},
		{2<<30 + 600*28_000*1350 - 1, "--rate 27000 ", true},
		{2<<30 + 600*12_500*1350, "--rate 12000 ", true},
		{2<<30 + 600*999*1350, "", false},
		{1 << 30, "", false},
	} {
		s := settings{long: 10 * time.Minute, free: c.free}
		all := s.steps()
		long := all[slices.IndexFunc(all, func(st step) bool { return st.name == "long" })]
		args := strings.Join(long.args(reports{"knee": {"rate": 40_000.0}}), " ")
		if (args == "") != (c.want == "") || !strings.Contains(args, c.want) {
			t.Errorf("%d bytes: %q, want %q", c.free, args, c.want)
		}
		if long.args(reports{}) != nil {
			t.Errorf("%d bytes: a run at a part of no knee", c.free)
		}
		var rate float64
		if _, err := fmt.Sscanf(strings.TrimSpace(c.want), "--rate %g", &rate); err != nil {
			continue
		}
		of := figures()
		of["knee"]["rate"], of["long"]["rate"] = 40_000.0, rate
		if text, err := of.text(); err != nil || strings.Contains(text, "of the knee, since") != c.less {
			t.Errorf("%d bytes: %v in\n%s", c.free, err, text)
		}
		budget := of.paused()
		if got := of.verdict(&budget); (got == "held") == c.less {
			t.Errorf("%d bytes: the budget at %g of 40000 a second is %s", c.free, rate, got)
		}
		// What was measured there counts for as long as there is no room for more.
		for knee, keeps := range map[float64]bool{40_000: true, 80_000: c.free >= 0, 1.4 * rate: false, math.NaN(): false} {
			if got := long.keeps(reports{"knee": {"rate": knee}}, report{"rate": rate}); got != keeps {
				t.Errorf("%d bytes: at a knee of %g a run at %g is kept: %t", c.free, knee, rate, got)
			}
		}
	}
}

// testOtherKnee: what lies at a part of the knee is kept as long as that is the knee.
func testOtherKnee(t *testing.T, s *settings) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.out, "kill.json"), []byte(`{"valid":true,"commit":"new","rate":21000,"kept":true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	kill := slices.IndexFunc(s.steps(), func(st step) bool { return st.name == "kill" })
	for _, c := range []struct {
		name string
		set  settings
		knee report
		kept bool // of what was measured before; otherwise it is measured again
		open bool // neither
	}{
		{"the same knee", settings{}, report{"rate": 30_000.0}, true, false},
		{"a part of a payment more", settings{}, report{"rate": 30_000.2}, true, false},
		{"another, others are asked for", settings{only: "plain"}, report{"rate": 31_000.0}, false, true},
		{"none", settings{keep: true}, nil, false, true},
		{"another", settings{keep: true}, report{"rate": 31_000.0}, false, false},
	} {
		c.set.bin, c.set.out, c.set.commit = s.bin, s.out, s.commit
		got, err := c.set.step(t.Context(), c.set.steps()[kill], reports{"knee": c.knee}, "")
		if err != nil || (got.at("kept") == 1) != c.kept || (got == nil) != c.open {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	knee := []string{"--spawn", findKnee, "--rate", "10000"}
	if !(report{"rate": 33_000.0}).fits(knee) || !(report{}).fits([]string{"raw"}) || (report{"rate": 5000.0}).fits([]string{"--rate", "10000"}) {
		t.Error("a knee is to be at the rate at which its search begins, or another run is not")
	}
}
