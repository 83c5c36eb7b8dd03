package main

import (
	"fmt"
	"time"
)

// A business day begins at a time of day in UTC that the configuration names, and
// has the name of the date in its middle.
type businessDays struct{ start time.Duration }

const dayForm = "2006-01-02"

// of is the day that a time falls into.
func (d businessDays) of(at int64) string {
	begin := time.Unix(0, at).UTC().Add(-d.start).Truncate(24 * time.Hour).Add(d.start)
	return begin.Add(12 * time.Hour).Format(dayForm)
}

// bounds are the times at which a day begins and the next one does.
func (d businessDays) bounds(name string) (from, to int64, err error) {
	day, err := time.Parse(dayForm, name)
	if err != nil || day.Year() <= 1970 || day.Year() >= 2262 { // what nanoseconds can count
		return 0, 0, fmt.Errorf("day %q is not a date like 2026-11-22", name)
	}
	begin := day.Add(d.start)
	if d.start >= 12*time.Hour {
		begin = begin.Add(-24 * time.Hour)
	}
	return begin.UnixNano(), begin.Add(24 * time.Hour).UnixNano(), nil
}
