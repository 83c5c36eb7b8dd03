package journal

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// appendAllocsMax is what the append of a group may allocate, however many records it
// has: the ticket, Pebble's batch and what it waits with, and a chunk of the file system
// in memory now and then.
const appendAllocsMax = 24

// TestAppendAllocates: a record costs no allocation, and a group a few.
func TestAppendAllocates(t *testing.T) {
	record := make([]byte, 300)
	var g Group
	end := start
	fill := func() {
		g.Reset(end.next)
		for range 256 {
			g.Add(record)
		}
		g.seal(&end)
	}
	fill()
	if n := testing.AllocsPerRun(20, fill); n != 0 {
		t.Errorf("256 records make %.1f allocations, want none", n)
	}
	l, err := OpenPebble("journal", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	add := func() {
		benchGroup(&g, l.Next(), record)
		ticket, err := l.Append(&g)
		if err == nil {
			err = ticket.Wait()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add()
	if n := testing.AllocsPerRun(50, add); n > appendAllocsMax {
		t.Errorf("the append of a group makes %.1f allocations, %d at most are allowed", n, appendAllocsMax)
	} else {
		t.Logf("the append of a group makes %.1f allocations", n)
	}
}
