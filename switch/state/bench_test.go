package state

import (
	"fmt"
	"syscall"
	"testing"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
)

// load writes payments as a busy switch does: in each group some begin, some end,
// and the rest are in between.
type load struct {
	s       *Store
	tape    *tape
	started uint64 // payments
	groups  uint64
	row     [50]byte // of a participant
}

const (
	loadPerGroup = 8 // payments that begin in a group
	loadApart    = 4 // groups between two events of a payment
	loadEvents   = 5 // numbers that a payment takes: its events, and a fraction of the rest
)

func (l *load) id(n uint64) payment.ID { return payment.ID(10 + n*loadEvents) }

// group commits the next group.
func (l *load) group() error {
	b := l.s.Begin()
	for stage := range l.tape.puts {
		back := uint64(stage * loadApart)
		if back > l.groups {
			break
		}
		first := (l.groups - back) * loadPerGroup
		for n := first; n < first+loadPerGroup; n++ {
			l.tape.number(l.id(n), n)
			put := &l.tape.puts[stage]
			b.PutPayment(&put.p, put.row)
			if stage == len(l.tape.puts)-1 {
				b.PutKey(l.tape.key, put.p.ID)
				if l.tape.business != (payment.Business{}) {
					b.PutBusiness(&l.tape.business, put.p.ID)
				}
			}
		}
	}
	for n := range route.Participant(3) {
		b.PutParticipant(n, l.row[:])
	}
	b.PutMachine(l.tape.machine)
	l.groups++
	l.started += loadPerGroup
	return b.Commit(uint64(l.id(l.started)))
}

// cpu is the processor time that this process has taken.
func cpu(t testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRows is the cost of the rows of one payment, with what Pebble does of
// it in the background: run it with -benchtime 500000x, so that there is something
// to compact.
func BenchmarkRows(b *testing.B) {
	for _, iso20022 := range []bool{false, true} {
		for _, sealed := range []bool{false, true} {
			b.Run(fmt.Sprintf("iso20022=%v/sealed=%v", iso20022, sealed), func(b *testing.B) { benchmarkRows(b, iso20022, sealed) })
		}
	}
}

func benchmarkRows(b *testing.B, iso20022, sealed bool) {
	var keys *seal.Keys
	if sealed {
		keys = testKeys(b, 1)
	}
	s, err := Open(b.TempDir(), Options{Keys: keys})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	l := &load{s: s, tape: record(b, iso20022)}
	before := cpu(b)
	b.ReportAllocs()
	b.ResetTimer()
	for l.started < uint64(b.N) {
		if err := l.group(); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	m := s.db.Metrics()
	total := m.Total()
	n := float64(l.started)
	b.ReportMetric((cpu(b)-before)/n, "cpu-ns/op")
	b.ReportMetric(float64(total.TableBytesFlushed+total.TableBytesCompacted)/n, "written-bytes/op")
	b.ReportMetric(float64(m.DiskSpaceUsage())/n, "disk-bytes/op")
}
