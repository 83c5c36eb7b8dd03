package payment

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"switchd/ledger"
	"switchd/switch/mutant"
	"switchd/switch/route"
)

// Config is everything the machine is configured with. It takes effect by a
// logged ConfigChanged event, never otherwise.
type Config struct {
	Currency     ledger.Currency `json:"currency"`
	OpenMax      int             `json:"open_max"` // payments in memory; beyond it new ones are declined as busy
	Participants []Profile       `json:"participants"`
	Limits       []Limit         `json:"limits,omitempty"`    // the first that fits a payment counts
	BrownOut     int64           `json:"brown_out,omitempty"` // minor units: the largest payment that is taken at LoadSmallOnly; 0: any
}

// Profile is what the machine knows of one participant.
type Profile struct {
	Number       route.Participant `json:"number"`
	ID           string            `json:"id"`
	Institution  string            `json:"institution"` // DE32, digits
	Handles      []string          `json:"handles"`
	IFSCPrefixes []string          `json:"ifsc_prefixes"`
	BIC          string            `json:"bic,omitempty"`
	BINs         []route.Range     `json:"bins,omitempty"`     // first digits of its cards
	Accounts     []route.Range     `json:"accounts,omitempty"` // first digits of its accounts
	NotPSP       bool              `json:"not_psp,omitempty"`  // it moves money of its own accounts only, and serves no address
	NotBank      bool              `json:"not_bank,omitempty"` // it holds no accounts: it is never asked to debit or to credit
	Canary       bool              `json:"canary,omitempty"`   // it only proves that payments work (canary.go); for ever
	NetDebitCap  int64             `json:"net_debit_cap"`      // minor units
	Caps         []ledger.Amount   `json:"caps,omitempty"`     // net debit caps in further currencies

	// Codes of an answer that prove neither that money moved nor that it did not.
	AmbiguousDebit  []Code `json:"ambiguous_debit"`
	AmbiguousCredit []Code `json:"ambiguous_credit"`

	// What a participant can do beyond requests, resolutions, debits, credits,
	// reversals and advices. All false: it is told and asked nothing else.
	Posting    Posting `json:"posting,omitempty"`
	RepeatSafe bool    `json:"repeat_safe,omitempty"` // a debit may be repeated (0201) instead of reversed
	Receipts   bool    `json:"receipts,omitempty"`    // it acknowledges answers, confirmations and updates: they are repeated until it does. Without, only confirmations to a bank that posts on them are
	Updates    bool    `json:"updates,omitempty"`     // it takes confirmations and updates
	Checks     bool    `json:"checks,omitempty"`      // it answers status enquiries and fences
	Binding    bool    `json:"binding,omitempty"`     // its "not done" to a status enquiry guarantees that it will not post; without, a fence makes sure

	InFlight int `json:"in_flight,omitempty"` // its requests without a final answer; beyond it new ones are declined as busy; 0: no limit of its own
	// Amounts that its messages can say: multiples of a unit, up to a largest one; 0: any.
	AmountUnit int64 `json:"amount_unit,omitempty"` // minor units
	AmountMax  int64 `json:"amount_max,omitempty"`  // minor units

	Breaker Breaker `json:"breaker,omitzero"`
	Flow    Flow    `json:"flow,omitzero"`

	Match  Match  `json:"match"`
	Timers Timers `json:"timers"`
}

// currenciesMax bounds the currencies beside the switch's own; those that were named
// once and no longer are come on top in a participant's row.
const currenciesMax = 100

// Posting says when a payee's bank posts a credit.
type Posting uint8

// The posting profiles. Values are on disk: never renumber.
const (
	PostImmediate Posting = iota // when it answers yes
	PostOnConfirm                // it answers yes and posts when it gets the confirmation, never without, and acknowledges that
	postingCount
)

// Match says what an answer of a participant must echo to find its leg. All
// false is the default: all three. Without Reference the leg is found by STAN and
// DE7, which both must then be echoed.
type Match struct {
	Reference   bool `json:"reference"`   // DE37
	Transmitted bool `json:"transmitted"` // DE7
	STAN        bool `json:"stan"`        // DE11
}

// byTrace says that the answers carry no reference.
func (p *Profile) byTrace() bool { return p.Match != (Match{}) && !p.Match.Reference }

// Timers are a participant's deadlines. Defaults: domain reference 1.6 and 7.2.
type Timers struct {
	Total         time.Duration `json:"total"`          // request to start of the credit, when this is the payer's PSP (45 s)
	Resolve       time.Duration `json:"resolve"`        // answer to an address resolution (10 s)
	Debit         time.Duration `json:"debit"`          // answer to a debit (15 s)
	Credit        time.Duration `json:"credit"`         // answer to a credit (15 s)
	CreditUnknown time.Duration `json:"credit_unknown"` // to the last check of a credit in doubt (600 s)
	Reversal      time.Duration `json:"reversal"`       // answer to a check, or to one try of a reversal, a fence or an advice (10 s)
	BackoffMin    time.Duration `json:"backoff_min"`    // first gap between repeats, doubled each time (10 s)
	BackoffMax    time.Duration `json:"backoff_max"`    // largest gap (15 min)
	GiveUp        time.Duration `json:"give_up"`        // repeats end, a person must decide (48 h)
}

