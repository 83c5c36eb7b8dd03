package payment

import (
	"encoding/binary"
	"fmt"
	"time"

	"switchd/switch/mutant"
	"switchd/switch/route"
)

// Limits of the scheme on what one payer may pay, by category (domain reference
// 4.7), and under load how often. What a payer has used is counted for each day
// when its payment begins to move money, and given back if the payment fails. The
// counts are rows like any other: a replay finds what the first run found.

// Payees says what a limit asks of the payee.
type Payees uint8

// The values of Limit.Payees.
const (
	AnyPayee Payees = iota
	Merchants
	Persons
	payeesLimit
)

// Limit is one category. The first of Config.Limits that fits a payment counts.
type Limit struct {
	Name        string   `json:"name"` // names the counters: a new name begins at zero
	Types       []Type   `json:"types,omitempty"`
	Payees      Payees   `json:"payees,omitempty"`
	Purposes    []string `json:"purposes,omitempty"`
	PerPayment  int64    `json:"per_payment,omitempty"`   // minor units; 0: no limit
	PerDay      int64    `json:"per_day,omitempty"`       // minor units for each payer; 0: no limit
	CountPerDay uint32   `json:"count_per_day,omitempty"` // payments of each payer; 0: no limit
}

// limitNameMax is how long the name of a limit may be: rows have its length in a byte.
const limitNameMax = 255

// validateLimits reports what makes limits unusable.
func (c *Config) validateLimits() (faults []error) {
	names := map[string]bool{}
	for i := range c.Limits {
		l := &c.Limits[i]
		if l.Name == "" || names[l.Name] {
			faults = append(faults, fmt.Errorf("payment: limit %q has no name of its own", l.Name))
		}
		if len(l.Name) > limitNameMax {
			faults = append(faults, fmt.Errorf("payment: limit %.20s... has a name of %d bytes, limit %d", l.Name, len(l.Name), limitNameMax))
		}
		names[l.Name] = true
		if l.PerPayment < 0 || l.PerDay < 0 || l.Payees >= payeesLimit {
			faults = append(faults, fmt.Errorf("payment: limit %s: an amount is negative, or the kind of payee is unknown", l.Name))
		}
	}
	if c.BrownOut < 0 {
		faults = append(faults, fmt.Errorf("payment: brown_out is %d, want 0 or more", c.BrownOut))
	}
	return faults
}

// counts says that a limit needs counters.
func (l *Limit) counts() bool { return l.PerDay != 0 || l.CountPerDay != 0 }

// perMinute is how many payments a payer may make in a minute while load is shed.
const perMinute = 5

// LimitKey names a counter: of what kind, of which day or minute, whose. The rest is
// a hash of the payer's bank and account and of the limit, so that the store must
// not keep it as it is: whoever has it could find the account by trying.
type LimitKey struct {
	Kind   byte   // 'd': of a day, 'm': of a minute
	Period uint32 // days or minutes since 1970, UTC
	Whose  [16]byte
}

// LimitUse is what has been counted.
type LimitUse struct {
	Count uint32
	Minor int64
}

// limitCategory returns the limit that a payment falls under, nil: none.
func (m *Machine) limitCategory(p *Payment) *Limit {
	for i := range m.config.Limits {
		if l := &m.config.Limits[i]; l.fits(p) {
			return l
		}
	}
	return nil
}

func (l *Limit) fits(p *Payment) bool {
	return (len(l.Types) == 0 || has(l.Types, p.Type)) &&
		(l.Payees == AnyPayee || p.Merchant == (l.Payees == Merchants)) &&
		(len(l.Purposes) == 0 || has(l.Purposes, string(p.Text.Get(Purpose))))
}

