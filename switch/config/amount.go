package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// capUnitsMax bounds a net debit cap in minor units. With participantsMax
// participants the sum of all caps stays inside an int64.
const capUnitsMax = 1_000_000_000_000_000

var amountForm = pattern{
	regexp.MustCompile(`^[0-9]{1,30}(\.[0-9]{1,30})?$`),
	`an amount in major units, digits with a point, for example "1000000.00"`,
}

// amount reads a decimal text as exact minor units of the file's currency.
func (b *binder) amount(v value) int64 {
	s, ok := v.match()
	if !ok {
		return 0
	}
	units, err := ParseAmount(s, b.money)
	if err != nil {
		v.fault("%s is %q: %v", v.name, s, err)
	}
	return units
}

// ParseAmount reads an amount in major units ("1000000.00") as exact minor units
// of a currency, at most 10^15 of them. It never rounds: what does not fit is
// refused, with 0.
func ParseAmount(s string, money Currency) (int64, error) {
	if !amountForm.re.MatchString(s) {
		return 0, errors.New("write " + amountForm.says)
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) > money.Exponent {
		return 0, fmt.Errorf("%s has %d decimals, so write at most that many", money.Code, money.Exponent)
	}
	digits := whole + fraction + strings.Repeat("0", money.Exponent-len(fraction))
	units, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || units > capUnitsMax {
		return 0, fmt.Errorf("it must not be more than %d minor units", int64(capUnitsMax))
	}
	return units, nil
}
