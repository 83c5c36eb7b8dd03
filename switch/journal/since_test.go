package journal

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestFirstSince asks for every time around those of groups of all sizes.
func TestFirstSince(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	sizes := []int{3, 1, 1, 7, 2, 40, 1}
	times := []int64{10, 10, 12, 15, 15, 15, 90} // groups of one moment share it
	want := func(at int64) uint64 {
		first := uint64(1)
		for i, n := range sizes {
			if times[i] >= at {
				break
			}
			first += uint64(n)
		}
		return first
	}
	if seq, err := l.FirstSince(5); seq != 1 || err != nil {
		t.Errorf("empty: %d, %v", seq, err)
	}
	for i, n := range sizes {
		writeAt(t, l, times[i], n)
	}
	for at := int64(0); at <= 100; at++ {
		if seq, err := l.FirstSince(at); seq != want(at) || err != nil {
			t.Errorf("since %d: record %d, want %d (%v)", at, seq, want(at), err)
		}
	}
}

// TestTimeGoesOn: a group of an earlier time than the one before is a mistake of
// the caller, which would hide records from a search by time.
func TestTimeGoesOn(t *testing.T) {
	l := NewMemory()
	writeAt(t, l, 10, 1)
	defer func() {
		if recover() == nil {
			t.Error("a group of the past was taken")
		}
	}()
	writeAt(t, l, 9, 1)
}
