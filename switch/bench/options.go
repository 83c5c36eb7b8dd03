package bench

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
)

// Participant is one to play.
type Participant struct {
	ID          string        // as the switch knows it
	Institution string        // DE32, 1-11 digits; also the prefix of its account numbers
	Handle      string        // of its addresses: user1@handle, user2@handle, ...
	IFSC        string        // prefix of its IFSC, four letters
	Dialect     *iso8583.Spec // what it speaks
	Framing     frame.Framing
	TLS         *tls.Config // client side of the mutual TLS
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

	Accounts   int     // of each participant; default 1000, at most 9,999,999
	HeavyShare float64 // share of the payments that the first participant sends, and nearly receives; default 0.3
	VPAShare   float64 // share of the payments by address, resolved at the payee's PSP (a further commit); default 0
	AmountMin  int64   // minor units; default 100
	AmountMax  int64   // minor units; default 100,000
	Currency   string  // DE49; default "356"
	Seed       uint64  // of all chance
	LegsMax    int     // legs that a participant's book remembers; default 4,000,000

	Clock    func() int64   // UTC nanoseconds; required
	Progress func(Progress) // called about every second; default none
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
	signOnLimit     = 10 * time.Second
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
		o.Currency = "356"
	}
	if o.LegsMax == 0 {
		o.LegsMax = 4_000_000
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	return o
}

// Validate says everything that is wrong with the options, defaults filled in.
func (o Options) Validate() error {
	o = o.withDefaults()
	var faults []error
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("bench: "+format, args...))
		}
	}
	expect(o.Address != "" && o.Admin.URL != "" && o.Clock != nil, "Address, Admin and Clock are required")
	expect(len(o.Participants) >= 2 && len(o.Participants) <= participantsMax, "%d participants, want 2 to %d", len(o.Participants), participantsMax)
	expect(o.Links <= linksMax, "%d links for each participant, want 1 to %d", o.Links, linksMax)
	expect(o.Rate > 0 && o.Rate <= rateMax, "rate %g, want more than 0 and at most %d", o.Rate, rateMax)
	expect(o.Duration >= time.Second && o.Duration <= durationMax && o.Warmup <= durationMax, "duration %v and warm-up %v, want 1s and 0s to %v", o.Duration, o.Warmup, durationMax)
	expect(o.Rate*(o.Warmup+o.Duration).Seconds() <= paymentsMax, "more than %d payments", paymentsMax)
	expect(o.Drain > 0 && o.Drain <= durationMax, "drain %v, want at most %v", o.Drain, durationMax)
	expect(o.Accounts >= 1 && o.Accounts <= accountsMax, "%d accounts, want 1 to %d", o.Accounts, accountsMax)
	expect(share(o.HeavyShare) && share(o.VPAShare), "shares %g and %g, want 0 to 1", o.HeavyShare, o.VPAShare)
	expect(o.AmountMin > 0 && o.AmountMin <= o.AmountMax && o.AmountMax <= amountMax, "amounts %d to %d, want 1 to %d", o.AmountMin, o.AmountMax, int64(amountMax))
	for _, p := range o.Participants {
		expect(p.ID != "" && p.Institution != "" && p.Handle != "" && len(p.IFSC) == 4 && p.Dialect != nil && p.TLS != nil, "participant %q is not complete", p.ID)
	}
	return errors.Join(faults...)
}

func share(x float64) bool { return x >= 0 && x <= 1 }

// openRing is how many payments may be open at once: a power of two.
func (o *Options) openRing() int {
	n := min(max(int(o.Rate*openSecondsMax), openMin), openMax)
	return 1 << bits.Len(uint(n-1))
}
