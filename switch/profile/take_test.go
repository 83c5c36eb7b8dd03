package profile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	pb "github.com/google/pprof/profile"
)

// during is a Taker that does something in place of waiting.
func during(do func()) *Taker {
	return &Taker{wait: func(context.Context, time.Duration, <-chan struct{}) error { do(); return nil }}
}

func taken(t *testing.T, by *Taker, k Kind) *pb.Profile {
	t.Helper()
	var out bytes.Buffer
	d := time.Duration(0)
	if k.Lasts() {
		d = time.Second
	}
	if err := by.Take(t.Context(), k, d, &out); err != nil {
		t.Fatalf("%s: %v", k, err)
	}
	p, err := pb.ParseData(out.Bytes())
	if err != nil {
		t.Fatalf("%s: %v", k, err)
	}
	return p
}

// total is the sum of a value over the samples that pass through a function.
func total(p *pb.Profile, value, function string) (sum int64) {
	at := -1
	for i, v := range p.SampleType {
		if v.Type == value {
			at = i
		}
	}
	if at < 0 {
		return -1
	}
	for _, s := range p.Sample {
		for _, l := range s.Location {
			for _, line := range l.Line {
				if strings.HasSuffix(line.Function.Name, function) {
					sum += s.Value[at]
				}
			}
		}
	}
	return sum
}

var sink [][]byte

//go:noinline
func allocateMuch(n int) {
	for range n {
		sink = append(sink, make([]byte, 8<<20))
	}
	sink = nil
}

// TestAllocsOfTheTime: what was allocated before is not in it, what was allocated in the
// time is.
func TestAllocsOfTheTime(t *testing.T) {
	allocateMuch(16)
	if got := total(taken(t, during(func() {}), Allocs), "alloc_objects", "allocateMuch"); got != 0 {
		t.Errorf("%d objects of before", got)
	}
	if got := total(taken(t, during(func() { allocateMuch(8) }), Allocs), "alloc_objects", "allocateMuch"); got != 8 {
		t.Errorf("%d objects, want 8", got) // so much larger than the sampling distance that each is seen
	}
}

// handOver has one goroutine wait for another.
//
//go:noinline
func handOver() {
	c := make(chan int)
	go func() {
		for range 1 << 17 {
			runtime.Gosched()
		}
		c <- 1
	}()
	<-c
}

// TestBlockOnlyWhileAsked: a wait is seen when it is asked for, and nothing is counted
// otherwise.
func TestBlockOnlyWhileAsked(t *testing.T) {
	if got := total(taken(t, during(handOver), Block), "contentions", "handOver"); got < 1 {
		t.Errorf("%d waits, want one", got)
	}
	before, err := counted(Block)
	if err != nil {
		t.Fatal(err)
	}
	handOver()
	after, err := counted(Block)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := total(before, "contentions", "handOver"), total(after, "contentions", "handOver"); a != b {
		t.Errorf("%d waits counted while nobody asks", b-a)
	}
}

// TestMutexFraction: it is what it was, also when the one who asked goes away.
func TestMutexFraction(t *testing.T) {
	inside := 0
	taken(t, during(func() { inside = runtime.SetMutexProfileFraction(-1) }), Mutex)
	gone := &Taker{wait: func(context.Context, time.Duration, <-chan struct{}) error { return context.Canceled }}
	err := gone.Take(t.Context(), Mutex, time.Second, io.Discard)
	if now := runtime.SetMutexProfileFraction(-1); inside != mutexFraction || now != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("fraction %d while asked, %d after; %v", inside, now, err)
	}
}

// TestNow: what does not last is there without a wait.
func TestNow(t *testing.T) {
	never := during(func() { t.Error("waited") })
	if p := taken(t, never, Goroutine); total(p, "goroutine", "TestNow") < 1 {
		t.Error("this goroutine is not in the profile")
	}
	if p := taken(t, never, Heap); total(p, "inuse_space", "nobody") != 0 {
		t.Error("a function that is not there")
	}
}

// TestCPUAndTrace: both can be read, one after the other, and an early end leaves nothing
// behind.
func TestCPUAndTrace(t *testing.T) {
	gone := &Taker{wait: func(context.Context, time.Duration, <-chan struct{}) error { return context.Canceled }}
	for range 2 {
		for _, k := range []Kind{CPU, Trace} {
			if err := gone.Take(t.Context(), k, time.Second, io.Discard); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", k, err)
			}
		}
	}
	if p := taken(t, during(func() {}), CPU); p.PeriodType.Type != "cpu" {
		t.Errorf("a profile of %v", p.PeriodType)
	}
	var out bytes.Buffer
	if err := during(handOver).Take(t.Context(), Trace, time.Second, &out); err != nil || !bytes.HasPrefix(out.Bytes(), []byte("go 1.")) {
		t.Errorf("a trace: %v %.20q", err, out.Bytes())
	}
}

// TestOneAtATime: the second is refused, and the place is free again.
func TestOneAtATime(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	by := during(func() { close(entered); <-leave })
	var done sync.WaitGroup
	done.Go(func() {
		if err := by.Take(t.Context(), CPU, time.Second, io.Discard); err != nil {
			t.Error(err)
		}
	})
	<-entered
	if err := by.Take(t.Context(), Heap, 0, io.Discard); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	close(leave)
	done.Wait()
	if err := by.Take(t.Context(), Heap, 0, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestRequests(t *testing.T) {
	for _, c := range []struct {
		k    Kind
		d    time.Duration
		want string
	}{
		{"", 0, "kind is one of [cpu heap"},
		{"memory", time.Second, "kind is one of"},
		{CPU, 0, "takes 1 to 60 seconds"},
		{Trace, Longest + 1, "takes 1 to 60 seconds"},
		{Heap, time.Second, "takes no seconds"},
	} {
		err := during(func() { t.Error("taken") }).Take(t.Context(), c.k, c.d, io.Discard)
		if !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %v: %v, want %s", c.k, c.d, err, c.want)
		}
	}
}

// TestBounded: a trace that becomes large ends, and more than bytesMax is not kept.
func TestBounded(t *testing.T) {
	full := make(chan struct{})
	b := &bounded{over: traceBytes, full: full}
	piece := make([]byte, 16<<20)
	for written := 0; written <= bytesMax; written += len(piece) {
		select {
		case <-full:
			if written < traceBytes {
				t.Errorf("full at %d bytes", written)
			}
		default:
			if written >= traceBytes {
				t.Errorf("not full at %d bytes", written)
			}
		}
		if n, err := b.Write(piece); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if !b.lost || b.text.Len() > bytesMax {
		t.Errorf("lost %v with %d bytes", b.lost, b.text.Len())
	}
}

// TestSlowReader is given up between two pieces.
func TestSlowReader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	pieces := 0
	err := send(ctx, writes(func([]byte) { pieces++; cancel() }), make([]byte, 3*chunk))
	if !errors.Is(err, context.Canceled) || pieces != 1 {
		t.Errorf("%v after %d pieces", err, pieces)
	}
}

type writes func([]byte)

func (w writes) Write(p []byte) (int, error) { w(p); return len(p), nil }
