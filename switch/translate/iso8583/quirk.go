package iso8583

import (
	"bytes"
	"fmt"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
)

// Quirks are ways in which a participant differs from its dialect that are common
// enough to be data. The zero value is none. For others there is translate.Quirk.
type Quirks struct {
	// Unit is how many minor units of the currency DE4 counts one of: 100 when it
	// counts whole rupees. 0 and 1: minor units, as the standard has it. An amount that
	// is no multiple cannot be said: payments of such amounts do not go there.
	Unit int64
	// Padding fills up the participant's own accounts: those that its customers pay
	// from and are paid to, in DE102 and DE103. Accounts of others stay as they are,
	// because their zeros may mean something.
	Padding Padding
}

// Padding fills an account up to Width characters, with zeros on the left or spaces
// on the right; what is read is taken off again. Zeros go only from an account that
// has exactly the width, and never all of them. Width 0: no padding.
type Padding struct {
	Width  int
	Spaces bool
}

// Bounds of Quirks.
const (
	unitMax         = 10_000 // four decimals
	paddingWidthMin = 2
)

// WithQuirks sets the quirks of d's participant. Call it before d is used.
func (d *Dialect) WithQuirks(q Quirks) (*Dialect, error) {
	if q.Unit < 0 || q.Unit > unitMax {
		return nil, fmt.Errorf("quirks: DE4 in units of %d minor units, want 1 to %d", q.Unit, unitMax)
	}
	if w := q.Padding.Width; w != 0 && (w < paddingWidthMin || w > accountBytesMax) {
		return nil, fmt.Errorf("quirks: accounts of %d characters, want %d to %d", w, paddingWidthMin, accountBytesMax)
	}
	d.quirks = q
	return d, nil
}

// AmountMax is the largest amount that DE4 holds, in minor units: one above it, or
// one that is no multiple of unit, cannot be said to the participant.
func (q Quirks) AmountMax() (most, unit int64) {
	const amountDigitsMax = 999_999_999_999
	unit = max(q.Unit, 1)
	return amountDigitsMax * unit, unit
}

// amount reads DE4 as minor units.
func (d *Dialect) amount(msg *codec.Message) (minor int64, ok bool) {
	n, ok := msg.Uint(4) // 12 digits
	return int64(n) * max(d.quirks.Unit, 1), ok
}

// setAmount writes DE4. An amount that cannot be said is left out: the message tells
// its receiver about a payment that it knows.
func (d *Dialect) setAmount(w *codec.Writer, minor int64) {
	if unit := max(d.quirks.Unit, 1); minor%unit == 0 {
		w.SetUint(4, uint64(minor/unit))
	}
}

// sayable refuses a message that would have to leave its amount out.
func (d *Dialect) sayable(minor int64) error {
	if unit := d.quirks.Unit; unit > 1 && minor%unit != 0 {
		return fmt.Errorf("DE4 counts units of %d minor units: the amount is no multiple", unit)
	}
	return nil
}

// setOwn writes an account of d's participant.
func (d *Dialect) setOwn(w *codec.Writer, de int, p *payment.Payment, f payment.TextField) {
	if p.Text.Has(f) {
		var room [accountBytesMax]byte
		w.Set(de, d.quirks.Padding.fill(room[:0], p.Text.Get(f)))
	}
}

// fill returns an account filled up, in room if it had to be.
func (p Padding) fill(room, account []byte) []byte {
	missing := p.Width - len(account)
	if missing <= 0 {
		return account
	}
	if p.Spaces {
		return append(append(room, account...), spaces[:missing]...)
	}
	return append(append(room, zeros[:missing]...), account...)
}

// strip returns an account without what it was filled up with: a part of it.
func (p Padding) strip(account []byte) []byte {
	switch {
	case p.Width == 0:
	case p.Spaces:
		return bytes.TrimRight(account, " ")
	case len(account) == p.Width:
		if bare := bytes.TrimLeft(account, "0"); len(bare) > 0 {
			return bare
		}
		return account[len(account)-1:]
	}
	return account
}

var (
	zeros  = bytes.Repeat([]byte{'0'}, accountBytesMax)
	spaces = bytes.Repeat([]byte{' '}, accountBytesMax)
)
