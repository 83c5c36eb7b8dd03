package payment

import (
	"runtime"
	"testing"
)

// TestOpenPaymentsFit: 100,000 open payments are held in 100 MiB.
func TestOpenPaymentsFit(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the collector to itself")
	}
	const open, budget = 100_000, 100 << 20
	s := newStepper()
	for n := range s.m.participants {
		s.m.participants[n].profile.Flow.Off = true // nobody answers here
	}
	before := heapInUse()
	for s.m.OpenCount() < open {
		s.request(s.m.OpenCount())
	}
	s.m.Flush(discard{})
	used := heapInUse() - before
	t.Logf("%d open payments in %.1f MiB, %d bytes each", open, float64(used)/(1<<20), used/open)
	if used > budget {
		t.Errorf("%d open payments take %d bytes, budget %d", open, used, budget)
	}
	runtime.KeepAlive(s)
}

func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
