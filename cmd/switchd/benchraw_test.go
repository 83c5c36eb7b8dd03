package main

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"switchd/switch/bench"
	"switchd/switch/bench/raw"
)

// TestBenchRaw: the figures come as text and as JSON, nothing stays in the folder, and a
// report is compared with the file.
func TestBenchRaw(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "limits.json")
	text, talk := commands(t, 0, "bench", "raw", "--duration", "30ms", "--dir", dir, "--json", file)
	for _, want := range []string{"TLS 1.3", "groups of 256", "ns/event", "iso87-npci", "iso20022", "fsync allows"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if !strings.Contains(talk, "TLS echo, 30ms") {
		t.Error(talk)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	var of struct{ Version, Commit string }
	data, err := os.ReadFile(file)
	if err = errors.Join(err, json.Unmarshal(data, &of)); err != nil || of.Version != readVersion().Version || of.Commit != readVersion().Commit || !strings.Contains(string(data), `"commit":`) {
		t.Errorf("%v: of version %q, commit %q:\n%s", err, of.Version, of.Commit, data)
	}
	l := rawLimits{file: file}
	if err := l.load(); err != nil {
		t.Fatal(err)
	}
	events, commit, cpu := 60.0, 2.5, 40.0
	a := l.against(&bench.Report{Achieved: 1000, CommitEventsMean: &events, CommitMean: &commit, CPUPerPayment: &cpu, Dialects: []string{"iso87-npci"}})
	if a == nil || a.Events != 64 || a.Parts.Dialect != "iso87-npci" || a.CommitTimes == nil || a.SameMachine {
		t.Errorf("%+v", a)
	}
	commands(t, exitUsage, "bench", "raw", "--duration", "0s")
	commands(t, exitUsage, "bench", "raw", "--duration", "2h")
	if _, said := commands(t, exitUsage, "bench", "--spawn", "--raw", filepath.Join(dir, "nothing")); !strings.Contains(said, "nothing") {
		t.Error(said)
	}
}

// TestAgainstLimits: a half of each dialect has the mean of both limits.
func TestAgainstLimits(t *testing.T) {
	t.Parallel()
	ten, thirty := 10.0, 30.0
	l := rawLimits{limits: &raw.Limits{
		Fsync:   []raw.Fsync{{Events: 64, P50: 2}},
		Payment: []raw.Payment{{Dialect: "iso87-npci", Events: 64, CPU: &ten, PerSecond: 4000}, {Dialect: "iso20022", Events: 64, CPU: &thirty, PerSecond: 4000}},
	}}
	cpu, commit := 60.0, 3.0
	a := l.against(&bench.Report{Achieved: 1000, CPUPerPayment: &cpu, CommitMean: &commit, Dialects: []string{"iso20022", "iso87-ascii"}})
	if *a.CPU != 20 || *a.CPUTimes != 3 || *a.CommitTimes != 1.5 || a.FsyncShare != 0.25 {
		data, _ := json.Marshal(a)
		t.Errorf("%s", data)
	}
	var out strings.Builder
	a.draw(benchPage{&out})
	(*againstLimits)(nil).draw(benchPage{&out})
	for _, want := range []string{"3.00 times that", "1.50 times its group's fsync", "25.0 % of that"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	// Half of the participants, without the large one, have less than half of the messages.
	names := []string{"iso87-npci", "iso20022", "iso87-npci", "iso20022", "iso87-npci", "iso20022", "iso87-npci", "iso20022"}
	for _, c := range []struct {
		heavy, want float64
		names       []string
	}{{0.3, 0.419, names}, {0, 0.5, names}, {0.3, 0.581, slices.Concat(names[1:], names[:1])}, {1, 0.5, names}, {1, 0, names[:1]}, {0.3, 0, nil}} {
		if got := shareOf("iso20022", &bench.Report{HeavyShare: c.heavy, Dialects: c.names}); math.Abs(got-c.want) > 0.0005 {
			t.Errorf("%g of %v: %.4f, want %g", c.heavy, c.names, got, c.want)
		}
	}
	if none := (&rawLimits{}).against(&bench.Report{}); none != nil {
		t.Errorf("%+v", none)
	}
	if a := l.against(&bench.Report{}); a.CPUTimes != nil || a.CommitTimes != nil {
		t.Errorf("compared with what is not known: %+v", a)
	}
}
