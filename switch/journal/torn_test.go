package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// smallWorld is a folder with one write-ahead log, killed behind a group that was
// written and not waited for.
func smallWorld(t *testing.T) (w *world, path string, synced int) {
	t.Helper()
	w = &world{fs: vfs.NewCrashableMem()}
	var l *PebbleLog
	for number := 1; number%2 != 0; { // until the log has an even number
		var err error
		if l, err = OpenPebble("journal", quiet(w.fs)); err != nil {
			t.Fatal(err)
		}
		for _, name := range w.files(t) {
			if strings.HasSuffix(name, ".log") {
				path = "journal/" + name
				fmt.Sscanf(name, "%d", &number)
			}
		}
		if number%2 != 0 || len(w.groups) == 0 {
			w.fill(t, l, rand.New(rand.NewPCG(6, 3)), 1000)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			number = 1
		}
	}
	w.fill(t, l, rand.New(rand.NewPCG(6, 4)), 80_000)
	buf, err := w.fs.UnsafeGetFileDataBuffer(path)
	if err != nil {
		t.Fatal(err)
	}
	synced = len(buf)
	var g Group
	g.Reset(l.Next())
	g.At(int64(len(w.groups)))
	for range 3 {
		w.records = append(w.records, bytes.Repeat([]byte{7}, 150))
		g.Add(w.records[len(w.records)-1])
	}
	promise, err := l.Append(&g)
	if err != nil {
		t.Fatal(err)
	}
	// It is in the file, but nobody has been told.
	if err := promise.(*ticket).b.SyncWait(); err != nil {
		t.Fatal(err)
	}
	return w, path, synced
}

