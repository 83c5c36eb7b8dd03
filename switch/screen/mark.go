package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mark is how a text stands out.
type Mark uint8

// The marks. Each goes with words that say the same: not everybody sees colours.
const (
	None Mark = iota
	Good
	Warn
	Bad
	Dim
	Strong
	Inverse
)

// codes are the marks as a terminal takes them: the sixteen colours that every theme,
// dark or light, has made readable.
var codes = [...]string{None: "", Good: "32", Warn: "33", Bad: "1;31", Dim: "2", Strong: "1", Inverse: "7"}

// Paint marks a text where colours are shown.
func (p Paper) Paint(m Mark, text string) string {
	if !p.Colour || m == None || text == "" {
		return text
	}
	return "\x1b[" + codes[m] + "m" + text + "\x1b[0m"
}

// Clean replaces what is not for showing, so that no text from outside can move the
// cursor, set a title or begin a line.
func Clean(text string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case hidden(r):
			return '·'
		}
		return r
	}, text)
}

func hidden(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// Width is how many columns a text takes.
func Width(text string) int { return utf8.RuneCountInString(text) }

// Cut is a text of at most so many columns.
func Cut(text string, most int) string {
	if most < 1 {
		return ""
	}
	if Width(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// StateMark is how the state of a participant stands out.
func StateMark(state string) Mark {
	switch state {
	case "up":
		return Good
	case "down":
		return Bad
	case "removed":
		return Dim
	}
	return Warn
}

// BreakerMark is how the state of a breaker stands out.
func BreakerMark(state string) Mark {
	switch state {
	case "closed":
		return None
	case "open":
		return Bad
	}
	return Warn
}

// SuccessMark is how a share of payments that end well stands out: 99 % is what is
// promised.
func SuccessMark(share float64) Mark {
	switch {
	case share < 0.95:
		return Bad
	case share < 0.99:
		return Warn
	}
	return None
}

// UsedMark is how a share that is used of a bound stands out.
func UsedMark(share float64) Mark {
	switch {
	case share >= 0.95:
		return Bad
	case share >= 0.8:
		return Warn
	}
	return None
}

// Nonzero is a number that stands out unless it is 0.
func Nonzero[N Integer](n N, m Mark) Cell {
	if n == 0 {
		return Marked(Dim, "0")
	}
	return Marked(m, Count(n))
}
