package console

import (
	"context"
	"log/slog"
	"net/http"

	"switchd/switch/access"
	"switchd/switch/view"
)

// Fixed bounds of the console.
const (
	readersMax      = 64       // live streams at once, one for each window that somebody looks at
	topicsMax       = 8        // of one stream
	framesMax       = 4        // of a stream that wait for a slow reader; one more and it is dropped
	formBytesMax    = 16 << 10 // of a form that is sent
	seriesSeconds   = 15 * 60  // that the charts show
	pageRows        = 50       // of a list
	timelineSeconds = 2        // between two looks at a payment that is open
)

// Options say where the console has its answers from.
type Options struct {
	// Source answers and takes orders; required.
	Source Source
	// Caller is who asks, whom somebody in front of the console has found out. Default:
	// everyone is an unknown person with all roles, as on a loopback port without users.
	Caller func(*http.Request) access.Caller
	// Reload reads the configuration again, as an order of a caller; it has a reason, and
	// in open mode an operator. It checks whether he may order it. Errors wrap those of
	// package view. Done.Done says that it was done, and does not wait for a second person.
	// Default: the console does not offer it.
	Reload func(ctx context.Context, c access.Caller, o view.Order) (view.Done, error)
	// Log takes faults of the console itself. Default slog.Default.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Caller == nil {
		o.Caller = func(*http.Request) access.Caller { return access.Caller{Roles: access.Anyone} }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
