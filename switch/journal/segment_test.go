package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/klauspost/compress/zstd"
)

// segmentOf exports records of l.
func segmentOf(t testing.TB, l *PebbleLog, first, last uint64) ([]byte, Segment) {
	t.Helper()
	var file bytes.Buffer
	seg, err := l.Export(t.Context(), &file, first, last, SegmentHeader{Day: "2026-11-22", By: "switchd test"})
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), seg
}

// TestExportAnything exports every range of a journal, also of one that begins
// behind a deletion: whole groups, verified without the folder.
func TestExportAnything(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	writeAt(t, l, 10, 3, 1, 4)
	writeAt(t, l, 20, 2, 6, 1)
	for _, deleted := range []uint64{0, 5} {
		if _, err := l.DeleteBefore(deleted); err != nil {
			t.Fatal(err)
		}
		for first := max(deleted, 1); first <= 17; first++ {
			for last := first; last <= 17; last++ {
				file, made := segmentOf(t, l, first, last)
				next := made.First
				header, read, err := ReadSegment(bytes.NewReader(file), func(r Record) error {
					if r.Seq != next {
						t.Fatalf("record %d, want %d", r.Seq, next)
					}
					next++
					return nil
				})
				if err != nil || read != made || header.Day != "2026-11-22" || header.By != "switchd test" {
					t.Fatalf("%d to %d: %+v, %+v (%v), want %+v", first, last, header, read, err, made)
				}
				if made.First > first || made.Last < last || header.Base.First != made.First || next != made.Last+1 {
					t.Fatalf("%d to %d: %+v", first, last, made)
				}
			}
		}
	}
	if _, err := l.Export(t.Context(), io.Discard, 4, 6, SegmentHeader{}); !errors.Is(err, ErrGone) {
		t.Errorf("export of what was deleted: %v", err)
	}
	if _, err := l.Export(t.Context(), io.Discard, 4, 18, SegmentHeader{}); err == nil {
		t.Error("export of what is not there")
	}
}

// TestSegmentsFollow: the header of a segment is the base, chain and tree that the
// one before has ended with.
func TestSegmentsFollow(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 3, 1, 4, 2, 6, 1)
	a, before := segmentOf(t, l, 1, 8)
	b, _ := segmentOf(t, l, 9, 17)
	if _, _, err := VerifySegment(bytes.NewReader(a)); err != nil {
		t.Fatal(err)
	}
	header, _, err := VerifySegment(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := header.treeBefore()
	if err != nil || tree.n != before.Tree || tree.root() != before.Root || header.Base.Chain != before.Chain || header.Base.First != before.Last+1 {
		t.Errorf("%+v follows %+v (%v)", header, before, err)
	}
}

// bigSegment has groups that cross the blocks of its stream.
func bigSegment(t testing.TB) (*PebbleLog, []byte, Segment) {
	l := open(t, vfs.NewMem())
	w := &world{}
	w.fill(t, l, rand.New(rand.NewPCG(6, 7)), 3<<20)
	file, seg := segmentOf(t, l, 1, l.Durable())
	return l, file, seg
}

// TestSegmentIsAZstdStream: behind the two lines any tool for zstd gives the
// groups, each behind its length.
func TestSegmentIsAZstdStream(t *testing.T) {
	l, file, seg := bigSegment(t)
	defer l.Close()
	r := bufio.NewReader(bytes.NewReader(file))
	for range 2 {
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	z, err := zstd.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	groups := uint64(0)
	for ; len(raw) > 0; groups++ {
		raw = raw[4+binary.LittleEndian.Uint32(raw):]
	}
	if groups != seg.Groups {
		t.Errorf("%d groups, want %d", groups, seg.Groups)
	}
	if _, again, err := VerifySegment(bytes.NewReader(file)); err != nil || again != seg {
		t.Errorf("%+v (%v), want %+v", again, err, seg)
	}
	t.Logf("%d bytes of groups in %d bytes", seg.Bytes, len(file))
}

// TestSegmentDamage changes, drops and doubles bytes everywhere in a segment, and
// cuts it: none is taken.
func TestSegmentDamage(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 3, 1, 4, 2, 6, 1)
	file, _ := segmentOf(t, l, 5, 17)
	refused := func(what string, at int, bad []byte) {
		t.Helper()
		if bytes.Equal(bad, file) {
			return
		}
		if _, seg, err := VerifySegment(bytes.NewReader(bad)); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d of %d %s: %+v, %v", at, len(file), what, seg, err)
		}
	}
	rng := rand.New(rand.NewPCG(6, 8))
	for at := range file {
		bad := bytes.Clone(file)
		bad[at] ^= 1 << rng.IntN(8)
		refused("flipped", at, bad)
		switch at % 3 {
		case 0:
			refused("dropped", at, append(bytes.Clone(file[:at]), file[at+1:]...))
		case 1:
			refused("doubled", at, append(append(bytes.Clone(file[:at]), file[at]), file[at:]...))
		case 2:
			refused("cut", at, file[:at])
		}
	}
	refused("and more", len(file), append(bytes.Clone(file), 0))
}

// TestExportFindsDamage: what is not right is never exported as if it were.
func TestExportFindsDamage(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 2, 3, 4)
	flip(t, l.db, 3, -1)
	if _, err := l.Export(t.Context(), io.Discard, 1, 9, SegmentHeader{}); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

type fullDisk struct{ left int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}

// TestExportToFullDisk: an error of the writer is the error of the export.
func TestExportToFullDisk(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 2, 3, 4)
	file, _ := segmentOf(t, l, 1, 9)
	for room := 0; room < len(file); room += 9 {
		if _, err := l.Export(t.Context(), &fullDisk{room}, 1, 9, SegmentHeader{Day: "2026-11-22", By: "switchd test"}); err == nil || !strings.Contains(err.Error(), "no space") {
			t.Fatalf("%d bytes of %d: %v", room, len(file), err)
		}
	}
}
