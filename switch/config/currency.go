package config

import "fmt"

// currencyDefault is the currency of a file that names none.
const currencyDefault = "INR"

// Currency is a row of ISO 4217.
type Currency struct {
	// Code has three letters: INR.
	Code string
	// Numeric is the number that messages carry in DE49: 356.
	Numeric uint16
	// Exponent is how many decimals the minor unit has: 2.
	Exponent int
}

// Digits is the numeric code as DE49 wants it, three digits: "048".
func (c Currency) Digits() string { return fmt.Sprintf("%03d", c.Numeric) }

// currencies is the table of domain.md 3.3. Exponents other than 2 are the
// reason that it exists: 100 yen are 100 minor units, 100 dinars are 100000.
var currencies = []Currency{
	{"INR", 356, 2}, {"USD", 840, 2}, {"EUR", 978, 2}, {"GBP", 826, 2},
	{"BRL", 986, 2}, {"SGD", 702, 2}, {"AED", 784, 2},
	{"JPY", 392, 0}, {"KRW", 410, 0}, {"VND", 704, 0}, {"CLP", 152, 0},
	{"ISK", 352, 0}, {"XAF", 950, 0}, {"XOF", 952, 0}, {"XPF", 953, 0},
	{"PYG", 600, 0}, {"UGX", 800, 0}, {"RWF", 646, 0},
	{"BHD", 48, 3}, {"KWD", 414, 3}, {"OMR", 512, 3}, {"JOD", 400, 3},
	{"TND", 788, 3}, {"IQD", 368, 3}, {"LYD", 434, 3},
	{"CLF", 990, 4}, {"UYW", 927, 4},
}

// CurrencyOf finds a currency by its letter code.
func CurrencyOf(code string) (Currency, bool) {
	for _, c := range currencies {
		if c.Code == code {
			return c, true
		}
	}
	return Currency{}, false
}

// CurrencyByNumber finds a currency by its numeric code.
func CurrencyByNumber(numeric uint16) (Currency, bool) {
	for _, c := range currencies {
		if c.Numeric == numeric {
			return c, true
		}
	}
	return Currency{}, false
}

func currencyCodes() []string {
	codes := make([]string, len(currencies))
	for i, c := range currencies {
		codes[i] = c.Code
	}
	return codes
}
