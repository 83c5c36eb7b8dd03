package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Disk is the file system of the data folder; On gives the real one. Its methods
// are called by one goroutine at a time.
type Disk interface {
	// String names the data folder, for messages.
	String() string
	// Free is how many bytes can still be written.
	Free() (int64, error)
	// Ballast is how many bytes the ballast file takes; 0: there is none.
	Ballast() (int64, error)
	// SetBallast makes the ballast file take so many bytes; 0 removes it. After an
	// error there may be no ballast file, never half of one.
	SetBallast(bytes int64) error
	// Note keeps a short text durably in place of the one before; "" removes it.
	Note(text string) error
	// Noted is the text of the last Note; "": there is none.
	Noted() (string, error)
}

// Gate is where new payments come in: switch/ingress, seen from here.
type Gate interface {
	// Hold has new payments declined from now on.
	Hold()
	// Release lets new payments in. Until the given time (UTC ns) a repeat of a
	// request that nobody knows may be one that the gate has declined.
	Release(until int64)
	// Suspect says the same of requests of one participant, which were declined
	// before this start.
	Suspect(participant string, until int64)
	// Declined calls f for each participant whose requests were declined without a
	// record, for another reason than Hold, with when that was last (UTC ns).
	Declined(f func(participant string, last int64))
}

// Options of a Watch. Sizes are bytes.
type Options struct {
	Disk    Disk         // required
	Reserve int64        // below it new payments are declined; required
	Warning int64        // below it the log warns; default: twice the reserve
	Ballast int64        // size of the ballast file; 0: none
	Clock   func() int64 // required: UTC nanoseconds

	Every    time.Duration         // between two looks; default 250 ms. A look is one system call
	Log      *slog.Logger          // default: slog.Default()
	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	if o.Warning == 0 {
		o.Warning = 2 * o.Reserve
	}
	if o.Every == 0 {
		o.Every = 250 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

func (o *Options) validate() error {
	var faults []error
	if o.Disk == nil || o.Clock == nil {
		faults = append(faults, errors.New("disk: Disk and Clock are required"))
	}
	if o.Reserve <= 0 || o.Warning <= o.Reserve || o.Ballast < 0 {
		faults = append(faults, fmt.Errorf("disk: reserve %d, warning %d, ballast %d: want 0 < reserve < warning and a ballast", o.Reserve, o.Warning, o.Ballast))
	}
	if o.Every < 0 {
		faults = append(faults, fmt.Errorf("disk: Every %v, want more than 0", o.Every))
	}
	return errors.Join(faults...)
}
