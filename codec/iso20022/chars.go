package iso20022

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// charKinds says of each byte what it can be.
var charKinds = makeCharKinds()

// The kinds of bytes.
const (
	charName  = 1 << iota // in a name after its first character, colon not included
	charPlain             // one character of text that needs no thought
)

func makeCharKinds() (kinds [256]uint8) {
	for c := byte(' '); c < 0x80; c++ {
		kinds[c] = charPlain
	}
	for _, c := range []byte("\t\n") {
		kinds[c] = charPlain
	}
	for _, c := range []byte("<&>") { // the last one because of "]]>"
		kinds[c] = 0
	}
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") {
		kinds[c] |= charName
	}
	return kinds
}

func isNameChar(c byte) bool { return charKinds[c]&charName != 0 }

// isDigitOrMark tells which characters of names do not begin one.
func isDigitOrMark(c byte) bool { return c >= '-' && c <= '9' }

// skipSpace gives the offset of the next character that is no white space.
func (s *scanner) skipSpace(i int) int {
	for i < len(s.b) && isSpace(s.b[i]) {
		i++
	}
	return i
}

// text reads characters up to the next '<' and counts them as XML Schema does:
// an entity is one, and so are a carriage return with its line feed.
func (s *scanner) text(i int) (end, chars int) {
	b, start := s.b, i
	for i+8 <= len(b) {
		if stop := notPlain(binary.LittleEndian.Uint64(b[i:])); stop != 0 {
			i += bits.TrailingZeros64(stop) / 8
			break
		}
		i += 8
	}
	if i < len(b) && b[i] == '<' {
		return i, i - start
	}
	return s.longText(i, i-start)
}

// notPlain sets the top bit of the lowest byte of a word that needs thought: below
// space or above 127, '<' or '>', which differ in one bit, or '&'. Above it other
// bits may be set as well.
func notPlain(w uint64) uint64 {
	bracket, and := w|2*ones^'>'*ones, w^'&'*ones
	return ((w - ' '*ones) | w | (bracket-ones)&^bracket | (and-ones)&^and) & tops
}

// ones and tops have the lowest and the highest bit of each byte.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// zeroBytes sets the top bit of the lowest zero byte of a word. Above it other
// bits may be set as well.
func zeroBytes(w uint64) uint64 { return (w - ones) &^ w & tops }

// longText goes on with a text of which some characters were read.
func (s *scanner) longText(i, chars int) (int, int) {
	b := s.b
	for i < len(b) && b[i] != '<' {
		if charKinds[b[i]]&charPlain != 0 {
			i, chars = i+1, chars+1
			continue
		}
		n := s.char(i)
		if n < 0 {
			return n, 0
		}
		if b[i] == '>' && b[i-1] == ']' && b[i-2] == ']' {
			return s.fail(ReasonSyntax, i), 0
		}
		i, chars = i+n, chars+1
	}
	if i >= len(b) {
		return s.fail(ReasonSyntax, len(b)), 0
	}
	return i, chars
}

// char gives the bytes of one character of a text or attribute value, or of an
// entity that stands for one.
func (s *scanner) char(i int) int {
	b := s.b[i:]
	switch c := b[0]; {
	case c == '&':
		return s.entity(i)
	case c == '\r' && len(b) > 1 && b[1] == '\n':
		return 2
	case c < ' ' && !isSpace(c):
		return s.fail(ReasonCharacter, i)
	case c < utf8.RuneSelf:
		return 1
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 || r == 0xfffe || r == 0xffff {
		return s.fail(ReasonCharacter, i)
	}
	return n
}

// entity gives the bytes of the entity at i.
func (s *scanner) entity(i int) int {
	b := s.b[i:]
	if n := entity(b); n > 0 {
		return n
	}
	if len(b) > 1 && (b[1] == '#' || isNameChar(b[1]) && !isDigitOrMark(b[1])) {
		return s.fail(ReasonConstruct, i)
	}
	return s.fail(ReasonSyntax, i)
}

// quoted reads an attribute's value up to its closing quote.
func (s *scanner) quoted(i int, quote byte) int {
	b := s.b
	for i < len(b) && b[i] != quote {
		if i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			if n := bits.TrailingZeros64(notPlain(w)|zeroBytes(w^uint64(quote)*ones)) / 8; n > 0 {
				i += n
				continue
			}
		}
		if b[i] == '<' {
			return s.fail(ReasonSyntax, i)
		}
		n := s.char(i)
		if n < 0 {
			return n
		}
		i += n
	}
	if i >= len(b) {
		return s.fail(ReasonSyntax, len(b))
	}
	return i
}

