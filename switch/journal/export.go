package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/cockroachdb/pebble/v2"
	"github.com/klauspost/compress/zstd"
)

// errStop ends a walk that has seen enough.
var errStop = errors.New("stop")

// segmentWriter compresses what is written to it into frames and keeps their sum.
type segmentWriter struct {
	w      io.Writer
	sum    hash.Hash
	zstd   *zstd.Encoder
	block  []byte
	frames []byte
}

func newSegmentWriter(w io.Writer) (*segmentWriter, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(segmentBlock))
	if err != nil {
		return nil, err
	}
	return &segmentWriter{w: w, sum: sha256.New(), zstd: z}, nil
}

// raw writes b as it is.
func (s *segmentWriter) raw(b []byte) error {
	s.sum.Write(b)
	if _, err := s.w.Write(b); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	return nil
}

// group adds a group to the stream.
func (s *segmentWriter) group(value []byte) error {
	s.block = binary.LittleEndian.AppendUint32(s.block, uint32(len(value)))
	for {
		n := min(len(value), segmentBlock-len(s.block))
		s.block, value = append(s.block, value[:n]...), value[n:]
		if len(s.block) < segmentBlock-4 { // room for the next length
			return nil
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
}

// flush writes the block as two frames: its length, and itself.
func (s *segmentWriter) flush() error {
	if len(s.block) == 0 {
		return nil
	}
	s.frames = appendFrameHead(s.frames[:0], frameLength, 4)
	s.frames = append(s.frames, 0, 0, 0, 0)
	s.frames = s.zstd.EncodeAll(s.block, s.frames)
	binary.LittleEndian.PutUint32(s.frames[frameHeadBytes:], uint32(len(s.frames)-frameHeadBytes-4))
	s.block = s.block[:0]
	return s.raw(s.frames)
}

// end writes the last frame.
func (s *segmentWriter) end(seg *Segment) error {
	if err := s.flush(); err != nil {
		return err
	}
	s.sum.Sum(seg.SHA256[:0])
	text, err := json.Marshal(seg)
	if err != nil {
		return err
	}
	return s.raw(append(appendFrameHead(nil, frameEnd, len(text)), text...))
}

func appendFrameHead(b []byte, magic uint32, size int) []byte {
	b = binary.LittleEndian.AppendUint32(b, magic)
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}

// Export writes the groups that hold the records from first to last to w, as a
// segment, as long as ctx lasts. It checks them on the way, and writes durable records
// only. header.Day and header.By are the caller's. Safe for concurrent use.
func (l *PebbleLog) Export(ctx context.Context, w io.Writer, first, last uint64, header SegmentHeader) (Segment, error) {
	var seg Segment
	if durable := l.Durable(); first > last || last > durable {
		return seg, fmt.Errorf("export of records %d to %d: the journal goes to %d", first, last, durable)
	}
	snapshot := l.db.NewSnapshot()
	defer snapshot.Close()
	out, err := newSegmentWriter(w)
	if err != nil {
		return seg, err
	}
	var t tree
	var c checker
	err = walk(snapshot, first, last, func(h *head, value []byte) error {
		if h.first > last {
			return errStop
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if seg.Groups == 0 {
			if err := header.begin(snapshot, h, &t); err != nil {
				return err
			}
			if err := out.header(&header); err != nil {
				return err
			}
		}
		if err := c.records(value, h); err != nil {
			return err
		}
		seg.take(h, value)
		t.add(leafHash(value[:headBytes]))
		return out.group(value)
	})
	if err != nil && !errors.Is(err, errStop) {
		return seg, err
	}
	seg.Tree, seg.Root = t.n, t.root()
	return seg, out.end(&seg)
}

// begin sets what a header says about what is before the segment, and reads the
// Merkle log up to there.
func (s *SegmentHeader) begin(r pebble.Reader, h *head, t *tree) error {
	base, err := readBase(r)
	if err != nil {
		return err
	}
	if h.first > base.First {
		before, _, err := groupOf(r, h.first-1)
		if err != nil {
			return err
		}
		base = &Base{First: h.first, Groups: h.number, At: before.at, Chain: h.before}
	}
	s.Format, s.Base = Format, *base
	if err := readTree(r, h.number, t); err != nil {
		return err
	}
	s.Tree = make([]Hash, 0, len(t.levels))
	for level := len(t.levels) - 1; level >= 0; level-- {
		if t.n>>level&1 == 1 {
			s.Tree = append(s.Tree, t.levels[level])
		}
	}
	return nil
}

// header writes the two lines that a segment begins with.
func (s *segmentWriter) header(h *SegmentHeader) error {
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return s.raw(bytes.Join([][]byte{[]byte(segmentMagic), line, []byte("\n")}, nil))
}
