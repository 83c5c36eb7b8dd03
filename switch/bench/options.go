package bench

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// Participant is one to play.
type Participant struct {
	ID          string        // as the switch knows it
	Institution string        // DE32, 1-11 digits; also the prefix of its account numbers
	Handle      string        // of its addresses: user1@handle, user2@handle, ...
	IFSC        string        // prefix of its IFSC, four letters
	Dialect     *iso8583.Spec // what it speaks, or nil and
	Profile     *iso20022.Profile
	Receipts    bool // with Profile: it acknowledges final answers and confirmations
	Framing     frame.Framing
	TLS         *tls.Config // client side of the mutual TLS
	Proof       Proof       // of its messages; default none
}

// Options of a run. Everything has a bound.
type Options struct {
	Address      string        // of the switch, host:port; required
	Admin        Admin         // where the switch gives its figures; URL required
	Participants []Participant // 2 to 512; the first is the large one, see HeavyShare
	Links        int           // for each participant; default 1, at most 64

	Rate     float64       // payments per second, required, at most 1,000,000
	Warmup   time.Duration // load before the measured window; default 3s, negative: none
	Duration time.Duration // the measured window; required, 1s to 1h
	Drain    time.Duration // longest wait for open payments at the end; default 60s

	Accounts   int      // of each participant; default 1000, at most 9,999,999, and 16,000,000 of all
	HeavyShare float64  // share of the payments that the first participant sends, and nearly receives; default 0.3
	VPAShare   float64  // share of the payments by address, resolved at the payee's PSP (a further commit); default 0
	AmountMin  int64    // minor units; default 100
	AmountMax  int64    // minor units; default 100,000. With Declines or Silence the last digits are others
	Currency   string   // DE49; default "356"
	Letters    string   // the same in letters, for ISO 20022; default "INR"
	Switch     string   // the switch's institution, for ISO 20022; required there
	Declines   float64  // share of the payments that a bank is to decline; default 0, at most 0.5
	Silence    float64  // share of the debits, and of the credits, that a bank is never to answer; default 0, at most 0.1
	Seed       uint64   // of all chance
	Mix        []string // what the load has beside plain payments, in the words of the caller; for the report
	Surge      Surge    // after the window; default: none
	Kill       Kill     // of the switch, in the window; default: it is left alone
	Watching   Watching // default: nobody looks
	ProbeDir   string   // where the disk is asked for the time of a sync: a folder beside the switch's data; default: it is not
	LegsMax    int      // legs that a participant's book remembers; default 16,000,000 of all, and 100,000 at least

	Beside   func(context.Context) // called once when the window begins, in a goroutine of its own that Run waits for; ctx ends when the load does early; default none
	Clock    func() int64          // UTC nanoseconds; required
	Progress func(Progress)        // called about every second; default none
}

// Progress is where a run stands.
type Progress struct {
	Elapsed  time.Duration // since the first payment was due
	Measured bool          // inside the window
	Sent     int64
	Answered int64
	Open     int64
}

// The bounds of Options, and of what is waited for.
const (
	participantsMax = 512
	linksMax        = 64
	rateMax         = 1_000_000
	durationMax     = time.Hour
	openSecondsMax  = 30      // the ring of open payments holds so many seconds of the rate
	openMin         = 1 << 12 // and at least so many payments
	openMax         = 1 << 22 // and at most
	accountsMax     = 9_999_999
	accountsOfAll   = 16_000_000 // 8 bytes each
	legsOfAll       = 16_000_000 // about 60 bytes each
	legsMin         = 100_000
	signOnLimit     = 10 * time.Second
	declinesMax     = 0.5
	silenceMax      = 0.1 // more would be a bank that is down, to the switch
)

