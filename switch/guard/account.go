package guard

import (
	"errors"

	"switchd/hsm"
)

// AccountRule makes the digits that a PIN block is bound to of an account that is no
// card. All zones of a switch have the same: a translation names one account.
type AccountRule uint8

// The rules; both take the account's 12 rightmost digits.
const (
	Padded13 AccountRule = iota // behind a zero; the last one, where a card has its check digit, is not bound by ISO-0 and ISO-3
	Whole12                     // all bound, as if a check digit stood behind them
)

// Account gives the digits for an account, or an error when it has others than digits.
func Account(account []byte, rule AccountRule) (hsm.Secret, error) {
	if len(account) == 0 {
		return hsm.Secret{}, errors.New("guard: no account")
	}
	for _, c := range account {
		if c < '0' || c > '9' {
			return hsm.Secret{}, errors.New("guard: a PIN block is bound to an account of digits")
		}
	}
	digits := []byte("0000000000000")
	end := len(digits)
	if rule == Whole12 {
		end--
	}
	account = account[max(len(account)-12, 0):]
	copy(digits[end-len(account):], account)
	return hsm.NewSecret(digits), nil
}
