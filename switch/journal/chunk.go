package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Pebble's logs (the write-ahead logs and the MANIFEST) are records, cut into
// chunks that never cross a block. We read them ourselves before Pebble does,
// because it takes several kinds of damage for the end of the log (inspect.go).
//
//	CRC32C u32, masked | length u16 | type u8 | then by type: log number u32 | synced offset u64
//
// The checksum covers everything from the type on. The remainder of a block that
// has no room for a chunk is zero.
const (
	blockBytes       = 32 << 10
	chunkHeadLegacy  = 4 + 2 + 1
	chunkHeadLog     = chunkHeadLegacy + 4
	chunkHeadSync    = chunkHeadLog + 8
	chunkTypes       = 12
	chunkFull        = 0 // place of a chunk in its record: (type-1) % 4
	chunkFirst       = 1
	chunkLast        = 3
	chunkTrailerType = 5
)

// chunkKind is what stands at a place where a chunk should begin.
type chunkKind int

const (
	chunkWhole   chunkKind = iota // a chunk of this log
	chunkEOF                      // the end of the file
	chunkZero                     // zeros: nothing was ever written here
	chunkStale                    // of an older log whose file was used again, any part of it: no head of this log was written here
	chunkTrailer                  // what a log ends with that was closed
	chunkBad                      // anything else
)

// chunk is one chunk of a log.
type chunk struct {
	kind    chunkKind
	place   int    // chunkFull, chunkFirst, middle, chunkLast
	synced  uint64 // how much of the file was known to be on disk when it was written; 0: not said
	end     int64  // offset behind it
	payload []byte // valid until the next call
}

func (c *chunk) begins() bool { return c.place == chunkFull || c.place == chunkFirst }
func (c *chunk) ends() bool   { return c.place == chunkFull || c.place == chunkLast }

// chunks reads one log.
type chunks struct {
	f      vfs.File
	size   int64
	number uint32 // of the log; its chunks carry it
	legacy bool   // chunks without a log number: the MANIFEST
	block  [blockBytes]byte
	start  int64 // offset of block in the file; -1: none
	n      int   // bytes of it
}

func openChunks(disk vfs.FS, path string, number uint32, legacy bool) (*chunks, error) {
	f, err := disk.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return nil, readError(err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, readError(err)
	}
	return &chunks{f: f, size: info.Size(), number: number, legacy: legacy, start: -1}, nil
}

func (r *chunks) close() error { return r.f.Close() }

// load makes block hold the block of an offset.
func (r *chunks) load(at int64) error {
	start := at &^ (blockBytes - 1)
	if start == r.start {
		return nil
	}
	n, err := r.f.ReadAt(r.block[:min(blockBytes, max(0, r.size-start))], start)
	if err != nil && !errors.Is(err, io.EOF) {
		r.start = -1
		return readError(err)
	}
	r.start, r.n = start, n
	return nil
}

// next is the chunk that begins at an offset, or behind the padding there.
func (r *chunks) next(at int64) (chunk, error) {
	if room := blockBytes - at&(blockBytes-1); room < chunkHeadSync && at+room <= r.size {
		if err := r.load(at); err != nil {
			return chunk{}, err
		}
		if room < chunkHeadLegacy || allZero(r.block[at-r.start:r.n]) {
			at += room
		}
	}
	if at >= r.size {
		return chunk{kind: chunkEOF}, nil
	}
	if err := r.load(at); err != nil {
		return chunk{}, err
	}
	return r.at(int(at - r.start)), nil
}

// at reads what stands at a place of the block.
func (r *chunks) at(i int) chunk {
	b := r.block[i:r.n]
	if allZero(b[:min(len(b), chunkHeadLegacy)]) {
		return chunk{kind: chunkZero}
	}
	if !r.legacy && len(b) >= chunkHeadLog {
		switch number := binary.LittleEndian.Uint32(b[chunkHeadLegacy:]); {
		case number == r.number+1 && b[6] == chunkTrailerType && allZero(b[:6]):
			return chunk{kind: chunkTrailer}
		case number != r.number:
			return chunk{kind: chunkStale}
		}
	}
	head := r.headBytes(b)
	if head == 0 || len(b) < head {
		return chunk{kind: chunkBad}
	}
	end := head + int(binary.LittleEndian.Uint16(b[4:]))
	whole := end <= len(b) && binary.LittleEndian.Uint32(b) == maskedSum(b[6:end])
	if !whole {
		return chunk{kind: chunkBad}
	}
	c := chunk{place: int(b[6]-1) % 4, end: r.start + int64(i+end), payload: b[head:end]}
	if head == chunkHeadSync {
		c.synced = binary.LittleEndian.Uint64(b[chunkHeadLog:])
	}
	return c
}

// headBytes is the size of a chunk's head by its type, 0 if there is no such type
// in this log.
func (r *chunks) headBytes(b []byte) int {
	if len(b) < chunkHeadLegacy || b[6] == 0 || b[6] > chunkTypes {
		return 0
	}
	kind := (b[6] - 1) / 4
	if r.legacy != (kind == 0) {
		return 0
	}
	return [...]int{chunkHeadLegacy, chunkHeadLog, chunkHeadSync}[kind]
}

// maskedSum is the checksum of a chunk: CRC32C, turned and moved so that data that
// holds checksums of its own does not look like one.
func maskedSum(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// recordPrefix is how much of a record is kept: enough for the head of a group.
const recordPrefix = 256

// record reads the record that begins at an offset. It returns the first bytes of
// it, its end, and chunkWhole; or what stands at the offset instead. A record of
// which only a part is there is chunkBad, with that part, and the offset where it
// breaks off.
func (r *chunks) record(at int64, prefix []byte) ([]byte, int64, chunkKind, error) {
	prefix = prefix[:0]
	for first := true; ; first = false {
		c, err := r.next(at)
		switch {
		case err != nil:
			return prefix, at, chunkBad, err
		case c.kind != chunkWhole && first:
			return prefix, at, c.kind, nil
		case c.kind != chunkWhole || c.begins() != first:
			return prefix, at, chunkBad, nil
		}
		prefix = append(prefix, c.payload[:min(len(c.payload), recordPrefix-len(prefix))]...)
		if at = c.end; c.ends() {
			return prefix, at, chunkWhole, nil
		}
	}
}

// after calls f for every chunk of this log that begins a record at an offset
// greater than at, wherever it stands, until f returns false: what a reader finds
// that does not stop at damage.
func (r *chunks) after(at int64, f func(at int64, c *chunk) bool) error {
	for at++; at < r.size; at = r.start + blockBytes {
		if err := r.load(at); err != nil {
			return err
		}
		for i := int(at - r.start); i+chunkHeadLegacy <= r.n; i++ {
			if !r.mayBegin(i) {
				continue
			}
			if c := r.at(i); c.kind == chunkWhole && !f(r.start+int64(i), &c) {
				return nil
			}
		}
	}
	return nil
}

// mayBegin spares most places of a block the reading of a checksum.
func (r *chunks) mayBegin(i int) bool {
	if t := r.block[i+6]; t == 0 || t > chunkTypes || (t-1)%4 > chunkFirst {
		return false
	}
	return r.legacy || i+chunkHeadLog <= r.n && binary.LittleEndian.Uint32(r.block[i+chunkHeadLegacy:]) == r.number
}
