package journal

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// storedHash reads one hash of the Merkle log.
func storedHash(r pebble.Reader, level int, n uint64) (h Hash, err error) {
	v, closer, err := r.Get(hashKey(level, n))
	if errors.Is(err, pebble.ErrNotFound) {
		return h, fmt.Errorf("%w: hash %d on level %d of the Merkle log is missing", ErrDamaged, n, level)
	}
	if err != nil {
		return h, readError(err)
	}
	defer closer.Close()
	if len(v) != len(h) {
		return h, fmt.Errorf("%w: hash %d on level %d of the Merkle log has %d bytes", ErrDamaged, n, level, len(v))
	}
	copy(h[:], v)
	return h, nil
}

// readTree reads the right edge of the Merkle log of the first n groups: the roots
// of the complete subtrees that they fall into.
func readTree(r pebble.Reader, n uint64, t *tree) (err error) {
	t.n = n
	for level := range t.levels {
		if n>>level&1 == 1 {
			if t.levels[level], err = storedHash(r, level, n>>level-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// levelReader reads the stored hashes of each level in order.
type levelReader struct {
	r    pebble.Reader
	from uint64 // group from which on they are read
	its  [64]*pebble.Iterator
}

func (l *levelReader) close() {
	for _, it := range l.its {
		if it != nil {
			it.Close()
		}
	}
}

// next moves to the next hash on a level, from the first one on.
func (l *levelReader) next(level int) (it *pebble.Iterator, ok bool, err error) {
	if it = l.its[level]; it != nil {
		ok = it.Next()
	} else {
		it, err = l.r.NewIter(&pebble.IterOptions{LowerBound: hashKey(level, l.from>>level), UpperBound: []byte{tagHash, byte(level) + 1}})
		if err != nil {
			return nil, false, readError(err)
		}
		l.its[level], ok = it, it.First()
	}
	if err := it.Error(); err != nil {
		return nil, false, readError(err)
	}
	return it, ok, nil
}

// expect checks that the next hash on a level is h, with number n.
func (l *levelReader) expect(level int, n uint64, h *Hash) error {
	it, ok, err := l.next(level)
	if err != nil {
		return err
	}
	if !ok || string(it.Key()) != string(hashKey(level, n)) {
		return fmt.Errorf("%w: hash %d on level %d of the Merkle log is missing", ErrDamaged, n, level)
	}
	v, err := it.ValueAndErr()
	if err != nil {
		return readError(err)
	}
	if string(v) != string(h[:]) {
		return fmt.Errorf("%w: hash %d on level %d of the Merkle log is not that of its groups", ErrDamaged, n, level)
	}
	return nil
}

// ended checks that no level has more hashes than were expected.
func (l *levelReader) ended() error {
	for level := range l.its {
		switch _, more, err := l.next(level); {
		case err != nil:
			return err
		case more:
			return fmt.Errorf("%w: level %d of the Merkle log has a hash of no group", ErrDamaged, level)
		}
	}
	return nil
}
