package journal

import (
	"bytes"
	"fmt"
	"testing"
)

// TestMemoryLogCrash: what was synced stays, a torn group is dropped whole
// wherever it is cut, and the log goes on from there.
func TestMemoryLogCrash(t *testing.T) {
	filled := func() (*MemoryLog, int) {
		l, size := NewMemory(), 0
		var g Group
		for range 3 {
			g.Reset(l.Next())
			g.Add([]byte(fmt.Sprintf("record %d", g.Next())))
			g.Add(bytes.Repeat([]byte{7}, 20))
			if _, err := l.Append(&g); err != nil {
				t.Fatal(err)
			}
			size = g.Bytes()
		}
		return l, size
	}
	_, size := filled()
	for tail := range size + 1 {
		l, _ := filled()
		l.Crash(5, tail)
		if torn := l.Reopen(); torn != (tail > 0) {
			t.Fatalf("tail of %d bytes: torn %v", tail, torn)
		}
		if l.Next() != 5 {
			t.Fatalf("tail of %d bytes: next is %d", tail, l.Next())
		}
		var g Group
		g.Reset(5)
		g.Add([]byte("after"))
		if _, err := l.Append(&g); err != nil {
			t.Fatal(err)
		}
		seen := 0
		if err := l.Replay(1, func(uint64, []byte) error { seen++; return nil }); err != nil || seen != 5 {
			t.Fatalf("tail of %d bytes: %d records, %v", tail, seen, err)
		}
	}
	l, _ := filled()
	l.Crash(1, 0)
	if l.Reopen() || l.Next() != 1 {
		t.Error("an empty log does not begin at 1")
	}
}
