package simbank

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"time"

	"switchd/codec/frame"
	"switchd/hsm"
)

// Peer is another participant to whom payments are sent. Its users and accounts
// are named the way a simulated participant names its own.
type Peer struct {
	Handle      string // of its VPAs: user1@handle, user2@handle, ...
	IFSC        string // its prefix, four letters
	Institution string // prefix of its account numbers
	Accounts    int    // how many it has
}

// Options say who a participant is, how it behaves and how much it may hold.
type Options struct {
	ID          string // participant id, for logs and the report
	Institution string // DE32, 1-11 digits; also the prefix of its account numbers
	Handle      string // handle of its VPAs
	IFSC        string // prefix of its IFSC, four letters
	Currency    string // DE49; default "356"

	Accounts       int   // accounts to keep, 1-9999; default 10
	OpeningBalance int64 // of each account, minor units; default 10,000,000

	Address  string       // host:port of the switch
	Links    int          // to hold to it, 1-64; default 1
	Listener net.Listener // where the switch connects, instead of Address and Links; Run closes it
	TLS      *tls.Config  // client side of the mutual TLS, with Listener the server side; required
	Spec     []byte       // field table as JSON in the format of moov-io/iso8583; empty with ISO20022

	ISO20022       bool          // speak ISO 20022 instead of ISO 8583
	Switch         string        // the switch's institution, which ISO 20022 messages are addressed to
	Receipts       bool          // acknowledge final answers of ISO 20022 by admi.007
	PostOnConfirm  bool          // accept credits, post them when the switch confirms
	ConfirmTimeout time.Duration // until the switch is asked what became of an accepted credit; default 10s

	Framing frame.Framing // how frames are marked; default BIN2, with ISO20022 BIN4
	Header  []byte        // TPDU or BASE I header of all that is sent; what comes must answer it; default: plain, unchecked

	Rate       float64 // own payments per second, open loop; 0 = none
	BadRate    float64 // share of them to unknown handles, users, accounts, IFSCs
	RepeatRate float64 // share of them sent twice on purpose (0201), 0..1
	Peers      []Peer  // whom to pay; required when Rate > 0
	AmountMin  int64   // minor units; default 100
	AmountMax  int64   // minor units; default 50,000

	AnswerTimeout time.Duration // until a payment is repeated; default 60s
	RepeatsMax    int           // repeats of one payment before it is given up, enquiries about one; default 5, -1 = none
	OpenMax       int           // own payments without an answer at a time; default 4096
	PaymentsMax   int           // own payments kept for the report, then none are sent; default 1,000,000
	LegsMax       int           // see NewBook

	MAC  MAC  // codes of messages, with Spec; none by default
	PINs PINs // PINs of payments, with Spec; none by default

	Signing Signing // signatures of messages, with ISO20022; none by default

	Faults Faults // how it misbehaves; none by default
	Seed   uint64 // of chance: faults, traffic, back-off jitter

	Drain       time.Duration // wait for open own payments at the end; default 10s
	Idle        time.Duration // silence before an echo; default 30s
	EchoTimeout time.Duration // wait for the answer of an 0800; default 5s
	MissesMax   int           // unanswered echoes before the link is closed; default 3
	DialTimeout time.Duration // TCP and TLS handshake; default 5s
	BackoffMin  time.Duration // first wait before a reconnect; default 100ms
	BackoffMax  time.Duration // longest wait; default 5s

	OutboxBytesMax int // bytes queued on a link before it is closed; default 4 MiB
	DelayedMax     int // answers held back at a time, more go out at once; default 65,536

	Clock func() int64 // UTC nanoseconds; required
	Log   *slog.Logger // state changes and faults; default: discard
}

