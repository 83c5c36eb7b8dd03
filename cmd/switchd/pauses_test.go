package main

import (
	"runtime"
	"strings"
	"testing"

	"switchd/switch/storage"
)

// TestPauses: a running switch tells each sync of its journal once, and its collections.
func TestPauses(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 2)
	p := s.serve()
	var first, again, later pauseView
	if err := s.get(pausesPage, &first); err != nil || first.Next == 0 || len(first.SyncNs) == 0 || len(first.SyncNs) != len(first.SyncEnd) || first.Lost != 0 {
		t.Fatalf("%v %+v", err, first)
	}
	for i := range first.SyncNs {
		if first.SyncNs[i] < 0 || i > 0 && first.SyncEnd[i] < first.SyncEnd[i-1] {
			t.Errorf("sync %d: took %d, ended at %d", i, first.SyncNs[i], first.SyncEnd[i])
		}
	}
	if err := s.get(pausesPage+"?since=1000000", &again); err != nil || len(again.SyncNs) != 0 || again.Lost != 0 {
		t.Errorf("%v %+v", err, again)
	}
	if err := s.get(pausesPage+"?since=1", &later); err != nil || len(later.SyncNs) < len(first.SyncNs)-1 {
		t.Errorf("%v %+v", err, later)
	}
	var text string
	if err := s.get(pausesPage+"?since=x", &text); err != nil || !strings.Contains(text, "since is no number") {
		t.Errorf("%v %q", err, text)
	}
	s.stopClean(p)

	runtime.GC()
	if v := pausesSince(new(storage.LatestSyncs), 7); len(v.GCNs) == 0 || v.Next != 0 || v.Lost != 0 || v.GCEnd[len(v.GCEnd)-1] < v.GCEnd[0] {
		t.Errorf("%+v", v)
	}
}
