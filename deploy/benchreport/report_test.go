package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// figures are reports of a good run.
func figures() reports {
	all := reports{}
	for _, st := range (&settings{dir: "D", fill: 1_000_000, free: -1}).steps() {
		all[st.name] = report{"valid": true, "rate": 20_000.0, "cpu_us_per_payment": 40.0, "p99_ms": 10.0, "p999_ms": 20.0, "max_ms": 60.0, "stall_max_ms_own": 40.0,
			"surge": surgeOf(19_000, 60_000, 0), "kill": map[string]any{"ready_s": 1.5, "books_balanced": true}}
	}
	return all
}

// surgeOf is a surge at three times a knee of 20,000 payments a second.
func surgeOf(kept, sent, unanswered float64) map[string]any {
	return map[string]any{"rate": 60_000.0, "sent_per_s": sent, "kept": kept, "unanswered": unanswered, "back_to_normal_s": 1.0}
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
			r["surge"] = surgeOf(17_000, 60_000, 0)
		}},
		{"surge", func(r report) {
			r["surge"] = surgeOf(19_000, 60_000, 1)
		}},
		{"surge", func(r report) { // half of it never left the generator
			r["surge"] = surgeOf(19_000, 56_000, 0)
		}},
		{"surge", func(r report) {
			r["surge"] = map[string]any{"kept": 19_000.0, "unanswered": 0.0, "back_to_normal_s": 1.0}
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

// TestSurgeSent: a surge that did not leave the generator shows nothing, and the page says
// how large it was.
func TestSurgeSent(t *testing.T) {
	for sent, want := range map[float64]string{57_000: "held", 56_900: "missed: only 2.85 times the knee was sent", 30_000: "missed: only 1.50 times the knee was sent", math.NaN(): "missed: how much was sent is not known"} {
		all := figures()
		all["surge"]["surge"] = surgeOf(19_000, sent, 0)
		g := all.surged()
		if got := all.verdict(&g); got != want {
			t.Errorf("%g sent: %s, want %s", sent, got, want)
		}
	}
}

// TestFactors: what would bring more is what takes more.
func TestFactors(t *testing.T) {
	for want, c := range map[string][2]float64{
		"machine of its own is the first factor": {0.8, 1.0}, "its own CPU is the first factor": {1.0, 0.8},
		"0.80 cores are left": {0.7, 0.5}, "a figure is missing": {0.7, math.NaN()},
	} {
		if got := strings.ReplaceAll(factors(c[0], c[1], 2), "\n", " "); !strings.Contains(got, want) {
			t.Errorf("the switch keeps %g cores busy, the generator %g: %s", c[0], c[1], got)
		}
	}
}

// TestLimits: what is measured in memory says nothing of the disk.
func TestLimits(t *testing.T) {
	all := figures()
	for name, share := range map[string]float64{"plain": 0.11, "disk-plain": 0.44} {
		all[name]["limits"] = map[string]any{"cpu_times": 2.0, "cpu_us_per_payment": 20.0, "share_of_fsync": share}
	}
	all["raw"], all["disk-raw"] = report{"fsync": []any{map[string]any{"p50_ms": 0.01}}}, report{"fsync": []any{map[string]any{"p50_ms": 0.5, "max_ms": 7.0}}}
	text, _ := all.text()
	for _, want := range []string{"In memory, at 20000 a second, a payment took 2.00 times the CPU of the limits alone (20.0 us); the rate was 11.0 %", "On the disk, at 20000 a second, a payment took 2.00 times the CPU of the limits alone (20.0 us); the rate was 44.0 %",
		"| `fsync.0.p50_ms` | 0.01 | 0.50 |", "| `fsync.0.max_ms` | not measured | 7.00 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, st := range (&settings{dir: "M", disk: "D", out: "O", free: -1}).steps() {
		args := st.args(reports{"knee": {"rate": 30_000.0}})
		at, limits := slices.Index(args, "--dir"), slices.Index(args, "--raw")
		onDisk := strings.HasPrefix(st.name, "disk-")
		if (args[at+1] == "D") != onDisk || limits >= 0 && (args[limits+1] == filepath.Join("O", "disk-raw.json")) != onDisk {
			t.Errorf("%s: %v", st.name, args)
		}
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
	// A page that shows a picture that is not there would be wrong.
	s.out = t.TempDir()
	if err := s.put("see (" + flameLink + ")\n"); err == nil {
		t.Error("a page with a picture that is missing was written")
	}
	if text, _ := os.ReadFile(s.page); strings.Contains(string(text), flameLink) {
		t.Errorf("%q", text)
	}
	if err := os.WriteFile(filepath.Join(s.out, flameFile), []byte("<svg/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.put("see (" + flameLink + ")\n"); err != nil {
		t.Error(err)
	}
	if picture, err := os.ReadFile(filepath.Join(filepath.Dir(s.page), flameLink)); string(picture) != "<svg/>" {
		t.Errorf("%v, %q", err, picture)
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
