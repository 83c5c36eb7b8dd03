package retention

import (
	"testing"
	"time"
)

func at(t *testing.T, s string) int64 {
	t.Helper()
	when, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return when.UnixNano()
}

// TestDayOf: the name of the day of a moment, for starts before and after noon, over
// the ends of months and years, leap days and the beginning of time.
func TestDayOf(t *testing.T) {
	for _, c := range []struct{ start, moment, day string }{
		{"0s", "2026-11-22T00:00:00Z", "2026-11-22"},
		{"0s", "2026-11-21T23:59:59.999999999Z", "2026-11-21"},
		{"0s", "2024-02-28T23:59:59Z", "2024-02-28"},
		{"0s", "2024-02-29T00:00:00Z", "2024-02-29"},
		{"0s", "2024-03-01T00:00:00Z", "2024-03-01"},
		{"0s", "2023-03-01T00:00:00Z", "2023-03-01"},
		{"0s", "2000-02-29T12:00:00Z", "2000-02-29"},
		{"0s", "2100-02-28T23:59:59Z", "2100-02-28"}, // no leap year
		{"0s", "2100-03-01T00:00:00Z", "2100-03-01"},
		{"0s", "1970-01-01T00:00:00Z", "1970-01-01"},
		{"0s", "1969-12-31T23:59:59Z", "1969-12-31"},
		{"18h30m", "2026-11-21T18:30:00Z", "2026-11-22"}, // midnight in India
		{"18h30m", "2026-11-21T18:29:59.999999999Z", "2026-11-21"},
		{"18h30m", "2026-11-22T18:29:59.999999999Z", "2026-11-22"},
		{"18h30m", "2024-02-28T18:30:00Z", "2024-02-29"},
		{"18h30m", "2024-02-29T18:30:00Z", "2024-03-01"},
		{"18h30m", "2026-12-31T18:30:00Z", "2027-01-01"},
		{"5h", "2026-11-22T04:59:59Z", "2026-11-21"}, // midnight in New York, in winter
		{"5h", "2026-11-22T05:00:00Z", "2026-11-22"},
		{"11h59m", "2026-11-22T11:59:00Z", "2026-11-22"},
		{"12h", "2026-11-22T12:00:00Z", "2026-11-23"},
		{"12h", "2026-11-22T11:59:59Z", "2026-11-22"},
		{"23h59m", "2026-11-22T23:59:00Z", "2026-11-23"},
	} {
		start, err := time.ParseDuration(c.start)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Calendar{start}).DayOf(at(t, c.moment)); got.String() != c.day {
			t.Errorf("from %s: %s is in %s, want %s", c.start, c.moment, got, c.day)
		}
	}
}

// TestDaysFollowEachOther: whatever the start, the days of four centuries have no gap
// and no overlap, each is 24 hours long, and its name can be read back.
func TestDaysFollowEachOther(t *testing.T) {
	for start := time.Duration(0); start < dayLength; start += 97 * time.Minute {
		c := Calendar{start}
		for d := Day(-40_000); d < 80_000; d += 13 {
			begin, end := c.Begin(d), c.Begin(d+1)
			if end-begin != int64(dayLength) || c.DayOf(begin) != d || c.DayOf(end-1) != d || c.DayOf(begin-1) != d-1 {
				t.Fatalf("from %v: %s begins at %d and ends at %d", start, d, begin, end)
			}
			if clock := time.Duration(((begin % int64(dayLength)) + int64(dayLength)) % int64(dayLength)); clock != start {
				t.Fatalf("from %v: %s begins at %v", start, d, clock)
			}
			if middle := (Calendar{}).DayOf(begin + int64(dayLength)/2); middle != d {
				t.Fatalf("from %v: the middle of %s is on %s", start, d, middle)
			}
			if again, ok := ParseDay(d.String()); !ok || again != d {
				t.Fatalf("%q is read as %s", d.String(), again)
			}
		}
	}
}

func TestOddDays(t *testing.T) {
	for _, s := range []string{"", "2023-02-29", "2026-13-01", "2026-1-1", "2026-11-22x", "26-11-22"} {
		if d, ok := ParseDay(s); ok {
			t.Errorf("%q is read as %s", s, d)
		}
	}
}
