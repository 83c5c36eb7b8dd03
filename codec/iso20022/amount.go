package iso20022

import _ "embed" // the table of currencies

// currencies is ISO 4217: letters, number, decimals of the minor unit, one row of
// currencyRow bytes per currency, sorted, so that it is searched as it stands.
// Codes without a minor unit (gold, testing) are left out.
//
//go:embed currencies.txt
var currencies string

const currencyRow = len("INR 356 2\n")

// Exponent gives the number of decimals of a currency's minor unit by its ISO
// 4217 letters: 2 for INR, 0 for JPY. It is not ok for codes that are no currency.
func Exponent(currency string) (decimals int, ok bool) {
	if len(currency) != len("INR") {
		return 0, false
	}
	low, high := 0, len(currencies)/currencyRow
	for low < high {
		mid := (low + high) / 2
		row := currencies[mid*currencyRow : (mid+1)*currencyRow]
		switch code := row[:len("INR")]; {
		case code == currency:
			return int(row[len("INR 356 ")] - '0'), true
		case code < currency:
			low = mid + 1
		default:
			high = mid
		}
	}
	return 0, false
}

// What an amount may have: 15 digits before the point, and all in all as many
// digits as ISO 20022 gives it. So every amount fits an int64 of minor units.
const (
	amountIntegerDigits = 15
	amountDigits        = 18
)

// ParseAmount reads an amount in the minor units of a currency with that many
// decimals. It is exact or refuses: a sign, an exponent or anything but digits
// and a point, decimals that are not zero beyond those of the currency, too many
// digits, and zero. Fewer decimals than the currency has are fine, and so is
// white space around, as in the schema.
func ParseAmount(text []byte, decimals int) (minor int64, why Reason) {
	whole, fraction, ok := splitDecimal(trimSpace(text))
	if !ok {
		return 0, ReasonAmountSyntax
	}
	for len(fraction) > decimals {
		last := len(fraction) - 1
		if fraction[last] != '0' {
			return 0, ReasonAmountDecimals
		}
		fraction = fraction[:last]
	}
	for len(whole) > 0 && whole[0] == '0' {
		whole = whole[1:]
	}
	if len(whole) > amountIntegerDigits || len(whole)+decimals > amountDigits {
		return 0, ReasonAmountDigits
	}
	for _, c := range whole {
		minor = minor*10 + int64(c-'0')
	}
	for i := range decimals {
		minor *= 10
		if i < len(fraction) {
			minor += int64(fraction[i] - '0')
		}
	}
	if minor == 0 {
		return 0, ReasonAmountZero
	}
	return minor, ReasonNone
}

// splitDecimal cuts digits at their point, which need not be there. It is ok if
// there is a digit and nothing else.
func splitDecimal(text []byte) (whole, fraction []byte, ok bool) {
	point := len(text)
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			ok = true
		case c == '.' && point == len(text):
			point = i
		default:
			return nil, nil, false
		}
	}
	return text[:point], text[min(point+1, len(text)):], ok
}

// AppendAmount appends an amount of minor units, which must not be negative, with
// exactly that many decimals.
func AppendAmount(dst []byte, minor int64, decimals int) []byte {
	if minor < 0 {
		panic("iso20022: a negative amount")
	}
	var text [24]byte
	i := len(text)
	for n := 0; minor > 0 || n <= decimals; n++ {
		if n == decimals && decimals > 0 {
			i--
			text[i] = '.'
		}
		i--
		text[i] = byte('0' + minor%10)
		minor /= 10
	}
	return append(dst, text[i:]...)
}

// amountMax is one more than the largest amount of a currency with that many
// decimals.
func amountMax(decimals int) int64 {
	limit := int64(1)
	for range min(amountIntegerDigits+decimals, amountDigits) {
		limit *= 10
	}
	return limit
}

// trimSpace takes away what XML calls white space around a value.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
