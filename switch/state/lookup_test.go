package state

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

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

// readBytes is how much the look-ups so far have read from files.
func readBytes(t testing.TB, s *Store) int {
	t.Helper()
	s.stale.Store(true) // the iterator that is kept tells when it is closed
	s.FindBusiness(&payment.Business{})
	for _, c := range s.db.Metrics().CategoryStats {
		if c.Category == lookUps {
			return int(c.CategoryStats.BlockBytes - c.CategoryStats.BlockBytesInCache)
		}
	}
	return 0
}

// TestNewRequestsReadNothing: what a new request is looked up by is not there, and
// to find that out costs no block: a key that grows with the time lies behind all
// that is on disk, and one that does not is in no filter.
func TestNewRequestsReadNothing(t *testing.T) {
	const payments, requests = 80_000, 2000 // 240,000 rows
	fs := vfs.NewMem()
	s := openWith(t, fs, Options{})
	fill(t, s, record(t, true), payments)
	s.Close()
	s = openWith(t, fs, Options{}) // with nothing in its cache
	defer s.Close()
	cold := readBytes(t, s)
	key := payment.RequestKey{Transmitted: 1122000000 + payments, Acquirer: 600000}
	for n := range uint32(requests) {
		key.STAN = n
		if _, ok := s.FindRequest(&key, nil); ok {
			t.Fatal("found a request that never came")
		}
	}
	const filter = 256 << 10 // of the one table that may have keys on both sides, with its index
	if n := readBytes(t, s) - cold; n > filter {
		t.Errorf("%d bytes read for %d new requests in the order of time, in a store that was just opened", n, requests)
	}
	unknown := func(from, n uint64) {
		t.Helper()
		for i := range n {
			if _, ok := s.FindBusiness(stranger(from + i)); ok {
				t.Fatal("found an identity that nobody has")
			}
		}
	}
	unknown(0, requests)             // now filters and indexes are in the cache
	const wrong = requests * 4 / 100 // a filter is, once in a hundred times; there is one for each level
	cold, useful := readBytes(t, s), s.db.Metrics().Filter.Hits
	unknown(requests, requests)
	kept, keptUseful := readBytes(t, s)-cold, s.db.Metrics().Filter.Hits-useful
	const block = 4 << 10
	if kept > wrong*block*2 {
		t.Errorf("%d bytes read for %d identities in no order, more than blocks for %d of them", kept, requests, wrong)
	}
	// The same by Pebble's Get, which leaves out the filters of the last level.
	useful = s.db.Metrics().Filter.Hits
	for n := range uint64(requests) {
		if _, _, err := s.db.Get(appendBusiness(nil, stranger(n+2*requests))); !errors.Is(err, pebble.ErrNotFound) {
			t.Fatal(err)
		}
	}
	getUseful := s.db.Metrics().Filter.Hits - useful
	t.Logf("for %d unknown identities %d bytes read, %d filters said no; by Get %d", requests, kept, keptUseful, getUseful)
	if keptUseful-getUseful < requests-wrong {
		t.Errorf("filters said no %d times in %d look-ups, and %d times in as many by Get: the last level is searched without", keptUseful, requests, getUseful)
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
