package config

import (
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

// amount reads a decimal text as exact minor units of the file's currency. It
// never rounds: what does not fit is refused.
func (b *binder) amount(v value) int64 {
	s, ok := v.match(amountForm)
	if !ok {
		return 0
	}
	whole, fraction, _ := strings.Cut(s, ".")
	exponent := b.money.Exponent
	if len(fraction) > exponent {
		v.fault("%s is %q: %s has %d decimals, so write at most that many", v.name, s, b.money.Code, exponent)
		return 0
	}
	digits := whole + fraction + strings.Repeat("0", exponent-len(fraction))
	units, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || units > capUnitsMax {
		v.fault("%s is %q: it must not be more than %d minor units", v.name, s, int64(capUnitsMax))
		return 0
	}
	return units
}
