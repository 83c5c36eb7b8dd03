package ledger

import (
	"fmt"
	"math"

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

// Position is what one participant has at stake in the current cycle, in minor
// units.
type Position struct {
	Posted   int64 // credits minus debits that are final; may be negative
	Reserved int64 // debits under way, never negative
	Cap      int64 // net debit cap: Reserved - Posted may not exceed it
}

// Headroom is what may still be reserved.
func (p Position) Headroom() int64 { return p.Cap - p.Reserved + p.Posted }

// Book holds all positions. The zero value has no participants.
type Book struct {
	positions []Position
}

// NewBook returns an empty book.
func NewBook() *Book { return &Book{} }

// SetCap sets the net debit cap of p (minor units, >= 0) and opens its position
// if it is new. A cap below what is already at stake only blocks new debits.
func (b *Book) SetCap(p route.Participant, limit int64) {
	b.grow(p)
	b.positions[p].Cap = limit
}

// Restore sets a whole position, as read from the state store.
func (b *Book) Restore(p route.Participant, at Position) {
	b.grow(p)
	b.positions[p] = at
}

// Position returns the position of p; a participant never heard of has none.
func (b *Book) Position(p route.Participant) Position {
	if int(p) >= len(b.positions) {
		return Position{}
	}
	return b.positions[p]
}

// Reserve sets minor units aside for a debit of p, or says why not.
func (b *Book) Reserve(p route.Participant, minor int64) Reason {
	if minor <= 0 {
		return NotPositive
	}
	at := b.Position(p)
	if minor > math.MaxInt64/4 || at.Reserved > math.MaxInt64/4 || at.Posted < -math.MaxInt64/4 || at.Posted > math.MaxInt64/4 {
		return OverflowRisk
	}
	if minor > at.Headroom() {
		return OverCap
	}
	b.grow(p)
	b.positions[p].Reserved += minor
	return OK
}

// Post makes a reserved debit final: payer owes it, payee is owed it. Posting
// what was not reserved is a bug of the caller and panics.
func (b *Book) Post(payer, payee route.Participant, minor int64) {
	b.Void(payer, minor)
	b.grow(payee)
	b.positions[payer].Posted -= minor
	b.positions[payee].Posted += minor
}

// Void gives a reservation back. Voiding what was not reserved is a bug of the
// caller and panics.
func (b *Book) Void(p route.Participant, minor int64) {
	if minor <= 0 || b.Position(p).Reserved < minor {
		panic(fmt.Sprintf("ledger: participant %d has %d reserved, cannot release %d", p, b.Position(p).Reserved, minor))
	}
	b.positions[p].Reserved -= minor
}

// Sum adds all posted positions up. It is zero, always.
func (b *Book) Sum() int64 {
	var sum int64
	for i := range b.positions {
		sum += b.positions[i].Posted
	}
	return sum
}

func (b *Book) grow(p route.Participant) {
	for int(p) >= len(b.positions) {
		b.positions = append(b.positions, Position{})
	}
}
