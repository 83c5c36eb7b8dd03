package state

import (
	"switchd/switch/payment"
	"switchd/switch/route"
)

const (
	// layerBytes bounds the rows that are in memory only, and with them what a crash
	// loses and the next start replays: a few seconds at full load.
	layerBytes = 16 << 20
	// layerTidings bounds the tidings beside them.
	layerTidings = 4 << 20
	// layerKeys bounds what they are found by.
	layerKeys = 64 << 10
	// rowRoom is how much a row may grow and keep its place: an open payment's row
	// grows with each of its messages.
	rowRoom = 160
)

// keyBytes is the size of a request key.
const keyBytes = 42

// layer has the rows of the latest groups. Most payments begin and end in one:
// their open rows are written over in place and never reach the database, and what
// does reach it is sorted first. Written to the database row by row they took three
// times the CPU (docs/durability.md).
//
// A layer is of one moment between two groups, as the database is, and is handed
// over as a whole.
type layer struct {
	since   uint64 // the database and the layer before have the effect of the events up to here
	applied uint64 // this one has it up to here

	bytes        []byte // the rows of payments, unsealed
	payments     places
	keys         map[[keyBytes]byte]payment.ID
	business     map[payment.Business]payment.ID
	participants [][]byte // by number; empty: not in this layer
	machine      []byte
	config       []byte
	limits       limits
	changes      []changeRow
	tidings      tidings
	used         bool // it has something of a group
}

func newLayer() *layer {
	return &layer{
		payments: places{older: map[payment.ID]place{}}, keys: map[[keyBytes]byte]payment.ID{}, business: map[payment.Business]payment.ID{},
	}
}

// begin has an empty layer lie on top of the events up to since.
func (l *layer) begin(since uint64) {
	l.since, l.applied = since, since
	l.payments.begin(since)
}

// reset empties l.
func (l *layer) reset() {
	l.used = false
	l.bytes, l.machine, l.config = l.bytes[:0], l.machine[:0], l.config[:0]
	l.payments.reset()
	clear(l.keys)
	clear(l.business)
	l.limits.reset()
	clear(l.changes)
	l.changes = l.changes[:0]
	l.tidings.reset()
	for n := range l.participants {
		l.participants[n] = l.participants[n][:0]
	}
}

// full says that l has to be written.
func (l *layer) full() bool { return l.filled(1) }

// filled says that l has a part of its room used up, 1/n.
func (l *layer) filled(n int) bool {
	return len(l.bytes) >= layerBytes/n || len(l.tidings.bytes) >= layerTidings/n ||
		max(l.payments.len(), len(l.keys), len(l.limits.uses), len(l.changes)) >= layerKeys/n
}

// born says whether a payment is younger than everything below this layer: the
// number of a payment is that of the event that made it.
func (l *layer) born(id payment.ID) bool { return uint64(id) > l.since }

func (l *layer) putPayment(id payment.ID, row []byte, open bool) {
	p, _ := l.payments.get(id)
	if size := uint32(len(row)); size > p.room {
		p.at, p.room = uint32(len(l.bytes)), size
		if open {
			p.room += rowRoom
		}
		l.bytes = append(l.bytes, row...)
		l.bytes = append(l.bytes, emptyRoom[:p.room-size]...)
	}
	p.size, p.open = uint32(copy(l.bytes[p.at:], row)), open
	l.payments.put(id, p)
}

var emptyRoom [rowRoom]byte

func (l *layer) reopen(id payment.ID) {
	p, _ := l.payments.get(id)
	p.open, p.reopened = true, true
	l.payments.put(id, p)
}

func (l *layer) putParticipant(n route.Participant, row []byte) {
	for int(n) >= len(l.participants) {
		l.participants = append(l.participants, nil)
	}
	l.participants[n] = append(l.participants[n][:0], row...)
}

// row is the row of a payment, unsealed. It is valid until the next change.
func (l *layer) row(p place) []byte { return l.bytes[p.at : p.at+p.size] }

// keyOf makes a map's key of a request key.
func keyOf(key []byte) (k [keyBytes]byte) {
	if copy(k[:], key) != len(key) || len(key) != keyBytes {
		panic("state: a request key of another size")
	}
	return k
}
