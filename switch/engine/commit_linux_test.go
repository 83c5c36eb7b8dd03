package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"switchd/switch/payment"
)

// BenchmarkLatency is what the commit adds to an event, from Submit to the
// encoding of its effect, at steady rates with chance between the events (an open
// loop), on a real disk. Beside it: an fsync of the bare disk in the same run, and
// what the whole process spends on an event.
func BenchmarkLatency(b *testing.B) {
	// The load sleeps in system calls and must not sit on a processor of the engine.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1))
	for _, rate := range []int{100, 1_000, 10_000, 30_000} {
		b.Run(fmt.Sprintf("events=%d", rate), func(b *testing.B) {
			dir := b.TempDir()
			e, syncs := openDisk(b, dir, nil)
			out := &timer{landed: make([]int64, 3*rate)}
			stop := start(e, out)
			submit(b, e, links()...)
			bare := bareSync(b, dir)
			n, groups := 0, 0
			syncs.Store(0)
			var latencies []int64
			var cpu time.Duration
			for b.Loop() {
				offset, before := out.count(e), processCPU()
				sent, own := offer(b, e, rate, offset)
				totals(b, e)
				for out.n < offset+len(sent) {
					totals(b, e)
				}
				cpu += processCPU() - before - own
				for i, at := range sent {
					latencies = append(latencies, out.landed[offset+i]-at)
				}
				n += len(sent)
				groups = out.groups
			}
			if err := stop(); err != nil {
				b.Fatal(err)
			}
			slices.Sort(latencies)
			b.ReportMetric(micros(latencies[len(latencies)/2]), "p50-us")
			b.ReportMetric(micros(latencies[len(latencies)*99/100]), "p99-us")
			b.ReportMetric(micros(bare), "bare-fsync-us")
			b.ReportMetric(micros(int64(cpu))/float64(n), "cpu-us/event")
			b.ReportMetric(float64(n)/float64(groups), "events/group")
			b.ReportMetric(float64(syncs.Load())/float64(groups), "fsyncs/group")
		})
	}
}

func micros(ns int64) float64 { return float64(ns) / 1e3 }

// timer notes when the effect of each request came.
type timer struct {
	landed    []int64
	n, groups int
}

func (s *timer) Encode(ef *payment.Effect) {
	s.landed[ef.Payment.Hash] = clockOf()
	s.n++
}

func (s *timer) Release() { s.groups++ }

// count is how many requests have been answered; the writer is at rest then.
func (s *timer) count(*Engine) int { return s.n }

// offer submits one second of requests that are refused at once, at random times,
// and returns when each was submitted and what that cost this thread.
func offer(b *testing.B, e *Engine, rate, offset int) (sent []int64, own time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := threadCPU()
	chance := rand.New(rand.NewPCG(1, 2))
	begin := clockOf()
	due := begin
	events := make([]payment.Event, 1)
	for due < begin+int64(time.Second) && len(sent) < rate*5/4 {
		if wait := due - clockOf(); wait > 0 {
			ts := syscall.NsecToTimespec(wait)
			_ = syscall.Nanosleep(&ts, nil)
		}
		i := offset + len(sent)
		events[0] = push(uint32(i % 1e6))
		events[0].Request.Hash = uint64(i)
		events[0].Request.Key.Acquirer = uint64(i)
		events[0].Text.Set(payment.PayeeIFSC, []byte("ZZZZ0000001"))
		sent = append(sent, clockOf())
		submit(b, e, events...)
		due += int64(chance.ExpFloat64() * 1e9 / float64(rate))
	}
	return sent, threadCPU() - before
}

// bareSync is the median time of writing 4 KiB into a file and syncing it.
func bareSync(b *testing.B, dir string) int64 {
	f, err := os.Create(filepath.Join(dir, "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	const n = 200
	if _, err := f.Write(make([]byte, n*len(page))); err != nil {
		b.Fatal(err)
	}
	took := make([]int64, n)
	for i := range took {
		begin := clockOf()
		if _, err := f.WriteAt(page, int64(i*len(page))); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		took[i] = clockOf() - begin
	}
	slices.Sort(took)
	return took[n/2]
}

// threadCPU is the processor time of the calling thread.
func threadCPU() time.Duration { return usage(1) } // RUSAGE_THREAD, which syscall has no name for