// TestTornTail cuts the last write-ahead log at every byte of a group that nobody
// waited for, and overwrites the rest with zeros or with garbage: all that was
// durable is there, and the log says where and what was torn. A cut before the
// durable end is refused, with the file's name.
func TestTornTail(t *testing.T) {
	w, path, synced := smallWorld(t)
	buf, _ := w.fs.UnsafeGetFileDataBuffer(path)
	for at := synced - 40; at <= len(buf); at++ {
		for _, how := range []string{"cut", "zeros", "garbage"} {
			if how != "cut" && at%23 != 0 || testing.Short() && at%7 != 0 {
				continue
			}
			torn := w.copy()
			tear(t, torn, path, at, how)
			var log bytes.Buffer
			l, err := OpenPebble("journal", Options{FS: torn, Log: slog.New(slog.NewTextHandler(&log, nil))})
			what := fmt.Sprintf("%s at %d, durable to %d of %d", how, at, synced, len(buf))
			switch {
			case at < synced && err == nil:
				t.Errorf("%s: opened, with records to %d of %d", what, l.Durable(), w.durable)
			case at < synced:
				if !strings.Contains(err.Error(), path) {
					t.Errorf("%s: %v", what, err)
				}
				continue
			case err != nil:
				t.Errorf("%s: %v", what, err)
				continue
			case int(l.Durable()) < w.durable:
				t.Errorf("%s: records to %d of %d", what, l.Durable(), w.durable)
			}
			if part := at > synced && int(l.Durable()) == w.durable; part && how == "cut" {
				for _, want := range []string{path, fmt.Sprintf("offset=%d", synced), "torn"} {
					if !strings.Contains(log.String(), want) {
						t.Errorf("%s: the log does not say %q: %s", what, want, log.String())
					}
				}
			} else if at == synced && how != "garbage" && log.Len() != 0 {
				t.Errorf("%s: nothing was torn, but the log says %s", what, log.String())
			}
			w.goOn(t, l)
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// goOn appends to a journal that has lost its last group, and reads it.
func (w *world) goOn(t *testing.T, l *PebbleLog) {
	t.Helper()
	var g Group
	g.Reset(l.Next())
	g.At(1 << 40)
	g.Add([]byte("goes on"))
	ticket, err := l.Append(&g)
	if err != nil {
		t.Fatal(err)
	}
	if err := ticket.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := l.Replay(1, func(uint64, []byte) error { return nil }); err != nil {
		t.Error(err)
	}
}

func tear(t *testing.T, fs *vfs.MemFS, path string, at int, how string) {
	t.Helper()
	b, err := fs.UnsafeGetFileDataBuffer(path)
	if err != nil {
		t.Fatal(err)
	}
	switch how {
	case "zeros":
		clear(b[at:])
	case "garbage":
		for i := range b[at:] {
			b[at+i] = byte(i*7 + 1)
		}
	case "cut":
		whole := append([]byte(nil), b[:at]...)
		f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(whole); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatPebbleTakesForAnEnd is why the journal reads Pebble's logs itself: each
// of these flips makes Pebble alone open a folder without durable records and
// without an error. Here they are refused, with file and offset.
func TestWhatPebbleTakesForAnEnd(t *testing.T) {
	w, path, synced := smallWorld(t)
	for _, c := range []struct {
		name string
		flip func(b []byte)
	}{
		{"a payload in the last block", func(b []byte) { b[synced-1000] ^= 4 }},
		{"a payload before the last block", func(b []byte) { b[blockBytes+100] ^= 4 }},
		{"the log number of the first chunk", func(b []byte) { b[7] ^= 1 }},
	} {
		flipped := w.copy()
		b, _ := flipped.UnsafeGetFileDataBuffer(path)
		c.flip(b)
		alone := pebbleAlone(t, flipped)
		_, err := OpenPebble("journal", quiet(flipped))
		t.Logf("%s: Pebble alone: %s; journal: %v", c.name, alone, err)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "offset") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// pebbleAlone says how far a folder goes for Pebble.
func pebbleAlone(t *testing.T, fs *vfs.MemFS) string {
	t.Helper()
	o := quiet(fs).Pebble("journal")
	o.ReadOnly = true
	db, err := pebble.Open("journal", o)
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	it, err := groups(db)
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	if !it.Last() {
		return "empty"
	}
	return fmt.Sprintf("no error, last group %d", binary.BigEndian.Uint64(it.Key()[1:]))
}

// TestKilledInAFileUsedAgain: Pebble writes a new log over an older one. What is left
// of that behind the last group is no write that was torn, and the start says nothing
// of one; a group of which a part was written over it is.
func TestKilledInAFileUsedAgain(t *testing.T) {
	disk := vfs.NewCrashableMem()
	l := open(t, disk)
	w := &world{fs: disk}
	rng := rand.New(rand.NewPCG(6, 9))
	for range 3 {
		w.fill(t, l, rng, 150_000)
		flush(t, l)
	}
	w.fill(t, l, rng, 20_000)
	killed := w.copy()
	again := (&world{fs: killed}).copy()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	logs := filesOf(t, killed, ".log")
	path := "journal/" + slices.Max(logs)
	number := 0
	fmt.Sscanf(slices.Max(logs), "%d", &number)
	log, err := readWAL(killed, path, uint32(number), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := again.UnsafeGetFileDataBuffer(path)
	if len(b) < int(log.end)+100_000 {
		t.Fatalf("%s: %d bytes, written up to %d: not one that was used again", path, len(b), log.end)
	}
	binary.LittleEndian.PutUint32(b[log.end+chunkHeadLegacy:], uint32(number)) // of the head of a chunk
	for name, c := range map[string]struct {
		fs   vfs.FS
		torn bool
	}{"killed": {killed, false}, "torn": {again, true}} {
		var said bytes.Buffer
		l, err := OpenPebble("journal", Options{FS: c.fs, Log: slog.New(slog.NewTextHandler(&said, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if int(l.Durable()) != w.durable || strings.Contains(said.String(), "torn") != c.torn {
			t.Errorf("%s: %d records of %d; it says %q", name, l.Durable(), w.durable, said.String())
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
