package pinblock

import (
	"fmt"

	"switchd/hsm"
)

// accountMax is the longest account number, in digits: what a card may have.
const accountMax = 19

// Account is the number that a PIN block is bound to: a card's (PAN), or what stands
// for one.
type Account struct {
	digits [accountMax]byte // values 0 to 9, from the left
	n      uint8
}

// ParseAccount takes the 1 to 19 digits of a card's number, check digit included.
func ParseAccount(digits []byte) (Account, error) {
	var a Account
	if len(digits) == 0 || len(digits) > accountMax {
		return a, fmt.Errorf("%w: an account has 1 to %d digits", hsm.ErrBlock, accountMax)
	}
	for i, c := range digits {
		if c < '0' || c > '9' {
			return Account{}, fmt.Errorf("%w: an account has digits only", hsm.ErrBlock)
		}
		a.digits[i] = c - '0'
	}
	a.n = uint8(len(digits))
	return a, nil
}

// AccountRule makes what stands for a card's number of an account that is none.
type AccountRule uint8

// The rules. Both sides of a zone must have the same.
const (
	// Padded13 takes the 12 rightmost digits and a zero before them as a card's number
	// of 13 digits. Its last digit is where a check digit would be, and formats 0 and 3
	// do not bind it.
	Padded13 AccountRule = iota
	// Whole12 takes the 12 rightmost digits as those that are bound, as if a check digit
	// stood behind them.
	Whole12
)

// BankAccount takes a bank account's number by a rule.
func BankAccount(digits []byte, rule AccountRule) (Account, error) {
	if len(digits) > 12 {
		// Refuse what is no digit also in the part that is not used.
		for _, c := range digits[:len(digits)-12] {
			if c < '0' || c > '9' {
				return Account{}, fmt.Errorf("%w: an account has digits only", hsm.ErrBlock)
			}
		}
		digits = digits[len(digits)-12:]
	}
	a, err := ParseAccount(digits)
	if err != nil {
		return a, err
	}
	var made Account
	made.n = 13
	switch rule {
	case Padded13:
		copy(made.digits[13-a.n:], a.digits[:a.n])
	case Whole12:
		copy(made.digits[12-a.n:], a.digits[:a.n])
	default:
		return Account{}, fmt.Errorf("%w: account rule %d is not known", hsm.ErrDenied, rule)
	}
	return made, nil
}

// String is "(secret)": an account is personal.
func (Account) String() string { return "(secret)" }

// GoString is "(secret)".
func (Account) GoString() string { return "(secret)" }

// Format writes "(secret)" for every verb and flag.
func (Account) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("(secret)")) }

// MarshalText gives "(secret)".
func (Account) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// right gives the digit that is i places left of the last, 0 beyond the first.
func (a *Account) right(i int) byte {
	if i >= int(a.n) {
		return 0
	}
	return a.digits[int(a.n)-1-i]
}

// field8 is the account's part of formats 0 and 3: four zeros and the 12 rightmost
// digits without the check digit.
func (a *Account) field8(dst *[8]byte) {
	*dst = [8]byte{}
	for i := range 12 {
		dst[7-i/2] |= a.right(i+1) << (4 * (i & 1))
	}
}

// field16 is the account's part of format 4: how many digits there are above 12, then
// all of them, at least 12, from the left.
func (a *Account) field16(dst *[16]byte) {
	*dst = [16]byte{}
	n := max(int(a.n), 12)
	put := func(at int, v byte) { dst[at/2] |= v << (4 * (1 - at&1)) }
	put(0, byte(n-12))
	for i := range n {
		put(1+i, a.right(n-1-i))
	}
}
