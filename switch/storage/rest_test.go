package storage

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestRest: whoever works in the background rests twice as long as it has worked, not for
// less than a spell, and not longer than there is sense in.
func TestRest(t *testing.T) {
	var now int64
	var rested []time.Duration
	r := &Rest{Clock: func() int64 { return now }, Sleep: func(d time.Duration) { rested = append(rested, d); now += int64(d) }}
	s := r.Begin()
	for _, work := range []time.Duration{300 * time.Microsecond, 600 * time.Microsecond, 300 * time.Microsecond, 2 * time.Millisecond, time.Second} {
		now += int64(work)
		s.Worked()
	}
	if want := []time.Duration{2400 * time.Microsecond, 4 * time.Millisecond, 10 * time.Millisecond}; len(rested) != 3 || rested[0] != want[0] || rested[1] != want[1] || rested[2] != want[2] {
		t.Errorf("rested %v, want %v", rested, want)
	}
	r.Urge()
	now += int64(time.Second)
	s.Worked()
	if len(rested) != 3 {
		t.Error("rests although there is no time for it")
	}
	r.Relax()
	if s.Worked(); len(rested) != 4 {
		t.Error("no rest although there is time again")
	}
	var none *Rest
	none.Urge()
	none.Relax()
	idle := none.Begin()
	idle.Worked()
	new(Rest).Begin()
}

// TestRestsAreForTables: who writes tables rests, who waits for the log does not.
func TestRestsAreForTables(t *testing.T) {
	var now int64
	rests := 0
	o := Options{FS: vfs.NewMem(), Rest: &Rest{Clock: func() int64 { now += spellMin; return now }, Sleep: func(time.Duration) { rests++ }}}
	db, err := pebble.Open("db", o.Pebble("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for n := range byte(50) {
		if err := db.Set([]byte{n}, make([]byte, 1000), pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	if rests != 0 {
		t.Errorf("%d rests in commits", rests)
	}
	if err := db.Flush(); err != nil {
		t.Fatal(err)
	}
	if rests == 0 {
		t.Error("no rest in a flush")
	}
}