// entities are the five that need no declaration.
var entities = [...]struct {
	name string
	char byte
}{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}

// entity gives the length of the entity that b begins with, or 0.
func entity(b []byte) int {
	for _, e := range entities {
		if len(b) >= len(e.name) && string(b[:len(e.name)]) == e.name {
			return len(e.name)
		}
	}
	return 0
}

// countText counts the characters of a text that was found to be good.
func countText(b []byte) int {
	n := 0
	for i := 0; i < len(b); n++ {
		switch {
		case b[i] == '&':
			i += entity(b[i:])
		case b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n':
			i += 2
		case b[i] < utf8.RuneSelf:
			i++
		default:
			_, size := utf8.DecodeRune(b[i:])
			i += size
		}
	}
	return n
}

// appendText appends a good text with its entities undone and its line ends made
// line feeds.
func appendText(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '&':
			n := entity(raw[i:])
			for _, e := range entities {
				if e.name == string(raw[i:i+n]) {
					dst = append(dst, e.char)
				}
			}
			i += max(n, 1)
		case c == '\r':
			dst = append(dst, '\n')
			if i++; i < len(raw) && raw[i] == '\n' {
				i++
			}
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// prolog reads an XML declaration, if there is one, up to the root element's tag.
func (s *scanner) prolog() int {
	i := 0
	if len(s.b) > 5 && string(s.b[:5]) == "<?xml" && isSpace(s.b[5]) {
		if i = s.declaration(5); i < 0 {
			return i
		}
	}
	i = s.skipSpace(i)
	switch {
	case i+1 >= len(s.b):
		return s.fail(ReasonSyntax, len(s.b))
	case s.b[i] == '<' && s.b[i+1] != '/':
		return i
	case s.b[i] >= utf8.RuneSelf || s.b[i] < ' ':
		return s.fail(ReasonCharacter, i)
	}
	return s.fail(ReasonSyntax, i)
}

// declared are the parts of an XML declaration in their order, with what they may
// be. The first one is mandatory.
var declared = [...]struct{ name, values string }{
	{"version", "|1.0|"}, {"encoding", "|utf-8|"}, {"standalone", "|yes|no|"},
}

// declaration reads the XML declaration from after "<?xml".
func (s *scanner) declaration(i int) int {
	for n, part := range declared {
		next := s.skipSpace(i)
		if next > i && strings.HasPrefix(string(s.b[next:min(next+len(part.name), len(s.b))]), part.name) {
			start, end := s.assigned(next + len(part.name))
			if end < 0 {
				return end
			}
			if !isOneOf(s.b[start:end], part.values, part.name == "encoding") {
				return s.fail(ReasonConstruct, start)
			}
			i = end + 1
		} else if n == 0 {
			return s.fail(ReasonSyntax, next)
		}
	}
	if i = s.skipSpace(i); i+2 > len(s.b) || s.b[i] != '?' || s.b[i+1] != '>' {
		return s.fail(ReasonSyntax, i)
	}
	return i + 2
}

// assigned reads an equals sign and a value in quotes, and gives where the value
// begins and ends.
func (s *scanner) assigned(i int) (start, end int) {
	b := s.b
	if i = s.skipSpace(i); i >= len(b) || b[i] != '=' {
		return 0, s.fail(ReasonSyntax, i)
	}
	if i = s.skipSpace(i + 1); i >= len(b) || b[i] != '"' && b[i] != '\'' {
		return 0, s.fail(ReasonSyntax, i)
	}
	return i + 1, s.quoted(i+1, b[i])
}

// isOneOf looks for a value in a list between bars; fold is for any case.
func isOneOf(value []byte, list string, fold bool) bool {
	if len(value) == 0 || len(value) > len("utf-8") {
		return false
	}
	v := string(value)
	if fold {
		v = strings.ToLower(v)
	}
	return strings.Contains(list, "|"+v+"|")
}
