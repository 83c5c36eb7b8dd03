package certs

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options of a Trust. Paths and Clock are required.
type Options struct {
	Paths                 // files that are watched
	CRLs  []string        // revocation lists, one in each file, PEM or DER; none: nothing is revoked; at most 64
	ID    string          // whose certificate Paths.Cert has to be; SwitchID
	Peers map[string]Peer // the participants; others are refused

	// CRLGrace is how long after its NextUpdate a list still vouches for the
	// certificates that are not on it. Then handshakes with certificates of its
	// authority are refused; links that are up stay. What is on a list is refused
	// however old the list is. 24 h; GraceForever never refuses for that.
	CRLGrace time.Duration

	Every    time.Duration         // from one look at the files to the next; 10 s
	Clock    func() int64          // UTC nanoseconds
	Log      *slog.Logger          // operator log; none
	Registry prometheus.Registerer // for the metrics; none
}

// listsMax bounds the revocation lists.
const listsMax = 64

func (o Options) withDefaults() Options {
	if o.ID == "" {
		o.ID = SwitchID
	}
	if o.CRLGrace == 0 {
		o.CRLGrace = 24 * time.Hour
	}
	if o.Every == 0 {
		o.Every = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

// validate lists all faults at once.
func (o Options) validate() error {
	var faults []error
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New(text))
		}
	}
	fault(o.CA == "" || o.Cert == "" || o.Key == "", "a file of Paths is missing")
	fault(o.Clock == nil, "Clock is missing")
	fault(o.Every < 0, "Every is negative")
	fault(o.CRLGrace < 0 && o.CRLGrace != GraceForever, "CRLGrace is negative")
	fault(len(o.CRLs) > listsMax, fmt.Sprintf("more than %d CRLs", listsMax))
	return errors.Join(faults...)
}
