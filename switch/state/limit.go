package state

import (
	"encoding/binary"
	"fmt"

	"switchd/switch/payment"
)

// tagLimit + kind + period + token -> what a payer has used under a limit. The
// token stands for the machine's hash of the account, which alone could be tried
// out: see payment.LimitKey.
const tagLimit = 'l'

const limitRowBytes = 12

func (s *Store) appendLimit(b []byte, key *payment.LimitKey) []byte {
	b = binary.BigEndian.AppendUint32(append(b, tagLimit, key.Kind), key.Period)
	token := s.keys.Token(key.Whose[:])
	return append(b, token[:]...)
}

// PutLimit stores what a payer has used under a limit.
func (b *Batch) PutLimit(key *payment.LimitKey, use payment.LimitUse) {
	b.key = b.store.appendLimit(b.key[:0], key)
	row := binary.BigEndian.AppendUint32(make([]byte, 0, limitRowBytes), use.Count)
	b.set(binary.BigEndian.AppendUint64(row, uint64(use.Minor)))
}

// DropLimits drops the counters of the key's kind from periods before its own.
func (b *Batch) DropLimits(before payment.LimitKey) {
	from := []byte{tagLimit, before.Kind}
	if err := b.b.DeleteRange(from, binary.BigEndian.AppendUint32(from[:2:2], before.Period), nil); err != nil && b.err == nil {
		b.err = err
	}
}

// FindLimit returns what PutLimit has stored under a key.
func (s *Store) FindLimit(key *payment.LimitKey) (payment.LimitUse, bool) {
	s.key = s.appendLimit(s.key[:0], key)
	row, ok := s.find()
	if !ok {
		return payment.LimitUse{}, false
	}
	if len(row) != limitRowBytes {
		panic(fmt.Sprintf("state store: a counter of %d bytes", len(row)))
	}
	return payment.LimitUse{Count: binary.BigEndian.Uint32(row), Minor: int64(binary.BigEndian.Uint64(row[4:]))}, true
}
