package state

import (
	"bytes"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

// FuzzToken: whatever stands for a page token is refused, or is exactly the one that
// this query makes of its place.
func FuzzToken(f *testing.F) {
	keys := testKeys(f, 1)
	q := Query{Reference: "E2E1"}
	f.Add(q.token(keys, 7), "E2E1")
	f.Add(q.token(keys, 1<<63), "E2E2")
	f.Add("", "")
	f.Add("AQAAAAAAAAAHAAAAAAAAAAA", "E2E1")
	f.Fuzz(func(t *testing.T, token, reference string) {
		q := Query{Reference: reference, Token: token}
		at, err := q.place(keys)
		if err == nil && token != "" && q.token(keys, at) != token {
			t.Errorf("token %q is taken for %d, whose token is %q", token, at, q.token(keys, at))
		}
	})
}

// FuzzRow: a damaged row of a payment is an error for whoever reads it, sealed or
// not, and what can be read can be searched.
func FuzzRow(f *testing.F) {
	keys := testKeys(f, 1)
	for _, iso20022 := range []bool{false, true} {
		for _, put := range record(f, iso20022).puts {
			f.Add(put.row)
			f.Add(keys.Sealer().Seal(nil, put.row, payment.SecretAt(put.row)))
		}
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		var p payment.Payment
		for _, v := range []*view{{opener: keys.Opener()}, {}} {
			if v.decode(1, row, &p) != nil {
				continue
			}
			q := Query{ID: p.ID, Account: string(p.Text.Get(payment.PayerAccount)), UETR: string(p.Text.Get(payment.UETR))}
			if !q.matches(&p) {
				t.Errorf("payment %d does not fit itself", p.ID)
			}
			if n := len(appendMarks(nil, &p, keys.Tokener())); n > 1+len(references)+len(accounts) {
				t.Errorf("%d marks", n)
			}
		}
	})
}

// FuzzLeaf: whatever stands in a leaf, a probe ends, and names no payment that the
// leaf does not have under the mark.
func FuzzLeaf(f *testing.F) {
	f.Add(appendEntry(appendEntry(nil, 5, 7), 6, 8), uint64(5))
	f.Add([]byte("too short"), uint64(0))
	f.Fuzz(func(t *testing.T, leaf []byte, mark uint64) {
		mark >>= 64 - markBits
		fs := vfs.NewMem()
		db, err := pebble.Open("db", &pebble.Options{FS: fs, DisableWAL: true})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Set(appendLeaf(nil, 1000, 0, 0), leaf, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
		it, err := db.NewIter(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer it.Close()
		ids, _, err := probe(it, 1000, mark, 1<<64-1, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if !bytes.Contains(leaf, appendEntry(nil, mark, uint32(1000-uint64(id)))) {
				t.Errorf("payment %d is not in the leaf", id)
			}
		}
	})
}
