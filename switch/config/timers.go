package config

import (
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// timer is one key of a timers mapping: its default and its bounds. The bounds
// leave room for tests and demonstrations (milliseconds) and refuse what can
// only be a slip (a debit timer of 15 hours).
type timer struct {
	name           string
	def, low, high time.Duration
	field          func(*Timers) *time.Duration
}

const day = 24 * time.Hour

// timerTable holds the defaults of domain.md 1.6 and 7.2.
var timerTable = []timer{
	{"resolve", 10 * time.Second, 10 * time.Millisecond, 5 * time.Minute, func(t *Timers) *time.Duration { return &t.Resolve }},
	{"debit", 15 * time.Second, 10 * time.Millisecond, 5 * time.Minute, func(t *Timers) *time.Duration { return &t.Debit }},
	{"credit", 15 * time.Second, 10 * time.Millisecond, 5 * time.Minute, func(t *Timers) *time.Duration { return &t.Credit }},
	{"total", 45 * time.Second, 20 * time.Millisecond, 15 * time.Minute, func(t *Timers) *time.Duration { return &t.Total }},
	{"reversal", 10 * time.Second, 10 * time.Millisecond, 5 * time.Minute, func(t *Timers) *time.Duration { return &t.Reversal }},
	{"backoff_min", 10 * time.Second, 10 * time.Millisecond, time.Hour, func(t *Timers) *time.Duration { return &t.BackoffMin }},
	{"backoff_max", 15 * time.Minute, 10 * time.Millisecond, day, func(t *Timers) *time.Duration { return &t.BackoffMax }},
	{"give_up", 48 * time.Hour, 100 * time.Millisecond, 30 * day, func(t *Timers) *time.Duration { return &t.GiveUp }},
	{"credit_unknown", 600 * time.Second, 10 * time.Millisecond, day, func(t *Timers) *time.Duration { return &t.CreditUnknown }},
	{"idle", 30 * time.Second, 100 * time.Millisecond, time.Hour, func(t *Timers) *time.Duration { return &t.Idle }},
	{"echo", 5 * time.Second, 10 * time.Millisecond, 5 * time.Minute, func(t *Timers) *time.Duration { return &t.Echo }},
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
	for _, row := range timerTable {
		*row.field(&t) = row.def
	}
	return t
}

// timers reads a timers mapping over what holds without it.
func (b *binder) timers(v value, base Timers) Timers {
	if v.absent() {
		return base
	}
	keys := make([]key, len(timerTable))
	for i, row := range timerTable {
		keys[i] = key{name: row.name}
	}
	o, t := v.object("timers", keys), base
	faults := len(b.r.faults)
	for _, row := range timerTable {
		if at := o.get(row.name); !at.absent() {
			*row.field(&t) = at.duration(row)
		}
	}
	if len(b.r.faults) == faults {
		t.ordered(v, o)
	}
	return t
}

// ordered checks timers against each other. The key in the file is the one to
// point at, for the other one may come from the defaults.
func (t *Timers) ordered(v value, o object) {
	for _, pair := range ordered {
		short, long := *find(pair.short).field(t), *find(pair.long).field(t)
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

func find(name string) timer {
	for _, row := range timerTable {
		if row.name == name {
			return row
		}
	}
	panic("config: no timer is called " + name)
}

// durationForm is narrower than Go's: no sign, no fraction, no unit below a
// millisecond, so that each length has few ways to be written.
var durationForm = pattern{
	regexp.MustCompile(`^([0-9]{1,9}(ms|s|m|h))+$`),
	"a number with its unit, for example 500ms, 15s, 10m or 48h",
}

// duration reads one timer; a fault leaves its default.
func (v value) duration(row timer) time.Duration {
	if n, isInteger := v.node.(*ast.IntegerNode); isInteger {
		v.fault("%s has no unit: write for example %ss", v.name, n.GetToken().Value)
		return row.def
	}
	s, ok := v.match(durationForm)
	if !ok {
		return row.def
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < row.low || d > row.high {
		v.fault("%s is %s: it must be from %s to %s", v.name, s, brief(row.low), brief(row.high))
		return row.def
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
