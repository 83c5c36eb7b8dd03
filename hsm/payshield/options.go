package payshield

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
)

// Options of a Module.
type Options struct {
	Addresses []string     // required: host:port of modules with the same LMK; connections take turns over them
	Table     string       // required: the file of the key table; made by the first import if it is not there
	Clock     func() int64 // required: UTC nanoseconds, for the end of keys that were replaced

	TLS       *tls.Config // default: none, plain TCP
	LMK       string      // two digits: which LMK of the module; default: the module's own
	HeaderLen int         // length of the message header as the module has it; default 4, 2 to 32

	Conns      int  // connections; default 4, 1 to 64
	OpenMax    int  // requests without an answer on one connection, given up ones included; default 64, 1 to 1024. Above it calls are refused at once
	FrameMax   int  // longest command and answer in bytes; default 32 KiB, the module's largest buffer, 512 at least
	VariantLMK bool // imported and generated keys are kept under a variant LMK (schemes U, T), not as key blocks (S)

	DialMax  time.Duration // for connecting, TLS and the first NC; default 3 s
	Check    time.Duration // how often a connection is looked at: idle ones are asked NC, and one that owes answers and has given none since the last look is closed; default 5 s
	RetryMin time.Duration // wait before connecting again, doubled up to RetryMax; default 100 ms
	RetryMax time.Duration // default 10 s

	// Dial connects; default net.Dialer.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Wait waits and is false when ctx ends first; default by timer. Tests wait by hand
	// with it.
	Wait func(ctx context.Context, d time.Duration) bool

	Log      *slog.Logger          // default: none
	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	or := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	or(&o.HeaderLen, 4)
	or(&o.Conns, 4)
	or(&o.OpenMax, 64)
	or(&o.FrameMax, wire.FrameMax)
	for d, value := range map[*time.Duration]time.Duration{
		&o.DialMax: 3 * time.Second, &o.Check: 5 * time.Second, &o.RetryMin: 100 * time.Millisecond, &o.RetryMax: 10 * time.Second,
	} {
		if *d == 0 {
			*d = value
		}
	}
	if o.Dial == nil {
		o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

// wait waits by the clock of the machine.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (o Options) validate() error {
	var faults []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("payshield: "+format, args...))
		}
	}
	refuse(len(o.Addresses) == 0 || len(o.Addresses) > 16, "%d Addresses, where 1 to 16 are needed", len(o.Addresses))
	for _, address := range o.Addresses {
		_, _, err := net.SplitHostPort(address)
		refuse(err != nil, "an address of Addresses is not host:port: %v", err)
	}
	refuse(o.Table == "" || o.Clock == nil, "Table and Clock are required")
	lmk := wire.Take([]byte(o.LMK))
	refuse(o.LMK != "" && (lmk.Digits(2) == nil || !lmk.Done()), "LMK is not two digits")
	refuse(o.HeaderLen < headerMin || o.HeaderLen > 32, "HeaderLen %d is not %d to 32", o.HeaderLen, headerMin)
	refuse(o.Conns < 1 || o.Conns > 64, "Conns %d is not 1 to 64", o.Conns)
	refuse(o.OpenMax < 1 || o.OpenMax > 1024, "OpenMax %d is not 1 to 1024", o.OpenMax)
	refuse(o.FrameMax < 512 || o.FrameMax > wire.FrameMax, "FrameMax %d is not 512 to %d", o.FrameMax, wire.FrameMax)
	refuse(min(o.DialMax, o.Check, o.RetryMin) <= 0 || o.RetryMax < o.RetryMin, "DialMax, Check, RetryMin are not above 0, or RetryMax is below RetryMin")
	return errors.Join(faults...)
}

// down is a call of which nothing was done.
func down(format string, args ...any) error {
	return &hsm.Fault{Kind: hsm.ErrDown, Cause: fmt.Errorf(format, args...)}
}