func (o Options) withDefaults() Options {
	or(&o.Currency, "356")
	or(&o.Accounts, 10)
	or(&o.Links, 1)
	or(&o.OpeningBalance, 10_000_000)
	or(&o.AmountMin, 100)
	or(&o.AmountMax, max(50_000, o.AmountMin))
	or(&o.AnswerTimeout, time.Minute)
	or(&o.RepeatsMax, 5)
	or(&o.OpenMax, 4096)
	or(&o.PaymentsMax, 1_000_000)
	or(&o.ConfirmTimeout, 10*time.Second)
	or(&o.Drain, 10*time.Second)
	or(&o.Idle, 30*time.Second)
	or(&o.EchoTimeout, 5*time.Second)
	or(&o.MissesMax, 3)
	or(&o.DialTimeout, 5*time.Second)
	or(&o.BackoffMin, 100*time.Millisecond)
	or(&o.BackoffMax, max(5*time.Second, o.BackoffMin))
	or(&o.OutboxBytesMax, 4<<20)
	or(&o.DelayedMax, 65_536)
	or(&o.MAC.Size, codeBytes)
	if o.ISO20022 {
		or(&o.Framing, frame.BIN4)
	}
	if o.RepeatsMax < 0 {
		o.RepeatsMax = 0
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

var (
	institutionForm = regexp.MustCompile(`^[0-9]{1,11}$`)
	handleForm      = regexp.MustCompile(`^[a-z][a-z0-9]{1,63}$`)
	ifscForm        = regexp.MustCompile(`^[A-Z]{4}$`)
)

// validate lists all faults at once. REQUIRES: defaults are in.
func (o Options) validate() error {
	var faults []error
	want := func(ok bool, text string) {
		if !ok {
			faults = append(faults, errors.New("simbank: "+text))
		}
	}
	want(o.ID != "", "ID is missing")
	want(institutionForm.MatchString(o.Institution), "Institution must be 1-11 digits")
	want(handleForm.MatchString(o.Handle), "Handle must be a letter and 1-63 letters or digits")
	want(ifscForm.MatchString(o.IFSC), "IFSC must be four capital letters")
	want(o.Accounts >= 1 && o.Accounts <= 9999, "Accounts must be 1-9999")
	want(o.OpeningBalance >= 0, "OpeningBalance must not be negative")
	faults = append(faults, o.validateLinks())
	want(o.TLS != nil, "TLS is missing: a link is never in clear")
	want(o.ISO20022 || len(o.Spec) > 0, "Spec is missing")
	faults = append(faults, o.validateMessages(), o.validateSecrets())
	want(o.Clock != nil, "Clock is missing")
	want(o.Rate >= 0 && o.Rate <= 100_000, "Rate must be 0-100000 per second")
	want(o.Rate == 0 || len(o.Peers) > 0, "Rate needs Peers")
	want(share(o.BadRate) && share(o.RepeatRate), "BadRate and RepeatRate must be 0..1")
	want(o.AmountMin > 0 && o.AmountMin <= o.AmountMax && o.AmountMax <= amountMax, "AmountMin and AmountMax must be 1..999999999999, in order")
	want(o.BackoffMin <= o.BackoffMax, "BackoffMin must not be above BackoffMax")
	for _, d := range []time.Duration{o.AnswerTimeout, o.ConfirmTimeout, o.Drain, o.Idle, o.EchoTimeout, o.DialTimeout, o.BackoffMin} {
		want(d > 0, "a duration must not be negative")
	}
	for i, p := range o.Peers {
		want(handleForm.MatchString(p.Handle) && ifscForm.MatchString(p.IFSC) && institutionForm.MatchString(p.Institution) && p.Accounts >= 1 && p.Accounts <= 9999,
			fmt.Sprintf("Peers[%d] is incomplete", i))
	}
	want(o.Faults.valid(), "Faults must be shares of 0..1 and delays in order")
	return errors.Join(faults...)
}

// validateLinks looks at how the switch is reached.
func (o Options) validateLinks() error {
	switch {
	case (o.Address != "") == (o.Listener != nil):
		return errors.New("simbank: Address is missing, or there is a Listener too")
	case o.Links < 1 || o.Links > linksMax:
		return fmt.Errorf("simbank: Links must be 1-%d", linksMax)
	}
	return nil
}

// validateMessages looks at what ISO 20022 needs.
func (o Options) validateMessages() error {
	switch {
	case !o.ISO20022:
		return nil
	case len(o.Spec) > 0:
		return errors.New("simbank: Spec belongs to ISO 8583")
	case !institutionForm.MatchString(o.Switch):
		return errors.New("simbank: Switch must be 1-11 digits")
	case currencies[o.Currency] == nil:
		return errors.New("simbank: Currency is not in the table for ISO 20022")
	}
	return nil
}

// validateSecrets looks at what proves messages and customers.
func (o Options) validateSecrets() error {
	switch {
	case o.ISO20022 && o.MAC.Key.Len()+o.PINs.Key.Len() > 0:
		return errors.New("simbank: MAC and PINs belong to ISO 8583")
	case o.Signing.validate(o.ISO20022) != nil:
		return o.Signing.validate(o.ISO20022)
	case o.MAC.Size < 4 || o.MAC.Size > codeBytes:
		return errors.New("simbank: MAC.Size must be 4-8")
	case o.PINs.Key.Len() > 0 && o.PINs.Format != hsm.ISO0 && o.PINs.Format != hsm.ISO3:
		return errors.New("simbank: PINs.Format must be ISO-0 or ISO-3")
	}
	return nil
}

func share(p float64) bool { return p >= 0 && p <= 1 }

// accountNumber is the n-th account of an institution, from 1.
func accountNumber(institution string, n int) string {
	return fmt.Sprintf("%s%04d", institution, n)
}

// address is the VPA of the n-th account of a handle, from 1.
func address(handle string, n int) string { return fmt.Sprintf("user%d@%s", n, handle) }

// branch is the IFSC under a prefix: four letters, a zero, six characters.
func branch(prefix string) string { return prefix + "0000001" }
