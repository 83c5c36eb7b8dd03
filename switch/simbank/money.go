package simbank

import (
	"strconv"
	"strings"
)

// currency is a row of ISO 4217.
type currency struct {
	letters string
	digits  int // behind the decimal point
}

// currencies are those that a simulated participant can be told to use, by number.
var currencies = map[string]*currency{
	"048": {"BHD", 3}, "152": {"CLP", 0}, "356": {"INR", 2}, "392": {"JPY", 0}, "400": {"JOD", 3}, "410": {"KRW", 0},
	"414": {"KWD", 3}, "512": {"OMR", 3}, "702": {"SGD", 2}, "704": {"VND", 0}, "784": {"AED", 2}, "788": {"TND", 3},
	"826": {"GBP", 2}, "840": {"USD", 2}, "952": {"XOF", 0}, "978": {"EUR", 2}, "986": {"BRL", 2}, "990": {"CLF", 4},
}

// write is an amount of minor units with all digits that the currency has.
func (c *currency) write(minor int64) string {
	text := strconv.FormatInt(minor, 10)
	if c.digits == 0 {
		return text
	}
	if missing := c.digits + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	return text[:len(text)-c.digits] + "." + text[len(text)-c.digits:]
}

// read is the minor units of an amount that is written as write does; fewer
// digits behind the point are as good, more are not.
func (c *currency) read(text string) (minor int64, ok bool) {
	whole, part, pointed := strings.Cut(text, ".")
	if whole == "" || pointed && part == "" || len(part) > c.digits || !digits(whole) || !digits(part) {
		return 0, false
	}
	minor, err := strconv.ParseInt(whole+part+strings.Repeat("0", c.digits-len(part)), 10, 64)
	return minor, err == nil
}
