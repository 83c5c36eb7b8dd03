package feed

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// BenchmarkReader is what a reader costs for each payment of the switch: one whom nothing
// of it concerns, and one whom all does.
func BenchmarkReader(b *testing.B) {
	const payments = 2000
	w := start(b, vfs.NewMem(), Options{})
	for range payments {
		w.pay(bankA, bankB, 0)
	}
	w.settle()
	for _, name := range []string{"QUIETC", "BANKB"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				to := newWire(1 << 30)
				if err := w.feed.Stream(b.Context(), ask(fmt.Sprintf("participant=%s&until=now", name)), to); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/payments, "ns/payment")
		})
	}
}

// heap is what is held now.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkIdleReaders is what a reader holds that has read all there is, beside its
// connection.
func BenchmarkIdleReaders(b *testing.B) {
	const readers, payments = 200, 500
	w := start(b, vfs.NewMem(), Options{Shared: readers, OfOne: readers})
	for range payments {
		w.pay(bankA, bankB, 0)
	}
	w.settle()
	for range b.N {
		before := heap()
		ctx, cancel := context.WithCancel(b.Context())
		var group sync.WaitGroup
		end := fmt.Sprint(w.store.Applied())
		caught := make(chan bool, readers)
		for range readers {
			group.Go(func() {
				_ = w.feed.Stream(ctx, ask("participant=BANKB"), &idle{wire: newWire(0), end: end, caught: caught})
			})
		}
		for range readers {
			<-caught
		}
		b.ReportMetric(float64(int64(heap())-int64(before))/readers, "B/reader")
		cancel()
		group.Wait()
	}
}

// idle takes all and keeps nothing. It tells when the last events have come.
type idle struct {
	*wire
	end    string
	caught chan bool
	told   bool
}

func (i *idle) Write(p []byte) (int, error) {
	if !i.told && (bytes.Contains(p, []byte(`"seq":`+i.end+`,`)) || bytes.Contains(p, []byte(`"next":"`+i.end))) {
		i.told = true
		i.caught <- true
	}
	return len(p), nil
}
