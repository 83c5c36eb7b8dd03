package state

import (
	"encoding/binary"
	"fmt"
	"math"

	"switchd/switch/payment"
)

// What operators have done lies here by the numbers of its records, so that a page of
// it is found without the journal. The rows stay for ever: they are few, for nobody but
// operators makes any, each at the price of a commit. Hash leaves them out, like all
// else that is only for finding: a folder that was written before there were any has
// none of its first deeds, and is as good.

// changeRow is one of a layer's.
type changeRow struct {
	seq uint64
	row []byte // unsealed
}

// PutChange stores what an operator has done, under the number of its event.
func (b *Batch) PutChange(seq uint64, row []byte) {
	b.changes = append(b.changes, changeRow{seq, append([]byte{}, row...)})
}

func appendChange(b []byte, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, tagChange), seq)
}

// changes writes those of a layer, which are in their order.
func (w *writer) changes(l *layer) {
	for i := range l.changes {
		row := l.changes[i].row
		w.key = appendChange(w.key[:0], l.changes[i].seq)
		w.sealed = w.sealer.Seal(w.sealed[:0], row, payment.SecretAt(row))
		w.set(w.key, w.sealed)
	}
}

// Changes returns at most limit of what operators have done before the record with a
// number (0: all), the newest first. It costs what it returns. A data folder of a
// version without it has those since the first start of one with it; made anew from
// the journal it has all. Safe for concurrent use.
func (s *Store) Changes(before uint64, limit int) ([]payment.Change, error) {
	v, err := s.view()
	if err != nil {
		return nil, err
	}
	defer v.close()
	it, err := v.iterator(tagChange)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	if before == 0 {
		before = math.MaxUint64
	}
	var found []payment.Change
	for ok := it.SeekLT(appendChange(nil, before)); ok && len(found) < limit; ok = it.Prev() {
		row, err := it.ValueAndErr()
		if err != nil {
			return nil, readError(err)
		}
		var c payment.Change
		if err := v.change(it.Key(), row, &c); err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, readError(it.Error())
}

// change opens and reads a row.
func (v *view) change(key, sealed []byte, c *payment.Change) error {
	if len(key) != 9 {
		return wrong(key)
	}
	row, err := v.open(sealed)
	if err == nil {
		err = payment.DecodeChange(row, c)
	}
	if err != nil {
		return fmt.Errorf("change %d: %w", binary.BigEndian.Uint64(key[1:]), err)
	}
	if c.Seq != binary.BigEndian.Uint64(key[1:]) {
		return wrong(key)
	}
	return nil
}
