package iso20022

import "unicode/utf8"

// What a byte of plain text may be, as bits, so that those of a text can be
// joined.
const (
	plainEscape = 1 << iota // is to be replaced
	plainWide               // belongs to a character of several bytes
	plainBad                // is not allowed in XML
)

var plainBytes = makePlainBytes()

func makePlainBytes() (kinds [256]uint8) {
	for c := range kinds {
		switch {
		case c >= utf8.RuneSelf:
			kinds[c] = plainWide
		case c < ' ' && !isSpace(byte(c)):
			kinds[c] = plainBad
		}
	}
	for _, c := range "&<>\"\r" {
		kinds[c] = plainEscape
	}
	return kinds
}

// scanPlain counts the characters of a text that is not yet escaped, and tells
// whether any is to be replaced. It is not ok if the text is not UTF-8 or has a
// character that XML forbids.
func scanPlain(text []byte) (chars int, escape, ok bool) {
	kinds := uint8(0)
	for _, c := range text {
		kinds |= plainBytes[c]
	}
	escape, chars = kinds&plainEscape != 0, len(text)
	if kinds&plainWide != 0 {
		chars = utf8.RuneCount(text)
		for rest := text; len(rest) > 0; {
			r, size := utf8.DecodeRune(rest)
			if r == utf8.RuneError && size == 1 || r == 0xfffe || r == 0xffff {
				return chars, escape, false
			}
			rest = rest[size:]
		}
	}
	return chars, escape, kinds&plainBad == 0
}

// checkPlain is check for a text that is not yet escaped.
func (t *simpleType) checkPlain(text []byte) Reason {
	chars, _, ok := scanPlain(text)
	if !ok {
		return ReasonCharacter
	}
	return t.check(text, chars)
}

// appendEscaped appends text as the content of an element or of an attribute in
// double quotes. Only what would end the text is replaced: '>' too, because "]]>"
// must not stand in content, and a carriage return, which readers take for a line
// feed. The caller has checked that the text is UTF-8.
func appendEscaped(dst, text []byte) []byte {
	from := 0
	for i, c := range text {
		if c > '>' {
			continue
		}
		var entity string
		switch c {
		case '&':
			entity = "&amp;"
		case '<':
			entity = "&lt;"
		case '>':
			entity = "&gt;"
		case '"':
			entity = "&quot;"
		case '\r':
			if entity = "\n"; i+1 < len(text) && text[i+1] == '\n' {
				entity = ""
			}
		default:
			continue
		}
		dst = append(append(dst, text[from:i]...), entity...)
		from = i + 1
	}
	return append(dst, text[from:]...)
}