func (o Options) withDefaults() Options {
	o.Links = max(o.Links, 1)
	if o.Warmup == 0 {
		o.Warmup = 3 * time.Second
	}
	o.Warmup = max(o.Warmup, 0)
	if o.Drain == 0 {
		o.Drain = time.Minute
	}
	if o.Accounts == 0 {
		o.Accounts = 1000
	}
	if o.HeavyShare == 0 {
		o.HeavyShare = 0.3
	}
	if o.AmountMin == 0 {
		o.AmountMin = 100
	}
	if o.AmountMax == 0 {
		o.AmountMax = 100_000
	}
	if o.Currency == "" {
		o.Currency, o.Letters = "356", "INR"
	}
	if o.LegsMax == 0 {
		o.LegsMax = max(legsOfAll/max(len(o.Participants), 1), legsMin)
	}
	if o.Watching.Span == 0 {
		o.Watching.Span = min(max(o.Duration/4, time.Second), 5*time.Second)
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	return o
}

// Validate says everything that is wrong with the options, defaults filled in.
func (o Options) Validate() error {
	o = o.withDefaults()
	faults := append(append(o.faults(), o.surgeFaults()...), append(o.killFaults(), o.participantFaults()...)...)
	return errors.Join(faults...)
}

// faults looks at everything but the participants.
func (o *Options) faults() (faults []error) {
	payments := float64(o.plan(0).count)
	for _, c := range []struct {
		ok   bool
		want string
		got  []any
	}{
		{o.Address != "" && o.Admin.URL != "" && o.Clock != nil, "Address, Admin and Clock are required", nil},
		{within(len(o.Participants), 2, participantsMax), "%d participants, want 2 to %d", []any{len(o.Participants), participantsMax}},
		{within(o.Links, 1, linksMax), "%d links for each participant, want 1 to %d", []any{o.Links, linksMax}},
		{o.Rate > 0 && o.Rate <= rateMax, "rate %g, want more than 0 and at most %d", []any{o.Rate, rateMax}},
		{within(o.Duration, time.Second, durationMax), "duration %v, want 1s to %v", []any{o.Duration, durationMax}},
		{within(o.Warmup, 0, durationMax), "warm-up %v, want at most %v", []any{o.Warmup, durationMax}},
		{within(o.Drain, 1, durationMax), "drain %v, want at most %v", []any{o.Drain, durationMax}},
		{payments <= paymentsMax, "%.0f payments, want at most %d", []any{payments, paymentsMax}},
		{within(o.Accounts, 1, accountsMax), "%d accounts, want 1 to %d", []any{o.Accounts, accountsMax}},
		{o.Accounts*len(o.Participants) <= accountsOfAll, "%d accounts for each of %d participants, want %d in all at most", []any{o.Accounts, len(o.Participants), accountsOfAll}},
		{within(o.HeavyShare, 0, 1), "heavy share %g, want 0 to 1", []any{o.HeavyShare}},
		{within(o.VPAShare, 0, 1), "share by address %g, want 0 to 1", []any{o.VPAShare}},
		{within(o.Declines, 0, declinesMax), "share of declines %g, want 0 to %g", []any{o.Declines, declinesMax}},
		{within(o.Silence, 0, silenceMax), "share of silence %g, want 0 to %g", []any{o.Silence, silenceMax}},
		{within(o.Watching.Consoles, 0, watchersMax), "%d consoles, want at most %d", []any{o.Watching.Consoles, watchersMax}},
		{o.Watching.Consoles == 0 || within(o.Watching.Span, time.Second, o.Duration/2), "spans of %v in a window of %v, want two at least", []any{o.Watching.Span, o.Duration}},
		{within(o.AmountMin, 1, o.AmountMax) && o.AmountMax <= amountMax, "amounts %d to %d, want 1 to %d", []any{o.AmountMin, o.AmountMax, int64(amountMax)}},
	} {
		if !c.ok {
			faults = append(faults, fmt.Errorf("bench: "+c.want, c.got...))
		}
	}
	return faults
}

func (o *Options) participantFaults() (faults []error) {
	for _, p := range o.Participants {
		if p.ID == "" || p.Institution == "" || p.Handle == "" || len(p.IFSC) != 4 || (p.Dialect == nil) == (p.Profile == nil) || p.TLS == nil {
			faults = append(faults, fmt.Errorf("bench: participant %q is not complete", p.ID))
		}
		err := p.Proof.validate()
		if p.Profile != nil {
			err = errors.Join(err, o.profileFault(p.Profile))
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("bench: participant %q: %w", p.ID, err))
		}
	}
	return faults
}

// profileFault says why ISO 20022 cannot be spoken.
func (o *Options) profileFault(p *iso20022.Profile) error {
	if _, known := iso20022.Exponent(o.Letters); !known || o.Switch == "" {
		return fmt.Errorf("ISO 20022 needs Switch and Letters, have %q and %q", o.Switch, o.Letters)
	}
	_, err := newXMLMessages(p)
	return err
}

func within[T cmp.Ordered](v, low, high T) bool { return v >= low && v <= high }

// openRing is how many payments may be open at once: a power of two.
func (o *Options) openRing() int {
	n := min(max(int(o.peak()*openSecondsMax), openMin), openMax)
	return 1 << bits.Len(uint(n-1))
}
