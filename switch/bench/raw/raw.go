package raw

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"
)

// Options say how to measure. Dir and Clock are required.
type Options struct {
	Dir      string            // an empty folder on the disk that counts; what is put in is for the caller to remove
	Duration time.Duration     // of each of the five parts; 30 ms to 1 min; 3 s
	Clock    func() int64      // UTC nanoseconds, never going back
	Progress func(part string) // told what is measured next; nobody
}

// Bounds of Options.Duration.
const (
	durationMin = 30 * time.Millisecond
	durationMax = time.Minute
)

func (o Options) withDefaults() Options {
	if o.Duration == 0 {
		o.Duration = 3 * time.Second
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// Validate lists all faults at once.
func (o Options) Validate() error {
	o = o.withDefaults()
	var faults []error
	if o.Duration < durationMin || o.Duration > durationMax {
		faults = append(faults, fmt.Errorf("duration is %v: from %v to %v are possible", o.Duration, durationMin, durationMax))
	}
	if o.Dir == "" || o.Clock == nil {
		faults = append(faults, errors.New("a folder and a clock are required"))
	}
	return errors.Join(faults...)
}

// Limits are what was measured. The JSON names are a contract. CPU times are null where the
// system does not tell them.
type Limits struct {
	Platform string  `json:"platform"`
	Go       string  `json:"go"`
	Cores    int     `json:"cores"`
	Duration float64 `json:"duration_s"` // of each part
	TLS      string  `json:"tls"`

	Memory  Memory    `json:"memory"`
	Echo    []Echo    `json:"echo"`
	Fsync   []Fsync   `json:"fsync"`
	Step    Step      `json:"step"`
	Codec   []Codec   `json:"codec"`
	Payment []Payment `json:"payment"`
}

// Measure measures all parts, one after the other. It ends with ctx.
func Measure(ctx context.Context, o Options) (*Limits, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	l := &Limits{Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Cores: runtime.NumCPU(), Duration: o.Duration.Seconds()}
	var legs []leg
	for _, part := range []struct {
		name    string
		measure func() error
	}{
		{"new memory", func() (err error) { l.Memory, err = memory(ctx, &o); return err }},
		{"TLS echo", func() (err error) { l.TLS, l.Echo, err = echoes(ctx, &o); return err }},
		{"group fsync", func() (err error) { l.Fsync, err = syncs(ctx, &o); return err }},
		{"payment machine", func() (err error) { l.Step, legs, err = steps(ctx, &o); return err }},
		{"codecs", func() (err error) { l.Codec, err = codecs(ctx, &o, legs); return err }},
	} {
		o.Progress(part.name)
		if err := part.measure(); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		runtime.GC() // what one part leaves behind is not collected in the next
	}
	l.Payment = sums(l)
	return l, nil
}

// fastest is the nanoseconds of a call in the fastest of the rounds that length has room
// for, each of so many calls: other load can only make a round slower.
func fastest(ctx context.Context, o *Options, length time.Duration, calls int, do func() error) (float64, error) {
	best, begin := int64(-1), o.Clock()
	for now := begin; now-begin < int64(length) || best < 0; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		for range calls {
			if err := do(); err != nil {
				return 0, err
			}
		}
		end := o.Clock()
		if took := end - now; best < 0 || took < best {
			best = max(took, 1)
		}
		now = end
	}
	return float64(best) / float64(calls), nil
}

// per is what one of n costs in microseconds; nil: the system does not tell.
func per(cpu time.Duration, known bool, n int) *float64 {
	if !known || n == 0 {
		return nil
	}
	v := float64(cpu) / 1e3 / float64(n)
	return &v
}

// closing ends c as well, and joins what it says.
func closing(c io.Closer, err *error) { *err = errors.Join(*err, c.Close()) }
