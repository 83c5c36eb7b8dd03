package gnetio

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
	"switchd/session"
)

// Options of a Server. TLS, Clock and Address are required.
type Options struct {
	Address           string                                        // host:port to listen on; port 0 lets the system choose
	TLS               *tls.Config                                   // of certs.Trust.Server: verifies the peer and its identity
	Loops             int                                           // event loops; 1 up to two processors, then half of them
	Access            Access                                        // who may connect; anyone with a certificate
	HandshakesMax     int                                           // handshakes at work at the same time, of strangers and of known addresses each; others wait within their deadline; 256
	HandshakeRate     int                                           // handshakes a second that one address (of IPv6: one /64) may begin; 1 to 100,000; 50
	HandshakeBurst    int                                           // and at once; 1 to 100,000; 200
	AddressesMax      int                                           // addresses remembered for that; the others share one rate; 1 to 1,000,000; 8192
	HalfOpenMax       int                                           // accepted connections whose handshake is not done, of strangers and of known addresses each; 512
	HandshakeDeadline time.Duration                                 // from the connect to the end of the handshake; 5 s
	FrameDeadline     time.Duration                                 // from the first header byte to the last body byte; 10 s
	OutboxBytesMax    int                                           // bytes of a link queued or not yet taken by the kernel; more closes it; 4 MiB
	LinksMax          int                                           // links of participants at a time, whose handshake is done; 1024
	DialTLS           func(participant string) (*tls.Config, error) // settings of a link to a participant, for each attempt; required to dial
	DialTimeout       time.Duration                                 // for a TCP connection; 5 s
	DialsMax          int                                           // TCP connections made at the same time; 1 to 1024; 32
	Redial            session.RedialOptions                         // waits between attempts
	Chance            func() uint64                                 // numbers by chance, for those waits; by the clock
	TickEvery         time.Duration                                 // how often each link is looked after; 100 ms
	Clock             func() int64                                  // UTC nanoseconds
	Log               *slog.Logger                                  // operator log; none
	Registry          prometheus.Registerer                         // for the metrics; none

	// DialectOf names the dialect with digits and bitmaps of this kind, for the
	// log line about a link that does not speak as configured; none.
	DialectOf func(frame.Charset, frame.Bitmap) string
	// Diagnosed is told what a diagnosis has found, on the link's loop: it must not
	// block; nobody.
	Diagnosed func(l *Link, found Diagnosis)
}

// lingerTime is how long a link that we end may take to read our last bytes.
// Without it the kernel answers unread input with a reset, which destroys the
// alert that tells the peer why.
const lingerTime = time.Second

// unwantedMax is how long the Handler may take to end a link that is not dialled
// any more.
const unwantedMax = time.Minute

func (o Options) withDefaults() Options {
	set := func(n *int, d int) {
		if *n == 0 {
			*n = d
		}
	}
	wait := func(w *time.Duration, d time.Duration) {
		if *w == 0 {
			*w = d
		}
	}
	set(&o.Loops, defaultLoops(runtime.GOMAXPROCS(0)))
	set(&o.HandshakesMax, 256)
	set(&o.HandshakeRate, 50)
	set(&o.HandshakeBurst, 200)
	set(&o.AddressesMax, 8192)
	set(&o.HalfOpenMax, 512)
	set(&o.OutboxBytesMax, 4<<20)
	set(&o.LinksMax, 1024)
	wait(&o.HandshakeDeadline, 5*time.Second)
	wait(&o.FrameDeadline, 10*time.Second)
	wait(&o.DialTimeout, 5*time.Second)
	set(&o.DialsMax, 32)
	wait(&o.TickEvery, 100*time.Millisecond)
	if o.Chance == nil && o.Clock != nil {
		o.Chance = rand.New(rand.NewPCG(uint64(o.Clock()), 0)).Uint64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

// defaultLoops leaves processors to the engine and the journal, which every
// frame has to pass: loops beyond half of them only compete.
func defaultLoops(processors int) int {
	if processors <= 2 {
		return 1
	}
	return processors / 2
}

// checkDial says what is missing to dial.
func (o Options) checkDial(a Access) error {
	for id, p := range a.Peers {
		if len(p.Dial) > 0 && o.DialTLS == nil {
			return fmt.Errorf("DialTLS is missing to dial %s", id)
		}
	}
	return nil
}

// validate lists all faults at once.
func (o Options) validate(h Handler) error {
	var faults []error
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New(text))
		}
	}
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		faults = append(faults, fmt.Errorf("option Address: %w", err))
	}
	fault(h == nil, "handler is missing")
	fault(o.TLS == nil, "TLS is missing")
	fault(o.Clock == nil, "Clock is missing")
	if err := o.Access.validate(); err != nil {
		faults = append(faults, fmt.Errorf("option Access: %w", err))
	}
	if err := o.checkDial(o.Access); err != nil {
		faults = append(faults, err)
	}
	within := func(n, most int, name string) {
		fault(n < 1 || n > most, fmt.Sprintf("%s is not 1 to %d", name, most))
	}
	within(o.HandshakeRate, 100_000, "HandshakeRate")
	within(o.HandshakeBurst, 100_000, "HandshakeBurst")
	within(o.AddressesMax, 1_000_000, "AddressesMax")
	within(o.DialsMax, 1024, "DialsMax")
	fault(o.DialTimeout < 0, "DialTimeout is negative")
	fault(o.HalfOpenMax < 0, "HalfOpenMax is negative")
	fault(o.Loops < 0, "Loops is negative")
	fault(o.HandshakesMax < 0, "HandshakesMax is negative")
	fault(o.OutboxBytesMax < 0, "OutboxBytesMax is negative")
	fault(o.LinksMax < 0, "LinksMax is negative")
	fault(o.HandshakeDeadline < 0, "HandshakeDeadline is negative")
	fault(o.FrameDeadline < 0, "FrameDeadline is negative")
	fault(o.TickEvery < 0, "TickEvery is negative")
	return errors.Join(faults...)
}