func has[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// withinLimits says which limit a payment that is about to move money is over.
// Limits are in the switch's own currency.
func (m *Machine) withinLimits(p *Payment) Outcome {
	if m.throttles(p) {
		if use := m.limitUse(m.limitKey(p, 'm', time.Minute, "")); use.Count >= perMinute {
			return LimitCount
		}
	}
	l := m.limitCategory(p)
	if l != nil && l.counts() && !mutant.Is(mutant.IgnoreLimit) && p.Amount.Currency == m.config.Currency {
		use := m.limitUse(m.limitKey(p, 'd', 24*time.Hour, l.Name))
		switch {
		case l.CountPerDay != 0 && use.Count >= l.CountPerDay:
			return LimitCount
		case l.PerDay != 0 && (use.Minor > l.PerDay || p.Amount.Minor > l.PerDay-use.Minor):
			return LimitAmount
		}
	}
	return OK
}

// throttles says that a payment counts towards the minute of its payer. A refund does
// not: whoever got the money, a merchant with many customers, gives it back to payers
// that wait for it, and never more than there was.
func (m *Machine) throttles(p *Payment) bool { return m.load >= LoadNoEnquiries && p.Type != Refund }

// aboveLimit says that a payment alone is over its category's limit.
func (m *Machine) aboveLimit(p *Payment) bool {
	if len(m.config.Limits) == 0 || p.Amount.Currency != m.config.Currency {
		return false
	}
	l := m.limitCategory(p)
	return l != nil && l.PerPayment != 0 && p.Amount.Minor > l.PerPayment
}

// countLimits adds a payment whose money begins to move to its counters.
func (m *Machine) countLimits(p *Payment) {
	if m.throttles(p) { // an attempt is an attempt
		m.addUse(m.limitKey(p, 'm', time.Minute, ""), 1, 0)
	}
	if len(m.config.Limits) == 0 || p.Amount.Currency != m.config.Currency {
		return
	}
	if l := m.limitCategory(p); l != nil && l.counts() {
		p.counted = &l.Name
		m.useLimit(p, 1)
	}
}

// freeLimits ends that a payment counts when it is final: one that has failed is
// taken off where it was added, whatever the limits are by now.
func (m *Machine) freeLimits(p *Payment, failed bool) {
	if p.counted != nil && failed && !mutant.Is(mutant.KeepLimit) {
		m.useLimit(p, -1)
	}
	p.counted = nil
}

func (m *Machine) useLimit(p *Payment, by int64) {
	if mutant.Is(mutant.LimitTwice) {
		by *= 2
	}
	m.addUse(m.limitKey(p, 'd', 24*time.Hour, *p.counted), by, by*p.Amount.Minor)
}

// limitKey is the counter of p's payer. The period is that in which its money began
// to move, so that what is given back after midnight is given back where it was taken.
func (m *Machine) limitKey(p *Payment, kind byte, period time.Duration, name string) LimitKey {
	key := LimitKey{Kind: kind, Period: uint32(m.begun(p) / int64(period))}
	binary.LittleEndian.PutUint64(key.Whose[:], p.limitHash(14695981039346656037, name))
	binary.LittleEndian.PutUint64(key.Whose[8:], p.limitHash(0x9e3779b97f4a7c15, name))
	return key
}

// begun is when the money of a payment began to move: now, if it has not. A collect
// may have waited for weeks until then.
func (m *Machine) begun(p *Payment) int64 {
	for _, leg := range [...]Leg{LegDebit, LegCredit} {
		if at := p.Legs[leg].SentAt; at != 0 {
			return at
		}
	}
	return m.now
}

func (p *Payment) limitHash(sum uint64, name string) uint64 { // FNV-1a
	const prime = 1099511628211
	sum = (sum ^ uint64(p.PayerBank)) * prime
	for _, c := range p.Text.Get(PayerAccount) {
		sum = (sum ^ uint64(c)) * prime
	}
	sum = (sum ^ 0xff) * prime
	for i := range len(name) {
		sum = (sum ^ uint64(name[i])) * prime
	}
	return sum
}

func (m *Machine) limitUse(key LimitKey) LimitUse {
	if use, ok := m.limits[key]; ok {
		return use
	}
	use, _ := m.store.FindLimit(&key)
	return use
}

func (m *Machine) addUse(key LimitKey, count, minor int64) {
	use := m.limitUse(key)
	if next := int64(use.Count) + count; next >= 0 { // below: the counter was dropped meanwhile
		use.Count, use.Minor = uint32(next), max(use.Minor+minor, 0)
		m.limits[key] = use
	}
}

// flushLimits writes the counters that have changed, and drops those of days and
// minutes that nothing can be given back to any more.
func (m *Machine) flushLimits(rows Rows) {
	//tidy:unordered each row is put under its own key
	for key, use := range m.limits {
		if !mutant.Is(mutant.LoseLimit) {
			rows.PutLimit(&key, use)
		}
	}
	clear(m.limits)
	if day := uint32(m.lastAt / int64(24*time.Hour)); day > m.limitDay {
		if m.limitDay != 0 {
			rows.DropLimits(LimitKey{Kind: 'd', Period: day - min(day, limitDays)})
			rows.DropLimits(LimitKey{Kind: 'm', Period: (day - 1) * 24 * 60})
		}
		m.limitDay = day
	}
}

// limitDays is for how many days a counter is kept: a payment that fails late, after
// 48 hours of reversals, still finds it.
const limitDays = 4

// Load is how far new work is shed. Values are on disk: never renumber.
type Load uint8

// The steps of the brown-out ladder. Each has all those before it. Reversals,
// answers, receipts and confirmations are never shed.
const (
	LoadNormal      Load = iota
	LoadNoEnquiries      // no enquiries; a payer may make 5 payments a minute, and any refunds
	LoadNoCollects       // no collects
	LoadSmallOnly        // no payments above Config.BrownOut
	LoadNoPayments       // no new payments
	loadCount
)

var loadNames = [loadCount]string{"normal", "no-enquiries", "no-collects", "small-payments-only", "no-new-payments"}

// String is the name that documents, scenario texts and metrics use.
func (l Load) String() string {
	if l >= loadCount {
		return "invalid"
	}
	return loadNames[l]
}

// loadChanged takes the step that the driver has measured.
func (m *Machine) loadChanged(to Load) {
	if to != m.load && !mutant.Is(mutant.IgnoreLoad) { // the driver also tells the step that it was, to see how long that takes
		m.load = to
		m.notice(Effect{Notice: LoadTurned, To: route.Nobody, Load: to})
	}
}

// Load is the step in force.
func (m *Machine) Load() Load { return m.load }

// Sheds says that a new request of this type and amount is not taken now. The rim
// asks it before a request is on the record, the machine for what was under way.
func (l Load) Sheds(t Type, minor, small int64) bool {
	switch {
	case mutant.Is(mutant.ShedNothing):
		return false
	case l >= LoadNoPayments:
		return true
	case t == Collect:
		return l >= LoadNoCollects
	}
	return l >= LoadSmallOnly && small > 0 && minor > small
}
