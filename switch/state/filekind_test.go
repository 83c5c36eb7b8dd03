package state

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestFileEnd: the rows of a kind that comes in order share a file with no other kind,
// nor with those far from them, and whatever the key, its file has room for it.
func TestFileEnd(t *testing.T) {
	for _, c := range []struct{ start, end string }{
		{"a", "h"}, {"g\x01\x02", "h"}, {"i", "j"}, {"l\x00\x01", "x"}, {"w", "x"}, {"y", ""},
		{"h\x00\x00\x00\x00\x00\x00\x00\x01", "h\x00\x00\x00\x00\x00\x40\x00\x00"},
		{"h\x00\x00\x00\x00\x00\x40\x00\x00", "h\x00\x00\x00\x00\x00\x80\x00\x00"},
		{"j\x00\x00\x00\x00\x01\x3f\xff\xff\x00\x01", "j\x00\x00\x00\x00\x01\x40\x00\x00"},
		{"k\x00\x07\xff\xffx", "k\x00\x08\x00\x00"},
		{"x\xff\xff\xff\xff\xff\xff\xff\xff", "y"}, {"k\xff\xff\xff\xff", "l"}, {"h", "i"}, {"k\x01", "l"},
	} {
		if _, end, err := fileEnd([]byte(c.start)); string(end) != c.end || err != nil {
			t.Errorf("%q ends at %q, %v, want %q", c.start, end, err, c.end)
		}
	}
	r := rand.New(rand.NewPCG(10, 2))
	for range 20_000 {
		start := make([]byte, 1+r.IntN(12))
		for i := range start {
			start[i] = byte(r.Uint32())
		}
		_, end, err := fileEnd(start)
		if err != nil || end != nil && bytes.Compare(end, start) <= 0 {
			t.Fatalf("%x ends at %x, %v", start, end, err)
		}
	}
}

// TestRowsAreWrittenOnce: rows of payments that begin and end in one layer come in the order
// of their keys, and are not written again by compactions, whatever lies beside them.
func TestRowsAreWrittenOnce(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l := &load{s: s, tape: record(t, false)}
	for l.started < 800_000 {
		if err := l.group(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	m := s.db.Metrics()
	var flushed, again uint64
	for i := range m.Levels {
		flushed += m.Levels[i].TableBytesFlushed
		again += m.Levels[i].TableBytesCompacted
	}
	if flushed < 100<<20 || again > flushed/20 {
		t.Errorf("%d bytes were written, and %d of them again", flushed, again)
	}
	tables, err := s.db.SSTables()
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range tables {
		for i := range level {
			if from, to := level[i].Smallest.UserKey[0], level[i].Largest.UserKey[0]; from != to && (from <= tagHistory && to >= tagHistory || from <= tagKey && to >= tagKey) {
				t.Errorf("a file has rows from %c to %c", from, to)
			}
		}
	}
}
