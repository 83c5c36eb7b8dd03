package engine

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/state"
)

var (
	restartGroups   = flag.Int("restart.groups", 10_000, "groups of the tail that BenchmarkRestart replays")
	restartPayments = flag.Int("restart.payments", 50_000, "payments of the store that BenchmarkRestart opens")
)

// BenchmarkRestart is the time from nothing to an engine that can run, with a
// journal and a state store on a real disk, sealed: a tail of groups of one event
// and of 15, which is what 5,000 payments a second make, and a store of payments
// without a tail. Budget: 1 s for 100,000 groups of tail.
func BenchmarkRestart(b *testing.B) {
	for _, events := range []int{1, 15} {
		b.Run(fmt.Sprintf("tail/events=%d", events), func(b *testing.B) {
			dir, keys := b.TempDir(), testKeys(b, 1)
			n := *restartGroups * events
			film(b, dir, keys, n, events)
			var cpu time.Duration
			for i := 0; b.Loop(); i++ {
				cpu += reopen(b, dir, fmt.Sprint("state", i), keys, false)
			}
			took := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(cpu.Seconds()/float64(b.N)*100_000/float64(*restartGroups), "cpu-s/100,000-groups")
			b.ReportMetric(took*100_000/float64(*restartGroups), "s/100,000-groups")
			b.ReportMetric(float64(n)/took, "events/s")
		})
	}
	b.Run("store", func(b *testing.B) {
		dir, keys := b.TempDir(), testKeys(b, 1)
		film(b, dir, keys, *restartPayments*eventsOfPayment, 15)
		reopen(b, dir, "state", keys, true)
		for b.Loop() {
			reopen(b, dir, "state", keys, false)
		}
		took := b.Elapsed().Seconds() / float64(b.N)
		b.ReportMetric(took*1e6/float64(*restartPayments), "s/million-payments")
		b.ReportMetric(took*1e3, "ms")
	})
}

