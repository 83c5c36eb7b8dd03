package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Layout of a group, little-endian:
//
//	version u8 | zero [3]u8 | records u32 | first sequence number u64 | hash of the group before [32]u8
//	then per record: length u32 | CRC32C of the bytes u32 | bytes
//
// The hash of a group is SHA-256 over all of this. The first group ever follows
// the zero hash.
const (
	formatVersion   = 1
	headBytes       = 16 + hashBytes
	hashBytes       = sha256.Size
	recordHeadBytes = 8
)

// Bounds of one group; its writer keeps to GroupRecordsMax by making several.
const (
	GroupRecordsMax = 8192
	RecordBytesMax  = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrDamaged is wrapped by every error about bytes that are not what was written.
var ErrDamaged = errors.New("journal is damaged")

// Hash is the chain value of a group.
type Hash [hashBytes]byte

// Group is a run of records that become durable together. The zero value needs a
// Reset. A Group may be reused when its ticket has been waited for.
type Group struct {
	first uint64
	count uint32
	buf   []byte
}

// Reset empties g for records from sequence number first on.
func (g *Group) Reset(first uint64) {
	g.first, g.count = first, 0
	if cap(g.buf) < headBytes {
		g.buf = make([]byte, 0, 1<<14)
	}
	g.buf = g.buf[:headBytes]
}

// Begin returns a buffer to append one record to; End takes it back. Between
// them nothing else may be done with g.
func (g *Group) Begin() []byte {
	return append(g.buf, make([]byte, recordHeadBytes)...)
}

// End closes the record that was appended to the buffer of Begin.
func (g *Group) End(b []byte) {
	head, record := b[len(g.buf):], b[len(g.buf)+recordHeadBytes:]
	if len(record) > RecordBytesMax {
		panic(fmt.Sprintf("journal: a record of %d bytes, limit %d", len(record), RecordBytesMax))
	}
	binary.LittleEndian.PutUint32(head, uint32(len(record)))
	binary.LittleEndian.PutUint32(head[4:], crc32.Checksum(record, castagnoli))
	g.buf = b
	g.count++
}

// Add appends a copy of record.
func (g *Group) Add(record []byte) { g.End(append(g.Begin(), record...)) }

// Count is the number of records, Bytes the size on disk, First and Next the
// sequence numbers of the first record and of the one after the last.
func (g *Group) Count() int { return int(g.count) }

// Bytes is the size of the group on disk.
func (g *Group) Bytes() int { return len(g.buf) }

// First is the sequence number of the first record.
func (g *Group) First() uint64 { return g.first }

// Next is the sequence number after the last record.
func (g *Group) Next() uint64 { return g.first + uint64(g.count) }

// seal writes the head and returns the value to store and its hash.
func (g *Group) seal(before Hash) ([]byte, Hash) {
	h := g.buf[:headBytes]
	clear(h)
	h[0] = formatVersion
	binary.LittleEndian.PutUint32(h[4:], g.count)
	binary.LittleEndian.PutUint64(h[8:], g.first)
	copy(h[16:], before[:])
	return g.buf, sha256.Sum256(g.buf)
}

// head reads the fixed part of a group and checks what can be checked there.
func head(value []byte, first uint64) (count uint32, before Hash, err error) {
	if len(value) < headBytes {
		return 0, before, fmt.Errorf("%w: group %d has %d bytes, less than a head", ErrDamaged, first, len(value))
	}
	if value[0] != formatVersion {
		return 0, before, fmt.Errorf("group %d has format version %d, this binary reads %d", first, value[0], formatVersion)
	}
	if at := binary.LittleEndian.Uint64(value[8:]); at != first {
		return 0, before, fmt.Errorf("%w: group %d says that it is group %d", ErrDamaged, first, at)
	}
	copy(before[:], value[16:headBytes])
	return binary.LittleEndian.Uint32(value[4:]), before, nil
}

// records calls f for each record of a group, checking lengths and checksums.
func records(value []byte, first uint64, count uint32, f func(seq uint64, record []byte) error) error {
	rest := value[headBytes:]
	for i := range uint64(count) {
		seq := first + i
		if len(rest) < recordHeadBytes {
			return fmt.Errorf("%w: group %d ends before record %d", ErrDamaged, first, seq)
		}
		n, sum := binary.LittleEndian.Uint32(rest), binary.LittleEndian.Uint32(rest[4:])
		rest = rest[recordHeadBytes:]
		if uint64(n) > uint64(len(rest)) {
			return fmt.Errorf("%w: record %d is longer than its group", ErrDamaged, seq)
		}
		record := rest[:n:n]
		if crc32.Checksum(record, castagnoli) != sum {
			return fmt.Errorf("%w: record %d has a wrong checksum", ErrDamaged, seq)
		}
		rest = rest[n:]
		if err := f(seq, record); err != nil {
			return err
		}
	}
	if len(rest) != 0 {
		return fmt.Errorf("%w: group %d has %d bytes too many", ErrDamaged, first, len(rest))
	}
	return nil
}
