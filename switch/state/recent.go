package state

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// recent spares new requests the look-up in the database: nearly all of them were
// transmitted (DE7) later than all requests of their sender that the database has,
// but for those of the layer that was written last, whose keys stay in memory.
// Without it a new request costs 2 to 3 us, and more with every level of the
// database. What it does not rule out is looked up: the database
// alone says what there is. Clocks of senders need not agree: each is compared with itself. A new
// year puts all back to looking up, until the old one is swept away and the switch started
// again: DE7 has none. So does a request that is far ahead of its time, for its sender.
type recent struct {
	newest []uint32                      // by participant: DE7 of its newest request in the database, without those of last
	floor  uint32                        // of participants that newest does not have
	last   map[[keyBytes]byte]payment.ID // of the layer that was written last
	drop   []uint32                      // room of age
}

// Where DE7 and the sender are in a request key.
func transmittedOf(key []byte) uint32 { return binary.BigEndian.Uint32(key) }
func senderOf(key []byte) int         { return int(binary.LittleEndian.Uint16(key[4:])) }

// recentScan bounds the keys that are looked at to find the newest at the start.
const recentScan = 1 << 16

// open finds the newest keys in the database: exactly for the senders of the last
// ones, and for all others that they are no newer than those.
func (r *recent) open(from pebble.Reader) error {
	r.newest, r.drop = make([]uint32, route.ParticipantsMax+1), make([]uint32, route.ParticipantsMax+1)
	r.last = map[[keyBytes]byte]payment.ID{}
	it, err := from.NewIter(&pebble.IterOptions{LowerBound: []byte{tagKey}, UpperBound: []byte{tagKey + 1}})
	if err != nil {
		return readError(err)
	}
	defer it.Close()
	seen := 0
	for ok := it.Last(); ok; ok = it.Prev() {
		key := it.Key()[1:]
		if len(key) != keyBytes {
			return fmt.Errorf("a request key in the state store has %d bytes, want %d", len(key), keyBytes)
		}
		if seen++; seen > recentScan {
			r.floor = transmittedOf(key)
			break
		}
		if n := senderOf(key); n < len(r.newest) {
			r.newest[n] = max(r.newest[n], transmittedOf(key))
		}
	}
	return readError(it.Error())
}

// absent says that the database cannot have a key; otherwise it may.
func (r *recent) absent(key *[keyBytes]byte) bool {
	n := senderOf(key[:])
	if n >= len(r.newest) || transmittedOf(key[:]) <= max(r.newest[n], r.floor) {
		return false
	}
	_, written := r.last[*key]
	return !written
}

// age looks at the keys that will leave memory next, for leave. It changes nothing
// that absent reads.
func (r *recent) age() {
	clear(r.drop)
	for key := range r.last {
		if n := senderOf(key[:]); n < len(r.drop) {
			r.drop[n] = max(r.drop[n], transmittedOf(key[:]))
		}
	}
}

// leave takes the keys of a layer that was written, after age, and gives it those
// of the one before to empty.
func (r *recent) leave(l *layer) {
	for n, transmitted := range r.drop {
		r.newest[n] = max(r.newest[n], transmitted)
	}
	r.last, l.keys = l.keys, r.last
}
