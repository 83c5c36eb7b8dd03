package state

import (
	"encoding/binary"
	"slices"
	"sort"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
)

// A run has the marks of the payments that ended in one layer, in their order, in
// leaves. Its number is that of the layer's last event; it names no payment beyond
// that, and none that began lateAfter events before the layer.
//
// Keys: 'r' + run -> marks u32; 'x' + run + mark of 40 bits + back u32 -> leaf: for each
// mark itself and back, which is how far before the run's number the payment's is.
const (
	lateAfter = 1 << 20
	leafMarks = 256
	backBits  = 32
	markEntry = markBits/8 + backBits/8
)

// runMarksMin is how many marks make a run; fewer become late ones. Each run is looked
// into by every search, and each search has the latest layer written: a console that
// asks once a second would make 86,400 runs a day. Late marks are found with one look
// for 16 million events. Measured with 100,000 payments of ISO 20022 and a search
// after each 80 (256 as the least, then this, on a busy machine): a search for what is
// not there looked at 5,286 rows, then 292; the writer took 18 us of CPU a payment,
// then 34, at a load at which there is enough of it; the room on disk did not grow.
const runMarksMin = 4096

func appendRun(b []byte, run uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, tagRun), run)
}

// appendLeaf makes the key of a leaf of its first mark.
func appendLeaf(b []byte, run, mark uint64, back uint32) []byte {
	b = binary.BigEndian.AppendUint64(append(b, tagLeaf), run)
	return appendEntry(b, mark, back)
}

func appendEntry(b []byte, mark uint64, back uint32) []byte {
	b = append(b, byte(mark>>32), byte(mark>>24), byte(mark>>16), byte(mark>>8), byte(mark))
	return binary.BigEndian.AppendUint32(b, back)
}

// markAt is the mark of entry i of a leaf.
func markAt(leaf []byte, i int) uint64 {
	e := leaf[i*markEntry:]
	return uint64(e[0])<<32 | uint64(binary.BigEndian.Uint32(e[1:]))
}

func backAt(leaf []byte, i int) uint32 { return binary.BigEndian.Uint32(leaf[i*markEntry+markBits/8:]) }

// inRun says whether a payment that ended in l has its marks in the run of l.
func (l *layer) inRun(id payment.ID) bool {
	return uint64(id)+lateAfter > l.since && l.applied-uint64(id) < 1<<backBits
}

// marking collects the marks of a layer: of each the mark, and the place of its
// payment in a list, counted from the end, so that the largest number comes first.
type marking struct {
	all  []uint64
	leaf []byte
}

const (
	placeBits = 64 - markBits
	placeMax  = 1<<placeBits - 1
)

func (m *marking) reset() { m.all = m.all[:0] }

func (m *marking) add(marks []uint64, place int) {
	for _, mark := range marks {
		m.all = append(m.all, mark<<placeBits|uint64(placeMax-place))
	}
}

// placeOf is the place of an entry.
func placeOf(entry uint64) int { return placeMax - int(entry&placeMax) }

// leaves calls f with the key and the content of each leaf of a run. ids are what
// places are places in, in the order of the numbers.
func (m *marking) leaves(run uint64, ids []payment.ID, f func(key, leaf []byte)) {
	slices.Sort(m.all)
	m.all = slices.Compact(m.all)
	var key [1 + 8 + markEntry]byte
	for rest := m.all; len(rest) > 0; {
		n := min(leafMarks, len(rest))
		m.leaf = m.leaf[:0]
		for _, e := range rest[:n] {
			m.leaf = appendEntry(m.leaf, e>>placeBits, uint32(run-uint64(ids[placeOf(e)])))
		}
		f(appendLeaf(key[:0], run, rest[0]>>placeBits, backAt(m.leaf, 0)), m.leaf)
		rest = rest[n:]
	}
}

// probe appends the payments below a number that have a mark in a run, in any order.
// it is over the leaves of all runs. looked counts the leaves and payments.
func probe(it *pebble.Iterator, run, mark uint64, below payment.ID, ids []payment.ID) (_ []payment.ID, looked int, err error) {
	var room [1 + 8 + markEntry]byte
	least := uint64(0) // how far back the first of them is
	if uint64(below) <= run {
		least = run - uint64(below) + 1
	}
	if least >= 1<<backBits {
		return ids, 0, nil
	}
	// The first that have the mark may stand at the end of a leaf that begins with
	// others.
	if !it.SeekLT(appendLeaf(room[:0], run, mark, uint32(least))) || leafRun(it.Key()) != run {
		it.Next()
	}
	for ; it.Valid() && leafRun(it.Key()) == run; it.Next() {
		leaf, err := it.ValueAndErr()
		if err != nil {
			return ids, looked, readError(err)
		}
		n := len(leaf) / markEntry
		if n == 0 || len(leaf)%markEntry != 0 || markAt(leaf, 0) > mark {
			break
		}
		looked++
		i := searchLeaf(leaf, mark, uint32(least))
		for ; i < n && markAt(leaf, i) == mark; i++ {
			ids = append(ids, payment.ID(run-uint64(backAt(leaf, i))))
			looked++
		}
		if i < n {
			break // at what comes behind them
		}
	}
	return ids, looked, readError(it.Error())
}

// searchLeaf is the place of the first entry with a mark and so far back, or beyond.
func searchLeaf(leaf []byte, mark uint64, back uint32) int {
	return sort.Search(len(leaf)/markEntry, func(i int) bool {
		m := markAt(leaf, i)
		return m > mark || m == mark && backAt(leaf, i) >= back
	})
}

func leafRun(key []byte) uint64 { return binary.BigEndian.Uint64(key[1:]) }
