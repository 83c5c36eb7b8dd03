package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"switchd/switch/bench"
)

// TestProfiles: all kinds are asked for one after the other, each for its share of the
// window; what cannot be had is told, leaves no file, and stops nothing else.
func TestProfiles(t *testing.T) {
	var asked []string
	var under atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if under.Add(1) != 1 {
			t.Error("two profiles at once")
		}
		defer under.Add(-1)
		asked = append(asked, q.URL.RawQuery)
		switch kind := q.URL.Query().Get("kind"); kind {
		case "mutex":
			http.Error(w, "another one is under way", http.StatusConflict)
		case "block":
		default:
			_, _ = w.Write([]byte(kind))
		}
	}))
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "profiles")
	err := profiles(t.Context(), bench.Admin{URL: server.URL}, dir, 20*time.Second)
	if err == nil || !strings.Contains(err.Error(), "profile mutex: another one") || !strings.Contains(err.Error(), "profile block: it is empty") {
		t.Error(err)
	}
	if got := strings.Join(asked, " "); got != "kind=cpu&seconds=10 kind=mutex&seconds=3 kind=block&seconds=3 kind=trace&seconds=2 kind=heap" {
		t.Error(got)
	}
	for name, want := range map[string]string{"cpu.pprof": "cpu", "heap.pprof": "heap", "trace.out": "trace", "mutex.pprof": "", "block.pprof": ""} {
		if got, _ := os.ReadFile(filepath.Join(dir, name)); string(got) != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 3 {
		t.Errorf("%d files", len(names))
	}
}
