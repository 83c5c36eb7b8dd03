package translate

import "unicode/utf8"

// AppendASCII appends a text for people in printable ASCII (domain reference 3.1):
// letters lose their marks, white space becomes a blank, and every other character
// a question mark. A payment never fails for a text.
func AppendASCII(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			i++
			switch {
			case c >= 0x20 && c < 0x7f:
				dst = append(dst, c)
			case c == '\t' || c == '\n' || c == '\r':
				dst = append(dst, ' ')
			default:
				dst = append(dst, '?')
			}
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		dst = append(dst, plain(r)...)
	}
	return dst
}

// plain is a letter without its marks; "?" for what is no Latin letter.
func plain(r rune) string {
	switch {
	case r >= latinFirst && int(r-latinFirst) < len(latin):
		if p := latin[r-latinFirst]; p != "" {
			return p
		}
	case r >= '\u0300' && r <= '\u036f': // a mark that follows its letter
		return ""
	case r == '\u2018' || r == '\u2019':
		return "'"
	case r == '\u201c' || r == '\u201d':
		return `"`
	case r == '\u2013' || r == '\u2014':
		return "-"
	case r == '\u20ac':
		return "EUR"
	}
	return "?"
}

// latin are the letters of Latin-1 and Latin Extended-A, U+00C0 to U+017F.
const latinFirst = 0xc0

var latin = func() (plain [0x180 - latinFirst]string) {
	for _, row := range [...]struct{ letters, plain string }{
		{"ÀÁÂÃÅĀĂĄ", "A"}, {"Ä", "Ae"}, {"Æ", "AE"}, {"ÇĆĈĊČ", "C"}, {"ÐĎĐ", "D"}, {"ÈÉÊËĒĔĖĘĚ", "E"},
		{"ĜĞĠĢ", "G"}, {"ĤĦ", "H"}, {"ÌÍÎÏĨĪĬĮİ", "I"}, {"Ĳ", "IJ"}, {"Ĵ", "J"}, {"Ķ", "K"}, {"ĹĻĽĿŁ", "L"},
		{"ÑŃŅŇŊ", "N"}, {"ÒÓÔÕØŌŎŐ", "O"}, {"Ö", "Oe"}, {"Œ", "OE"}, {"ŔŖŘ", "R"}, {"ŚŜŞŠ", "S"}, {"Þ", "Th"},
		{"ŢŤŦ", "T"}, {"ÙÚÛŨŪŬŮŰŲ", "U"}, {"Ü", "Ue"}, {"Ŵ", "W"}, {"ÝŶŸ", "Y"}, {"ŹŻŽ", "Z"}, {"àáâãåāăą", "a"},
		{"ä", "ae"}, {"æ", "ae"}, {"çćĉċč", "c"}, {"ðďđ", "d"}, {"èéêëēĕėęě", "e"}, {"ĝğġģ", "g"}, {"ĥħ", "h"},
		{"ìíîïĩīĭįı", "i"}, {"ĳ", "ij"}, {"ĵ", "j"}, {"ķĸ", "k"}, {"ĺļľŀł", "l"}, {"ñńņňŉŋ", "n"},
		{"òóôõøōŏő", "o"}, {"ö", "oe"}, {"œ", "oe"}, {"ŕŗř", "r"}, {"śŝşšſ", "s"}, {"ß", "ss"}, {"þ", "th"},
		{"ţťŧ", "t"}, {"ùúûũūŭůűų", "u"}, {"ü", "ue"}, {"ŵ", "w"}, {"ýÿŷ", "y"}, {"źżž", "z"}, {"×", "x"},
		{"÷", "/"},
	} {
		for _, r := range row.letters {
			plain[r-latinFirst] = row.plain
		}
	}
	return plain
}()

// IsASCII says that a text is printable ASCII already.
func IsASCII(text []byte) bool {
	for _, c := range text {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}
