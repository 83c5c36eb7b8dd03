package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"switchd/switch/storage"
)

// Format is the version of everything below, in the format row of a folder and in
// each group. Later versions read it for ever.
//
// Keys of the database:
//
//	"g" + first sequence number u64            -> group
//	"h" + level u8 + number u64                -> hash of the Merkle log over groups
//	"b"                                        -> base: what a deletion has left behind (base.go)
//	"f"                                        -> format, u32
//
// Numbers in keys are big-endian. Layout of a group, little-endian:
//
//	version u8 | zero [3]u8 | records u32 | first sequence number u64 | group number u64 | at i64 | before [32]u8 | root [32]u8
//	then per record: length u32 | CRC32C of the bytes u32 | bytes
//
// Groups are numbered from 0. at is the time of all events of the group, UTC
// nanoseconds. root is the Merkle tree hash (RFC 6962) of the records; before is
// the chain hash of the group before, the SHA-256 of its head, which holds root
// and before: so it stands for everything up to there. The first group ever
// follows the zero hash. Leaf n of the Merkle log is the head of group n.
const Format = 1

const (
	headBytes       = 96
	recordHeadBytes = 8
)

// Bounds of one group; its writer keeps to them by making several. GroupBytesMax has
// room for the engine's largest group of payments (20 MiB) and one configuration, by
// far the largest record.
const (
	GroupRecordsMax = 8192
	RecordBytesMax  = 16 << 20
	GroupBytesMax   = 64 << 20
)

// The first byte of a key says what is under it.
const (
	tagBase   = 'b'
	tagFormat = 'f'
	tagGroup  = 'g'
	tagHash   = 'h'
)

func groupKey(first uint64) []byte { return binary.BigEndian.AppendUint64([]byte{tagGroup}, first) }

func hashKey(level int, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{tagHash, byte(level)}, n)
}

// ErrDamaged is wrapped by every error about bytes that are not what was written.
var ErrDamaged = errors.New("journal is damaged")

// readError says that something could not be read. What was read and is not what
// was written is damage, and so is a file that ought to be there.
func readError(err error) error {
	if storage.Corrupt(err) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrDamaged, storage.Sentence(err))
	}
	return fmt.Errorf("journal: read: %w", storage.Sentence(err))
}

func writeError(err error) error { return fmt.Errorf("journal: write: %w", storage.Sentence(err)) }

// Hash is a SHA-256: the chain value of a group, or a node of a Merkle tree. As
// text it is hexadecimal.
type Hash [sha256.Size]byte

// String is h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes h in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText has written.
func (h *Hash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) {
		return fmt.Errorf("a hash of %d characters, want %d", len(text), hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// head is the fixed part of a group.
type head struct {
	count  uint32
	first  uint64
	number uint64
	at     int64
	before Hash
	root   Hash
}

// next is the sequence number after the last record of the group.
func (h *head) next() uint64 { return h.first + uint64(h.count) }

// put writes h over the first headBytes of value.
func (h *head) put(value []byte) {
	value = value[:headBytes]
	clear(value[:4])
	value[0] = Format
	binary.LittleEndian.PutUint32(value[4:], h.count)
	binary.LittleEndian.PutUint64(value[8:], h.first)
	binary.LittleEndian.PutUint64(value[16:], h.number)
	binary.LittleEndian.PutUint64(value[24:], uint64(h.at))
	copy(value[32:], h.before[:])
	copy(value[64:], h.root[:])
}

// takeHead reads the head of a group that was checked.
func takeHead(value []byte) (h head) {
	h.count = binary.LittleEndian.Uint32(value[4:])
	h.first = binary.LittleEndian.Uint64(value[8:])
	h.number = binary.LittleEndian.Uint64(value[16:])
	h.at = int64(binary.LittleEndian.Uint64(value[24:]))
	copy(h.before[:], value[32:])
	copy(h.root[:], value[64:])
	return h
}

// readHead reads the head of the group that is stored under first, and checks
// what can be checked there.
func readHead(value []byte, first uint64) (h head, err error) {
	if len(value) < headBytes {
		return h, fmt.Errorf("%w: group %d has %d bytes, less than a head", ErrDamaged, first, len(value))
	}
	if value[0] != Format {
		return h, fmt.Errorf("%w: group %d has format version %d, this binary reads %d", ErrDamaged, first, value[0], Format)
	}
	h = takeHead(value)
	switch {
	case h.first != first:
		return h, fmt.Errorf("%w: group %d says that it is group %d", ErrDamaged, first, h.first)
	case h.count == 0 || h.count > GroupRecordsMax || value[1]|value[2]|value[3] != 0:
		return h, fmt.Errorf("%w: the head of group %d is not one (%d records)", ErrDamaged, first, h.count)
	}
	return h, nil
}

// chainHash is the hash that the next group carries as before.
func chainHash(value []byte) Hash { return sha256.Sum256(value[:headBytes]) }
