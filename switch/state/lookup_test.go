package state

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"switchd/switch/payment"
)

// fill writes n payments of the tape, and has them in several levels.
func fill(t testing.TB, s *Store, tape *tape, n uint64) {
	t.Helper()
	l := &load{s: s, tape: tape}
	for done := uint64(0); done < n; done += n / 16 {
		for l.started < min(n, done+n/16) {
			if err := l.group(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		if done == n/2 { // half of it in the last level, what follows above
			if err := s.db.Compact(t.Context(), []byte{0}, []byte{255}, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	levels := 0
	for _, l := range s.db.Metrics().Levels {
		if l.TablesCount > 0 {
			levels++
		}
	}
	if last := s.db.Metrics().Levels[6].TablesCount; levels < 2 || last == 0 {
		t.Fatalf("%d levels, %d tables in the last one", levels, last)
	}
}

// TestNewRequestsReadNothing: what a new request is looked up by is not there, and
// to find that out costs no block: a key that grows with the time lies behind all
// that is on disk, and one that does not is in no filter.
func TestNewRequestsReadNothing(t *testing.T) {
	const payments, lookUps = 80_000, 2000 // 240,000 rows
	mem := vfs.NewMem()
	s := openWith(t, mem, Options{})
	tape := record(t, true)
	fill(t, s, tape, payments)
	s.Close()
	var reads atomic.Int64
	s = openWith(t, errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileRead || op.Kind == errorfs.OpFileReadAt {
			reads.Add(1)
		}
		return nil
	})), Options{})
	defer s.Close()
	key := payment.RequestKey{Transmitted: 1122000000 + payments, Acquirer: 600000}
	cold := reads.Load()
	for n := range uint32(lookUps) {
		key.STAN = n
		if _, ok := s.FindRequest(&key, nil); ok {
			t.Fatal("found a request that never came")
		}
	}
	// One table may have keys on both sides: its footer, its index and its filter are
	// read once.
	const readsPerTable = 10
	// A compaction that the opening has begun reads as well: not for each request.
	if n := reads.Load() - cold; n > lookUps/10 {
		t.Errorf("%d reads for %d new requests in the order of time, in a store that was just opened", n, lookUps)
	}
	tables := s.db.Metrics().Total().TablesCount
	const wrong = lookUps * 4 / 100 // a filter is, once in a hundred times; there is one for each level
	cold = reads.Load()
	useful := s.db.Metrics().Filter.Hits
	for n := range uint64(lookUps) {
		if _, ok := s.FindBusiness(stranger(n)); ok {
			t.Fatal("found an identity that nobody has")
		}
	}
	kept, keptUseful := reads.Load()-cold, s.db.Metrics().Filter.Hits-useful
	if bound := readsPerTable*tables + wrong; kept > bound {
		t.Errorf("%d reads for %d identities in no order, want at most %d with %d tables", kept, lookUps, bound, tables)
	}
	// The same by Pebble's Get, which leaves out the filters of the last level.
	useful = s.db.Metrics().Filter.Hits
	for n := range uint64(lookUps) {
		if _, _, err := s.db.Get(appendBusiness(nil, stranger(n+lookUps))); !errors.Is(err, pebble.ErrNotFound) {
			t.Fatal(err)
		}
	}
	getUseful := s.db.Metrics().Filter.Hits - useful
	t.Logf("%d tables; for %d unknown identities %d reads, %d filters said no; by Get %d", tables, lookUps, kept, keptUseful, getUseful)
	if keptUseful-getUseful < lookUps-wrong {
		t.Errorf("filters said no %d times in %d look-ups, and %d times in as many by Get: the last level is searched without", keptUseful, lookUps, getUseful)
	}
}

// stranger is an identity that no payment of a load has.
func stranger(n uint64) *payment.Business {
	var b payment.Business
	binary.LittleEndian.PutUint64(b[:], (n+1)*0xD1B54A32D192ED03&^1)
	b[8] = 1 // as on the tape
	return &b
}

// BenchmarkLookUp is the cost of finding out that a request is new.
func BenchmarkLookUp(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const payments = 200_000
	fill(b, s, record(b, true), payments)
	b.Run("key=ordered", func(b *testing.B) {
		key := payment.RequestKey{Transmitted: 1122000000 + payments, Acquirer: 600000}
		b.ReportAllocs()
		for b.Loop() {
			key.STAN++
			s.FindRequest(&key, nil)
		}
	})
	b.Run("key=random", func(b *testing.B) {
		b.ReportAllocs()
		n := uint64(0)
		for b.Loop() {
			n++
			s.FindBusiness(stranger(n))
		}
	})
}
