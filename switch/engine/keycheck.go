package engine

import (
	"errors"
	"fmt"

	"switchd/switch/payment"
	"switchd/switch/seal"
)

// Records that are looked at before a start, from the last that took effect back:
// at first so many, then more, until one is found that has something sealed in it.
const (
	keyCheckMin = 1 << 10
	keyCheckMax = 1 << 16
)

// errLooked ends a reading that has seen enough.
var errLooked = errors.New("looked at enough")

// checkKeys opens the latest sealed records whose rows are there already; a replay
// opens those that come after. When nothing is open and nothing is to be replayed,
// no start reads anything sealed, and one with another key would go on: what it seals
// and what was sealed before would have one key number, and no key file opens both.
func (r *replay) checkKeys() error {
	applied, first := r.state.Applied(), r.log.First()
	if r.keys == nil || applied < first || applied >= r.log.Next() { // the replay says what is wrong with the last
		return nil
	}
	opener := r.keys.Opener()
	for back := uint64(keyCheckMin); back <= keyCheckMax; back *= 8 {
		from := first
		if applied-first >= back {
			from = applied - back + 1
		}
		sealed, err := r.openRecords(from, applied, opener)
		if err != nil || sealed > 0 || from == first {
			return err
		}
	}
	return nil
}

// openRecords opens the records of a range and says how many have something sealed.
func (r *replay) openRecords(from, last uint64, opener *seal.Opener) (sealed int, err error) {
	var record []byte
	err = r.log.Replay(from, func(seq uint64, b []byte) (err error) {
		if seq > last {
			return errLooked
		}
		at := payment.SecretAt(b)
		if at == len(b) {
			return nil
		}
		sealed++
		if record, err = opener.Open(record[:0], b, at); err != nil {
			return fmt.Errorf("record %d: %w", seq, err)
		}
		return nil
	})
	if errors.Is(err, errLooked) {
		err = nil
	}
	return sealed, err
}
