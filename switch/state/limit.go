package state

import (
	"encoding/binary"
	"fmt"

	"switchd/switch/payment"
	"switchd/switch/seal"
)

const limitRowBytes = 12

// appendLimit makes the key of a counter. The token stands for the machine's hash of
// the account, which alone could be tried out: see payment.LimitKey.
func appendLimit(b []byte, keys *seal.Keys, key *payment.LimitKey) []byte {
	b = binary.BigEndian.AppendUint32(append(b, tagLimit, key.Kind), key.Period)
	token := keys.Token(key.Whose[:])
	return append(b, token[:]...)
}

// limits are the counters of a layer.
type limits struct {
	uses  map[payment.LimitKey]payment.LimitUse
	drops []payment.LimitKey // older ones of each kind go; nobody looks for them any more
}

func (l *limits) reset() {
	clear(l.uses)
	l.drops = l.drops[:0]
}

// PutLimit stores what a payer has used under a limit.
func (b *Batch) PutLimit(key *payment.LimitKey, use payment.LimitUse) {
	if b.limits.uses == nil {
		b.limits.uses = map[payment.LimitKey]payment.LimitUse{}
	}
	b.limits.uses[*key] = use
}

// DropLimits drops the counters of the key's kind from periods before its own.
func (b *Batch) DropLimits(before payment.LimitKey) {
	for key := range b.limits.uses {
		if key.Kind == before.Kind && key.Period < before.Period {
			delete(b.limits.uses, key)
		}
	}
	b.limits.drops = append(b.limits.drops, before)
}

// FindLimit returns what PutLimit has stored under a key.
func (s *Store) FindLimit(key *payment.LimitKey) (payment.LimitUse, bool) {
	s.beginFind()
	defer s.mu.Unlock()
	use, ok := s.pending.limits.uses[*key]
	if !ok && s.spilling != nil {
		use, ok = s.spilling.limits.uses[*key]
	}
	if ok {
		return use, true
	}
	s.key = appendLimit(s.key[:0], s.keys, key)
	row, ok := s.read()
	if !ok {
		return payment.LimitUse{}, false
	}
	if len(row) != limitRowBytes {
		panic(fmt.Sprintf("state store: a counter of %d bytes", len(row)))
	}
	return payment.LimitUse{Count: binary.BigEndian.Uint32(row), Minor: int64(binary.BigEndian.Uint64(row[4:]))}, true
}

// limits writes the counters of a layer: what is dropped first, because it is older
// than all that is put.
func (w *writer) limits(l *layer) {
	for _, before := range l.limits.drops {
		from := []byte{tagLimit, before.Kind}
		if err := w.b.DeleteRange(from, binary.BigEndian.AppendUint32(from[:2:2], before.Period), nil); err != nil && w.err == nil {
			w.err = err
		}
	}
	for key, use := range l.limits.uses {
		w.key = appendLimit(w.key[:0], w.ring, &key)
		row := binary.BigEndian.AppendUint32(make([]byte, 0, limitRowBytes), use.Count)
		w.set(w.key, binary.BigEndian.AppendUint64(row, uint64(use.Minor)))
	}
}
