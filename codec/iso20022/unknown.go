package iso20022

// foreignMax bounds the elements in extension places whose names are noted.
const foreignMax = 4

// AppendUnknown appends the names of what the message read last has and its schema
// does not know, each ended by a newline: the path of an element for which the
// message was refused, and the names of the outermost elements in places for any
// ("extension Name"), of which there are at most four. It appends names only, never
// values, and nothing for a message that is all in its schema.
//
// The names are the peer's own words, not the schema's: what could be a number in
// them is masked, and they are cut at 40 bytes.
func (m *Message) AppendUnknown(dst []byte) []byte {
	if m.fault.name.end != 0 {
		dst = append(append(dst, m.path()...), '/')
		dst = appendForeign(dst, m.fault.name.of(m.b))
	}
	for _, name := range m.foreign[:m.foreigns] {
		dst = appendForeign(append(dst, "extension "...), name.of(m.b))
	}
	return dst
}

// digitsShown is how many digits in a row are shown of a name: those of a version.
const digitsShown = 3

func appendForeign(dst, name []byte) []byte {
	run := 0
	for _, c := range name[:min(len(name), nameBytesMax)] {
		if '0' <= c && c <= '9' {
			run++
		} else {
			run = 0
		}
		switch {
		case run > digitsShown:
			c = '#'
		case c <= ' ' || c >= 0x7f:
			c = '?'
		}
		dst = append(dst, c)
	}
	return append(dst, '\n')
}
