package iso20022

import "time"

// A stamp is the time in nanoseconds since 1970 in UTC, which reaches from 1678
// to 2262; what is outside is refused.
const (
	yearMin = 1678
	yearMax = 2261
)

// maxOffsetMinutes is the farthest that XML Schema lets a zone be from UTC.
const maxOffsetMinutes = 14 * 60

// ParseDateTime reads an xs:dateTime with its zone ("Z", "+05:30"); without one
// it is taken as UTC. Digits of a second beyond nanoseconds are cut off.
func ParseDateTime(text []byte) (unixNanos int64, ok bool) {
	text = trimSpace(text)
	if len(text) < len("2006-01-02T15:04:05") || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return 0, false
	}
	days, ok := parseDay(text[:10])
	hour, okHour := twoDigits(text[11:], 24)
	minute, okMinute := twoDigits(text[14:], 59)
	second, okSecond := twoDigits(text[17:], 59)
	nanos, rest, okNanos := parseFraction(text[19:])
	offset, okZone := parseZone(rest)
	switch {
	case !ok || !okHour || !okMinute || !okSecond || !okNanos || !okZone:
		return 0, false
	case hour == 24 && (minute > 0 || second > 0 || nanos > 0):
		return 0, false // 24:00:00 is the midnight at the end of the day
	}
	seconds := days*secondsPerDay + int64(hour*3600+minute*60+second) - int64(offset)*60
	return seconds*int64(time.Second) + nanos, true
}

// ParseDate reads an xs:date and gives its days since 1970-01-01. A zone may
// follow and is of no meaning to a settlement date.
func ParseDate(text []byte) (days int64, ok bool) {
	text = trimSpace(text)
	if len(text) < len("2006-01-02") {
		return 0, false
	}
	if _, ok := parseZone(text[10:]); !ok {
		return 0, false
	}
	return parseDay(text[:10])
}

// AppendDateTime appends a stamp as "2006-01-02T15:04:05.678Z": UTC with
// milliseconds; what is finer is cut off.
func AppendDateTime(dst []byte, unixNanos int64) []byte {
	millis := floorDiv(unixNanos, int64(time.Millisecond))
	days := floorDiv(millis, secondsPerDay*1000)
	millis -= days * secondsPerDay * 1000
	dst = append(AppendDate(dst, days), 'T')
	dst = append(appendDigits(dst, millis/3600_000, 2), ':')
	dst = append(appendDigits(dst, millis/60_000%60, 2), ':')
	dst = append(appendDigits(dst, millis/1000%60, 2), '.')
	return append(appendDigits(dst, millis%1000, 3), 'Z')
}

// AppendDate appends a day, counted from 1970-01-01, as "2006-01-02".
func AppendDate(dst []byte, days int64) []byte {
	year, month, day := civil(days)
	dst = append(appendDigits(dst, year, 4), '-')
	dst = append(appendDigits(dst, month, 2), '-')
	return appendDigits(dst, day, 2)
}

const secondsPerDay = 24 * 60 * 60

// The days that have a date of four digits for the year.
const (
	dayMin = -719_162  // 0001-01-01
	dayMax = 2_932_896 // 9999-12-31
)

// parseDay reads the ten characters of "2006-01-02".
func parseDay(text []byte) (days int64, ok bool) {
	century, ok1 := twoDigits(text, 99)
	year, ok2 := twoDigits(text[2:], 99)
	month, ok3 := twoDigits(text[5:], 12)
	day, ok4 := twoDigits(text[8:], 31)
	year += century * 100
	if !ok1 || !ok2 || !ok3 || !ok4 || text[4] != '-' || text[7] != '-' ||
		year < yearMin || year > yearMax || month < 1 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return daysFrom(int64(year), int64(month), int64(day)), true
}

// daysIn is the length of a month.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && year%100 != 0 || year%400 == 0 {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// parseFraction reads the part of a second after the point, if there is one.
func parseFraction(text []byte) (nanos int64, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '.' {
		return 0, text, true
	}
	i, unit := 1, int64(time.Second)
	for ; i < len(text) && isDigit(text[i]); i++ {
		unit /= 10
		nanos += unit * int64(text[i]-'0')
	}
	return nanos, text[i:], i > 1
}

// parseZone reads what may follow a time or date: nothing, Z or an offset.
func parseZone(text []byte) (minutes int, ok bool) {
	if len(text) == 0 || len(text) == 1 && text[0] == 'Z' {
		return 0, true
	}
	if len(text) != len("+05:30") || text[3] != ':' || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	hour, ok1 := twoDigits(text[1:], 14)
	minute, ok2 := twoDigits(text[4:], 59)
	minutes = hour*60 + minute
	if !ok1 || !ok2 || minutes > maxOffsetMinutes {
		return 0, false
	}
	if text[0] == '-' {
		return -minutes, true
	}
	return minutes, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// twoDigits reads a number of two digits that is at most limit.
func twoDigits(text []byte, limit int) (n int, ok bool) {
	if !isDigit(text[0]) || !isDigit(text[1]) {
		return 0, false
	}
	n = int(text[0]-'0')*10 + int(text[1]-'0')
	return n, n <= limit
}

func appendDigits(dst []byte, n int64, width int) []byte {
	var text [4]byte
	for i := width - 1; i >= 0; i-- {
		text[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, text[:width]...)
}

// The calendar is counted in eras of 400 years, which all have the same number of
// days, and in years that begin in March, so that the leap day is the last one.
const (
	eraYears      = 400
	eraDays       = 146_097
	daysToMarch70 = 719_468 // from the first of March of the year 0 to 1970-01-01
)

func daysFrom(year, month, day int64) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, eraYears)
	inEra := year - era*eraYears
	inYear := (153*((month+9)%12)+2)/5 + day - 1
	return era*eraDays + inEra*365 + inEra/4 - inEra/100 + inYear - daysToMarch70
}

func civil(days int64) (year, month, day int64) {
	days += daysToMarch70
	era := floorDiv(days, eraDays)
	inEra := days - era*eraDays
	years := (inEra - inEra/1460 + inEra/36524 - inEra/146096) / 365
	inYear := inEra - (365*years + years/4 - years/100)
	shifted := (5*inYear + 2) / 153 // 0 is March
	month = (shifted+2)%12 + 1
	year = era*eraYears + years
	if month <= 2 {
		year++
	}
	return year, month, inYear - (153*shifted+2)/5 + 1
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
