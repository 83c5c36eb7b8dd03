package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Fixed bounds of the server. Its users are an operator's browser, a scraper
// and a few probes on the same machine.
const (
	headerTimeout   = 5 * time.Second  // until a request's header is complete
	readTimeout     = 10 * time.Second // until a request is complete
	writeTimeout    = 30 * time.Second // until an answer is written
	idleTimeout     = 60 * time.Second // between requests of one connection
	shutdownTimeout = 2 * time.Second  // for open requests at the end of Run
	headerBytesMax  = 16 << 10
	commandBytesMax = 4 << 10
	scrapesMax      = 4 // of /metrics at once
	searchesMax     = 4 // at once: each may take some tens of milliseconds
)

// Check is one condition of readiness.
type Check struct {
	// Name is one word for people and alerts: "journal", "links".
	Name string
	// Run returns nil when the condition holds, else the reason in one sentence; and
	// what is wrong though the condition holds, as a warning, else "". It is called
	// from several goroutines and must return at once.
	Run func() (warning string, err error)
}

// Options say what to serve. Every function must be safe for concurrent use and
// return at once.
type Options struct {
	// Address is a loopback host:port; port 0 lets the system pick one.
	Address string
	// Gatherer gives the metrics. Default prometheus.DefaultGatherer.
	Gatherer prometheus.Gatherer
	// Registry takes the server's own metrics. Default: they are not kept.
	Registry prometheus.Registerer
	// Live tells whether the process does its work at all; a supervisor may
	// restart it when not. Default: always.
	Live func() error
	// Started tells whether the start is over, else how far it is. Default: it is.
	Started func() error
	// Checks tell whether traffic should be sent here. Default: none.
	Checks []Check
	// Summary gives a value for encoding/json, in bounded time; an error says why it
	// cannot be had now. Default: an empty object.
	Summary func() (any, error)
	// Payment gives a payment by what stands behind /api/v1/payments/, as a value for
	// encoding/json; false: there is none. Default: there are none.
	Payment func(id string) (any, bool)
	// Search gives the payments that fit criteria, a page of them as a value for
	// encoding/json, in bounded time. Default: there is no such page.
	Search func(criteria url.Values) (any, error)
	// Command carries out an operator's command, a JSON object of at most 4 KiB, and
	// gives a value for encoding/json. It may block until the command is durable.
	// Its error is told to the operator. Default: commands are not taken.
	Command func(body []byte) (any, error)
	// Backup makes a backup as a JSON object of at most 4 KiB says, tells progress how
	// far it is, and gives a value for encoding/json. It blocks until it is made, or
	// ctx ends. Default: none are made.
	Backup func(ctx context.Context, body []byte, progress func(any)) (any, error)
	// Config says what configuration is in force, as a value for encoding/json without
	// secrets. Default: there is no such page.
	Config func() any
	// Reload has the switch read its configuration again, as a JSON object of at most 4
	// KiB says, and gives a value for encoding/json. It may block until the change is
	// durable. Its error is told to the operator. Default: there is no such page.
	Reload func(ctx context.Context, body []byte) (any, error)
	// Journal says what the journal holds, as a value for encoding/json. Default: there
	// is no such page; so with the next two.
	Journal func() (any, error)
	// Records shows some events of the journal, by what the query of the page says.
	// It reads a bounded number of them, and says where to go on.
	Records func(query url.Values) (any, error)
	// Proof proves how a payment has ended, by what stands for it in the address.
	Proof func(id string) (any, error)
	// Diagnosis says what the links of a participant have shown that is not as agreed,
	// by its id, as a value for encoding/json without a value of any message; false:
	// there is no such participant. It ends with ctx. Default: there are none.
	Diagnosis func(ctx context.Context, id string) (any, bool)
	// Log takes faults of the server. Default slog.Default.
	Log *slog.Logger
	// ConnectionsMax bounds open connections; one more is answered 503 and
	// closed. Default 64.
	ConnectionsMax int
}

func (o Options) withDefaults() Options {
	if o.Gatherer == nil {
		o.Gatherer = prometheus.DefaultGatherer
	}
	if o.Live == nil {
		o.Live = func() error { return nil }
	}
	if o.Started == nil {
		o.Started = func() error { return nil }
	}
	if o.Summary == nil {
		o.Summary = func() (any, error) { return struct{}{}, nil }
	}
	if o.Payment == nil {
		o.Payment = func(string) (any, bool) { return nil, false }
	}
	if o.Diagnosis == nil {
		o.Diagnosis = func(context.Context, string) (any, bool) { return nil, false }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.ConnectionsMax == 0 {
		o.ConnectionsMax = 64
	}
	return o
}

// validate lists all faults at once.
func (o Options) validate() error {
	var faults []error
	if err := loopback(o.Address); err != nil {
		faults = append(faults, err)
	}
	if o.ConnectionsMax < 1 {
		faults = append(faults, fmt.Errorf("ConnectionsMax is %d: at least 1 is needed", o.ConnectionsMax))
	}
	names := make(map[string]bool, len(o.Checks))
	for i, c := range o.Checks {
		if c.Name == "" || c.Run == nil || names[c.Name] {
			faults = append(faults, fmt.Errorf("check %d (%q) needs a name of its own and a function", i, c.Name))
		}
		names[c.Name] = true
	}
	return errors.Join(faults...)
}

// loopback refuses every address that another machine could reach.
func loopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q is not host:port", address)
	}
	if !loopbackHost(host) {
		return fmt.Errorf("address %q is not a loopback address: the admin pages have no login, use 127.0.0.1:PORT", address)
	}
	return nil
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
