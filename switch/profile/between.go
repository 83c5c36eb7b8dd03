package profile

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"time"

	pb "github.com/google/pprof/profile"
)

// between takes a profile that the runtime counts from the start of the process, before
// and after d, and gives what lies between: what an earlier question has counted, or hours
// of another load, would hide the time that is asked about.
func (t *Taker) between(ctx context.Context, k Kind, d time.Duration, out *bounded) error {
	defer sample(k)()
	before, err := counted(k)
	if err != nil {
		return err
	}
	if err := t.pause(ctx, d, nil); err != nil {
		return err
	}
	after, err := counted(k)
	if err != nil {
		return err
	}
	before.Scale(-1)
	between, err := pb.Merge([]*pb.Profile{before, after})
	if err != nil {
		return fmt.Errorf("what lies between two profiles: %w", err)
	}
	between.TimeNanos, between.DurationNanos = after.TimeNanos, int64(d)
	return between.Write(out)
}

// sample has the runtime count what a kind needs, until what it returns is called.
func sample(k Kind) (end func()) {
	switch k {
	case Mutex:
		was := runtime.SetMutexProfileFraction(mutexFraction)
		return func() { runtime.SetMutexProfileFraction(was) }
	case Block:
		runtime.SetBlockProfileRate(blockNanos)
		return func() { runtime.SetBlockProfileRate(0) }
	}
	return func() {}
}

// counted is what the runtime has counted from the start of the process.
func counted(k Kind) (*pb.Profile, error) {
	if k == Allocs {
		runtime.GC() // what was allocated of late is counted by the next collection
	}
	var text bytes.Buffer
	if err := pprof.Lookup(string(k)).WriteTo(&text, 0); err != nil {
		return nil, err
	}
	return pb.ParseData(text.Bytes())
}
