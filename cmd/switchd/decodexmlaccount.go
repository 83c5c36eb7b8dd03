package main

import (
	"bytes"

	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
	"switchd/switch/mask"
)

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
			case mask.HiddenPlace(place.Path):
				out.Masked = true
			case bytes.IndexByte(m.Raw(place.Field), '<') >= 0:
				out.Value, out.Masked = "("+count(out.Bytes, "byte")+" of XML)", true
			default:
				how := mask.Document(place.Path, text, accounts)
				out.Value, out.Masked = mask.Printable(string(how.Append(nil, text))), how != iso8583.MaskNone
			}
			all = append(all, out)
		}
	}
	return all
}

// accountsIn finds the account numbers in a message without reading it: in one
// that is not valid they may stand behind the fault.
func accountsIn(body []byte) mask.Accounts {
	accounts := mask.Accounts{}
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
			accounts.Add(mask.Tight(text))
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
