package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/cockroachdb/pebble/v2"
)

// ErrGone is wrapped by errors about records that retention has deleted.
var ErrGone = errors.New("these records were deleted from the journal")

// Base is where a journal begins: at record 1, or behind what was deleted.
type Base struct {
	First  uint64 `json:"first"`  // first record that is kept
	Groups uint64 `json:"groups"` // groups before it
	At     int64  `json:"at"`     // time of the group before it
	Chain  Hash   `json:"chain"`  // hash of the group before it
}

var firstBase = Base{First: 1}

// end is what the first group that is kept must follow.
func (b *Base) end() end { return end{next: b.First, number: b.Groups, at: b.At, chain: b.Chain} }

func gone(b *Base, from uint64) error {
	return fmt.Errorf("%w: it begins at record %d, and %d is wanted", ErrGone, b.First, from)
}

// Layout of the base row, little-endian: first u64 | groups u64 | at i64 | chain [32]u8 | CRC32C u32.
const baseBytes = 8 + 8 + 8 + 32 + 4

func (b *Base) append(row []byte) []byte {
	at := len(row)
	row = binary.LittleEndian.AppendUint64(row, b.First)
	row = binary.LittleEndian.AppendUint64(row, b.Groups)
	row = binary.LittleEndian.AppendUint64(row, uint64(b.At))
	row = append(row, b.Chain[:]...)
	return binary.LittleEndian.AppendUint32(row, crc32.Checksum(row[at:], castagnoli))
}

// readBase reads the base row; a journal without one begins at record 1.
func readBase(r pebble.Reader) (*Base, error) {
	row, closer, err := r.Get([]byte{tagBase})
	if errors.Is(err, pebble.ErrNotFound) {
		b := firstBase
		return &b, nil
	}
	if err != nil {
		return nil, readError(err)
	}
	defer closer.Close()
	if len(row) != baseBytes || binary.LittleEndian.Uint32(row[baseBytes-4:]) != crc32.Checksum(row[:baseBytes-4], castagnoli) {
		return nil, fmt.Errorf("%w: the base row is not what was written", ErrDamaged)
	}
	b := &Base{
		First:  binary.LittleEndian.Uint64(row),
		Groups: binary.LittleEndian.Uint64(row[8:]),
		At:     int64(binary.LittleEndian.Uint64(row[16:])),
	}
	copy(b.Chain[:], row[24:])
	return b, nil
}
