package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/seal"
	"switchd/switch/storage"
)

// Store is the state store. Begin, FindRequest, FindBusiness and FindPayment
// belong to one goroutine, the engine's; everything else is safe beside it.
type Store struct {
	db      *pebble.DB
	fs      storage.FS
	dir     string
	keys    *seal.Keys
	fatal   func(error)
	applied atomic.Uint64
	// tidingsFrom is the first event whose tidings are kept.
	tidingsFrom atomic.Uint64

	// mu guards the layers: which is which, and, from Begin to Commit, the pending
	// one. What is in a layer is changed by the engine's goroutine alone. It also
	// guards lookup, which must not be older than what the layers have left.
	mu       sync.Mutex
	pending  *layer     // the latest groups
	spilling *layer     // those before, on their way to the database; nil: they are there
	spare    *layer     // nil or empty
	spilled  *sync.Cond // spilling is nil, or failed is not
	failed   error
	recent   recent           // what the database cannot have
	lookup   *pebble.Iterator // nil: not made yet
	stale    atomic.Bool      // there is something newer in the database, or its files are others

	// writing is held by whoever writes to the database, and guards what it needs.
	writing  sync.Mutex
	writer   writer
	sweeping sweeping

	// Of the engine's goroutine.
	batch  Batch
	opener *seal.Opener
	key    []byte // of the look-up under way
}

// Open opens or creates the store in dir. It fails when another process has it,
// when it was written by a version that this one cannot read, and when its rows are
// sealed and there is no key, or the other way round.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	cache := pebble.NewCache(cacheBytes)
	defer cache.Unref()
	if err := storage.CheckOptions(o.FS, dir); err != nil {
		return nil, fmt.Errorf("open state store %s: %w", dir, err)
	}
	s := &Store{fs: o.FS, dir: dir, keys: o.Keys, fatal: o.Fatal, opener: o.Keys.Opener(), pending: newLayer()}
	s.batch.store, s.spilled = s, sync.NewCond(&s.mu)
	po := o.pebble(cache)
	po.EventListener.FlushEnd = func(pebble.FlushInfo) { s.stale.Store(true) }
	po.EventListener.CompactionEnd = func(pebble.CompactionInfo) { s.stale.Store(true) }
	db, err := pebble.Open(dir, po)
	if err != nil {
		return nil, fmt.Errorf("open state store %s: %w", dir, err)
	}
	s.db, s.writer = db, writer{db: db, sealer: o.Keys.Sealer(), ring: o.Keys, tokener: o.Keys.Tokener(), runMin: runMarksMin, rest: o.Rest}
	if err := s.begin(o.ReadOnly); err != nil {
		return nil, errors.Join(fmt.Errorf("open state store %s: %w", dir, err), db.Close())
	}
	s.pending.begin(s.Applied())
	return s, nil
}

// begin checks the format and finds out how far the rows are.
func (s *Store) begin(readOnly bool) error {
	applied, err := number(s.db, tagApplied)
	if err != nil {
		return err
	}
	s.applied.Store(applied)
	f, err := row(s.db, []byte{tagFormat})
	if err != nil {
		return err
	}
	switch {
	case f == nil && applied == 0 && readOnly: // a crash came before anything reached the disk
		return nil
	case f == nil && applied == 0:
		// Not synced: until something is, the next start finds an empty folder again.
		err = s.db.Set([]byte{tagFormat}, s.format(), pebble.NoSync)
	default:
		err = s.checkFormat(f)
	}
	if err != nil {
		return err
	}
	if err := s.beginTidings(readOnly); err != nil {
		return err
	}
	if err := s.recent.open(s.db); err != nil {
		return err
	}
	return s.checkToken(readOnly)
}