// repeatGap is the wait after try number n (from 0) of an advice.
func (t *Timers) repeatGap(n uint16) int64 {
	gap := t.BackoffMin
	for ; n > 0 && gap < t.BackoffMax; n-- {
		gap *= 2
	}
	return int64(max(min(gap, t.BackoffMax), t.Reversal))
}

// says tells whether the participant's messages can carry an amount.
func (p *Profile) says(minor int64) bool {
	return (p.AmountUnit <= 1 || minor%p.AmountUnit == 0) && (p.AmountMax == 0 || minor <= p.AmountMax)
}

// participant is the machine's state of one participant.
type participant struct {
	profile Profile
	links   uint32 // signed-on links
	stan    uint32 // last system trace audit number given to a message for it

	caughtUp int64  // when all that was owed to it at its return has gone out; what comes later goes behind
	outbox   int    // answers, updates and confirmations that wait for its receipts
	collects int    // its collects that wait for approval
	asking   int    // its requests that are under way
	untold   Untold // payments in doubt that it is asked about
	drained  bool   // it takes part in no new payment

	breaker  Breaker // of the profile, with defaults
	breakers [classCount]breaker
	flows    [flowCount]flow

	dirty bool
}

func (m *Machine) at(n route.Participant) *participant { return &m.participants[n] }

func (m *Machine) up(n route.Participant) bool { return m.participants[n].links > 0 }

// nextSTAN numbers the next message to n: 1 to 999999, then from 1 again (DE11
// is n6). DE7 beside it keeps the pair unique.
func (m *Machine) nextSTAN(n route.Participant) uint32 {
	p := m.at(n)
	p.dirty = true
	p.stan++
	if p.stan > 999_999 {
		p.stan = 1
	}
	return p.stan
}

// configure takes a new configuration as a whole. Participants keep their
// numbers; one that is no longer listed keeps its position and what it owes and is
// owed, has no routes and begins nothing. A cap is set only where the configuration
// has changed it, so that a cap set by a command stays. What is under way goes on:
// a timer that runs ends when it was to end, the next follows the new profile.
func (m *Machine) configure(c *Config) {
	entries := make([]route.Entry, 0, len(c.Participants))
	m.currencies = append(m.currencies[:0], c.Currency)
	retrace := false
	for i := range c.Participants {
		p := c.Participants[i]
		for int(p.Number) >= len(m.participants) {
			m.participants = append(m.participants, participant{})
		}
		m.setCaps(&p)
		to := m.at(p.Number)
		if mutant.Is(mutant.KeepRemoved) && !p.Listed() {
			p = to.profile
		}
		retrace = retrace || to.profile.byTrace() != p.byTrace()
		m.canaries = m.canaries || p.Canary
		to.profile, to.breaker, to.dirty = p, p.Breaker.withDefaults(), true
		if p.Breaker.Off {
			m.forgive(p.Number)
		}
		entries = append(entries, p.entry())
	}
	routes, err := route.New(entries)
	if err != nil { // the driver has checked the configuration before it logged it
		panic("payment: configuration in the journal is not valid: " + err.Error())
	}
	m.config, m.routes, m.configDirty = c, routes, true
	if mutant.Is(mutant.Retime) || mutant.Is(mutant.DropRemoved) {
		m.disturb()
	}
	if retrace { // seldom: it takes a look at every open payment
		m.retrace()
	}
}

// disturb is two deliberate bugs of a new configuration.
func (m *Machine) disturb() {
	m.OpenPayments(func(p *Payment) {
		gone := slices.ContainsFunc(m.config.Participants, func(q Profile) bool { return !q.Listed() && p.Concerns(q.Number) })
		switch {
		case mutant.Is(mutant.DropRemoved) && gone:
			m.clearDeadline(p)
		case mutant.Is(mutant.Retime) && p.live && p.due != 0:
			p.due += int64(5 * time.Second)
			m.schedule(p)
		}
	})
}

// retrace makes the legs of open payments findable as their participants now need
// it. Traces of finished payments go to the store with them: a replay may not have
// written them yet where the first run had.
func (m *Machine) retrace() {
	maps.DeleteFunc(m.traces, func(_ trace, t traced) bool {
		p := m.open[t.id]
		return p == nil || p.live
	})
	m.OpenPayments(func(p *Payment) {
		if p.live {
			m.followAll(p)
		}
	})
}

