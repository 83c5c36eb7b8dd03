package state

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
	"switchd/switch/storage"
)

// Verified is what Verify has read.
type Verified struct {
	Files    int    `json:"files"`    // sorted files, every block of them
	Payments uint64 `json:"payments"` // open and finished ones
	Keys     uint64 `json:"keys"`     // rows and marks that name a payment
}

// Verify reads everything: every block of every file against its checksum; every
// payment opened, under its own number; and that all that payments are found by, of
// which Hash knows nothing, names payments that are there, or were forgotten. It
// remembers a bit for each event. It lasts as long as ctx. Safe for concurrent use.
func (s *Store) Verify(ctx context.Context) (Verified, error) {
	v, err := s.view()
	if err != nil {
		return Verified{}, err
	}
	defer v.close()
	c := verifying{view: v, ctx: ctx, there: map[uint64]*blockSet{}, marks: map[uint64]uint64{}}
	plain := storage.Options{FS: s.fs}.Pebble("state store")
	if c.Files, err = storage.VerifyTables(ctx, s.db, s.fs, s.dir, plain); err == nil {
		err = c.all()
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	} else if err != nil {
		err = fmt.Errorf("verify state store: %w", storage.Sentence(err))
	}
	return c.Verified, err
}

// blockSet has a bit for each number of a block.
type blockSet [1 << blockBits / 64]uint64

// verifying is one reading of all rows.
type verifying struct {
	*view
	Verified
	ctx     context.Context
	applied uint64
	known   payment.ID           // finished payments below it are forgotten
	there   map[uint64]*blockSet // payments, by block
	marks   map[uint64]uint64    // by run: those that are still to come
	told    uint64               // the event of the latest tiding
	p       payment.Payment
}

// all reads the rows, payments first.
func (c *verifying) all() (err error) {
	if c.applied, err = number(c.rows, tagApplied); err != nil {
		return err
	}
	machine, err := row(c.rows, []byte{tagMachine})
	if err != nil {
		return err
	}
	if c.known, err = payment.KnownIn(machine); err != nil {
		return err
	}
	for _, part := range [...]struct {
		tag   byte
		check func(key, row []byte) error
	}{
		{tagOpen, c.payment}, {tagHistory, c.payment},
		{tagBusiness, c.value}, {tagKey, c.value}, {tagDeadLetter, c.number}, {tagException, c.number},
		{tagFacet, c.facet}, {tagLate, c.late}, {tagRun, c.run}, {tagLeaf, c.leaf},
		{tagChange, c.change}, {tagTidings, c.tidings},
	} {
		err := c.scan(part.tag, func(key, row []byte) error {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			return part.check(key, row)
		})
		if err != nil {
			return err
		}
	}
	for run, left := range c.marks {
		if left != 0 {
			return fmt.Errorf("%w: of the marks of run %d %d are missing", pebble.ErrCorruption, run, left)
		}
	}
	return nil
}

// wrong is an error about a row that is not what is written under such a key.
func wrong(key []byte) error {
	return fmt.Errorf("%w: the row %q %x is not what is written there", pebble.ErrCorruption, key[:1], key[1:])
}

func (c *verifying) payment(key, sealed []byte) error {
	if len(key) != 9 {
		return wrong(key)
	}
	id := idOf(key[1:])
	if err := c.decode(id, sealed, &c.p); err != nil {
		return err
	}
	if c.p.ID != id || uint64(id) > c.applied {
		return wrong(key)
	}
	set := c.there[blockOf(id)]
	if set == nil {
		set = new(blockSet)
		c.there[blockOf(id)] = set
	}
	i := id & (1<<blockBits - 1)
	set[i/64] |= 1 << (i % 64)
	c.Payments++
	return nil
}

// names checks that a payment which a row names is there, or forgotten.
func (c *verifying) names(key []byte, id payment.ID) error {
	c.Keys++
	set, i := c.there[blockOf(id)], id&(1<<blockBits-1)
	if id != 0 && id < c.known || set != nil && set[i/64]>>(i%64)&1 == 1 {
		return nil
	}
	return fmt.Errorf("%w: the row %q %x names payment %d, which is not there", pebble.ErrCorruption, key[:1], key[1:], id)
}

func (c *verifying) value(key, row []byte) error {
	if len(row) != 8 {
		return wrong(key)
	}
	return c.names(key, idOf(row))
}

func (c *verifying) number(key, _ []byte) error {
	if len(key) != 9 {
		return wrong(key)
	}
	return c.names(key, idOf(key[1:]))
}

func (c *verifying) facet(key, _ []byte) error {
	if len(key) != 11 || readFacet(key).block > c.applied>>blockBits {
		return wrong(key)
	}
	return nil
}

func (c *verifying) late(key, _ []byte) error {
	if len(key) != lateKeyBytes {
		return wrong(key)
	}
	id, _ := readLate(key)
	return c.names(key, id)
}

func (c *verifying) change(key, sealed []byte) error {
	var change payment.Change
	if err := c.view.change(key, sealed, &change); err != nil {
		return err
	}
	if change.Seq > c.applied {
		return wrong(key)
	}
	return nil
}

func (c *verifying) run(key, row []byte) error {
	if len(key) != 9 || len(row) != 4 || leafRun(key) > c.applied {
		return wrong(key)
	}
	c.marks[leafRun(key)] = uint64(binary.BigEndian.Uint32(row))
	return nil
}

// leaf checks that the marks of a leaf are in their order, and name payments.
func (c *verifying) leaf(key, leaf []byte) error {
	n := len(leaf) / markEntry
	if len(key) != 9+markEntry || n == 0 || len(leaf)%markEntry != 0 || string(leaf[:markEntry]) != string(key[9:]) {
		return wrong(key)
	}
	run := leafRun(key)
	if c.marks[run] < uint64(n) {
		return wrong(key)
	}
	c.marks[run] -= uint64(n)
	for i := range n {
		if i > 0 && string(leaf[(i-1)*markEntry:i*markEntry]) >= string(leaf[i*markEntry:(i+1)*markEntry]) {
			return wrong(key)
		}
		if err := c.names(key, payment.ID(run-uint64(backAt(leaf, i)))); err != nil {
			return err
		}
	}
	return nil
}

// tidings checks that tidings are in the order of their events, and under the last.
func (c *verifying) tidings(key, row []byte) error {
	if len(key) != tidingsKeyBytes {
		return wrong(key)
	}
	err := payment.EachTiding(row, func(t *payment.Tiding) error {
		if t.Seq < c.told || t.Seq > c.applied {
			return wrong(key)
		}
		c.told = t.Seq
		return nil
	})
	if last, _ := tidingsAt(key); err != nil || last != c.told {
		return wrong(key)
	}
	return nil
}
