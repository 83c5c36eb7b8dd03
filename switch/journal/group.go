package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Group is a run of records that become durable together. The zero value needs a
// Reset. A Group may be reused when its ticket has been waited for.
type Group struct {
	first uint64
	at    int64
	count uint32
	buf   []byte
	tree  tree // of the records
}

// Reset empties g for records from sequence number first on.
func (g *Group) Reset(first uint64) {
	g.first, g.at, g.count, g.tree.n = first, 0, 0, 0
	if cap(g.buf) < headBytes {
		g.buf = make([]byte, 0, 1<<14)
	}
	g.buf = g.buf[:headBytes]
}

// At sets the time of all events of g, UTC nanoseconds. It never goes back from
// one group to the next.
func (g *Group) At(at int64) { g.at = at }

// Begin returns a buffer to append one record to; End takes it back. Between
// them nothing else may be done with g.
func (g *Group) Begin() []byte {
	return append(g.buf, make([]byte, recordHeadBytes)...)
}

// End closes the record that was appended to the buffer of Begin.
func (g *Group) End(b []byte) {
	start := len(g.buf) + recordHeadBytes
	record := b[start:]
	if len(record) > RecordBytesMax {
		panic(fmt.Sprintf("journal: a record of %d bytes, limit %d", len(record), RecordBytesMax))
	}
	// The byte before the record is still zero, which is the prefix of a leaf.
	g.tree.add(prefixedHash(b[start-1:]))
	binary.LittleEndian.PutUint32(b[len(g.buf):], uint32(len(record)))
	binary.LittleEndian.PutUint32(b[len(g.buf)+4:], crc32.Checksum(record, castagnoli))
	g.buf = b
	g.count++
}

// Add appends a copy of record.
func (g *Group) Add(record []byte) { g.End(append(g.Begin(), record...)) }

// Count is the number of records.
func (g *Group) Count() int { return int(g.count) }

// Bytes is the size of the group on disk.
func (g *Group) Bytes() int { return len(g.buf) }

// First is the sequence number of the first record.
func (g *Group) First() uint64 { return g.first }

// Next is the sequence number after the last record.
func (g *Group) Next() uint64 { return g.first + uint64(g.count) }

// seal writes the head of the group that follows end, moves end behind it and
// returns the value to store.
func (g *Group) seal(end *end) []byte {
	if g.first != end.next || g.count == 0 || g.count > GroupRecordsMax {
		panic(fmt.Sprintf("journal: group of %d records at %d, next is %d", g.count, g.first, end.next))
	}
	if len(g.buf) > GroupBytesMax {
		panic(fmt.Sprintf("journal: group %d of %d bytes, limit %d", g.first, len(g.buf), GroupBytesMax))
	}
	if g.at < end.at {
		panic(fmt.Sprintf("journal: group %d is of time %d, the one before it of %d", g.first, g.at, end.at))
	}
	h := head{count: g.count, first: g.first, number: end.number, at: g.at, before: end.chain, root: g.tree.root()}
	h.put(g.buf)
	end.move(&h, g.buf)
	return g.buf
}

// checker checks the records of one group after the other.
type checker struct {
	tree    tree
	scratch []byte
}

// records reads all records of a group: their lengths, their checksums and their
// Merkle root must be right before one of them is used. The first wrong checksum
// is named; a record that was changed together with its checksum shows in the
// root. It leaves value as it was.
func (c *checker) records(value []byte, h *head) error {
	c.tree.n = 0
	err := eachRecord(value, h, func(seq uint64, at int, record []byte) error {
		if sum := binary.LittleEndian.Uint32(value[at-4:]); crc32.Checksum(record, castagnoli) != sum {
			return fmt.Errorf("%w: record %d has a wrong checksum (byte %d of group %d)", ErrDamaged, seq, at, h.first)
		}
		c.tree.add(c.leaf(record))
		return nil
	})
	if err == nil && c.tree.root() != h.root {
		err = fmt.Errorf("%w: the records of group %d are not those that its head names (root)", ErrDamaged, h.first)
	}
	return err
}

// leaf is the hash of a record in the tree of its group.
func (c *checker) leaf(record []byte) Hash {
	c.scratch = append(append(c.scratch[:0], 0), record...)
	return prefixedHash(c.scratch)
}

// eachRecord calls f for each record of a group; at is where its bytes begin in
// value. It checks the lengths alone.
func eachRecord(value []byte, h *head, f func(seq uint64, at int, record []byte) error) error {
	at := headBytes
	for seq := h.first; seq < h.next(); seq++ {
		if len(value)-at < recordHeadBytes {
			return fmt.Errorf("%w: group %d ends before record %d (byte %d)", ErrDamaged, h.first, seq, at)
		}
		n := binary.LittleEndian.Uint32(value[at:])
		at += recordHeadBytes
		if uint64(n) > uint64(len(value)-at) {
			return fmt.Errorf("%w: record %d is longer than its group (byte %d of group %d)", ErrDamaged, seq, at, h.first)
		}
		end := at + int(n)
		if err := f(seq, at, value[at:end:end]); err != nil {
			return err
		}
		at = end
	}
	if at != len(value) {
		return fmt.Errorf("%w: group %d has %d bytes too many", ErrDamaged, h.first, len(value)-at)
	}
	return nil
}