// checkToken refuses keys with another token key than that under which the accounts
// here are found: nothing would fail, and they would not be found. Rows of before
// there was such a check take the keys with which they are opened first.
func (s *Store) checkToken(readOnly bool) error {
	if s.keys == nil {
		return nil
	}
	was, err := row(s.db, []byte{tagToken})
	token := s.keys.Token([]byte("switchd token check"))
	switch {
	case err != nil || was == nil && readOnly:
		return err
	case was == nil:
		return s.db.Set([]byte{tagToken}, token[:], pebble.NoSync)
	case !bytes.Equal(was, token[:]):
		return fmt.Errorf("%w: the token key of %s is not the one under which the accounts of this data folder are found; name its own key file", seal.ErrOtherKeys, s.keys.Source())
	}
	return nil
}

// Format is the version of keys and rows. Rows of payments have a version of their
// own in themselves.
const Format = 1

// format is the row that says what is in the folder: version u8 | sealed u8.
func (s *Store) format() []byte {
	if s.keys == nil {
		return []byte{Format, 0}
	}
	return []byte{Format, 1}
}

func (s *Store) checkFormat(f []byte) error {
	want := s.format()
	switch {
	case len(f) != len(want):
		return errors.New("it was written by a version before the first release, and cannot be read: move the folder away, and the next start makes it again from the journal")
	case f[0] != Format:
		return fmt.Errorf("its rows have format %d, this binary reads %d", f[0], Format)
	case f[1] > want[1]:
		return errors.New("its rows are sealed: the key file is needed")
	case f[1] < want[1]:
		return errors.New("its rows are not sealed: it belongs to a simulation or a test, and to no switch")
	}
	return nil
}

// Applied is the sequence number of the last event whose effect is in the rows.
func (s *Store) Applied() uint64 { return s.applied.Load() }

// Durable is the sequence number of the last event whose effect is in the rows on
// disk: what a crash now would leave. The journal must keep everything above it.
func (s *Store) Durable() (uint64, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{OnlyReadGuaranteedDurable: true})
	if err != nil {
		return 0, fmt.Errorf("read state store: %w", err)
	}
	defer it.Close()
	if !it.SeekGE([]byte{tagApplied}) || it.Key()[0] != tagApplied {
		return 0, readError(it.Error())
	}
	v, err := it.ValueAndErr()
	if err != nil {
		return 0, readError(err)
	}
	return asNumber(tagApplied, v)
}

// Flush writes everything in memory to disk: the snapshot of a clean stop.
func (s *Store) Flush() error {
	if err := s.settle(); err != nil {
		return err
	}
	if err := s.db.Flush(); err != nil {
		return fmt.Errorf("flush state store: %w", err)
	}
	return nil
}

// Checkpoint makes a copy of the store in dir, which must not exist: the effect of
// all events up to some number that is at least Applied as it was at the call. It
// takes little room as long as both are on one file system.
func (s *Store) Checkpoint(dir string) error {
	if err := s.Flush(); err != nil {
		return err
	}
	if err := s.db.Checkpoint(dir); err != nil {
		return fmt.Errorf("copy state store to %s: %w", dir, err)
	}
	return nil
}

// Close closes the store without flushing.
func (s *Store) Close() error {
	s.mu.Lock()
	for s.spilling != nil && s.failed == nil {
		s.spilled.Wait()
	}
	var err error
	if s.lookup != nil {
		err = s.lookup.Close()
	}
	s.mu.Unlock()
	return errors.Join(err, s.db.Close())
}

// row returns a copy of one row, nil when there is none.
func row(from pebble.Reader, key []byte) ([]byte, error) {
	v, closer, err := from.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(err)
	}
	defer closer.Close()
	return append([]byte{}, v...), nil
}

func number(from pebble.Reader, tag byte) (uint64, error) {
	v, err := row(from, []byte{tag})
	if err != nil || v == nil {
		return 0, err
	}
	return asNumber(tag, v)
}

func asNumber(tag byte, v []byte) (uint64, error) {
	if len(v) != 8 {
		return 0, fmt.Errorf("row %q of the state store has %d bytes, want 8", tag, len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}

func readError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read state store: %w", err)
}
