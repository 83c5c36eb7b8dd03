package journal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// VerifySegment reads a segment to its end and checks everything in it: each group
// against the one before, each record against checksum and root, and all that the
// file says about them against them. It needs nothing but the file. That two
// segments follow each other shows in the header of the later one: its base and
// tree are chain, tree and root of the earlier one.
func VerifySegment(r io.Reader) (SegmentHeader, Segment, error) {
	return ReadSegment(r, func(Record) error { return nil })
}

// ReadSegment is VerifySegment, and calls f for each record when its group has been
// checked. What f has seen is only good when ReadSegment returns no error: the sum
// of the file is at its end. The record is valid during the call.
func ReadSegment(r io.Reader, f func(Record) error) (SegmentHeader, Segment, error) {
	var seg Segment
	s := &segmentReader{r: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}
	header, err := s.header()
	if err != nil {
		return header, seg, segmentError(err)
	}
	if s.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(segmentBlock), zstd.WithDecoderLowmem(true)); err != nil {
		return header, seg, err
	}
	defer s.zstd.Close()
	t, err := header.treeBefore()
	if err != nil {
		return header, seg, segmentError(err)
	}
	end := header.Base.end()
	var c checker
	for {
		value, err := s.group()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return header, seg, segmentError(err)
		}
		h, err := readHead(value, end.next)
		if err == nil {
			err = end.follow(&h, value)
		}
		if err == nil {
			err = c.each(&h, value, 0, func(seq uint64, record []byte) error { return f(Record{Seq: seq, At: h.at, Bytes: record}) })
		}
		if err != nil {
			return header, seg, segmentError(err)
		}
		seg.take(&h, value)
		t.add(leafHash(value[:headBytes]))
	}
	seg.Tree, seg.Root = t.n, t.root()
	return header, seg, segmentError(s.end(&seg))
}

// errSegment is of a segment that is not what was written, errCutOff of one that ends
// too early. errNoSegment is of a file that is none, or whose beginning was damaged:
// who expects a segment there has damage.
var (
	errSegment   = damagedSegment("it is damaged")
	errCutOff    = damagedSegment("it is damaged: it is cut off")
	errNoSegment = damagedSegment("it is no file that export has written")
)

// damagedSegment is damage to a segment, which is no damage to a journal.
type damagedSegment string

// Error says what is wrong with it.
func (d damagedSegment) Error() string { return string(d) }

// Is says that it is damage.
func (damagedSegment) Is(target error) bool { return target == ErrDamaged }

func segmentError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("segment: %w", err)
}

// cutOff is the error of a reader: that it has nothing more is damage, anything else
// is about the disk.
func cutOff(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errCutOff
	}
	return fmt.Errorf("read: %w", err)
}

// segmentReader reads the frames of a segment.
type segmentReader struct {
	r     *bufio.Reader
	sum   hash.Hash
	zstd  *zstd.Decoder
	frame []byte
	room  []byte
	block []byte // what is left of the block that was read last, in room
	value bytes.Buffer
	last  int // size of the last frame, when it was reached
}

// header reads the two lines that a segment begins with.
func (s *segmentReader) header() (h SegmentHeader, err error) {
	magic, err := s.r.Peek(len(segmentMagic))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return h, cutOff(err)
	case len(magic) == 0:
		return h, fmt.Errorf("%w: it is empty", errNoSegment)
	case !strings.HasPrefix(segmentMagic, string(magic)):
		return h, fmt.Errorf("%w: it begins with %q", errNoSegment, magic)
	}
	if err := s.read(make([]byte, len(segmentMagic))); err != nil {
		return h, err
	}
	var line []byte
	for {
		part, err := s.r.ReadSlice('\n')
		if line = append(line, part...); err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return h, cutOff(err)
		}
		if len(line) > segmentLineMax {
			return h, fmt.Errorf("%w: its header has more than %d bytes", errSegment, segmentLineMax)
		}
	}
	s.sum.Write(line)
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return h, fmt.Errorf("%w: its header: %w", errSegment, err)
	}
	if h.Format != Format {
		return h, fmt.Errorf("%w: it has format %d, this version of the switch reads %d", errSegment, h.Format, Format)
	}
	return h, nil
}

