package console

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// none is shown where there is nothing to show: no traffic, no limit, not known.
const none = "–"

// currency is what amounts are written in.
type currency struct {
	code     string
	exponent int
}

// text is an amount in units of the currency with its thousands apart: "-1,234.50".
func (c currency) text(minor int64) string {
	sign, n := "", uint64(minor)
	if minor < 0 {
		sign, n = "-", -n
	}
	digits := strconv.FormatUint(n, 10)
	if short := c.exponent + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	units := len(digits) - c.exponent
	out := sign + grouped(digits[:units])
	if c.exponent > 0 {
		out += "." + digits[units:]
	}
	return out
}

// with is the amount and the code of the currency.
func (c currency) with(minor int64) string {
	return strings.TrimSpace(c.text(minor) + " " + c.code)
}

// grouped sets a comma between thousands.
func grouped(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// whole is a count with its thousands apart.
func whole[N int | int64 | uint64](n N) string {
	text := strconv.FormatInt(int64(n), 10)
	if digits, negative := strings.CutPrefix(text, "-"); negative {
		return "-" + grouped(digits)
	}
	return grouped(text)
}

// rate is a number per second.
func rate(n float64) string {
	switch {
	case n <= 0 || math.IsNaN(n):
		return "0"
	case n < 100:
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return grouped(strconv.FormatFloat(n, 'f', 0, 64))
}

// percent is a share. It is never rounded to all or nothing when it is not.
func percent(share float64) string {
	p := share * 100
	switch {
	case math.IsNaN(p):
		return none
	case p >= 100:
		return "100 %"
	case p > 99.99:
		return ">99.99 %"
	case p >= 99:
		return strconv.FormatFloat(math.Floor(p*100)/100, 'f', 2, 64) + " %"
	case p <= 0:
		return strconv.FormatFloat(math.Abs(p), 'f', 0, 64) + " %"
	case p < 0.1:
		return "<0.1 %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}

// millis is a latency.
func millis(ms float64) string {
	switch {
	case ms <= 0 || math.IsNaN(ms):
		return none
	case ms < 1:
		return strconv.FormatFloat(ms*1000, 'f', 0, 64) + " µs"
	case ms < 100:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 2, 64) + " s"
}

// lasting is a duration as people say it, its two largest units: "3 min 12 s".
func lasting(d time.Duration) string {
	if d < 0 {
		return "-" + lasting(-max(d, -math.MaxInt64)) // the least has no opposite
	}
	if d < time.Minute {
		return briefly(d)
	}
	seconds := int64(d / time.Second)
	for _, unit := range []struct {
		seconds, smaller int64
		name, next       string
	}{{86400, 3600, "d", "h"}, {3600, 60, "h", "min"}, {60, 1, "min", "s"}} {
		if seconds < unit.seconds {
			continue
		}
		rest := seconds % unit.seconds / unit.smaller
		if rest == 0 {
			return fmt.Sprintf("%d %s", seconds/unit.seconds, unit.name)
		}
		return fmt.Sprintf("%d %s %d %s", seconds/unit.seconds, unit.name, rest, unit.next)
	}
	return briefly(d)
}

// briefly is a duration of less than a minute, with three digits.
func briefly(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < 100*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

func micros(us int64) string { return lasting(time.Duration(us) * time.Microsecond) }

// moment reads a time of package view; the zero time when it is none.
func moment(at string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// stamp is a time of package view as the pages show it: UTC, to the second. What is no
// time is shown as it is.
func stamp(at string) string {
	if at == "" {
		return none
	}
	t := moment(at)
	if t.IsZero() {
		return at
	}
	return t.Format(time.DateTime)
}

// clock is the time of the day, to the millisecond.
func clock(at string) string {
	t := moment(at)
	if t.IsZero() {
		return at
	}
	return t.Format("15:04:05.000")
}

// between is how long it is from one time of package view to another; empty when one of
// them is not known or they are the other way round.
func between(from, to string) string {
	a, b := moment(from), moment(to)
	if a.IsZero() || b.IsZero() || b.Before(a) {
		return ""
	}
	return ageOf(b.Sub(a))
}

// ageOf is how long something lasts already, to the second.
func ageOf(d time.Duration) string {
	if d < time.Minute {
		return strconv.FormatInt(int64(d/time.Second), 10) + " s"
	}
	return lasting(d)
}
