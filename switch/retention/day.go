package retention

import "time"

// Day is a business day: the number of the date that it is named by, counted from
// 1970-01-01.
type Day int64

const (
	dayLength = 24 * time.Hour
	dayForm   = "2006-01-02"
)

// String is the date: 2006-01-02.
func (d Day) String() string {
	return time.Unix(int64(d)*int64(dayLength/time.Second), 0).UTC().Format(dayForm)
}

// ParseDay reads what String writes.
func ParseDay(s string) (Day, bool) {
	t, err := time.Parse(dayForm, s)
	if err != nil {
		return 0, false
	}
	return Day(t.Unix() / int64(dayLength/time.Second)), true
}

// Calendar cuts time into business days of 24 hours. The zero value has days from
// midnight to midnight UTC.
type Calendar struct {
	// Start is when a day begins, after midnight UTC, less than 24 hours. The day is
	// named by the date of its middle: from 12:00 on it begins on the date before. So
	// midnight in India, 18:30, begins the day that has the Indian date.
	Start time.Duration
}

// offset is when the day that is named by a date begins, from that date's midnight.
func (c Calendar) offset() int64 {
	if c.Start >= dayLength/2 {
		return int64(c.Start - dayLength)
	}
	return int64(c.Start)
}

// DayOf is the day of a time (UTC ns).
func (c Calendar) DayOf(at int64) Day {
	at -= c.offset()
	day := at / int64(dayLength)
	if at%int64(dayLength) < 0 {
		day--
	}
	return Day(day)
}

// Begin is the first moment of a day (UTC ns).
func (c Calendar) Begin(d Day) int64 { return int64(d)*int64(dayLength) + c.offset() }
