package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// figures are reports of a good run.
func figures() reports {
	all := reports{}
	for _, st := range (&settings{dir: "D", fill: 1_000_000}).steps() {
		all[st.name] = report{"valid": true, "rate": 20_000.0, "cpu_us_per_payment": 40.0, "p99_ms": 10.0, "p999_ms": 20.0, "max_ms": 60.0, "stall_max_ms_own": 40.0,
			"surge": map[string]any{"kept": 19_000.0, "unanswered": 0.0, "back_to_normal_s": 1.0}, "kill": map[string]any{"ready_s": 1.5, "books_balanced": true}}
	}
	return all
}

// TestBudgets: each budget is held by good figures, missed by a bad one, and missed when
// it was not measured.
func TestBudgets(t *testing.T) {
	text, err := figures().text()
	if err != nil || strings.Contains(text, "| missed |") || strings.Count(text, "| held |") != len(figures().goals()) {
		t.Fatalf("%v in\n%s", err, text)
	}
	for _, c := range []struct {
		step string
		bad  func(report)
	}{
		{"knee", func(r report) { r["rate"] = 19_000.0 }},
		{"iso20022", func(r report) { r["cpu_us_per_payment"] = 76.0 }},
		{"latency", func(r report) { r["max_ms"] = 101.0 }},
		{"surge", func(r report) {
			r["surge"] = map[string]any{"kept": 17_000.0, "unanswered": 0.0, "back_to_normal_s": 1.0}
		}},
		{"surge", func(r report) {
			r["surge"] = map[string]any{"kept": 19_000.0, "unanswered": 1.0, "back_to_normal_s": 1.0}
		}},
		{"pinmac-aes", func(r report) { r["valid"], r["reasons"] = false, []any{"too slow"} }},
		{"kill", func(r report) { r["kill"] = map[string]any{"ready_s": 1.5, "books_balanced": false} }},
		{"store-0-large", func(r report) { r["cpu_us_per_payment"] = 50.0 }},
		{"accounts-1-small", func(r report) { r["valid"] = false }},
	} {
		all := figures()
		c.bad(all[c.step])
		if text, _ := all.text(); strings.Count(text, "| missed") != 1 {
			t.Errorf("%s: %d budgets are missed", c.step, strings.Count(text, "| missed"))
		}
	}
	all := figures()
	all["kill"] = nil
	if text, _ := all.text(); strings.Count(text, "not measured") < 2 || strings.Count(text, "| missed") != 2 {
		t.Errorf("without the kill:\n%s", text)
	}
	if _, err := (reports{}).text(); err == nil {
		t.Error("nothing is measured, and there is a page")
	}
	if v := (report{"a": map[string]any{"b": "x"}}).at("a", "b"); !math.IsNaN(v) {
		t.Errorf("a word is the figure %g", v)
	}
}

// TestPage: the figures stand between the marks, once, and a page without a place for
// them is left alone.
func TestPage(t *testing.T) {
	s := settings{page: filepath.Join(t.TempDir(), "page.md")}
	if err := os.WriteFile(s.page, []byte("above\n"+beginMark+"old\n"+endMark+"below\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.put("new\n"); err != nil {
			t.Fatal(err)
		}
	}
	if text, _ := os.ReadFile(s.page); string(text) != "above\n"+beginMark+"new\n"+endMark+"below\n" {
		t.Errorf("%q", text)
	}
	if err := os.WriteFile(s.page, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.put("new\n"); err == nil {
		t.Error("written into a page without a place")
	}
	if page, err := os.ReadFile("../../docs/performance.md"); err != nil || strings.Count(string(page), beginMark) != 1 || strings.Count(string(page), endMark) != 1 {
		t.Errorf("docs/performance.md has no place for the figures: %v", err)
	}
}
