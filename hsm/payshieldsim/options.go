package payshieldsim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"switchd/hsm/payshield/wire"
)

// Firmware is the number that NC answers with.
const Firmware = "0001-SIM0"

// Options of a Server.
type Options struct {
	LMK *LMK // required

	HeaderLen int     // length of the message header; default 4, 1 to 255
	FrameMax  int     // longest command; default 32 KiB
	ConnsMax  int     // connections at once, default 64; further ones are closed
	LateMax   int     // answers of one connection that a fault delays; default 256. Above it the connection waits
	Faults    []Fault // how to misbehave; default: not at all

	Random io.Reader // safe for concurrent use; default crypto/rand
	// Wait waits and is false when ctx ends first; default by timer.
	Wait func(ctx context.Context, d time.Duration) bool
	Log  *slog.Logger // default: none
}

func (o Options) withDefaults() Options {
	for n, value := range map[*int]int{&o.HeaderLen: 4, &o.FrameMax: wire.FrameMax, &o.ConnsMax: 64, &o.LateMax: 256} {
		if *n == 0 {
			*n = value
		}
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Wait == nil {
		o.Wait = func(ctx context.Context, d time.Duration) bool {
			ctx, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			<-ctx.Done()
			return errors.Is(ctx.Err(), context.DeadlineExceeded)
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	var faults []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("payshieldsim: "+format, args...))
		}
	}
	refuse(o.LMK == nil, "LMK is required")
	refuse(o.HeaderLen < 1 || o.HeaderLen > 255, "HeaderLen %d is not 1 to 255", o.HeaderLen)
	refuse(o.FrameMax < 512 || o.FrameMax > wire.FrameMax, "FrameMax %d is not 512 to %d", o.FrameMax, wire.FrameMax)
	refuse(o.ConnsMax < 1 || o.ConnsMax > 4096 || o.LateMax < 1 || o.LateMax > 65536, "ConnsMax %d is not 1 to 4096, or LateMax %d not 1 to 65536", o.ConnsMax, o.LateMax)
	for i := range o.Faults {
		if err := o.Faults[i].validate(); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}
