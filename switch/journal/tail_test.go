package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// next reads record seq from r.
func next(t *testing.T, r *Reader, seq uint64) {
	t.Helper()
	got, err := r.Next(t.Context())
	if err != nil || got.Seq != seq || string(got.Bytes) != fmt.Sprintf("record %d", seq) {
		t.Fatalf("got record %d, %q (%v), want %d", got.Seq, got.Bytes, err, seq)
	}
}

func TestTailFromAnywhere(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 1, 3, 1, 10, 2)
	for from := uint64(0); from <= 17; from++ {
		r := l.Tail(from)
		for seq := max(from, 1); seq <= 17; seq++ {
			next(t, r, seq)
		}
	}
}

// TestTailStopsAtTheMark: a record that is written and not yet known to be on disk
// is not there for a reader, and a reader that waits for it is told at once.
func TestTailStopsAtTheMark(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 3)
	r := l.Tail(1)
	for seq := uint64(1); seq <= 3; seq++ {
		next(t, r, seq)
	}
	var g Group
	g.Reset(4)
	g.Add([]byte("record 4"))
	ticket, err := l.Append(&g)
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if got, err := r.Next(ended); !errors.Is(err, context.Canceled) {
		t.Fatalf("record %d of durable %d: %v", got.Seq, l.Durable(), err)
	}
	read := make(chan error)
	go func() {
		got, err := r.Next(t.Context())
		if err == nil && got.Seq != 4 {
			err = fmt.Errorf("got record %d", got.Seq)
		}
		read <- err
	}()
	if err := ticket.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
}

// TestTailBesideAppend: readers from several places see everything once, in order,
// never beyond the mark, while a writer works with groups under way.
func TestTailBesideAppend(t *testing.T) {
	const last = 6000
	l := open(t, vfs.NewMem())
	var readers sync.WaitGroup
	for _, from := range []uint64{1, 1, 700, last} {
		r := l.Tail(from)
		readers.Go(func() {
			for seq := from; seq <= last; seq++ {
				got, err := r.Next(t.Context())
				if err != nil || got.Seq != seq || string(got.Bytes) != fmt.Sprintf("record %d", seq) || got.At != int64(seq-(seq-1)%7) {
					t.Errorf("got record %d, %q of %d (%v), want %d", got.Seq, got.Bytes, got.At, err, seq)
					return
				}
				if durable := l.Durable(); got.Seq > durable {
					t.Errorf("record %d of durable %d", got.Seq, durable)
				}
			}
		})
	}
	var g [3]Group
	var under []Ticket
	for n := 0; l.Next() <= last; n++ {
		g := &g[n%3]
		g.Reset(l.Next())
		g.At(int64(l.Next()))
		for range min(7, last+1-int(l.Next())) {
			g.Add(fmt.Appendf(nil, "record %d", g.Next()))
		}
		ticket, err := l.Append(g)
		if err != nil {
			t.Fatal(err)
		}
		if under = append(under, ticket); len(under) == 3 {
			if err := under[0].Wait(); err != nil {
				t.Fatal(err)
			}
			under = under[1:]
		}
	}
	for _, ticket := range under {
		if err := ticket.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	readers.Wait()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestTailFindsDamage: a reader does not go over a gap or a changed record.
func TestTailFindsDamage(t *testing.T) {
	for name, change := range map[string]func(l *PebbleLog){
		"missing": func(l *PebbleLog) { del(t, l.db, 3) },
		"flipped": func(l *PebbleLog) { flip(t, l.db, 3, -1) },
		"chain":   func(l *PebbleLog) { flip(t, l.db, 3, 40) },
	} {
		l := open(t, vfs.NewMem())
		write(t, l, 2, 3, 4)
		change(l)
		r := l.Tail(2)
		var err error
		for seq := uint64(2); seq <= 9 && err == nil; seq++ {
			_, err = r.Next(t.Context())
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		l.Close()
	}
}
