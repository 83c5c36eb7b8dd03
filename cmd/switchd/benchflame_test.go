package main

import (
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
)

// TestBenchFlame: a profile of this process becomes a picture; what is none is refused.
func TestBenchFlame(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "goroutines.pprof")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := pprof.Lookup("goroutine").WriteTo(f, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	picture, talk := commands(t, 0, "bench", "flame", file, "--title", "a <test>")
	if !strings.HasPrefix(picture, "<svg ") || !strings.Contains(picture, "a &lt;test&gt;") || !strings.Contains(picture, "testing.tRunner") || talk != "" {
		t.Errorf("%.300s\n%s", picture, talk)
	}
	commands(t, exitUsage, "bench", "flame", filepath.Join(t.TempDir(), "nothing"))
	if _, said := commands(t, exitFailed, "bench", "flame", file, "--value", "cpu"); !strings.Contains(said, `no value "cpu", it has goroutine`) {
		t.Error(said)
	}
}
