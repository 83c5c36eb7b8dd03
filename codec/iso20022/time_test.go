package iso20022

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The stamps that an int64 of nanoseconds has for whole years.
var (
	stampMin = time.Date(yearMin, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	stampMax = time.Date(yearMax+1, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano() - 1
)

// TestDateTimeIsThatOfPackageTime: any stamp in any zone, with any number of
// digits, is read as package time reads it, and written as it writes it.
func TestDateTimeIsThatOfPackageTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stamp := rapid.Int64Range(stampMin+int64(24*time.Hour), stampMax-int64(24*time.Hour)).Draw(t, "stamp")
		offset := rapid.IntRange(-maxOffsetMinutes, maxOffsetMinutes).Draw(t, "offset")
		digits := rapid.IntRange(0, 9).Draw(t, "digits")
		layout := "2006-01-02T15:04:05"
		if digits > 0 {
			layout += "." + strings.Repeat("0", digits)
		}
		text := time.Unix(0, stamp).In(time.FixedZone("", offset*60)).Format(layout + "Z07:00")
		want, err := time.Parse(time.RFC3339Nano, text)
		got, ok := ParseDateTime([]byte(text))
		if err != nil || !ok || got != want.UnixNano() {
			t.Fatalf("%s: %d, %v, want %d, %v", text, got, ok, want.UnixNano(), err)
		}
		written := string(AppendDateTime(nil, stamp))
		if want := time.Unix(0, stamp).UTC().Format("2006-01-02T15:04:05.000Z"); written != want {
			t.Fatalf("%d: %s, want %s", stamp, written, want)
		}
		if again, ok := ParseDateTime([]byte(written)); !ok || stamp-again < 0 || stamp-again >= int64(time.Millisecond) {
			t.Fatalf("%d was written as %s and read as %d", stamp, written, again)
		}
	})
}

// TestDateIsThatOfPackageTime: all days of all years.
func TestDateIsThatOfPackageTime(t *testing.T) {
	days := stampMin / int64(24*time.Hour)
	at := time.Unix(days*secondsPerDay, 0).UTC()
	for ; at.Year() <= yearMax; at = at.AddDate(0, 0, 1) {
		text := at.Format("2006-01-02")
		if got, ok := ParseDate([]byte(text)); !ok || got != days {
			t.Fatalf("%s: %d, %v, want %d", text, got, ok, days)
		}
		if got := string(AppendDate(nil, days)); got != text {
			t.Fatalf("%d: %s, want %s", days, got, text)
		}
		days++
	}
}

func TestDateTimeRefusals(t *testing.T) {
	for _, text := range []string{
		"", "2026", "2026-01-02", "2026-01-02T", "2026-01-02T03:04", "2026-01-02T03:04Z", "2026-01-02 03:04:05Z", "2026-01-02t03:04:05Z",
		"2026-13-02T03:04:05Z", "2026-00-02T03:04:05Z", "2026-01-32T03:04:05Z", "2026-02-29T03:04:05Z", "1900-02-29T03:04:05Z", "2026-04-31T03:04:05Z", "2026-01-00T03:04:05Z",
		"2026-01-02T25:04:05Z", "2026-01-02T24:00:01Z", "2026-01-02T24:01:00Z", "2026-01-02T24:00:00.1Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:60Z",
		"2026-01-02T03:04:05.Z", "2026-01-02T03:04:05z", "2026-01-02T03:04:05+0530", "2026-01-02T03:04:05+14:01", "2026-01-02T03:04:05+15:00", "2026-01-02T03:04:05+05:60", "2026-01-02T03:04:05 +05:30", "2026-01-02T03:04:05Zx",
		"1677-01-02T03:04:05Z", "2262-01-02T03:04:05Z", "-026-01-02T03:04:05Z", "02026-01-02T03:04:05Z", "2026-1-2T03:04:05Z", "２026-01-02T03:04:05Z",
	} {
		if at, ok := ParseDateTime([]byte(text)); ok {
			t.Errorf("%s is %s", text, time.Unix(0, at).UTC())
		}
	}
	for _, text := range []string{"", "2026-02-30", "2026-1-2", "20260102", "2026-01-02T00:00:00", "2026-01-02+15:00", "2026-01-0"} {
		if days, ok := ParseDate([]byte(text)); ok {
			t.Errorf("%s is day %d", text, days)
		}
	}
}

// TestDateTimeForms are what package time does not read, but XML Schema has.
func TestDateTimeForms(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-02T24:00:00Z":               "2026-01-03T00:00:00.000Z",
		"2026-01-02T03:04:05":                "2026-01-02T03:04:05.000Z",
		" 2026-01-02T03:04:05-00:00\n":       "2026-01-02T03:04:05.000Z",
		"2026-01-02T03:04:05.1234567890123Z": "2026-01-02T03:04:05.123Z",
		"2026-01-01T00:00:00+14:00":          "2025-12-31T10:00:00.000Z",
		"2023-06-04T10:55:26-04:00":          "2023-06-04T14:55:26.000Z",
		"1969-12-31T23:59:59.999Z":           "1969-12-31T23:59:59.999Z",
		"2024-02-29T12:00:00.5+05:30":        "2024-02-29T06:30:00.500Z",
	} {
		at, ok := ParseDateTime([]byte(text))
		if got := string(AppendDateTime(nil, at)); !ok || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, ok, want)
		}
	}
	if days, ok := ParseDate([]byte("1970-01-02Z")); !ok || days != 1 {
		t.Errorf("day %d, %v", days, ok)
	}
}

func TestDaysOfFourDigits(t *testing.T) {
	if first, last := string(AppendDate(nil, dayMin)), string(AppendDate(nil, dayMax)); first != "0001-01-01" || last != "9999-12-31" {
		t.Errorf("%s to %s", first, last)
	}
}
