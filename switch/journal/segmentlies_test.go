package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// lyingSegment is a segment with one group, right in itself, behind a header that
// says what base says.
func lyingSegment(t *testing.T, base Base, hashes int) io.Reader {
	t.Helper()
	var file bytes.Buffer
	w, err := newSegmentWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	h := SegmentHeader{Format: Format, Base: base, Tree: make([]Hash, hashes)}
	if err := w.header(&h); err != nil {
		t.Fatal(err)
	}
	var g Group
	g.Reset(base.First)
	g.Add([]byte("a record"))
	end := base.end()
	value := g.seal(&end)
	head := takeHead(value)
	var seg Segment
	seg.take(&head, value)
	seg.Tree = base.Groups + 1
	if err := w.group(value); err != nil {
		t.Fatal(err)
	}
	if err := w.end(&seg); err != nil {
		t.Fatal(err)
	}
	return &file
}

// TestSegmentWithoutSense: numbers at which sums wrap, or that no journal can have.
func TestSegmentWithoutSense(t *testing.T) {
	for _, c := range []struct {
		base   Base
		hashes int
	}{
		{Base{First: 1, Groups: math.MaxUint64}, 64}, // one more has no place in the tree
		{Base{First: math.MaxUint64, Groups: math.MaxUint64 - 1}, 63},
		{Base{First: math.MaxUint64}, 0},
		{Base{First: 0}, 0},
		{Base{First: 2, Groups: 2}, 1},
	} {
		if _, seg, err := VerifySegment(lyingSegment(t, c.base, c.hashes)); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "begins at record") {
			t.Errorf("%+v: %+v, %v", c.base, seg, err)
		}
	}
}

// TestSegmentBomb: zeros that take next to no room in a file, and a group of 4 GiB
// made of them. The length is refused before they are read.
func TestSegmentBomb(t *testing.T) {
	var file bytes.Buffer
	w, err := newSegmentWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.header(&SegmentHeader{Format: Format, Base: firstBase}); err != nil {
		t.Fatal(err)
	}
	w.block = binary.LittleEndian.AppendUint32(w.block, math.MaxUint32)
	for range GroupBytesMax/segmentBlock + 10 {
		w.block = append(w.block, make([]byte, segmentBlock-len(w.block))...)
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
	}
	size := file.Len()
	var taken int
	_, _, err = VerifySegment(readFunc(func(b []byte) (int, error) {
		n, err := file.Read(b[:min(len(b), 512)])
		taken += n
		return n, err
	}))
	if want := "a group of 4294967295 bytes"; err == nil || !strings.Contains(err.Error(), want) || taken == size {
		t.Errorf("%d of %d bytes were read, and then: %v", taken, size, err)
	}
}

type readFunc func([]byte) (int, error)

// Read calls f.
func (f readFunc) Read(b []byte) (int, error) { return f(b) }
