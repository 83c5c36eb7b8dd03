package iso8583

import (
	"math/bits"
	"strconv"
)

// AppendUnknown appends the names of what the message read last has and its spec
// does not name, each ended by a newline: elements ("DE47"), whether they are
// refused, kept or skipped, and tags of our dialect's tagged elements ("DE120.099").
// Of elements behind a fault nothing is known. It appends names only, never values,
// and nothing for a message that is all in the spec. Unknown subfields of other
// composites, such as the chip's data, are not looked for.
func (m *Message) AppendUnknown(dst []byte) []byte {
	if e := m.fault; e != nil && e.Reason == ReasonUnknown {
		dst = appendName(dst, e.DE, e.Path)
	}
	if m.tailDE != 0 {
		dst = appendName(dst, m.tailDE, "")
	}
	s := m.spec
	if s == nil || !m.strange && m.present[0]&s.lacked[0]|m.present[1]&s.lacked[1] == 0 { // nearly always
		return dst
	}
	for word := range m.present {
		for set := m.present[word] & (s.lacked[word] | s.tagged[word]); set != 0; {
			lead := bits.LeadingZeros64(set)
			set &^= 1 << (63 - lead)
			dst = m.appendStrangers(dst, word<<6+lead+1)
		}
	}
	return dst
}

// appendStrangers appends the name of an element that the spec lacks, or those of
// the tags in it.
func (m *Message) appendStrangers(dst []byte, de int) []byte {
	f := &m.spec.fields[de]
	if f.tags == nil {
		return appendName(dst, de, "")
	}
	// Parse has walked over it already, so that only the way is to be found again.
	b := m.Value(de)
	for at := 0; at+tlvHead <= len(b); {
		tag, n := digits3(b, at, '0'), digits3(b, at+tagDigits, '0')
		if tag|n < 0 {
			break
		}
		if !f.tags.rules[tag].named {
			dst = appendDigits3(append(appendElement(dst, de), '.'), tag)
			dst = append(dst, '\n')
		}
		at += tlvHead + n
	}
	return dst
}

func appendName(dst []byte, de int, path string) []byte {
	dst = appendElement(dst, de)
	if path != "" {
		dst = append(append(dst, '.'), path...)
	}
	return append(dst, '\n')
}

func appendElement(dst []byte, de int) []byte {
	return strconv.AppendInt(append(dst, "DE"...), int64(de), 10)
}
