package config

import "fmt"

// AmountText is an amount in major units with its currency.
func AmountText(minor int64, numeric uint16) string {
	money, known := CurrencyByNumber(numeric)
	switch {
	case numeric == 0:
		return fmt.Sprintf("%d minor units", minor)
	case !known:
		return fmt.Sprintf("%d minor units of currency %03d", minor, numeric)
	}
	sign, size := "", uint64(minor)
	if minor < 0 {
		sign, size = "-", -size // the least of all has no negative of its own
	}
	digits := fmt.Sprintf("%0*d", money.Exponent+1, size)
	if whole := len(digits) - money.Exponent; money.Exponent > 0 {
		digits = digits[:whole] + "." + digits[whole:]
	}
	return sign + digits + " " + money.Code
}
