package state

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestHotAccount: the pages of an account that every payment has are full and come to
// an end, however many payments of it are in one run, and however many small runs there
// are beside each other.
func TestHotAccount(t *testing.T) {
	for name, c := range map[string]struct{ payments, settle uint64 }{
		"large runs": {30_000, 1 << 60}, "small runs": {20_000, 96}, "marks alone": {10_000, 40},
	} {
		t.Run(name, func(t *testing.T) {
			s := openWith(t, vfs.NewMem(), Options{Keys: testKeys(t, 1)})
			defer s.Close()
			l := &load{s: s, tape: record(t, false)}
			for l.started < c.payments {
				if err := l.group(); err != nil {
					t.Fatal(err)
				}
				if l.started%c.settle == 0 {
					if err := s.settle(); err != nil {
						t.Fatal(err)
					}
				}
			}
			const size, most = 200, 1000
			q := Query{Account: "60200087654321", PageSize: size} // of the payee on the tape
			found, calls := 0, 0
			for last := false; !last; calls++ {
				page, err := s.search(q, most)
				if err != nil {
					t.Fatal(err)
				}
				found += len(page.Payments)
				if page.Examined > 3*most {
					t.Fatalf("page %d: %d rows examined, at most about %d wanted", calls, page.Examined, most)
				}
				q.Token, last = page.Next, page.Next == ""
			}
			// The last ones have not ended, and not got this account.
			if want := int(c.payments) - 3*loadApart*loadPerGroup; found < want {
				t.Errorf("%d payments found, want %d", found, want)
			}
			if full := found / size; calls > full+full/4+5 {
				t.Errorf("%d pages for %d payments, %d to a page", calls, found, size)
			}
		})
	}
}
