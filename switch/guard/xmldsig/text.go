package xmldsig

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"switchd/codec/iso20022"
)

const elementsMax = iso20022.ElementsMax

// charKinds says of each byte what it can be.
var charKinds = makeCharKinds()

// The kinds of bytes.
const (
	charFirst = 1 << iota // at the beginning of a name
	charName              // in a name
	charColon             // between prefix and name
	charPlain             // in text and values as it is
)

func makeCharKinds() (kinds [256]uint8) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		kinds[c] = charPlain
	}
	for _, c := range "<>&\"" {
		kinds[c] = 0
	}
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_" {
		kinds[c] |= charFirst | charName
	}
	for _, c := range "0123456789-." {
		kinds[c] |= charName
	}
	kinds[':'] |= charColon
	return kinds
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// space gives the offset of the next byte that is no white space.
func (c *canon) space(i int) int {
	for i < len(c.in) && isSpace(c.in[i]) {
		i++
	}
	return i
}

// text reads and writes characters up to the next '<'.
func (c *canon) text(i int) int {
	b := c.in
	for start := i; ; {
		from := i
		for i < len(b) && charKinds[b[i]]&charPlain != 0 {
			i++
		}
		c.out = append(c.out, b[from:i]...)
		switch {
		case i == len(b):
			return c.fail(errSyntax)
		case len(c.out) > outBytesMax:
			return c.fail(errLimit)
		case b[i] == '<':
			return i
		case b[i] == '>' && i-2 >= start && b[i-1] == ']' && b[i-2] == ']':
			return c.fail(errSyntax)
		}
		n := c.char(i)
		if n < 0 {
			return n
		}
		c.put(b[i : i+n])
		i += n
	}
}

// put writes what char found in text.
func (c *canon) put(char []byte) {
	switch {
	case char[0] == '>':
		c.out = append(c.out, "&gt;"...)
	case char[0] == '\r':
		c.out = append(c.out, '\n')
	case string(char) == "&quot;":
		c.out = append(c.out, '"')
	case string(char) == "&apos;":
		c.out = append(c.out, '\'')
	default:
		c.out = append(c.out, char...)
	}
}

// char gives the bytes of one character that is not plain, or of an entity, or of a line
// end of two characters.
func (c *canon) char(i int) int {
	b := c.in[i:]
	switch {
	case b[0] == '&':
		for _, e := range entities {
			if bytes.HasPrefix(b, e) {
				return len(e)
			}
		}
		return c.fail(errConstruct)
	case b[0] == '\r' && len(b) > 1 && b[1] == '\n':
		return 2
	case b[0] < ' ' && !isSpace(b[0]):
		return c.fail(errCharacter)
	case b[0] < utf8.RuneSelf:
		return 1
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 || r == 0xfffe || r == 0xffff {
		return c.fail(errCharacter)
	}
	return n
}

// entities are the five that need no declaration.
var entities = [...][]byte{[]byte("&amp;"), []byte("&lt;"), []byte("&gt;"), []byte("&quot;"), []byte("&apos;")}

// value reads an attribute's value up to its closing quote.
func (c *canon) value(i int, quote byte) int {
	for i < len(c.in) && c.in[i] != quote {
		if charKinds[c.in[i]]&charPlain != 0 {
			i++
			continue
		}
		if c.in[i] == '<' {
			return c.fail(errSyntax)
		}
		n := c.char(i)
		if n < 0 {
			return n
		}
		i += n
	}
	if i == len(c.in) {
		return c.fail(errSyntax)
	}
	return i
}

// appendValue writes a good attribute value in canonical form.
func appendValue(dst, value []byte) []byte {
	for i := 0; i < len(value); i++ {
		from := i
		for i < len(value) && charKinds[value[i]]&charPlain != 0 && value[i] != ' ' {
			i++
		}
		if dst = append(dst, value[from:i]...); i == len(value) {
			return dst
		}
		switch b := value[i]; {
		case b == '"':
			dst = append(dst, "&quot;"...)
		case b == '\r' && i+1 < len(value) && value[i+1] == '\n':
			// the line feed stands for both
		case isSpace(b):
			dst = append(dst, ' ')
		case b == '&' && bytes.HasPrefix(value[i:], []byte("&gt;")):
			dst = append(dst, '>')
			i += len("&gt;") - 1
		case b == '&' && bytes.HasPrefix(value[i:], []byte("&apos;")):
			dst = append(dst, '\'')
			i += len("&apos;") - 1
		default: // the other entities stay as they are
			dst = append(dst, b)
		}
	}
	return dst
}

// declaration is an XML declaration. What is read is UTF-8 whatever it says, so it may
// not say anything else.
var declaration = regexp.MustCompile(`^<\?xml\s+version\s*=\s*["']1\.0["'](\s+encoding\s*=\s*["'](?i:utf-8)["'])?(\s+standalone\s*=\s*["'](yes|no)["'])?\s*$`)

// declarationMax bounds how far its end is looked for.
const declarationMax = 128

// prolog passes over an XML declaration and white space, up to the first tag.
func (c *canon) prolog() int {
	i := 0
	if bytes.HasPrefix(c.in, []byte("<?xml")) {
		end := bytes.Index(c.in[:min(len(c.in), declarationMax)], []byte("?>"))
		if end < 0 || !declaration.Match(c.in[:end]) {
			return c.fail(errConstruct)
		}
		i = end + 2
	}
	if i = c.space(i); i == len(c.in) || c.in[i] != '<' {
		return c.fail(errSyntax)
	}
	return i
}
