package journal

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// wal is what one write-ahead log of a folder holds.
type wal struct {
	path  string
	of    uint64 // number of the log
	first uint64 // sequence number of the first group in it, 0: there is none
	next  uint64 // after the last whole group in it, 0: it says nothing
	known uint64 // the same of the files before it that are parts of one log with it, which it may repeat
	end   int64  // where its whole records end
	tail  walTail
	torn  string // what of a record is left behind end, when tail is torn
	proof string // why what is behind end was durable once, when tail is damaged
}

// walTail says how a write-ahead log ends.
type walTail int

const (
	walClosed  walTail = iota // by the trailer of a log that was closed
	walStopped                // behind a whole record: the process has ended
	walTorn                   // with a part of a record, which no fsync may have covered
	walDamaged                // with a part of a record, although an fsync had covered it
)

// readWAL reads a file of a write-ahead log to its end and says how it ends. next is the
// sequence number after what the logs before it hold, 0 if that is not known. A log may
// have several files, where it went on in another folder: the next one repeats what was
// not known to be durable, so that each of them but the last may end anyhow. goesOn says
// that the one before belongs to the same log.
func readWAL(disk vfs.FS, path string, number uint32, next uint64, goesOn bool) (w wal, err error) {
	w.path, w.of, w.next = path, uint64(number), next
	if goesOn {
		w.known = next
	}
	r, err := openChunks(disk, path, number, false)
	if err != nil {
		return w, err
	}
	defer r.close()
	prefix := make([]byte, 0, recordPrefix)
	for {
		var kind chunkKind
		var end int64
		if prefix, end, kind, err = r.record(w.end, prefix); err != nil {
			return w, err
		}
		switch kind {
		case chunkWhole:
			w.take(readBatch(prefix))
			w.end = end
		case chunkTrailer:
			w.tail = walClosed
			return w, nil
		case chunkEOF, chunkZero, chunkStale:
			w.tail = walStopped
			return w, w.judge(r, end)
		default:
			w.tail = walTorn
			w.torn = fmt.Sprintf("%d bytes", r.size-w.end)
			if b := readBatch(prefix); b.kind == batchGroup {
				w.torn = fmt.Sprintf("a part of group %d (records %d to %d)", b.first, b.first, b.next-1)
			}
			return w, w.judge(r, end)
		}
	}
}

func (w *wal) take(b batch) {
	switch b.kind {
	case batchGroup:
		if w.first == 0 {
			w.first = b.first
		}
		w.next = max(b.next, w.known)
	case batchCut: // of which the group that it may write again cannot be seen
		if w.first == 0 || b.first < w.first {
			w.first = b.first
		}
		w.next, w.known = 0, 0
	}
}

// judge looks behind the last whole record for what shows that there was more,
// and that it was durable: groups say what was durable before them, and Pebble's
// chunks how far the file was synced (a number that is too low, since it does not
// count whole blocks). broken is the offset of the chunk that is not there: a sync
// may have covered a part of its record.
func (w *wal) judge(r *chunks, broken int64) error {
	return r.after(broken, func(at int64, c *chunk) bool {
		if w.tail == walStopped {
			w.tail, w.torn = walTorn, fmt.Sprintf("%d bytes", at-w.end)
		}
		b := readBatch(c.payload)
		switch {
		case c.synced > uint64(broken):
			w.proof = fmt.Sprintf("a later part of the file says that %d bytes were on disk", c.synced)
		case b.kind == batchGroup && w.next != 0 && b.durable >= w.next:
			w.proof = fmt.Sprintf("group %d, at offset %d, says that record %d was on disk", b.first, at, b.durable)
		default:
			return true
		}
		w.tail = walDamaged
		return false
	})
}

// batchKind says what a batch in a write-ahead log does to the groups.
type batchKind int

const (
	batchOther batchKind = iota
	batchGroup           // adds a group
	batchCut             // drops all groups from first on
)

// batch is what the beginning of a batch says.
type batch struct {
	kind        batchKind
	first, next uint64 // sequence numbers
	durable     uint64 // last record that was durable when it was written
}

// Layout of a batch, by Pebble: sequence number u64 | count u32 | entries. Each
// entry: kind u8 | key, and a value if its kind has one, both with a varint length.
const (
	batchHeadBytes   = 12
	entrySet         = 1
	entryLogData     = 3
	entryRangeDelete = 15
)

// readBatch reads the beginning of a batch, which may be cut off. Append writes
// the durable mark first and the group behind it.
func readBatch(b []byte) (out batch) {
	if len(b) < batchHeadBytes {
		return out
	}
	b = b[batchHeadBytes:]
	if len(b) > 0 && b[0] == entryLogData {
		mark, rest, ok := lengthPrefixed(b[1:])
		if !ok || len(mark) != 8 {
			return out
		}
		out.durable, b = binary.LittleEndian.Uint64(mark), rest
	}
	if len(b) == 0 {
		return out
	}
	kind := b[0]
	key, value, ok := lengthPrefixed(b[1:])
	if !ok || len(key) != 1+8 || key[0] != tagGroup {
		return out
	}
	out.first = binary.BigEndian.Uint64(key[1:])
	switch kind {
	case entryRangeDelete:
		if end, _, ok := lengthPrefixed(value); ok && string(end) == string([]byte{tagGroup + 1}) {
			out.kind = batchCut
		}
	case entrySet:
		if next, ok := groupNext(value, out.first); ok {
			out.kind, out.next = batchGroup, next
		}
	}
	return out
}

// groupNext is the sequence number after a group of which the beginning follows
// its length.
func groupNext(b []byte, first uint64) (uint64, bool) {
	_, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, false
	}
	h, err := readHead(b[n:], first)
	return h.next(), err == nil
}

func lengthPrefixed(b []byte) (value, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	end := n + int(size)
	return b[n:end:end], b[end:], true
}