func (m *Machine) setCaps(next *Profile) {
	was := &m.at(next.Number).profile
	fresh := was.ID == "" || mutant.Is(mutant.ResetCaps)
	if fresh || was.NetDebitCap != next.NetDebitCap {
		m.book.SetCap(next.Number, m.currencies[0], next.NetDebitCap)
	}
	for _, a := range was.Caps { // one that is no longer named is none
		if !slices.ContainsFunc(next.Caps, func(b ledger.Amount) bool { return a.Currency == b.Currency }) {
			m.book.SetCap(next.Number, a.Currency, 0)
		}
	}
	for _, a := range next.Caps {
		if !m.accepts(a.Currency) {
			m.currencies = append(m.currencies, a.Currency)
		}
		if fresh || !slices.Contains(was.Caps, a) {
			m.book.SetCap(next.Number, a.Currency, a.Minor)
		}
	}
}

// accepts says whether payments in a currency are taken: in the switch's own, and
// in those that some participant has a cap in.
func (m *Machine) accepts(c ledger.Currency) bool { return slices.Contains(m.currencies, c) }

func contains(codes []Code, c Code) bool {
	for i := range codes {
		if codes[i] == c {
			return true
		}
	}
	return false
}

// Validate reports what makes a configuration unusable, all faults at once. The
// driver calls it before it logs the configuration.
func (c *Config) Validate() error {
	var faults []error
	currencies := map[ledger.Currency]bool{}
	entries := make([]route.Entry, 0, len(c.Participants))
	for i := range c.Participants {
		p := &c.Participants[i]
		entries = append(entries, p.entry())
		faults = append(append(faults, p.validate(c.Currency)...), p.validateRoles()...)
		for _, a := range p.Caps {
			currencies[a.Currency] = true
		}
	}
	faults = append(faults, c.validateLimits()...)
	if n := len(currencies); n > currenciesMax {
		faults = append(faults, fmt.Errorf("payment: caps in %d further currencies, limit %d", n, currenciesMax))
	}
	if c.OpenMax <= 0 {
		faults = append(faults, fmt.Errorf("payment: open_max is %d, want more than 0", c.OpenMax))
	}
	if _, err := route.New(entries); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// entry is what a participant serves.
func (p *Profile) entry() route.Entry {
	return route.Entry{
		Participant: p.Number, Handles: p.Handles, IFSCPrefixes: p.IFSCPrefixes, BIC: p.BIC, BINs: p.BINs, Accounts: p.Accounts,
	}
}

// Unlisted is the profile of a participant that is no longer configured: it keeps
// its number, serves no address and may begin nothing.
func (p Profile) Unlisted() Profile {
	p.Handles, p.IFSCPrefixes, p.BIC, p.BINs, p.Accounts = nil, nil, "", nil, nil
	p.NotPSP, p.NotBank = true, true
	return p
}

// Listed says that a participant is configured: it is a PSP, a bank, or both.
func (p *Profile) Listed() bool { return !p.NotPSP || !p.NotBank }

// validateRoles reports addresses that payments would take to somebody who is not
// there for them.
func (p *Profile) validateRoles() (faults []error) {
	if p.NotPSP && len(p.Handles) > 0 {
		faults = append(faults, fmt.Errorf("payment: participant %s: is no PSP and has handles", p.ID))
	}
	if p.NotBank && (len(p.IFSCPrefixes)+len(p.BINs)+len(p.Accounts) > 0 || p.BIC != "") {
		faults = append(faults, fmt.Errorf("payment: participant %s: is no bank and has codes or ranges of one", p.ID))
	}
	return faults
}

// validate reports what makes a profile unusable in a switch of some currency.
func (p *Profile) validate(own ledger.Currency) (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("payment: participant %s: "+format, append([]any{p.ID}, args...)...))
	}
	t := &p.Timers
	for _, d := range [...]time.Duration{t.Total, t.Resolve, t.Debit, t.Credit, t.CreditUnknown, t.Reversal, t.BackoffMin, t.BackoffMax, t.GiveUp} {
		if d <= 0 {
			fault("a timer is %v, want more than 0", d)
			break
		}
	}
	if p.Posting >= postingCount {
		fault("unknown posting profile %d", p.Posting)
	}
	for _, a := range p.Caps {
		if a.Minor < 0 || a.Currency == own {
			fault("cap in currency %03d is negative, or is the switch's own currency", a.Currency)
		}
	}
	if b := &p.Breaker; b.Window > windowMax || b.Percent > 100 || b.OpenFor < 0 {
		fault("a breaker looks at %d results, opens at %d %% for %v; want at most %d, at most 100 %%, not below 0", b.Window, b.Percent, b.OpenFor, windowMax)
	}
	if f := &p.Flow; f.Min < 0 || f.Max < 0 || f.Max != 0 && f.Min > f.Max {
		fault("%d to %d messages in flight; want 0 or more, the first not above the second", f.Min, f.Max)
	}
	if min(p.NetDebitCap, p.AmountUnit, p.AmountMax) < 0 {
		fault("net debit cap, amount unit or largest amount is negative")
	}
	return faults
}
