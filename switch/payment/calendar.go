package payment

// Transmitted is DE7 (MMDDhhmmss, UTC) of a time as a number. The machine keeps
// the number it sent, so that the echo in an answer can be compared.
func Transmitted(at int64) uint32 {
	const day = 86_400
	seconds := at / 1_000_000_000
	month, date := civil(seconds / day)
	s := uint32(seconds % day)
	return month*100_000_000 + date*1_000_000 + s/3600*10_000 + s/60%60*100 + s%60
}

// civil turns days since 1970-01-01 (>= 0) into month and day of the Gregorian
// calendar. Years are counted from March, so that a leap day comes last.
func civil(days int64) (month, day uint32) {
	days += 719_468 // from 0000-03-01
	ofEra := days % 146_097
	yearOfEra := (ofEra - ofEra/1_460 + ofEra/36_524 - ofEra/146_096) / 365
	ofYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*ofYear + 2) / 153
	day = uint32(ofYear-(153*shifted+2)/5) + 1
	if shifted < 10 {
		return uint32(shifted) + 3, day
	}
	return uint32(shifted) - 9, day
}
