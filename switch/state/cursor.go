package state

import (
	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
)

// A cursor goes down the numbers of payments that may be what is looked for.
type cursor interface {
	// before returns the largest number below id, found. Or it stops: nothing is
	// between next and id, and next is 0 at the end, or less than id, as far as the
	// budget went. The next call has a smaller id, or the same one.
	before(id payment.ID) (next payment.ID, found bool)
	// row is the row of the number that before has found, sealed, if it is at hand.
	row() []byte
	close() error
}

// budget bounds the work of a search, in rows that are read or their like.
type budget struct{ spent, most int }

func (b *budget) spend(n int) { b.spent += n }
func (b *budget) over() bool  { return b.spent >= b.most }

// add is spend for what does not count: it is bounded by something else.
func (b *budget) add(n int) { b.spent, b.most = b.spent+n, b.most+n }

// What is done beside reading rows, in rows.
const (
	seekCost  = 2 // to find a block or a segment
	probeCost = 4 // to look into a run
	// entriesPerRow is how many entries of a run are read in the time of a row: an
	// account that half of all payments have has some ten thousand in one run.
	entriesPerRow = 64
)

// numbers goes down the rows of a tag that are keyed by the number of a payment.
type numbers struct {
	tag  byte
	it   *pebble.Iterator
	at   payment.ID // where the iterator is; 0: nowhere yet
	key  []byte
	fail error
}

func (v *view) numbers(tag byte) (*numbers, error) {
	it, err := v.iterator(tag)
	return &numbers{tag: tag, it: it}, err
}

func (n *numbers) before(id payment.ID) (payment.ID, bool) {
	switch {
	case n.at == 0:
		n.key = appendID(n.key[:0], n.tag, id)
		n.it.SeekLT(n.key)
	case n.at < id: // still the largest
	case n.at == id:
		n.it.Prev()
	default:
		n.key = appendID(n.key[:0], n.tag, id)
		n.it.SeekLT(n.key)
	}
	if !n.it.Valid() {
		n.at = 0
		return 0, false
	}
	n.at = idOf(n.it.Key()[1:])
	return n.at, true
}

func (n *numbers) row() []byte {
	v, err := n.it.ValueAndErr()
	if err != nil {
		n.fail = err
	}
	return v
}

func (n *numbers) close() error { return firstError(n.fail, n.it.Error(), n.it.Close()) }

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// one is the cursor of a single number.
type one struct{ id payment.ID }

func (o one) before(id payment.ID) (payment.ID, bool) {
	if o.id >= id {
		return 0, false
	}
	return o.id, true
}

func (one) row() []byte  { return nil }
func (one) close() error { return nil }

// union goes down what any of its cursors finds.
type union struct {
	of   []cursor
	last cursor // the one that has found
	fail error
}

func (u *union) add(c cursor, err error) {
	if err == nil {
		u.of = append(u.of, c)
	}
	u.fail = firstError(u.fail, err)
}

// done is the union itself, if all of its cursors could be made.
func (u *union) done() (cursor, error) {
	if u.fail != nil {
		return nil, firstError(u.fail, u.close())
	}
	return u, nil
}

func (u *union) before(id payment.ID) (next payment.ID, found bool) {
	u.last = nil
	for _, c := range u.of {
		n, ok := c.before(id)
		if n > next || n == next && ok && !found {
			next, found, u.last = n, ok, c
		}
	}
	return next, found
}

func (u *union) row() []byte { return u.last.row() }

func (u *union) close() error {
	var errs []error
	for _, c := range u.of {
		errs = append(errs, c.close())
	}
	return firstError(errs...)
}

// blocks goes down the history in the blocks that have a facet.
type blocks struct {
	of      uint16
	facets  *pebble.Iterator
	history *numbers
	budget  *budget
	block   uint64 // that is being read; of none: full is false
	full    bool
	key     []byte
}

func (v *view) blocks(of uint16, b *budget) (*blocks, error) {
	it, err := v.iterator(tagFacet)
	if err != nil {
		return nil, err
	}
	h, err := v.numbers(tagHistory)
	if err != nil {
		return nil, firstError(err, it.Close())
	}
	return &blocks{of: of, facets: it, history: h, budget: b}, nil
}

func (b *blocks) before(id payment.ID) (payment.ID, bool) {
	for asked := id; id > 0; {
		if !b.full || b.block > blockOf(id-1) {
			if id < asked && b.budget.over() {
				return id, false
			}
			b.budget.spend(seekCost)
			b.key = appendFacet(b.key[:0], facet{b.of, blockOf(id-1) + 1})
			if !b.facets.SeekLT(b.key) || readFacet(b.facets.Key()).of != b.of {
				return 0, false
			}
			b.block, b.full = readFacet(b.facets.Key()).block, true
		}
		first := payment.ID(b.block << blockBits)
		if end := first + 1<<blockBits; end != 0 { // the last block has no end
			id = min(id, end)
		}
		next, found := b.history.before(id)
		if !found || next >= first {
			return next, found
		}
		id = first
	}
	return 0, false
}

func (b *blocks) row() []byte { return b.history.row() }

func (b *blocks) close() error {
	return firstError(b.facets.Error(), b.facets.Close(), b.history.close())
}
