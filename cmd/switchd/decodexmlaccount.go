package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// notProvided stands where a message has no account number; it is none.
const notProvided = "NOTPROVIDED"

// documentFields are the profile's fields of a message, as people see them.
func documentFields(m *iso20022.Message, p *iso20022.Profile, body []byte) (all []decodedField) {
	accounts := accountsIn(body)
	for _, def := range []*iso20022.Definition{p.Header(), m.Definition()} {
		for _, place := range p.Places(def) {
			if !m.Has(place.Field) {
				continue
			}
			text := m.Text(place.Field)
			out := decodedField{Field: place.Field.String(), Path: place.Path, Offset: m.Offset(place.Field), Bytes: len(m.Raw(place.Field))}
			switch {
			case hiddenPlace(place.Path):
				out.Masked = true
			case bytes.IndexByte(m.Raw(place.Field), '<') >= 0:
				out.Value, out.Masked = "("+count(out.Bytes, "byte")+" of XML)", true
			default:
				mask := documentMask(place.Path, text, accounts)
				out.Value, out.Masked = printable(string(mask.Append(nil, text))), mask != iso8583.MaskNone
			}
			all = append(all, out)
		}
	}
	return all
}

// hiddenPlace says that nothing of a value is shown: credentials stand in
// supplementary data, and a reject may quote all of a message.
func hiddenPlace(path string) bool {
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

// documentMask is how much may be seen of a value: of an account number as much
// as in ISO 8583, of a text around one nothing.
func documentMask(path string, text []byte, accounts accountSet) iso8583.Mask {
	if accountPlace(path) {
		if string(text) == notProvided {
			return iso8583.MaskNone
		}
		return iso8583.MaskPAN
	}
	tight := tightText(text)
	if iban(tight) {
		return iso8583.MaskPAN
	}
	for _, word := range bytes.FieldsFunc(text, func(r rune) bool { return !letterOrDigit(r) }) {
		if iban(bytes.ToUpper(word)) {
			return iso8583.MaskAll
		}
	}
	if accounts.in(tight) {
		return iso8583.MaskAll
	}
	return maskCards(bytes.ReplaceAll(text, []byte(" "), nil))
}

func letterOrDigit(r rune) bool { return r < unicode.MaxASCII && asciiWord(byte(r)) }

// tightText is a text in capitals without what people put between groups of an
// account number.
func tightText(text []byte) []byte {
	tight := make([]byte, 0, len(text))
	for _, c := range bytes.ToUpper(text) {
		if c != ' ' && c != '-' && c != '\n' && c != '\t' && c != '\r' {
			tight = append(tight, c)
		}
	}
	return tight
}

// accountSet has the parts of account numbers that tell them: as many characters
// in a row as tellingMin, and of shorter ones all.
type accountSet map[string]bool

// accountLengthMin: shorter numbers are not looked for elsewhere. Members and
// amounts have as many digits.
const accountLengthMin = 8

// accountsIn finds the account numbers in a message without reading it: in one
// that is not valid they may stand behind the fault.
func accountsIn(body []byte) accountSet {
	accounts := accountSet{}
	var outer, above, name []byte // names of the last three start tags
	for rest := body; ; {
		open := bytes.IndexByte(rest, '<')
		if open < 0 {
			return accounts
		}
		rest = rest[open+1:]
		end := tagEnd(rest)
		if end < 1 || rest[0] == '/' || rest[0] == '?' || rest[0] == '!' {
			continue
		}
		outer, above, name = above, name, localName(rest[:end])
		text := rest[end+1:]
		if stop := bytes.IndexByte(text, '<'); stop >= 0 {
			text = text[:stop]
		}
		other := string(name) == "Id" && string(above) == "Othr" && string(outer) != "FinInstnId"
		if string(name) == "IBAN" || other {
			accounts.add(tightText(text))
		}
	}
}

// tagEnd is where a tag ends whose name begins b; -1: it is none.
func tagEnd(b []byte) int {
	var quote byte
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i
		case c == '<':
			return -1
		case c == '"' || c == '\'':
			quote = c
		}
	}
	return -1
}

// localName is a tag's name without its prefix.
func localName(tag []byte) []byte {
	if end := bytes.IndexAny(tag, " \t\r\n/"); end >= 0 {
		tag = tag[:end]
	}
	return tag[bytes.IndexByte(tag, ':')+1:]
}

func (s accountSet) add(account []byte) {
	if string(account) == notProvided || len(account) < accountLengthMin {
		return
	}
	n := min(len(account), tellingMin)
	for at := range len(account) - n + 1 {
		s[string(account[at:at+n])] = true
	}
}

// in says that a text tells one of the account numbers.
func (s accountSet) in(text []byte) bool {
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

// printable writes what a terminal would obey, or what turns its text around, as
// \u001B; letters of all scripts stay.
func printable(s string) string {
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
