package config

import (
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

const day = 24 * time.Hour

// timerFields are where the values of timersShape go.
var timerFields = map[string]func(*Timers) *time.Duration{
	"resolve":        func(t *Timers) *time.Duration { return &t.Resolve },
	"debit":          func(t *Timers) *time.Duration { return &t.Debit },
	"credit":         func(t *Timers) *time.Duration { return &t.Credit },
	"total":          func(t *Timers) *time.Duration { return &t.Total },
	"reversal":       func(t *Timers) *time.Duration { return &t.Reversal },
	"backoff_min":    func(t *Timers) *time.Duration { return &t.BackoffMin },
	"backoff_max":    func(t *Timers) *time.Duration { return &t.BackoffMax },
	"give_up":        func(t *Timers) *time.Duration { return &t.GiveUp },
	"credit_unknown": func(t *Timers) *time.Duration { return &t.CreditUnknown },
	"idle":           func(t *Timers) *time.Duration { return &t.Idle },
	"echo":           func(t *Timers) *time.Duration { return &t.Echo },
}

// ordered are pairs of timers of which the first must not be longer.
var ordered = []struct{ short, long, why string }{
	{"backoff_min", "backoff_max", "the wait between repeats grows from one to the other"},
	{"resolve", "total", "a payment's own deadline comes after that of each step"},
	{"debit", "total", "a payment's own deadline comes after that of each step"},
	{"reversal", "give_up", "one try must fit before giving up"},
}

// DefaultTimers are the timers of a participant whose file names none.
func DefaultTimers() Timers {
	var t Timers
	for _, k := range timersShape.keys {
		*timerFields[k.name](&t), _ = time.ParseDuration(k.def)
	}
	return t
}

// timers reads a timers mapping over what holds without it.
func (b *binder) timers(v value, base Timers) Timers {
	if v.absent() {
		return base
	}
	o, t := v.object("timers"), base
	faults := len(v.r.faults)
	for _, k := range timersShape.keys {
		if at := o.get(k.name); !at.absent() {
			*timerFields[k.name](&t) = at.duration()
		}
	}
	if len(v.r.faults) == faults {
		t.ordered(v, o)
	}
	return t
}

// ordered checks timers against each other. The key in the file is the one to
// point at, for the other one may come from the defaults.
func (t *Timers) ordered(v value, o object) {
	for _, pair := range ordered {
		short, long := *timerFields[pair.short](t), *timerFields[pair.long](t)
		if short <= long {
			continue
		}
		at := v
		for _, name := range []string{pair.long, pair.short} {
			if own := o.get(name); !own.absent() {
				at = own
			}
		}
		at.fault("%s (%s) is longer than %s (%s): %s; change one of them", pair.short, brief(short), pair.long, brief(long), pair.why)
	}
}

// durationForm is narrower than Go's: no sign, no fraction, no unit below a
// millisecond, so that each length has few ways to be written.
var durationForm = pattern{
	regexp.MustCompile(`^([0-9]{1,9}(ms|s|m|h))+$`),
	"a number with its unit, for example 500ms, 15s, 10m or 48h",
}

// duration reads a length of time within the bounds of its shape; a fault leaves
// what holds without the key.
func (v value) duration() time.Duration {
	def, _ := time.ParseDuration(v.def) // 0 where there is none
	if v.absent() {
		return def
	}
	if n, isInteger := v.node.(*ast.IntegerNode); isInteger {
		v.fault("%s has no unit: write for example %ss", v.name, n.GetToken().Value)
		return def
	}
	s, ok := v.match()
	if !ok {
		return def
	}
	low, high := time.Duration(v.is.low), time.Duration(v.is.high)
	d, err := time.ParseDuration(s)
	if err != nil || d < low || d > high {
		v.fault("%s is %s: it must be from %s to %s", v.name, s, brief(low), brief(high))
		return def
	}
	return d
}

// brief prints a length of time as a user would write it: 48h, not 48h0m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
