package admin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Fixed bounds of the server. Its users are some operators' browsers and commands, a
// scraper, a few probes, and readers of streams.
const (
	headerTimeout   = 5 * time.Second  // until a request's header is complete
	readTimeout     = 10 * time.Second // until a request is complete
	writeTimeout    = 30 * time.Second // until an answer is written
	idleTimeout     = 60 * time.Second // between requests of one connection
	shutdownTimeout = 2 * time.Second  // for open requests at the end of Run
	headerBytesMax  = 16 << 10
	commandBytesMax = 4 << 10          // of a JSON body, unless its route says more
	formBytesMax    = 16 << 10         // of what a form sends
	requestsOfOne   = 32               // of one connection, of HTTP/2, at once
	lookEvery       = 10 * time.Second // from one Look to the next
	scrapesMax      = 4                // of /metrics at once
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
	// Address is a host:port; port 0 lets the system pick one. One that other machines can
	// reach needs TLS and Users.
	Address string
	// Clock gives UTC nanoseconds. Required.
	Clock func() int64
	// Users say who somebody is; nil: nobody has to show it, and everyone who reaches the
	// port has all roles.
	Users Users
	// TLS are settings for TLS 1.3; nil: the port speaks plain HTTP. A client certificate
	// counts when they have verified it.
	TLS *tls.Config
	// Hosts says whether the certificate has a name, beside which those of this machine's
	// loopback addresses are answered. Default: it has none.
	Hosts func(host string) bool
	// Routes are answers of the JSON API. One with the method and path of another answer
	// of this server takes its place.
	Routes []Route
	// Console answers / and what is below /console/, by GET and POST, behind the login:
	// access.From of a request's context says who asks. It may set its own content
	// security policy. What it answers at /console/live has no end, and is a stream as those
	// of Routes are. Default: an index page.
	Console http.Handler
	// TwoPerson says that some orders wait for a second person, where callers have to show
	// who they are.
	TwoPerson bool
	// Look is called now and then while the server runs, to look whether files have
	// changed that Users and TLS come from; it returns true when users may be other ones.
	Look func() bool
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
	// Summary gives a value for encoding/json, which the index page shows, in bounded time;
	// an error says why it cannot be had now. Default: an empty object.
	Summary func() (any, error)
	// Backup makes a backup as the body of a call says, tells progress how far it is, and
	// gives a value for encoding/json. It blocks until it is made, or the call's context
	// ends. Default: none are made.
	Backup func(c *Call, progress func(any)) (any, error)
	// Diagnosis says what the links of a participant have shown that is not as agreed,
	// by its id, as a value for encoding/json without a value of any message; false:
	// there is no such participant. It ends with ctx. Default: there is no such page.
	Diagnosis func(ctx context.Context, id string) (any, bool)
	// Log takes faults of the server. Default slog.Default.
	Log *slog.Logger
	// ConnectionsMax bounds open connections; one more is answered 503 and
	// closed. Default 448: so many streams as may be, twice as many others, and one for
	// each participant that may be a user.
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
	if o.Hosts == nil {
		o.Hosts = func(string) bool { return false }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.ConnectionsMax == 0 {
		o.ConnectionsMax = 448
	}
	return o
}

// validate lists all faults at once.
func (o Options) validate() error {
	var faults []error
	faults = append(faults, o.reach())
	if o.Clock == nil {
		faults = append(faults, errors.New("there is no Clock"))
	}
	if o.TLS != nil && o.TLS.MinVersion < tls.VersionTLS13 {
		faults = append(faults, errors.New("TLS must be 1.3"))
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

// reach refuses an address that another machine could reach, unless those who do have to
// show who they are, and nobody can listen.
func (o Options) reach() error {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return fmt.Errorf("address %q is not host:port", o.Address)
	}
	if !loopbackHost(host) && !o.guardedByLogin() {
		return fmt.Errorf("address %q is not a loopback address: it needs a certificate and users (admin_access with cert, key and users), or use 127.0.0.1:PORT", o.Address)
	}
	return nil
}

func (o Options) guardedByLogin() bool { return o.Users != nil && o.TLS != nil }

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
