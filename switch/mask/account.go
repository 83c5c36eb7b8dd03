package mask

import (
	"bytes"
	"strings"

	"switchd/codec/iso8583"
)

const (
	// AccountMin is how many digits the number of a card has at least.
	AccountMin = 13
	accountMax = 19
	tellingMin = 10 // as many digits of one in a row tell more than a mask leaves
	zerosMin   = 6  // as many in a row are of an amount, not of an account number
)

// HideAccounts masks what has no mask and tells an account number all the same:
// private elements, subfields and unknown tags, in which banks put what they
// like. That is each number that the masked fields of the message tell, and
// what looks like a card's number in text.
func HideAccounts(fields []iso8583.Field) {
	var known [][]byte
	eachLeaf(fields, func(f *iso8583.Field) {
		if account := accountOf(f); len(account) >= AccountMin {
			known = append(known, account)
		}
	})
	eachLeaf(fields, func(f *iso8583.Field) {
		if f.Mask == iso8583.MaskNone && f.DE > 1 {
			f.Mask = maskFor(f, known)
		}
	})
	for i := range fields {
		if fields[i].Mask == iso8583.MaskEMV {
			eachLeaf(fields[i].Fields, hideTemplate)
		}
	}
}

// hideTemplate masks a tag of chip data that holds further tags and is not taken
// apart: the account number may be one of them. Of the templates those for the
// issuer's scripts hold commands.
func hideTemplate(f *iso8583.Field) {
	const constructed, script1, script2 = 0x20, 0x71, 0x72
	if f.Mask != iso8583.MaskNone || !f.Binary || len(f.Raw) == 0 {
		return
	}
	if tag := f.Raw[0]; tag&constructed != 0 && tag != script1 && tag != script2 {
		f.Mask = iso8583.MaskAll
	}
}

// eachLeaf calls do for every field that has no subfields.
func eachLeaf(fields []iso8583.Field, do func(f *iso8583.Field)) {
	for i := range fields {
		if f := &fields[i]; len(f.Fields) > 0 {
			eachLeaf(f.Fields, do)
		} else {
			do(f)
		}
	}
}

// accountOf gives the account number of a field with a mask for one, else nil.
// That of track 3 comes with the two digits of the format code.
func accountOf(f *iso8583.Field) []byte {
	if f.Mask != iso8583.MaskPAN && f.Mask != iso8583.MaskTrack {
		return nil
	}
	text := []byte(f.Clear())
	if len(text) > 0 && text[0]|0x20 >= 'a' && text[0]|0x20 <= 'z' {
		text = text[1:] // the format code of track 1
	}
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	if text = text[:n]; f.DE == 36 && n >= AccountMin+2 {
		text = text[2:]
	}
	return text
}

// maskFor is how much may be seen of a field without a mask: of an account
// number as much as of DE2, of a text around one nothing, since the rest of a
// track may stand behind it.
func maskFor(f *iso8583.Field, known [][]byte) iso8583.Mask {
	text := []byte(f.Clear())
	for _, account := range known {
		if bytes.Equal(text, account) {
			return iso8583.MaskPAN
		}
		if tells(text, account) || tells(f.Value, account) {
			return iso8583.MaskAll
		}
	}
	// Sums and dates in digits look like anything, and so do bytes.
	if f.Binary || strings.HasPrefix(f.Format, "n") && !strings.HasPrefix(f.Format, "ns") {
		return iso8583.MaskNone
	}
	return maskCards(text)
}

// maskCards is how much may be seen of a text that may hold a card's number.
func maskCards(text []byte) iso8583.Mask {
	for rest := text; len(rest) >= AccountMin; {
		n := 0
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		if cardNumber(rest[:n]) {
			if n == len(text) {
				return iso8583.MaskPAN
			}
			return iso8583.MaskAll
		}
		rest = rest[max(n, 1):]
	}
	return iso8583.MaskNone
}

// tells says that a text holds so much of an account number that more than the
// mask leaves could be put together.
func tells(text, account []byte) bool {
	for at := range len(account) - tellingMin + 1 {
		if bytes.Contains(text, account[at:at+tellingMin]) {
			return true
		}
	}
	return false
}

// cardNumber says that digits could be the number of a payment card: length,
// first digit and check digit of the large schemes.
func cardNumber(digits []byte) bool {
	if len(digits) < AccountMin || len(digits) > accountMax {
		return false
	}
	switch c := digits[0]; {
	case c == '2' || c == '8':
		return len(digits) == 16 && Luhn(digits)
	case c == '3':
		return len(digits) <= 16 && Luhn(digits)
	case c >= '4' && c <= '6':
		return Luhn(digits)
	}
	return false
}

// HasAccount looks for an account number in the fields that have no mask, over
// their borders: 13 to 19 digits with a right check digit.
func HasAccount(fields []iso8583.Field) bool {
	packed := len(fields[0].Raw) == 2
	var run []byte
	for i := 2; i < len(fields); i++ {
		if f := &fields[i]; f.Mask != iso8583.MaskNone || len(f.Fields) > 0 {
			if accountIn(run) {
				return true
			}
			run = run[:0]
			continue
		}
		for _, c := range fields[i].Raw {
			switch {
			case packed:
				run = append(run, c>>4+'0', c&0xF+'0')
			case c>>4 == 3 || c>>4 == 0xF:
				run = append(run, c&0xF+'0')
			default:
				run = append(run, ' ')
			}
		}
	}
	return accountIn(run)
}

// accountIn looks at every stretch of digits that begins as cards of the large
// schemes do.
func accountIn(run []byte) bool {
	for from := range run {
		if run[from] < '2' || run[from] > '8' || run[from] == '7' {
			continue
		}
		zeros := 0
		for n := 1; n <= accountMax && from+n <= len(run); n++ {
			c := run[from+n-1]
			if zeros++; c != '0' {
				zeros = 0
			}
			if !isDigit(c) || zeros >= zerosMin {
				break
			}
			if n >= AccountMin && Luhn(run[from:from+n]) {
				return true
			}
		}
	}
	return false
}

// Luhn checks the last digit of a number.
func Luhn(digits []byte) bool {
	sum := 0
	for i, c := range digits {
		if !isDigit(c) {
			return false
		}
		v := int(c - '0')
		if (len(digits)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// Inherit hands the mask of an element down to subfields that have none. That
// of DE55 names tags, and is in them already.
func Inherit(f *iso8583.Field, mask iso8583.Mask) {
	if f.Mask == iso8583.MaskNone && mask != iso8583.MaskEMV {
		f.Mask = mask
	}
	for i := range f.Fields {
		Inherit(&f.Fields[i], f.Mask)
	}
}
