package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync/atomic"
	"time"
)

// Kind is what a profile is of.
type Kind string

// The kinds. Those without a time are as they are now.
const (
	CPU       Kind = "cpu"       // where processor time goes
	Heap      Kind = "heap"      // what is kept, after a collection; it takes no time
	Allocs    Kind = "allocs"    // what is allocated
	Mutex     Kind = "mutex"     // who has others wait for a lock
	Block     Kind = "block"     // who waits, for locks and channels
	Goroutine Kind = "goroutine" // where goroutines are; it takes no time
	Trace     Kind = "trace"     // what the scheduler and the collector do, for go tool trace
)

// Kinds are all of them.
var Kinds = []Kind{CPU, Heap, Allocs, Mutex, Block, Goroutine, Trace}

// Lasts says that a profile of this kind is of a time, not of a moment.
func (k Kind) Lasts() bool { return k != Heap && k != Goroutine }

// Bounds.
const (
	Longest = time.Minute // that a profile is of
	// A trace of a busy switch has some megabytes a second: one that has become so large ends
	// before its time.
	traceBytes = 64 << 20
	// Nothing else comes near this; a profile that would be larger is not given.
	bytesMax = 2 * traceBytes
	// A reader that takes longer than this is given up.
	sending = time.Minute
	chunk   = 64 << 10
)

// How often what waits is looked at while mutex and block are asked for: one of so many
// waits for a lock, and each wait of about so many nanoseconds or more. Dearer sampling
// would show itself.
const (
	mutexFraction = 10
	blockNanos    = 10_000
)

// ErrBusy says that another profile is being taken.
var ErrBusy = errors.New("another profile is being taken: ask again when it is done")

// ErrRequest says that there is no such profile; it is wrapped with what there is.
var ErrRequest = errors.New("no such profile")

// Taker takes profiles, one at a time. Its zero value is ready. All Takers of a process
// share the runtime, so there should be one.
type Taker struct {
	busy atomic.Bool
	// wait is a wait that ends with ctx; nil: a real one. Tests do what is to be seen.
	wait func(ctx context.Context, d time.Duration, early <-chan struct{}) error
}

// Take takes a profile of the next d, of 1 s to Longest, or of now when the kind does not
// last, and writes it to w: as pprof reads it, or as go tool trace does. It blocks
// until then, or until ctx ends. Nothing is written before all of it is there. Safe for
// concurrent use: it returns ErrBusy at once while another call is under way.
func (t *Taker) Take(ctx context.Context, k Kind, d time.Duration, w io.Writer) error {
	if err := Check(k, d); err != nil {
		return err
	}
	if !t.busy.CompareAndSwap(false, true) {
		return ErrBusy
	}
	defer t.busy.Store(false)
	out := &bounded{}
	if err := t.take(ctx, k, d, out); err != nil {
		return fmt.Errorf("profile %s: %w", k, err)
	}
	if out.lost {
		return fmt.Errorf("profile %s: it has more than %d bytes: ask for a shorter time", k, bytesMax)
	}
	return send(ctx, w, out.text.Bytes())
}

// Check says what is wrong with a request; its error wraps ErrRequest.
func Check(k Kind, d time.Duration) error {
	known := false
	for _, each := range Kinds {
		known = known || each == k
	}
	switch {
	case !known:
		return fmt.Errorf("%w: kind is one of %v", ErrRequest, Kinds)
	case k.Lasts() && (d < time.Second || d > Longest):
		return fmt.Errorf("%w: a profile of kind %s takes 1 to %d seconds", ErrRequest, k, Longest/time.Second)
	case !k.Lasts() && d != 0:
		return fmt.Errorf("%w: a profile of kind %s is of now, and takes no seconds", ErrRequest, k)
	}
	return nil
}

func (t *Taker) take(ctx context.Context, k Kind, d time.Duration, out *bounded) error {
	switch k {
	case CPU:
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile() // again, for an early return: it does nothing then
		err := t.pause(ctx, d, nil)
		pprof.StopCPUProfile()
		return err
	case Trace:
		full := make(chan struct{})
		out.over, out.full = traceBytes, full
		if err := trace.Start(out); err != nil {
			return err
		}
		err := t.pause(ctx, d, full)
		trace.Stop() // what it still has is written when it returns
		return err
	case Heap:
		runtime.GC() // what is not used any more is not kept
		return pprof.Lookup(string(k)).WriteTo(out, 0)
	case Goroutine:
		return pprof.Lookup(string(k)).WriteTo(out, 0)
	}
	return t.between(ctx, k, d, out)
}

// pause waits for d, or until something is full.
func (t *Taker) pause(ctx context.Context, d time.Duration, full <-chan struct{}) error {
	if t.wait != nil {
		return t.wait(ctx, d, full)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-full:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// bounded keeps what is written, up to bytesMax. One goroutine writes at a time, and who
// reads does so after the profile has ended.
type bounded struct {
	text bytes.Buffer
	lost bool
	over int             // how much it is that full is closed at; 0: never
	full chan<- struct{} // nil once it is closed
}

// Write never fails: the runtime has no use for an error in the middle.
func (b *bounded) Write(p []byte) (int, error) {
	if b.lost || b.text.Len()+len(p) > bytesMax {
		b.lost = true
		return len(p), nil
	}
	b.text.Write(p)
	if b.full != nil && b.text.Len() >= b.over {
		close(b.full)
		b.full = nil
	}
	return len(p), nil
}

// send writes piece by piece, so that one who reads slowly is given up at last.
func send(ctx context.Context, w io.Writer, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sending)
	defer cancel()
	for len(text) > 0 {
		n := min(len(text), chunk)
		if _, err := w.Write(text[:n]); err != nil {
			return err
		}
		if text = text[n:]; len(text) > 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
