package ledger

import (
	"fmt"
	"math"
	"slices"

	"switchd/switch/mutant"
	"switchd/switch/route"
)

// Currency is an ISO 4217 numeric code: 356 is INR.
type Currency uint16

// Amount is money: minor units (paise, cents) of one currency.
type Amount struct {
	Minor    int64
	Currency Currency
}

// Reason says why a reservation is refused; OK means that it is not.
type Reason uint8

// The reasons, in the order in which they are checked.
const (
	OK           Reason = iota
	NotPositive         // the amount is zero or negative
	OverflowRisk        // the sums would leave int64
	OverCap             // the net debit cap would be exceeded
)

// String names the reason for logs and scenario texts.
func (r Reason) String() string {
	return [...]string{"ok", "not positive", "overflow", "over cap"}[r]
}

// Position is what one participant has at stake in one currency in the current
// cycle, in minor units.
type Position struct {
	Posted   int64 // credits minus debits that are final; may be negative
	Reserved int64 // debits under way, never negative
	Cap      int64 // net debit cap: Reserved - Posted may not exceed it
	Warned   uint8 `json:"-"` // the highest mark of Marks that is known to be passed; 0: none
}

// Used is how much of the cap is taken up; negative when the participant is owed.
func (p Position) Used() int64 { return p.Reserved - p.Posted }

// Marks are the shares of the cap, in percent, that are worth a warning.
var Marks = [...]uint8{50, 75, 90}

// rearm is how far below a mark, in percent of the cap, the use must fall before
// passing the mark again is worth another warning.
const rearm = 5

// Book holds all positions. The zero value has no participants.
type Book struct {
	sheets     []sheet    // by currency, ascending
	currencies []Currency // of the sheets
}

// sheet holds the positions in one currency.
type sheet struct {
	currency  Currency
	positions []Position // by participant
}

// NewBook returns an empty book.
func NewBook() *Book { return &Book{} }

// SetCap sets the net debit cap of p in a currency (minor units, >= 0) and opens
// its position if it is new. A cap below what is already at stake only blocks new
// debits.
func (b *Book) SetCap(p route.Participant, c Currency, limit int64) { b.at(p, c).Cap = limit }

// Restore sets a whole position, as read from the state store.
func (b *Book) Restore(p route.Participant, c Currency, at Position) { *b.at(p, c) = at }

// Position returns the position of p in a currency; a participant never heard of
// has none.
func (b *Book) Position(p route.Participant, c Currency) Position {
	for i := range b.sheets {
		if s := &b.sheets[i]; s.currency == c && int(p) < len(s.positions) {
			return s.positions[p]
		}
	}
	return Position{}
}

// Reserve sets an amount aside for a debit of p, or says why not.
func (b *Book) Reserve(p route.Participant, a Amount) Reason {
	if a.Minor <= 0 {
		return NotPositive
	}
	at := b.Position(p, a.Currency)
	const limit = math.MaxInt64 / 4
	if a.Minor > limit || at.Reserved > limit || at.Posted < -limit || at.Posted > limit {
		return OverflowRisk
	}
	if a.Minor+at.Used() > at.Cap {
		return OverCap
	}
	b.at(p, a.Currency).Reserved += a.Minor
	return OK
}

// Post makes a reserved debit final: payer owes it, payee is owed it. Posting
// what was not reserved is a bug of the caller and panics.
func (b *Book) Post(payer, payee route.Participant, a Amount) {
	b.Void(payer, a)
	if mutant.Is(mutant.WrongSign) {
		payer, payee = payee, payer
	}
	b.at(payer, a.Currency).Posted -= a.Minor
	b.at(payee, a.Currency).Posted += a.Minor
}

// Void gives a reservation back. Voiding what was not reserved is a bug of the
// caller and panics.
func (b *Book) Void(p route.Participant, a Amount) {
	if at := b.Position(p, a.Currency); a.Minor <= 0 || at.Reserved < a.Minor {
		panic(fmt.Sprintf("ledger: participant %d has %d of %03d reserved, cannot release %d", p, at.Reserved, a.Currency, a.Minor))
	}
	b.at(p, a.Currency).Reserved -= a.Minor
}

// Warn reports a mark that the use of p's cap has passed since the last call, in
// percent. It falls back to a lower mark in silence.
func (b *Book) Warn(p route.Participant, c Currency) (percent uint8, passed bool) {
	at := b.at(p, c)
	if at.Warned == 0 && at.Used() < at.Cap/2 { // far from the first mark: most calls
		return 0, false
	}
	level := uint8(0)
	for _, mark := range Marks {
		if at.Used() > 0 && at.Used() >= share(at.Cap, int64(mark)) {
			level = mark
		}
	}
	switch {
	case level > at.Warned:
		at.Warned = level
		return level, true
	case level < at.Warned && at.Used() < share(at.Cap, int64(at.Warned)-rearm):
		at.Warned = level
	}
	return level, false
}

// share is percent of v without overflow.
func share(v, percent int64) int64 { return v/100*percent + v%100*percent/100 }

// Sum adds all posted positions in a currency up. It is zero, always.
func (b *Book) Sum(c Currency) int64 {
	var sum int64
	for i := range b.sheets {
		if b.sheets[i].currency != c {
			continue
		}
		for p := range b.sheets[i].positions {
			sum += b.sheets[i].positions[p].Posted
		}
	}
	return sum
}

// Currencies lists the currencies that there are positions in, ascending. The
// slice is the book's own: read it only.
func (b *Book) Currencies() []Currency { return b.currencies }

// at is the position of p, opened if it is new. It is valid until the next call.
func (b *Book) at(p route.Participant, c Currency) *Position {
	i := 0
	for i < len(b.sheets) && b.sheets[i].currency < c {
		i++
	}
	if i == len(b.sheets) || b.sheets[i].currency != c {
		b.sheets = slices.Insert(b.sheets, i, sheet{currency: c})
		b.currencies = slices.Insert(b.currencies, i, c)
	}
	s := &b.sheets[i]
	for int(p) >= len(s.positions) {
		s.positions = append(s.positions, Position{})
	}
	return &s.positions[p]
}
