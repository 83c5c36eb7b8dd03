package iso20022

// isMoment tells whether a text is a date, a time, both, or a month, as XML
// Schema writes them: of the calendar, with a time zone or without.
func isMoment(kind base, v []byte) bool {
	if kind == baseDateTime && isStamp(v) {
		return true
	}
	m := moment{rest: v, ok: true}
	if kind != baseTime {
		m.date(kind != baseYearMonth)
	}
	if kind == baseDateTime {
		m.literal('T')
	}
	if kind == baseDateTime || kind == baseTime {
		m.clock()
	}
	m.zone()
	return m.ok && len(m.rest) == 0
}

// isStamp knows the form in which most times are sent, "2006-01-02T15:04:05.678Z",
// without a look at what is seldom: the last days of months, the last hour of a
// day. What it does not know may be good as well.
func isStamp(v []byte) bool {
	if len(v) != len("2006-01-02T15:04:05.678Z") || !hasStampMarks(v) {
		return false
	}
	return digits2(v, 0)-10 < 90 && digits2(v, 2) < 100 && digits2(v, 5)-1 < 12 && digits2(v, 8)-1 < 28 &&
		digits2(v, 11) < 24 && digits2(v, 14) < 60 && digits2(v, 17) < 60 && digits2(v, 20) < 100 && isDigit(v[22])
}

func hasStampMarks(v []byte) bool {
	return v[4] == '-' && v[7] == '-' && v[10] == 'T' && v[13] == ':' && v[16] == ':' && v[19] == '.' && v[23] == 'Z'
}

// digits2 is a number of two digits, or more than 99.
func digits2(v []byte, i int) uint {
	tens, ones := uint(v[i]-'0'), uint(v[i+1]-'0')
	if tens > 9 || ones > 9 {
		return 1000
	}
	return tens*10 + ones
}

// moment reads one from the left.
type moment struct {
	rest []byte
	ok   bool
}

// two reads a number of two digits, which must lie between the bounds.
func (m *moment) two(low, high int) int {
	if len(m.rest) < 2 || !isDigit(m.rest[0]) || !isDigit(m.rest[1]) {
		m.ok = false
		return 0
	}
	n := int(m.rest[0]-'0')*10 + int(m.rest[1]-'0')
	m.rest = m.rest[2:]
	m.ok = m.ok && n >= low && n <= high
	return n
}

func (m *moment) literal(c byte) {
	m.ok = m.ok && m.next(c)
}

// next takes a character if it is the next one.
func (m *moment) next(c byte) bool {
	if len(m.rest) == 0 || m.rest[0] != c {
		return false
	}
	m.rest = m.rest[1:]
	return true
}

// year reads four digits or more, of which only those of a fifth may begin with a
// zero, and not 0000. It gives the year by 400, after which the calendar repeats.
func (m *moment) year() int {
	m.next('-')
	zero, year, n := true, 0, 0
	for n < len(m.rest) && isDigit(m.rest[n]) {
		zero = zero && m.rest[n] == '0'
		year = (year*10 + int(m.rest[n]-'0')) % 400
		n++
	}
	m.ok = m.ok && n >= 4 && !zero && (n == 4 || m.rest[0] != '0')
	m.rest = m.rest[n:]
	return year
}

var monthDays = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func (m *moment) date(day bool) {
	year := m.year()
	m.literal('-')
	month := m.two(1, 12)
	if !day || !m.ok {
		return
	}
	m.literal('-')
	d := m.two(1, monthDays[month])
	leap := year%4 == 0 && year%100 != 0 || year == 0
	m.ok = m.ok && (month != 2 || d < 29 || leap)
}

// clock reads hours, minutes and seconds with or without a fraction. 24:00:00 is
// the end of a day.
func (m *moment) clock() {
	hour := m.two(0, 24)
	m.literal(':')
	minute := m.two(0, 59)
	m.literal(':')
	second := m.two(0, 59)
	if m.next('.') {
		n := 0
		for n < len(m.rest) && isDigit(m.rest[n]) {
			second += int(m.rest[n] - '0')
			n++
		}
		m.ok = m.ok && n > 0
		m.rest = m.rest[n:]
	}
	m.ok = m.ok && (hour < 24 || minute == 0 && second == 0)
}

// zone reads Z, or a difference of up to 14 hours, or nothing.
func (m *moment) zone() {
	if len(m.rest) == 0 || m.next('Z') {
		return
	}
	m.ok = m.ok && (m.next('+') || m.next('-'))
	hour := m.two(0, 14)
	m.literal(':')
	minute := m.two(0, 59)
	m.ok = m.ok && (hour < 14 || minute == 0)
}