// reopen opens the journal in dir and the state store in rows, and restores an
// engine from them; flush puts what it has replayed on disk. It returns the
// processor time of that.
func reopen(b *testing.B, dir, rows string, keys *seal.Keys, flush bool) time.Duration {
	b.Helper()
	before := processCPU()
	l, err := journal.OpenPebble(filepath.Join(dir, "journal"), journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s, err := state.Open(filepath.Join(dir, rows), state.Options{Keys: keys})
	if err != nil {
		b.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	if _, err := Open(Options{Log: l, State: s, Config: testConfig(time.Minute), Clock: clockOf, Keys: keys, Logger: quiet}); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	cpu := processCPU() - before
	if flush {
		err = s.Flush()
	}
	if err := errors.Join(err, s.Close(), l.Close()); err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	return cpu
}

// eventsOfPayment: a request and the answers of both banks.
const eventsOfPayment = 3

// camera makes the journal of a switch that had whole payments to do. It is its
// own machine's store, in which nothing is ever found.
type camera struct {
	b      *testing.B
	l      journal.Log
	sealer *seal.Sealer
	m      *payment.Machine
	out    []payment.Effect
	legs   []payment.Event // answers to what the machine has sent, oldest first

	perGroup int
	group    journal.Group
	count    int
	record   []byte
	at       int64
}

func (*camera) FindRequest(*payment.RequestKey, []byte) ([]byte, bool) { return nil, false }
func (*camera) FindBusiness(*payment.Business) (payment.ID, bool)      { return 0, false }
func (*camera) FindPayment(payment.ID, []byte) ([]byte, bool)          { return nil, false }
func (*camera) PutPayment(*payment.Payment, []byte)                    {}
func (*camera) PutKey([]byte, payment.ID)                              {}
func (*camera) PutBusiness(*payment.Business, payment.ID)              {}
func (*camera) Reopen(payment.ID)                                      {}
func (*camera) PutParticipant(route.Participant, []byte)               {}
func (*camera) PutMachine([]byte)                                      {}
func (*camera) FindLimit(*payment.LimitKey) (payment.LimitUse, bool) {
	return payment.LimitUse{}, false
}
func (*camera) PutChange(uint64, []byte)                     {}
func (*camera) PutLimit(*payment.LimitKey, payment.LimitUse) {}
func (*camera) DropLimits(payment.LimitKey)                  {}
func (*camera) PutConfig([]byte)                             {}

// film writes a journal of n events of payments in groups of so many into dir. It
// does not sync: that is not what is measured.
func film(b *testing.B, dir string, keys *seal.Keys, n, perGroup int) {
	b.Helper()
	l, err := journal.OpenPebble(filepath.Join(dir, "journal"), journal.Options{FS: unsynced{vfs.Default}})
	if err != nil {
		b.Fatal(err)
	}
	c := &camera{b: b, l: l, sealer: keys.Sealer(), perGroup: perGroup, at: clockOf() - int64(time.Hour)}
	c.m = payment.New(c)
	config, _, err := Merge(&payment.Config{}, new(testConfig(time.Minute)))
	if err != nil {
		b.Fatal(err)
	}
	c.take(&payment.Event{Kind: payment.ConfigChanged, From: route.Nobody, Config: config})
	for _, ev := range links() {
		c.take(&ev)
	}
	const apart = 20 // events from a message to its answer
	for payments := 0; c.count < n; {
		if len(c.legs) > apart || payments*eventsOfPayment >= n {
			c.take(&c.legs[0])
			c.legs = c.legs[1:]
			continue
		}
		payments++
		ev := push(uint32(payments % 1e6))
		ev.Request.Key.Acquirer = uint64(payments)
		ev.Text.Set(payment.PayerAccount, []byte("1000010001"))
		ev.Text.Set(payment.PayeeAccount, []byte("1000020001"))
		ev.Text.Set(payment.EndToEndID, []byte("20261122BANKA000000000001"))
		c.take(&ev)
	}
	c.cut()
	totals := c.m.Totals()
	if done := int(totals.Of(payment.Success)); (done+2*apart)*eventsOfPayment < n {
		b.Fatalf("%d payments have ended well in %d events", done, n)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

// take steps an event, writes it down, and has its messages answered.
func (c *camera) take(ev *payment.Event) {
	if c.group.Count() == 0 {
		c.at += int64(time.Millisecond)
		c.group.Reset(c.l.Next())
		c.group.At(c.at)
	}
	ev.Seq, ev.At = c.group.Next(), c.at
	c.record = payment.AppendEvent(c.record[:0], ev)
	c.group.End(c.sealer.Seal(c.group.Begin(), c.record, payment.SecretAt(c.record)))
	c.count++
	c.out = c.m.Step(ev, c.out[:0])
	for i := range c.out {
		ef := &c.out[i]
		if !ef.Send || ef.Leg != payment.LegDebit && ef.Leg != payment.LegCredit {
			continue
		}
		p, answer := ef.Payment, payment.Event{Kind: payment.AnswerArrived, From: ef.To}
		leg := &p.Legs[ef.Leg]
		answer.Answer = payment.Answer{
			Payment: p.ID, Leg: ef.Leg, STAN: leg.STAN, Transmitted: leg.Transmitted, Minor: p.Amount.Minor,
			Outcome: payment.OK, Code: payment.CodeOf("00"),
		}
		c.legs = append(c.legs, answer)
	}
	if c.m.Flush(c); c.group.Count() == c.perGroup {
		c.cut()
	}
}

// cut ends the group.
func (c *camera) cut() {
	if c.group.Count() == 0 {
		return
	}
	t, err := c.l.Append(&c.group)
	if err == nil {
		err = t.Wait()
	}
	if err != nil {
		c.b.Fatal(err)
	}
	c.group.Reset(c.l.Next())
}

// unsynced is a file system that does not wait for the disk.
type unsynced struct{ vfs.FS }

type unsyncedFile struct{ vfs.File }

func (unsyncedFile) Sync() error                { return nil }
func (unsyncedFile) SyncData() error            { return nil }
func (unsyncedFile) SyncTo(int64) (bool, error) { return false, nil }

func (fs unsynced) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.Create(name, category)
	return unsyncedFile{f}, err
}

func (fs unsynced) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.ReuseForWrite(oldname, newname, category)
	return unsyncedFile{f}, err
}
