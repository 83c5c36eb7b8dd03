package gnetio

import (
	"bytes"
	"io"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// benchmarkEcho sends bursts of 200-byte messages over one link and waits for
// each burst's echo. cpu-us/msg is what client and server took together.
func benchmarkEcho(b *testing.B, messages int) {
	r := start(b, &handler{}, nil)
	c := r.dial("BANKA")
	_ = c.SetDeadline(time.Time{})
	burst := bytes.Repeat(framed(make([]byte, 198)), messages)
	got := make([]byte, len(burst))
	b.SetBytes(int64(len(burst)))
	b.ReportAllocs()
	b.ResetTimer()
	began := cpu()
	for range b.N {
		if _, err := c.Write(burst); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, got); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu()-began).Microseconds())/float64(b.N*messages), "cpu-us/msg")
}

// BenchmarkEcho is one message at a time, BenchmarkEchoBurst16 sixteen.
func BenchmarkEcho(b *testing.B)        { benchmarkEcho(b, 1) }
func BenchmarkEchoBurst16(b *testing.B) { benchmarkEcho(b, 16) }

// BenchmarkPush is the switch's own way of sending: another goroutine queues a
// burst of sixteen and wakes the link.
func BenchmarkPush(b *testing.B) {
	h := &handler{}
	r := start(b, h, nil)
	c := r.dial("BANKA")
	_ = c.SetDeadline(time.Time{})
	l := h.link(b, c)
	one := framed(make([]byte, 198))
	got := make([]byte, 16*len(one))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		for range 16 {
			if err := l.Queue(one); err != nil {
				b.Fatal(err)
			}
		}
		l.Wake()
		if _, err := io.ReadFull(c, got); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQueue is the outbox alone.
func BenchmarkQueue(b *testing.B) {
	h := &handler{}
	r := start(b, h, func(o *Options) { o.TickEvery = time.Hour; o.OutboxBytesMax = 1 << 40 })
	l := h.link(b, r.dial("BANKA"))
	one := framed(make([]byte, 198))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%1024 == 0 {
			l.mu.Lock()
			if l.outbox != nil {
				l.outbox.b = l.outbox.b[:0]
			}
			l.mu.Unlock()
		}
		if err := l.Queue(one); err != nil {
			b.Fatal(err)
		}
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A thousand idle links take at most 64 KiB each, after a handshake and after traffic large
// enough to have grown every buffer. The clients live in this process too, so
// what is measured is both ends: an upper bound. Idle links also cost next to
// no time.
func TestIdleLinks(t *testing.T) {
	const budget = 64 << 10
	links := int64(1000)
	if testing.Short() {
		links = 200
	}
	h := &handler{}
	r := start(t, h, func(o *Options) { o.TickEvery = 100 * time.Millisecond })
	burst := bytes.Repeat(framed(make([]byte, 198)), 160)
	got := make([]byte, len(burst))
	before := memory()
	for range links {
		c := r.dial("BANKA")
		if _, err := c.Write(burst); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, got); err != nil {
			t.Fatal(err)
		}
	}
	per := (memory() - before) / links
	t.Logf("%d bytes per idle link, client included", per)
	if per > budget {
		t.Errorf("%d bytes per idle link, want at most %d", per, budget)
	}
	began, ticks := cpu(), h.ticks.Load()
	eventually(t, "ten ticks for each", func() bool { return h.ticks.Load() >= ticks+10*links })
	t.Logf("%v of CPU for a second of %d idle links", cpu()-began, links)
	if n := r.metric("switchd_links", "up"); n != float64(links) {
		t.Errorf("%v links up", n)
	}
}

// memory is what the heap and the stacks hold after a collection.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
