package state

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestPollsMakeNoRuns: each search has what is in memory written. A console that polls
// makes no run each time that every later search has to look into.
func TestPollsMakeNoRuns(t *testing.T) {
	s := openWith(t, vfs.NewMem(), Options{Keys: testKeys(t, 1)})
	defer s.Close()
	l := &load{s: s, tape: record(t, true)}
	const polls = 40
	for range polls {
		for range 10 {
			if err := l.group(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Search(Query{Reference: "nobody's"}); err != nil {
			t.Fatal(err)
		}
	}
	v, err := s.view()
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	runs, lates := 0, 0
	for tag, n := range map[byte]*int{tagRun: &runs, tagLate: &lates} {
		if err := v.scan(tag, func(_, _ []byte) error { *n++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 0 || lates < polls*256 {
		t.Errorf("%d polls have made %d runs and %d marks", polls, runs, lates)
	}
}
