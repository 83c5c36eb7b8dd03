package state

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/seal"
)

// deeds lists what operators have done, newest first, read in pages of some size.
func deeds(t testing.TB, s *Store, page int) (all []string) {
	t.Helper()
	before := uint64(0)
	for {
		found, err := s.Changes(before, page)
		if err != nil || len(found) > page {
			t.Fatalf("%d in a page of %d: %v", len(found), page, err)
		}
		for i := range found {
			c := &found[i]
			before = c.Seq
			all = append(all, fmt.Sprintf("%d %v %v %v %d refused=%v %s", c.Seq, c.At, c.Kind, c.Command.Kind, c.Command.Payment, c.Refused, c.Text.Get(payment.Reason)))
		}
		if len(found) < page {
			return all
		}
	}
}

// ordered are the numbers of the records that leave a row, newest first.
func ordered(t testing.TB, records [][]byte) (seqs []string) {
	t.Helper()
	var e payment.Event
	for _, record := range records {
		if err := payment.DecodeEvent(record, &e); err != nil {
			t.Fatal(err)
		}
		if e.Kind == payment.ConfigChanged || e.Kind == payment.CommandGiven && e.Command.Kind != payment.Forget {
			seqs = append(seqs, fmt.Sprint(e.Seq))
		}
	}
	slices.Reverse(seqs)
	return seqs
}

// TestChangesAreOfTheEvents: the rows of deeds are those of the journal's events,
// however they were grouped and whatever a crash took; and so is the number of dead
// letters that a machine begins with.
func TestChangesAreOfTheEvents(t *testing.T) {
	records := writeHistory(t, 11, 1800, true)
	want := ordered(t, records)
	if len(want) < 10 {
		t.Fatalf("a history with %d deeds", len(want))
	}
	var first []string
	for way := range 4 {
		a := &actor{t: t, rng: rand.New(rand.NewPCG(11, uint64(way))), fs: vfs.NewCrashableMem(), groupMax: 1 + 20*way, spills: 40 * way, crashes: 300 * way, keys: testKeys(t, 1)}
		a.play(records, len(records))
		got := deeds(t, a.s, 1+a.rng.IntN(50))
		var seqs []string
		for _, d := range got {
			seqs = append(seqs, d[:strings.IndexByte(d, ' ')])
		}
		if !slices.Equal(seqs, want) {
			t.Fatalf("way %d: deeds %v, want %v", way, seqs, want)
		}
		if first == nil {
			first = got
		} else if !slices.Equal(got, first) {
			t.Errorf("way %d: other deeds", way)
		}
		lived := a.m.Standing()
		if err := a.s.Flush(); err != nil {
			t.Fatal(err)
		}
		a.s.Close()
		a.open() // as a start does, without a replay
		if restored := a.m.Standing(); restored != lived {
			t.Errorf("way %d: %+v before, %+v after a start", way, lived, restored)
		}
		a.s.Close()
	}
}

// TestChangesAreSealed: why somebody has done something is not on the disk in the
// clear, and a row that is not what it should be is found.
func TestChangesAreSealed(t *testing.T) {
	fs := filled(t, testKeys(t, 1))
	s := openWith(t, fs, Options{Keys: testKeys(t, 1)})
	defer s.Close()
	key, sealed := changeOf(t, s)
	if bytes.HasSuffix(sealed, []byte("so")) {
		t.Errorf("the reason is in the clear: %q", sealed)
	}
	var c payment.Change
	v := &view{opener: testKeys(t, 1).Opener()}
	if err := v.change(key, sealed, &c); err != nil || string(c.Text.Get(payment.Reason)) != "so" {
		t.Errorf("%+v, %v", c, err)
	}
	other := appendChange(nil, c.Seq+1)
	for name, err := range map[string]error{
		"another number": v.change(other, sealed, &c), "a short key": v.change(key[:8], sealed, &c),
		"a cut row": v.change(key, sealed[:len(sealed)-1], &c), "another key": (&view{opener: new(seal.Keys).Opener()}).change(key, sealed, &c),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := s.db.Set(other, sealed, pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context()); err == nil {
		t.Error("a row under the number of another is whole")
	}
}

// changeOf is the latest row of a command.
func changeOf(t *testing.T, s *Store) (key, sealed []byte) {
	t.Helper()
	v, err := s.view()
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	err = v.scan(tagChange, func(k, row []byte) error {
		key, sealed = bytes.Clone(k), bytes.Clone(row)
		return nil
	})
	if err != nil || key == nil {
		t.Fatalf("no deeds: %v", err)
	}
	return key, sealed
}
