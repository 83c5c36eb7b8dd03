package state

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

// told reads all tidings from an event on, a line for each, and where they end.
func told(t *testing.T, s *Store, from uint64) (lines []string, read uint64) {
	t.Helper()
	c := s.Tidings(from)
	for {
		n := len(lines)
		var err error
		read, err = c.Page(func(row []byte) error {
			return payment.EachTiding(row, func(g *payment.Tiding) error {
				if g.Seq >= from {
					lines = append(lines, fmt.Sprintf("%d %v %v %d", g.Seq, g.Notice, g.State, g.Payment))
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) == n {
			return lines, read
		}
	}
}

// TestTidingsAreACrashFreePrefix: what a crash takes comes again from the replay, the
// same, and nothing is there twice, wherever a reader begins.
func TestTidingsAreACrashFreePrefix(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := open(t, fs)
	play(t, s, 1, 40)
	want, read := told(t, s, 1)
	if read != 40 || len(want) != 79 { // the new configuration, and two moves of each request
		t.Fatalf("%d lines to %d: %q", len(want), read, want[:4])
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	play(t, s, 41, 20)
	want, _ = told(t, s, 1)
	crashed := fs.CrashClone(vfs.CrashCloneCfg{})
	s.Close()

	s = open(t, crashed)
	defer s.Close()
	if s.Applied() != 40 {
		t.Fatalf("applied %d", s.Applied())
	}
	if _, read := told(t, s, 1); read != 40 {
		t.Fatalf("read to %d", read)
	}
	play(t, s, 41, 20)
	for from := uint64(1); from <= 61; from++ {
		got, read := told(t, s, from)
		skip := 0
		if from > 1 {
			skip = min(1+2*int(from-2), len(want))
		}
		if fmt.Sprint(got) != fmt.Sprint(want[skip:]) || read != 60 {
			t.Fatalf("from %d: to %d, %q", from, read, got)
		}
	}
	if _, err := s.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestTidingsGone: a sweep takes the tidings of what is forgotten, and who asks for
// them is told where they begin now, also after a restart.
func TestTidingsGone(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	play(t, s, 1, 40)
	m := payment.New(s)
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Restore(snap); err != nil {
		t.Fatal(err)
	}
	old := s.Tidings(1)
	forget := payment.Event{Seq: 41, At: 41, Kind: payment.CommandGiven, Command: &payment.Command{Kind: payment.Forget, Payment: 20}}
	forget.Text.Set(payment.Reason, []byte("old"))
	m.Step(&forget, nil)
	b := s.Begin()
	m.Flush(b)
	if err := b.Commit(41); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	for done := false; !done; {
		if _, done, err = s.Sweep(20, 1000); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if first := s.TidingsFrom(); first != 20 {
			t.Fatalf("from %d", first)
		}
		if _, err := old.Page(nil); !errors.Is(err, ErrTidingsGone) {
			t.Fatal(err)
		}
		if lines, read := told(t, s, 20); read != 41 || lines[0] != "20 moved RECEIVED 20" || len(lines) != 42 {
			t.Fatalf("to %d: %q", read, lines)
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = open(t, fs)
		old = s.Tidings(19)
	}
	s.Close()
}

// TestTidingsOfALargeEvent: what one event has for many payments is read in pages.
func TestTidingsOfALargeEvent(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	row := make([]byte, tidingsPage/2)
	for round := range 2 {
		last := uint64(round + 1)
		b := s.Begin()
		for part := range uint16(5) {
			row[0] = byte(part)
			b.PutTidings(payment.TidingsRow{Last: last, Part: part}, row)
		}
		if err := b.Commit(last); err != nil {
			t.Fatal(err)
		}
		c := s.Tidings(last)
		var got []byte
		for pages := 1; ; pages++ {
			read, err := c.Page(func(row []byte) error { got = append(got, row[0]); return nil })
			if err != nil {
				t.Fatal(err)
			}
			if read == last {
				if pages < 3 || string(got) != "\x00\x01\x02\x03\x04" {
					t.Errorf("%d pages: %x", pages, got)
				}
				break
			}
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
	}
}