// read fills b and adds it to the sum.
func (s *segmentReader) read(b []byte) error {
	if _, err := io.ReadFull(s.r, b); err != nil {
		return cutOff(err)
	}
	s.sum.Write(b)
	return nil
}

// group returns the next group, io.EOF when the last frame is reached. It is valid
// until the next call.
func (s *segmentReader) group() ([]byte, error) {
	var size [4]byte
	for i := range size {
		if len(s.block) == 0 {
			if err := s.nextBlock(); err != nil {
				if i > 0 && errors.Is(err, io.EOF) {
					err = errCutOff
				}
				return nil, err
			}
		}
		size[i], s.block = s.block[0], s.block[1:]
	}
	left := int64(binary.LittleEndian.Uint32(size[:]))
	if left > GroupBytesMax {
		return nil, fmt.Errorf("%w: a group of %d bytes, limit %d", errSegment, left, GroupBytesMax)
	}
	// The length is believed as far as there are bytes.
	s.value.Reset()
	for left > 0 {
		if len(s.block) == 0 {
			if err := s.nextBlock(); errors.Is(err, io.EOF) {
				return nil, errCutOff
			} else if err != nil {
				return nil, err
			}
		}
		n := min(left, int64(len(s.block)))
		s.value.Write(s.block[:n])
		s.block, left = s.block[n:], left-n
	}
	return s.value.Bytes(), nil
}

// nextBlock reads a block of the stream, io.EOF when the last frame is reached.
func (s *segmentReader) nextBlock() error {
	var head [frameHeadBytes]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return cutOff(err)
	}
	magic, size := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint32(head[4:])
	if magic == frameEnd && size <= segmentLineMax {
		s.last = int(size)
		return io.EOF
	}
	s.sum.Write(head[:])
	if magic != frameLength || size != 4 {
		return fmt.Errorf("%w: a frame %08x of %d bytes", errSegment, magic, size)
	}
	var length [4]byte
	if err := s.read(length[:]); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > segmentBlockMax {
		return fmt.Errorf("%w: a frame of %d bytes, limit %d", errSegment, n, segmentBlockMax)
	}
	s.frame = slices.Grow(s.frame[:0], int(n))[:n]
	if err := s.read(s.frame); err != nil {
		return err
	}
	var err error
	if s.room, err = s.zstd.DecodeAll(s.frame, s.room[:0]); err != nil {
		return fmt.Errorf("%w: %w", errSegment, err)
	}
	if s.block = s.room; len(s.block) == 0 {
		return fmt.Errorf("%w: an empty block", errSegment)
	}
	return nil
}

// end reads the last frame and compares it with what was read.
func (s *segmentReader) end(want *Segment) error {
	s.sum.Sum(want.SHA256[:0])
	text := make([]byte, s.last)
	if _, err := io.ReadFull(s.r, text); err != nil {
		return cutOff(err)
	}
	var says Segment
	if err := json.Unmarshal(text, &says); err != nil {
		return fmt.Errorf("%w: its last frame: %w", errSegment, err)
	}
	is, err := json.Marshal(want)
	if err != nil {
		return err
	}
	if says.SHA256 != want.SHA256 {
		return fmt.Errorf("%w: its SHA-256 is %s, its last frame says %s", errSegment, want.SHA256, says.SHA256)
	}
	if !bytes.Equal(is, text) {
		return fmt.Errorf("%w: its last frame says %s, its groups %s", errSegment, text, is)
	}
	switch _, err := s.r.ReadByte(); {
	case err == nil:
		return fmt.Errorf("%w: something follows its end", errSegment)
	case !errors.Is(err, io.EOF):
		return cutOff(err)
	}
	return nil
}
