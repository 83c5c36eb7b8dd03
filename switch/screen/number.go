package screen

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Integer is what is counted.
type Integer interface {
	~int | ~int64 | ~uint64
}

// Count is a number with commas between the thousands.
func Count[N Integer](n N) string {
	digits := fmt.Sprint(n)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	return sign + thousands(digits)
}

func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Amount is minor units as an amount in units of a currency with so many decimals.
func Amount(minor int64, exponent int) string {
	sign, size := "", uint64(minor)
	if minor < 0 {
		sign, size = "-", -size
	}
	digits := fmt.Sprintf("%0*d", exponent+1, size)
	whole, rest := digits[:len(digits)-exponent], digits[len(digits)-exponent:]
	if rest != "" {
		rest = "." + rest
	}
	return sign + thousands(whole) + rest
}

// Share is a share of 1 as a percentage. What is not all is never shown as 100 %.
func Share(s float64) string {
	percent := s * 100
	if percent < 100 && percent > 99.9 {
		percent = math.Min(percent, 99.99)
		return strconv.FormatFloat(math.Floor(percent*100)/100, 'f', 2, 64) + "%"
	}
	return strconv.FormatFloat(percent, 'f', 1, 64) + "%"
}

// Rate is how many a second.
func Rate(r float64) string {
	if r > 0 && r < 10 {
		return strconv.FormatFloat(r, 'f', 1, 64)
	}
	return Count(int64(math.Round(r)))
}

// Millis is a time of milliseconds.
func Millis(ms float64) string {
	switch {
	case ms <= 0:
		return "-"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + "ms"
	case ms < 10_000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + "ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + "s"
}

// Bytes is a size.
func Bytes[N Integer](n N) string {
	const step = 1 << 10
	size, unit := float64(n), 0
	for size >= step && unit < len(sizes)-1 {
		size /= step
		unit++
	}
	if unit == 0 || size >= 100 {
		return strconv.FormatFloat(size, 'f', 0, 64) + " " + sizes[unit]
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + sizes[unit]
}

var sizes = [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}

// Lasts is a duration in its two largest units.
func Lasts(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = d.Abs(); {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 2*day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd", d/day)
}

// Ago is how long before now a time of the API was, or how long after; "-" for none.
func Ago(at string, now time.Time) string {
	t, err := time.Parse(time.RFC3339, at)
	switch {
	case at == "":
		return "-"
	case err != nil:
		return Clean(at)
	case t.After(now):
		return "in " + Lasts(t.Sub(now))
	}
	return Lasts(now.Sub(t)) + " ago"
}

// Clock is a time of the API without its fraction: 2026-11-23 10:15:00.
func Clock(at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return Dash(Clean(at))
	}
	return t.UTC().Format(time.DateTime)
}

// Dash is a text, or - for none.
func Dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// bars are from nothing to all.
var bars = []rune("▁▂▃▄▅▆▇█")

// Trend draws shares from 0 to 1, the latest at the right, of at most so many; less
// than 0 is a time without any.
func Trend(shares []float64, most int) string {
	if len(shares) > most {
		shares = shares[len(shares)-most:]
	}
	var b strings.Builder
	for _, s := range shares {
		if s < 0 || math.IsNaN(s) {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(bars[min(len(bars)-1, int(math.Min(s, 1)*float64(len(bars)-1)+0.5))])
	}
	return b.String()
}
