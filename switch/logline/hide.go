package logline

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"

	"switchd/switch/mask"
)

// masked stands for what a line must not show.
const masked = "(masked)"

// hide is an attribute as a line may show it, and how much of it was masked.
func hide(a slog.Attr) (slog.Attr, int) {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		text, n := maskDigits(v.String())
		return slog.String(a.Key, text), n
	case slog.KindGroup:
		group, all := v.Group(), 0
		out := make([]slog.Attr, len(group))
		for i, member := range group {
			var n int
			out[i], n = hide(member)
			all += n
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(out...)}, all
	case slog.KindAny:
		shown, n := maskAny(v.Any())
		return slog.Attr{Key: a.Key, Value: shown}, n
	}
	return slog.Attr{Key: a.Key, Value: v}, 0
}

// maskAny shows values that say themselves what they are, plain ones, and lists of
// texts. All others are masked, with their type: whoever wants one in a line gives it
// a String or a LogValue, and so thinks about what it shows.
func maskAny(v any) (slog.Value, int) {
	switch x := v.(type) {
	case nil:
		return slog.AnyValue(nil), 0
	case error:
		return said(x.Error)
	case fmt.Stringer:
		return said(x.String)
	case []string:
		text, n := maskDigits(strings.Join(x, ", "))
		return slog.StringValue(text), n
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		text, n := maskDigits(r.String())
		return slog.StringValue(text), n
	case reflect.Bool:
		return slog.BoolValue(r.Bool()), 0
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return slog.Int64Value(r.Int()), 0
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return slog.Uint64Value(r.Uint()), 0
	}
	return slog.StringValue(fmt.Sprintf("%s %T", masked, v)), 1
}

// said is what a value says of itself. One that cannot, a nil pointer for example,
// must not end the process because of a line.
func said(text func() string) (v slog.Value, n int) {
	defer func() {
		if recover() != nil {
			v, n = slog.StringValue(masked), 1
		}
	}()
	shown, n := maskDigits(text())
	return slog.StringValue(shown), n
}

// Lengths of card numbers (ISO/IEC 7812).
const (
	cardMin = 12
	cardMax = 19
)

// maskDigits masks runs of digits that have the length and the check digit of a card
// number, also when they are grouped by spaces or hyphens. Other numbers hit one time
// in ten: a line that hides a reference is better than one that shows a card.
func maskDigits(s string) (string, int) {
	var b strings.Builder
	n, from := 0, 0
	for i := 0; i < len(s); {
		if !digit(s[i]) {
			i++
			continue
		}
		group := digits(s[i:])
		if end := card(s[i:]); end > 0 {
			b.WriteString(s[from:i])
			b.WriteString(masked)
			n, group = n+1, end
			from = i + end
		}
		i += group
	}
	if n == 0 {
		return s, 0
	}
	b.WriteString(s[from:])
	return b.String(), n
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// digits is how many digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	return n
}

// card is the length of the longest card number that s begins with, in groups of
// digits with a space or hyphen between them; 0: none.
func card(s string) (end int) {
	number := make([]byte, 0, cardMax)
	for at := 0; ; at++ {
		n := digits(s[at:])
		if n == 0 || len(number)+n > cardMax {
			return end
		}
		number = append(number, s[at:at+n]...)
		if at += n; len(number) >= cardMin && mask.Luhn(number) {
			end = at
		}
		if at == len(s) || s[at] != ' ' && s[at] != '-' {
			return end
		}
	}
}
