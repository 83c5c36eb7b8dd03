package crash

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
)

// tape is a journal that is written at full speed while others read it.
type tape struct {
	t    *testing.T
	log  *journal.PebbleLog
	last uint64 // record that is written

	appended atomic.Uint64 // last record that the journal was given
	synced   atomic.Uint64 // no record behind this one can be on disk
}

// recordBytes is the size of an event's record.
const recordBytes = 300

// newTape opens a journal whose syncs are watched: a sync that is over has made
// durable at most what was appended when it began.
func newTape(t *testing.T, dir string, under vfs.FS, records uint64) *tape {
	t.Helper()
	p := &tape{t: t, last: records}
	disk := &watched{FS: under, p: p}
	log, err := journal.OpenPebble(dir, journal.Options{FS: disk, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	p.log = log
	return p
}

// watched is a file system that tells a tape how far its logs are synced.
type watched struct {
	vfs.FS
	p *tape
}

// Create makes a file.
func (w *watched) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := w.FS.Create(name, c)
	if err != nil || fileType(name) != "journal WAL" {
		return f, err
	}
	return &watchedFile{f, w.p}, nil
}

// ReuseForWrite makes a file of one that is no longer needed: a log that takes the
// place of an older one.
func (w *watched) ReuseForWrite(before, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := w.FS.ReuseForWrite(before, name, c)
	if err != nil || fileType(name) != "journal WAL" {
		return f, err
	}
	return &watchedFile{f, w.p}, nil
}

// Unwrap is the file system below.
func (w *watched) Unwrap() vfs.FS { return w.FS }

type watchedFile struct {
	vfs.File
	p *tape
}

// SyncData is the sync of a write-ahead log.
func (f *watchedFile) SyncData() error {
	upTo := f.p.appended.Load()
	err := f.File.SyncData()
	f.p.durable(upTo, err)
	return err
}

// Sync is the last of a log that is closed.
func (f *watchedFile) Sync() error {
	upTo := f.p.appended.Load()
	err := f.File.Sync()
	f.p.durable(upTo, err)
	return err
}

func (p *tape) durable(upTo uint64, err error) {
	for was := p.synced.Load(); err == nil && upTo > was; was = p.synced.Load() {
		if p.synced.CompareAndSwap(was, upTo) {
			return
		}
	}
}

// record is what stands under a sequence number.
func record(seq uint64, b []byte) []byte {
	b = b[:0]
	for len(b) < recordBytes {
		b = binary.BigEndian.AppendUint64(b, seq*0x9e3779b97f4a7c15+uint64(len(b)))
	}
	return b[:recordBytes]
}

// write appends all records, two groups on their way at a time, each when pace lets
// it go.
func (p *tape) write(group int, pace func()) error {
	var groups [2]journal.Group
	var before journal.Ticket
	var b []byte
	for n := 0; p.appended.Load() < p.last; n++ {
		pace()
		g := &groups[n%2]
		g.Reset(p.log.Next())
		g.At(epoch + int64(n))
		for range min(group, int(p.last-p.appended.Load())) {
			b = record(g.Next(), b)
			g.Add(b)
		}
		p.appended.Store(g.Next() - 1) // before it can be on its way
		t, err := p.log.Append(g)
		if err != nil {
			return err
		}
		if before != nil {
			if err := before.Wait(); err != nil {
				return err
			}
		}
		before = t
	}
	return before.Wait()
}

// read reads from a record to the end and calls each with every one. It checks that
// there is no gap, nothing else than what was written, and nothing that no sync has
// covered.
func (p *tape) read(from uint64, each func(seq uint64)) error {
	r := p.log.Tail(from)
	var want []byte
	for seq := from; seq <= p.last; seq++ {
		got, err := r.Next(context.Background())
		if err != nil {
			return fmt.Errorf("record %d: %w", seq, err)
		}
		want = record(seq, want)
		switch synced := p.synced.Load(); {
		case got.Seq != seq:
			return fmt.Errorf("record %d after %d", got.Seq, seq-1)
		case !bytes.Equal(got.Bytes, want):
			return fmt.Errorf("record %d is another", seq)
		case seq > synced:
			return fmt.Errorf("record %d was read, and no sync has covered more than %d", seq, synced)
		}
		each(seq)
	}
	return nil
}

// TestTailWhileWriting: readers from the beginning and from the middle get every
// record once and none that a power cut could take back.
func TestTailWhileWriting(t *testing.T) {
	records := uint64(sized(10_000, 100_000, 1_000_000))
	mem := vfs.NewCrashableMem()
	p := newTape(t, "journal", mem, records)
	ends := make(chan error, 4)
	go func() { ends <- p.write(200, func() {}) }()
	clones := 0
	go func() {
		ends <- p.read(1, func(seq uint64) {
			if seq%(records/20) == 0 { // what was read is in what a power cut leaves
				p.survives(mem.CrashClone(vfs.CrashCloneCfg{}), seq)
				clones++
			}
		})
	}()
	go func() { ends <- p.read(records/2, func(uint64) {}) }()
	go func() { ends <- p.read(records, func(uint64) {}) }()
	for range cap(ends) {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	if err := p.log.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("%d records, %d power cuts behind the reader", records, clones)
}

// survives opens what a power cut leaves and checks that it has a record.
func (p *tape) survives(cut vfs.FS, seq uint64) {
	log, err := journal.OpenPebble("journal", journal.Options{FS: cut, Log: quiet})
	if err != nil {
		p.t.Error(err)
		return
	}
	if next := log.Next(); next <= seq {
		p.t.Errorf("record %d was read, and a power cut leaves %d only", seq, next-1)
	}
	if err := log.Close(); err != nil {
		p.t.Error(err)
	}
}

// TestTailSeesLies: the test above would find a journal that shows what is not on
// the disk.
func TestTailSeesLies(t *testing.T) {
	p := newTape(t, "journal", vfs.NewMem(), 100)
	if err := p.write(10, func() {}); err != nil {
		t.Fatal(err)
	}
	p.synced.Store(57)
	if err := p.read(1, func(uint64) {}); err == nil || err.Error() != "record 58 was read, and no sync has covered more than 57" {
		t.Errorf("the reader says %v", err)
	}
	if err := p.log.Close(); err != nil {
		t.Error(err)
	}
}

// TestTailForAMinute reads a journal on a real disk while it is written as 5,000
// payments per second do it.
func TestTailForAMinute(t *testing.T) {
	if *sizeFlag != "long" {
		t.Skip("a minute: with -crash.size long")
	}
	const perSecond, seconds, eachMillis = 5000 * 4, 60, 2 // four events a payment
	p := newTape(t, t.TempDir()+"/journal", vfs.Default, perSecond*seconds)
	tick := time.NewTicker(eachMillis * time.Millisecond)
	defer tick.Stop()
	begun := time.Now()
	written := make(chan error, 1)
	go func() { written <- p.write(perSecond*eachMillis/1000, func() { <-tick.C }) }()
	var worst uint64
	err := p.read(1, func(seq uint64) { worst = max(worst, p.log.Durable()-seq) })
	if err != nil {
		t.Error(err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	if err := p.log.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("%d records in %v, the reader was at most %d records behind", p.last, time.Since(begun).Round(time.Millisecond), worst)
}
