package mask

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"switchd/codec/iso8583"
)

// notProvided stands where a message has no account number; it is none.
const notProvided = "NOTPROVIDED"

// HiddenPlace says that nothing of a value is shown: credentials stand in
// supplementary data, and a reject may quote all of a message.
func HiddenPlace(path string) bool {
	return strings.Contains(path, "/SplmtryData/") || strings.HasSuffix(path, "/AddtlData")
}

// accountPlace says that a value is the number of an account. An id under Othr
// is that too, unless it is of a bank or of an organisation.
func accountPlace(path string) bool {
	steps := strings.Split(path, "/")
	n := len(steps)
	if steps[n-1] == "IBAN" {
		return true
	}
	if n < 3 || steps[n-1] != "Id" || steps[n-2] != "Othr" {
		return false
	}
	return steps[n-3] != "FinInstnId" && steps[n-3] != "BrnchId" && steps[n-3] != "OrgId"
}

// Document is how much may be seen of a value: of an account number as much
// as in ISO 8583, of a text around one nothing.
func Document(path string, text []byte, accounts Accounts) iso8583.Mask {
	if accountPlace(path) {
		if string(text) == notProvided {
			return iso8583.MaskNone
		}
		return iso8583.MaskPAN
	}
	tight := Tight(text)
	if iban(tight) {
		return iso8583.MaskPAN
	}
	for _, word := range bytes.FieldsFunc(text, func(r rune) bool { return !letterOrDigit(r) }) {
		if iban(bytes.ToUpper(word)) {
			return iso8583.MaskAll
		}
	}
	if accounts.In(tight) {
		return iso8583.MaskAll
	}
	return maskCards(bytes.ReplaceAll(text, []byte(" "), nil))
}

func letterOrDigit(r rune) bool { return r < unicode.MaxASCII && asciiWord(byte(r)) }

// Tight is a text in capitals without what people put between groups of an
// account number.
func Tight(text []byte) []byte {
	tight := make([]byte, 0, len(text))
	for _, c := range bytes.ToUpper(text) {
		if c != ' ' && c != '-' && c != '\n' && c != '\t' && c != '\r' {
			tight = append(tight, c)
		}
	}
	return tight
}

// Accounts has the parts of account numbers that tell them: as many characters
// in a row as tellingMin, and of shorter ones all.
type Accounts map[string]bool

// accountLengthMin: shorter numbers are not looked for elsewhere. Members and
// amounts have as many digits.
const accountLengthMin = 8

// Add adds an account number, without what people put between its groups (Tight).
func (s Accounts) Add(account []byte) {
	if string(account) == notProvided || len(account) < accountLengthMin {
		return
	}
	n := min(len(account), tellingMin)
	for at := range len(account) - n + 1 {
		s[string(account[at:at+n])] = true
	}
}

// In says that a text tells one of the account numbers.
func (s Accounts) In(text []byte) bool {
	for n := accountLengthMin; n <= tellingMin; n++ {
		for at := 0; at+n <= len(text); at++ {
			if s[string(text[at:at+n])] {
				return true
			}
		}
	}
	return false
}

// iban says whether text is an IBAN: country, check digits, account, and a
// remainder of 1 by 97.
func iban(text []byte) bool {
	const lengthMin, lengthMax = 15, 34
	if len(text) < lengthMin || len(text) > lengthMax || isDigit(text[0]) || isDigit(text[1]) || !isDigit(text[2]) || !isDigit(text[3]) {
		return false
	}
	remainder := 0
	for n := range text {
		switch c := text[(n+4)%len(text)]; { // country and check digits last
		case isDigit(c):
			remainder = (remainder*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			remainder = (remainder*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return remainder == 1
}

// Printable writes what a terminal would obey, or what turns its text around, as
// \u001B; letters of all scripts stay.
func Printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, `\u%04X`, r)
		}
	}
	return out.String()
}

func asciiWord(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}
