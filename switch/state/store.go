package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// The first byte of a key says what the row is.
const (
	tagApplied     = 'a' // -> sequence number of the last event in the rows
	tagConfig      = 'c' // -> configuration in force
	tagMachine     = 'm' // -> the machine's own row
	tagOpen        = 'o' // + payment id -> row of an open payment
	tagParticipant = 'p' // + participant number -> its row
	tagHistory     = 'h' // + payment id -> row of a finished payment
	tagKey         = 'k' // + request key -> payment id
	tagBusiness    = 'b' // + business identity -> payment id
)

// Options of a Store.
type Options struct {
	FS    vfs.FS       // file system; default: the real one
	Log   *slog.Logger // default: slog.Default()
	Fatal func(error)  // called when Pebble cannot go on after an I/O error; must not return. Default: panic
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) { panic(err) }
	}
	return o
}

const (
	// memTableBytes bounds what is lost in a crash and replayed from the journal:
	// a restart within 3 s at full load.
	memTableBytes = 32 << 20
	// cacheBytes must leave room beside the memtables: Pebble takes their memory
	// out of it, and a cache of nothing makes every look-up read, check and
	// decompress blocks (measured: a third of the switch's CPU).
	cacheBytes = 192 << 20
	// bloomBits per key spare a look-up of a new request key the reading of most
	// files above the last level, which Pebble's Get searches without its filter;
	// the order of the keys (payment.AppendKey) does that there.
	bloomBits = 10
)

// Store is the state store. Begin, FindRequest and Flush belong to the engine's
// goroutine.
type Store struct {
	db      *pebble.DB
	applied uint64
	batch   Batch
	scratch []byte
}

// Open opens or creates the store in dir. It fails when another process has it.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	cache := pebble.NewCache(cacheBytes)
	defer cache.Unref()
	po := &pebble.Options{
		FS: o.FS, Logger: logger{o}, FormatMajorVersion: pebble.FormatNewest,
		DisableWAL: true, MemTableSize: memTableBytes, Cache: cache,
		EventListener: &pebble.EventListener{BackgroundError: logger{o}.background},
	}
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	// Rows are small and mostly numbers: compression took more than it gave.
	po.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	db, err := pebble.Open(dir, po)
	if err != nil {
		return nil, fmt.Errorf("open state store %s: %w", dir, err)
	}
	s := &Store{db: db}
	if s.applied, err = s.number(tagApplied); err != nil {
		return nil, errors.Join(fmt.Errorf("open state store %s: %w", dir, err), db.Close())
	}
	return s, nil
}

// Applied is the sequence number of the last event whose effect is in the rows.
func (s *Store) Applied() uint64 { return s.applied }

func (s *Store) number(tag byte) (uint64, error) {
	v, err := s.row([]byte{tag})
	if err != nil || v == nil {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("row %q has %d bytes, want 8", tag, len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}

// row returns a copy of one row, nil when there is none.
func (s *Store) row(key []byte) ([]byte, error) {
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read state store: %w", err)
	}
	defer closer.Close()
	return append([]byte{}, v...), nil
}

// Snapshot reads the rows that a machine is restored from.
func (s *Store) Snapshot() (*payment.Snapshot, error) {
	snap := &payment.Snapshot{Participants: map[route.Participant][]byte{}}
	var err error
	if snap.Config, err = s.row([]byte{tagConfig}); err != nil {
		return nil, err
	}
	if snap.Machine, err = s.row([]byte{tagMachine}); err != nil {
		return nil, err
	}
	err = s.scan(tagParticipant, func(key, row []byte) error {
		if len(key) != 2 {
			return fmt.Errorf("participant row with a key of %d bytes", len(key))
		}
		snap.Participants[route.Participant(binary.BigEndian.Uint16(key))] = row
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.scan(tagOpen, func(_, row []byte) error {
		snap.Open = append(snap.Open, row)
		return nil
	})
	return snap, err
}

// scan calls f with a copy of each row under tag, in the order of the keys.
func (s *Store) scan(tag byte, f func(key, row []byte) error) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tag}, UpperBound: []byte{tag + 1}})
	if err != nil {
		return fmt.Errorf("read state store: %w", err)
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return fmt.Errorf("read state store: %w", err)
		}
		if err := f(append([]byte{}, it.Key()[1:]...), append([]byte{}, v...)); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("read state store: %w", err)
	}
	return nil
}

// Payments calls f for every payment in the store, finished ones first, each in
// the order of their numbers. The payment is valid during the call.
func (s *Store) Payments(f func(p *payment.Payment) error) error {
	var p payment.Payment
	for _, tag := range [...]byte{tagHistory, tagOpen} {
		err := s.scan(tag, func(_, row []byte) error {
			if err := payment.DecodePayment(row, &p); err != nil {
				return fmt.Errorf("row of a payment: %w", err)
			}
			return f(&p)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// FindRequest appends the row of the finished payment that this request key has
// made. A store that cannot be read must not guess: it panics, and the process
// restarts from the journal.
func (s *Store) FindRequest(key *payment.RequestKey, row []byte) ([]byte, bool) {
	s.scratch = payment.AppendKey(append(s.scratch[:0], tagKey), key)
	return s.follow(row)
}

// FindBusiness names the latest finished payment with a business identity.
func (s *Store) FindBusiness(business *payment.Business) (payment.ID, bool) {
	s.scratch = append(append(s.scratch[:0], tagBusiness), business[:]...)
	var room [8]byte
	id, ok := s.get(room[:0])
	if !ok {
		return 0, false
	}
	return payment.ID(binary.BigEndian.Uint64(id)), true
}

// FindPayment appends the row of the finished payment with a number.
func (s *Store) FindPayment(id payment.ID, row []byte) ([]byte, bool) {
	s.scratch = binary.BigEndian.AppendUint64(append(s.scratch[:0], tagHistory), uint64(id))
	return s.get(row)
}

// follow appends the history row whose number is under the key in scratch.
func (s *Store) follow(row []byte) ([]byte, bool) {
	var room [8]byte
	id, ok := s.get(room[:0])
	if !ok {
		return row, false
	}
	s.scratch = append(append(s.scratch[:0], tagHistory), id...)
	if row, ok = s.get(row); !ok {
		panic("state store: a key names a payment that is not there")
	}
	return row, true
}

// get appends the row under the key in scratch.
func (s *Store) get(row []byte) ([]byte, bool) {
	v, closer, err := s.db.Get(s.scratch)
	if errors.Is(err, pebble.ErrNotFound) {
		return row, false
	}
	if err != nil {
		panic(fmt.Sprintf("state store: look up: %v", err))
	}
	row = append(row, v...)
	closer.Close()
	return row, true
}

// Flush writes everything in memory to disk: the snapshot of a clean stop.
func (s *Store) Flush() error {
	if err := s.db.Flush(); err != nil {
		return fmt.Errorf("flush state store: %w", err)
	}
	return nil
}

// Close closes the store without flushing.
func (s *Store) Close() error { return s.db.Close() }

// logger passes Pebble's errors on and drops its chatter.
type logger struct{ o Options }

func (logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.o.Log.Error("state storage", "error", fmt.Sprintf(format, args...))
}

// background ends the process when a flush or a compaction fails: Pebble would
// try again for ever, and what it cannot write now it may never be able to.
func (l logger) background(err error) {
	l.o.Fatal(fmt.Errorf("state store: background write: %w", err))
}

func (l logger) Fatalf(format string, args ...any) {
	l.o.Fatal(fmt.Errorf("state store: storage cannot go on: "+format, args...))
}
