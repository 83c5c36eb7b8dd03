package sim

import (
	"encoding/binary"
	"hash"
	"hash/fnv"
)

// trace is a running sum over all that happens in a run. Two runs of one seed have
// the same one, or the simulator is not deterministic.
type trace struct{ h hash.Hash64 }

func newTrace() trace { return trace{fnv.New64a()} }

// bytes adds a record of the journal or a message.
func (t *trace) bytes(now int64, what byte, b []byte) {
	var room [9]byte
	room[0] = what
	binary.LittleEndian.PutUint64(room[1:], uint64(now))
	t.h.Write(room[:])
	t.h.Write(b)
}

func (t *trace) fault(now int64, f fault) { t.bytes(now, 'f', []byte{byte(f)}) }
