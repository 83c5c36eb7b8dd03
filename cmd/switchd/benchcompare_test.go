package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/switch/bench"
)

// reportFiles writes a report for each p99, bent, and gives the list of their files.
func reportFiles(t *testing.T, bend func(*bench.Report), p99 ...float64) string {
	t.Helper()
	dir, files := t.TempDir(), []string{}
	for i, v := range p99 {
		cpu := 40 + v/10
		r := &bench.Report{Valid: true, Rate: 1000, Achieved: 1000, SuccessRatio: 1, P99: v, CPUPerPayment: &cpu, Cores: 2, Platform: "linux/amd64", Go: "go1.26"}
		if bend != nil {
			bend(r)
		}
		data, err := json.Marshal(benchReport{Report: r})
		file := filepath.Join(dir, string(rune('a'+i))+".json")
		if err != nil || os.WriteFile(file, data, 0o600) != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return strings.Join(files, ",")
}

// p99Of is the line of the table about p99, and the whole table.
func p99Of(t *testing.T, a, b string) (comparedFigure, *comparison, string) {
	t.Helper()
	v, err := compareReports(a, b)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := v.print(&text); err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Figures {
		if f.Name == "p99_ms" {
			return f, v, text.String()
		}
	}
	t.Fatal("no p99")
	return comparedFigure{}, nil, ""
}

// TestCompareReports: a difference counts only when the runs of each side say how much a
// figure spreads, and chance would hardly do it.
func TestCompareReports(t *testing.T) {
	for name, c := range map[string]struct {
		a, b       []float64
		percent    float64
		beyond     string
		footerSays string
	}{
		"one each":      {[]float64{20}, []float64{40}, 100, "?", "not known from 1 and 1 runs"},
		"two each":      {[]float64{20, 21}, []float64{41, 41}, 100, "?", "not known from 2 and 2 runs"},
		"three apart":   {[]float64{22, 20, 21}, []float64{43, 42, 41}, 100, "yes", "in 10.0 % of"},
		"three mixed":   {[]float64{20, 22, 42}, []float64{23, 11, 45}, 4.5454, "no", "in 10.0 %"},
		"two and five":  {[]float64{20, 20}, []float64{10, 10, 10, 11, 12}, -50, "yes", "in 9.5 %"},
		"equal figures": {[]float64{20, 20, 20}, []float64{20, 20, 20}, 0, "no", "in 10.0 %"},
	} {
		t.Run(name, func(t *testing.T) {
			f, v, text := p99Of(t, reportFiles(t, nil, c.a...), reportFiles(t, nil, c.b...))
			if f.Percent == nil || math.Abs(*f.Percent-c.percent) > 0.001 || f.spread() != c.beyond {
				t.Errorf("%v %%, beyond the spread: %s; want %g, %s", *f.Percent, f.spread(), c.percent, c.beyond)
			}
			if !strings.Contains(text, c.footerSays) || len(v.Warnings) != 0 {
				t.Errorf("%q\n%s", v.Warnings, text)
			}
			for line := range strings.Lines(text) {
				if len([]rune(strings.TrimRight(line, "\n"))) > 85 {
					t.Errorf("%d columns: %s", len(line), line)
				}
			}
		})
	}
}

// TestCompareWarns: of what makes it no fair comparison.
func TestCompareWarns(t *testing.T) {
	busy := 1.2
	for want, bend := range map[string]func(*bench.Report){
		"cores differ: 2 | 64":                  func(r *bench.Report) { r.Cores = 64 },
		"mix differ:  | pin-mac=X9.19":          func(r *bench.Report) { r.Mix = []string{"pin-mac=X9.19"} },
		"rate differ: 1000 | 2000":              func(r *bench.Report) { r.Rate = 2000 },
		"file system differ:  | tmpfs":          func(r *bench.Report) { r.DataFS = "tmpfs" },
		"a.json is not valid: it was no run":    func(r *bench.Report) { r.Valid, r.Reasons = false, []string{"it was no run"} },
		"a.json: 1.2 of 2 cores were busy with": func(r *bench.Report) { r.ElsewhereCores = &busy },
	} {
		_, v, text := p99Of(t, reportFiles(t, nil, 20), reportFiles(t, bend, 20))
		if len(v.Warnings) != 1 || !strings.Contains(text, "warning: ") || !strings.Contains(text, want) {
			t.Errorf("want %q, got %q", want, v.Warnings)
		}
	}
}

// TestCompareCommand: the table, one JSON object, and what is no report.
func TestCompareCommand(t *testing.T) {
	a, b := reportFiles(t, nil, 20), reportFiles(t, func(r *bench.Report) { r.CPUPerPayment = nil }, 30)
	out, _ := runs(t, 0, "bench", "compare", a, b)
	if !strings.Contains(out, "p99_ms                                20.00        30.00   +50.0 %  ?") || !strings.Contains(out, "cpu_us_per_payment                    42.00            ?         ?  ?") {
		t.Error(out)
	}
	out, _ = runs(t, 0, "bench", "compare", "--json", a, b)
	var v comparison
	if err := json.Unmarshal([]byte(out), &v); err != nil || len(v.Figures) != len(comparableFigures) || v.A.Files[0] != a {
		t.Errorf("%v\n%s", err, out)
	}
	other := filepath.Join(t.TempDir(), "other.json")
	for text, want := range map[string]string{"{}": "it has no rate", "[": "is no report", `{"rate": "fast"}`: "is no report"} {
		if err := os.WriteFile(other, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, said := runs(t, exitUsage, "bench", "compare", a, other); !strings.Contains(said, want) {
			t.Errorf("%s: %s", text, said)
		}
	}
}
