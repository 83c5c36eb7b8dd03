package state

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

func (*tape) FindLimit(*payment.LimitKey) (payment.LimitUse, bool) { return payment.LimitUse{}, false }
func (t *tape) PutChange(uint64, []byte)                           {}
func (t *tape) PutLimit(*payment.LimitKey, payment.LimitUse)       {}
func (t *tape) DropLimits(payment.LimitKey)                        {}

// TestLimits: counters are found by their key, replaced, and dropped by period and
// kind; the hash of an account is not in a key as it is.
func TestLimits(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	key := func(kind byte, period uint32) *payment.LimitKey {
		return &payment.LimitKey{Kind: kind, Period: period, Whose: [16]byte{7}}
	}
	put := func(applied uint64, f func(b *Batch)) {
		t.Helper()
		b := s.Begin()
		f(b)
		if err := b.Commit(applied); err != nil {
			t.Fatal(err)
		}
	}
	put(1, func(b *Batch) {
		b.PutLimit(key('d', 5), payment.LimitUse{Count: 1, Minor: 100})
		b.PutLimit(key('d', 6), payment.LimitUse{Count: 2, Minor: 200})
		b.PutLimit(key('m', 5), payment.LimitUse{Count: 3})
	})
	put(2, func(b *Batch) {
		b.PutLimit(key('d', 6), payment.LimitUse{Count: 4, Minor: 1 << 40})
		b.DropLimits(*key('d', 6))
	})
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if use, ok := s.FindLimit(key('d', 6)); !ok || use != (payment.LimitUse{Count: 4, Minor: 1 << 40}) {
		t.Errorf("%+v %v", use, ok)
	}
	if _, ok := s.FindLimit(key('d', 5)); ok {
		t.Error("a dropped counter is there")
	}
	if use, ok := s.FindLimit(key('m', 5)); !ok || use.Count != 3 {
		t.Errorf("another kind: %+v %v", use, ok)
	}
	if k := appendLimit(nil, s.keys, key('d', 6)); len(k) != 22 || k[6] == 7 && k[7] == 0 {
		t.Errorf("the key is %x", k)
	}
}
