package main

import (
	"fmt"
	"time"

	"switchd/switch/retention"
)

// businessDays are the days of a configuration, by name.
type businessDays struct{ start time.Duration }

func (d businessDays) calendar() retention.Calendar { return retention.Calendar{Start: d.start} }

// of is the day that a time falls into.
func (d businessDays) of(at int64) string { return d.calendar().DayOf(at).String() }

// bounds are the times at which a day begins and the next one does.
func (d businessDays) bounds(name string) (from, to int64, err error) {
	day, ok := retention.ParseDay(name)
	if !ok || day < firstDay || day >= lastDay {
		return 0, 0, fmt.Errorf("day %q is not a date like 2026-11-22", name)
	}
	return d.calendar().Begin(day), d.calendar().Begin(day + 1), nil
}

// What nanoseconds can count.
const (
	firstDay retention.Day = 365     // 1971-01-01
	lastDay  retention.Day = 106_651 // 2262-01-01
)
