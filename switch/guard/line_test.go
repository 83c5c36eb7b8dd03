package guard

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchd/hsm"
)

// pool is a running pool over a module that nobody asks.
func pool(t *testing.T, change func(*hsm.Options)) *hsm.Pool {
	t.Helper()
	o := hsm.Options{Module: struct{ hsm.Module }{}, Clock: func() int64 { return 0 }, Timeout: time.Minute}
	if change != nil {
		change(&o)
	}
	p, err := hsm.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return p
}

// plain protects nothing.
type plain struct{}

func (plain) Open() Guard { return plain{} }
func (plain) Check(_ context.Context, _ hsm.Module, body []byte) ([]byte, error) {
	if string(body) == "bad" {
		return nil, hsm.ErrVerify
	}
	return body, nil
}
func (plain) Protect(_ context.Context, _ hsm.Module, dst, message []byte, pin *PIN) ([]byte, error) {
	if string(message) == "bad" {
		return dst, hsm.ErrKey
	}
	dst = append(dst, message...)
	if pin != nil {
		dst = append(append(dst, '+'), pin.Block.Reveal()...)
	}
	return dst, nil
}

// TestLineKeepsOrder: many batches at once, from several goroutines, in any order of
// the module: each goroutine's items come back in its order, all of them once.
func TestLineKeepsOrder(t *testing.T) {
	const senders, each = 4, 2000
	var got [senders][]int
	var all sync.WaitGroup
	all.Add(senders * each)
	l := NewLine(LineOptions[[2]int, [2]int]{
		Pool: pool(t, func(o *hsm.Options) { o.QueueMax = 4 }), Op: hsm.OpMAC, Scheme: plain{}, Size: func([2]int) int { return 1 },
		Work: func(_ context.Context, _ hsm.Module, _ Guard, batch [][2]int) [][2]int {
			for range rand.IntN(200) {
				runtime.Gosched() // some batches take longer
			}
			return append([][2]int(nil), batch...)
		},
		Done: func(batch [][2]int, results [][2]int, err error) {
			for i, item := range batch {
				if err == nil && results[i] != item {
					t.Errorf("%v has the result of %v", item, results[i])
				}
				got[item[0]] = append(got[item[0]], item[1])
				all.Done()
			}
		},
	})
	for s := range senders {
		go func() {
			for i := range each {
				for !l.Add([2]int{s, i}) {
					runtime.Gosched()
				}
			}
		}()
	}
	all.Wait()
	for s := range senders {
		for i, n := range got[s] {
			if n != i {
				t.Fatalf("sender %d: item %d came as number %d", s, n, i)
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.handing { // the last Done has not returned yet
		l.mu.Unlock()
		runtime.Gosched()
		l.mu.Lock()
	}
	if l.items != 0 || l.bytes != 0 || len(l.flying) != 0 || len(l.idle) > 32 {
		t.Errorf("left: %d items of %d bytes, %d calls, %d guards", l.items, l.bytes, len(l.flying), len(l.idle))
	}
}

// TestLineIsBounded: what a module that hangs keeps is limited by items and by bytes,
// and comes back in order when its calls are given up.
func TestLineIsBounded(t *testing.T) {
	var giveUp []context.CancelFunc
	var mu sync.Mutex
	p := pool(t, func(o *hsm.Options) {
		o.Workers = 2
		o.Deadline = func(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			mu.Lock()
			giveUp = append(giveUp, cancel)
			mu.Unlock()
			return ctx, cancel
		}
	})
	hangs := make(chan struct{})
	defer close(hangs)
	var back []int
	done := make(chan struct{})
	l := NewLine(LineOptions[int, int]{
		Pool: p, Op: hsm.OpMAC, Scheme: plain{}, BatchMax: 1, FlyingMax: 3, ItemsMax: 5, BytesMax: 100, Size: func(n int) int { return n },
		Work: func(context.Context, hsm.Module, Guard, []int) []int { <-hangs; return nil },
		Done: func(batch []int, results []int, err error) {
			if !errors.Is(err, hsm.ErrTimeout) || results != nil {
				t.Errorf("%v, %v", results, err)
			}
			if back = append(back, batch...); len(back) == 5 {
				close(done)
			}
		},
	})
	for n := range 5 {
		if !l.Add(n + 1) {
			t.Fatalf("item %d is refused", n+1)
		}
	}
	if l.Add(1) {
		t.Error("a sixth item is taken")
	}
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
			mu.Lock()
			for i := len(giveUp) - 1; i >= 0; i-- { // the last call first
				giveUp[i]()
			}
			mu.Unlock()
		}
	}
	for i, n := range back {
		if n != i+1 {
			t.Errorf("they came back as %v", back)
		}
	}
	if l.Add(101) {
		t.Error("more bytes than there is room for are taken")
	}
}

// TestSlowModuleGetsSmallCalls: with a module that takes milliseconds an item is a
// call, so that none takes as many times as long; with a quick one many share a call.
func TestSlowModuleGetsSmallCalls(t *testing.T) {
	var now, each atomic.Int64
	var largest atomic.Int64
	got := make(chan int, 100_000)
	l := NewLine(LineOptions[int, int]{
		Pool: pool(t, func(o *hsm.Options) { o.Clock, o.Workers = now.Load, 1 }), Op: hsm.OpMAC, Scheme: plain{}, FlyingMax: 1,
		Size: func(int) int { return 1 },
		Work: func(_ context.Context, _ hsm.Module, _ Guard, batch []int) []int {
			now.Add(each.Load() * int64(len(batch)))
			largest.Store(max(largest.Load(), int64(len(batch))))
			return batch
		},
		Done: func(batch []int, _ []int, err error) {
			for range batch {
				got <- 1
			}
		},
	})
	round := func(took time.Duration) int64 {
		each.Store(int64(took))
		for range 50 { // until it is known
			for !l.Add(1) {
				runtime.Gosched()
			}
			<-got
		}
		largest.Store(0)
		for range 1000 {
			l.Add(1)
		}
		for range 1000 {
			<-got
		}
		return largest.Load()
	}
	for _, row := range []struct {
		took time.Duration
		most int64
	}{{time.Microsecond, 8}, {30 * time.Millisecond, 1}, {400 * time.Microsecond, 5}, {time.Microsecond, 8}} {
		if got := round(row.took); got > row.most || row.most == 8 && got < 2 {
			t.Errorf("with %v an item, up to %d items share a call; at most %d", row.took, got, row.most)
		}
	}
}

// TestFullPoolLosesNothing: many lines have more than a pool takes at once; each waits
// for its turn, in order, and nothing is given up.
func TestFullPoolLosesNothing(t *testing.T) {
	const lines, each = 24, 300
	p := pool(t, func(o *hsm.Options) { o.QueueMax, o.Workers = 8, 2 })
	var all sync.WaitGroup
	all.Add(lines * each)
	for n := range lines {
		next := 0
		l := NewLine(LineOptions[int, int]{
			Pool: p, Op: hsm.OpMAC, Scheme: plain{}, BatchMax: 1, Size: func(int) int { return 1 },
			Work: func(_ context.Context, _ hsm.Module, _ Guard, batch []int) []int { return batch },
			Done: func(batch []int, results []int, err error) {
				for _, item := range batch {
					if err != nil || item != next {
						t.Errorf("line %d: item %d where %d is due, %v", n, item, next, err)
					}
					next++
					all.Done()
				}
			},
		})
		go func() {
			for i := range each {
				if !l.Add(i) {
					t.Errorf("line %d: item %d is refused", n, i)
					all.Done()
				}
			}
		}()
	}
	all.Wait()
}

// TestHungPoolGivesUpWhatWaits: behind calls that never end nothing waits for ever.
func TestHungPoolGivesUpWhatWaits(t *testing.T) {
	var giveUp []context.CancelFunc
	var mu sync.Mutex
	p := pool(t, func(o *hsm.Options) {
		o.Workers, o.QueueMax = 1, 1
		o.Deadline = func(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			mu.Lock()
			giveUp = append(giveUp, cancel)
			mu.Unlock()
			return ctx, cancel
		}
	})
	hangs, entered := make(chan struct{}), make(chan struct{}, 10)
	defer close(hangs)
	line := func(done chan error) *Line[int, int] {
		return NewLine(LineOptions[int, int]{
			Pool: p, Op: hsm.OpMAC, Scheme: plain{}, BatchMax: 1, Size: func(int) int { return 1 },
			Work: func(context.Context, hsm.Module, Guard, []int) []int { entered <- struct{}{}; <-hangs; return nil },
			Done: func(batch []int, _ []int, err error) {
				for range batch {
					done <- err
				}
			},
		})
	}
	first, second := make(chan error, 10), make(chan error, 10)
	a, b := line(first), line(second)
	a.Add(1)
	<-entered
	a.Add(2, 3) // one waits in the pool, one in the line
	b.Add(1, 2)
	for got := 0; got < 5; {
		mu.Lock()
		for _, cancel := range giveUp {
			cancel()
		}
		mu.Unlock()
		select {
		case err := <-first:
			got++
			if err == nil {
				t.Error("a call that never ended has an answer")
			}
		case err := <-second:
			if got++; !errors.Is(err, hsm.ErrDown) {
				t.Errorf("what the pool had no room for: %v", err)
			}
		default:
			runtime.Gosched()
		}
	}
}

// TestExemptNeedNoModule: they come back at once while nothing is before them, whatever
// the module does, and in their turn otherwise.
func TestExemptNeedNoModule(t *testing.T) {
	inside, free := make(chan struct{}), make(chan struct{})
	var got []int
	done := make(chan struct{}, 100)
	l := NewLine(LineOptions[int, int]{
		Pool: pool(t, nil), Op: hsm.OpMAC, Scheme: plain{}, Size: func(int) int { return 1 }, Exempt: func(n int) bool { return n < 0 },
		Work: func(_ context.Context, m hsm.Module, _ Guard, batch []int) []int {
			if exempt := batch[0] < 0; exempt != (m == nil) || exempt && len(batch) > 1 {
				t.Errorf("%v: with a module: %v", batch, m != nil)
			}
			if batch[0] == 1 {
				close(inside)
				<-free
			}
			return append([]int(nil), batch...)
		},
		Done: func(_, results []int, err error) {
			if err != nil {
				t.Error(err)
			}
			for _, n := range results {
				got = append(got, n)
				done <- struct{}{}
			}
		},
	})
	l.Add(-1)
	if len(got) != 1 {
		t.Fatalf("%v has come back", got)
	}
	<-done
	l.Add(1, -2, 3, 4, -5, -6)
	<-inside
	l.Add(-7, 8)
	if len(done) != 0 {
		t.Errorf("%d have come back before the one in front of them", len(done))
	}
	close(free)
	for range 8 {
		<-done
	}
	if want := []int{-1, 1, -2, 3, 4, -5, -6, -7, 8}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// TestExemptRandom: whatever is exempt, all come back in order.
func TestExemptRandom(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		const n = 500
		var all sync.WaitGroup
		all.Add(n)
		last := 0
		l := NewLine(LineOptions[int, int]{
			Pool: pool(t, func(o *hsm.Options) { o.QueueMax = 2 }), Op: hsm.OpMAC, Scheme: plain{}, Size: func(int) int { return 1 },
			Exempt: func(n int) bool { return n%7 < int(seed%8) }, FlyingMax: 1 + int(seed%5),
			Work: func(_ context.Context, _ hsm.Module, _ Guard, batch []int) []int {
				runtime.Gosched()
				return append([]int(nil), batch...)
			},
			Done: func(batch, results []int, err error) {
				if err != nil {
					t.Error(err)
				}
				for i := range batch {
					if last++; batch[i] != last || err == nil && results[i] != last {
						t.Errorf("seed %d: %d has come as number %d", seed, batch[i], last)
					}
					all.Done()
				}
			},
		})
		for i := 1; i <= n; {
			var items []int
			for range 1 + rng.IntN(12) {
				if i <= n {
					items = append(items, i)
					i++
				}
			}
			l.Add(items...)
		}
		all.Wait()
	}
}

// TestBudgetIsShared: what waits in one Line takes room from the others, until it is back.
func TestBudgetIsShared(t *testing.T) {
	inside, free := make(chan struct{}), make(chan struct{})
	done := make(chan struct{}, 1)
	b := &Budget{Max: 10}
	line := func() *Line[int, int] {
		return NewLine(LineOptions[int, int]{
			Pool: pool(t, nil), Op: hsm.OpMAC, Scheme: plain{}, Size: func(n int) int { return n }, Budget: b,
			Work: func(_ context.Context, _ hsm.Module, _ Guard, batch []int) []int {
				close(inside)
				<-free
				return batch
			},
			Done: func([]int, []int, error) { done <- struct{}{} },
		})
	}
	one, two := line(), line()
	if !one.Add(8) || one.Add(3) || two.Add(3) {
		t.Error("8 and 3 have room in 10")
	}
	<-inside
	close(free)
	<-done
	inside = make(chan struct{})
	if !two.Add(10) {
		t.Error("there is no room when all is back")
	}
	<-done
	if n := b.used.Load(); n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}

// TestLineIsBehind: who has as many calls as it may have, or none that can begin, says so.
func TestLineIsBehind(t *testing.T) {
	p, err := hsm.NewPool(hsm.Options{Module: struct{ hsm.Module }{}, Clock: func() int64 { return 0 }, QueueMax: 2, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	line := func() *Line[int, int] {
		return NewLine(LineOptions[int, int]{
			Pool: p, Op: hsm.OpMAC, Scheme: plain{}, Size: func(int) int { return 1 }, FlyingMax: 2,
			Work: func(context.Context, hsm.Module, Guard, []int) []int { return nil },
			Done: func([]int, []int, error) {},
		})
	}
	a, b := line(), line()
	for i, want := range []bool{false, true} { // nobody runs the pool: calls stay in it
		if a.Add(i); a.behind() != want {
			t.Errorf("with %d calls of 2 it is behind: %v", i+1, !want)
		}
	}
	if b.Add(1); !b.behind() {
		t.Error("it is not behind while the pool is full")
	}
}
