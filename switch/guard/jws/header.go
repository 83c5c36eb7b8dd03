package jws

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"switchd/hsm"
)

// membersMax bounds the members of a header.
const membersMax = 16

// Why a header is refused.
var (
	errJSON      = fmt.Errorf("%w: jws: the header is no JSON object of plain values", hsm.ErrBlock)
	errDuplicate = fmt.Errorf("%w: jws: a member of the header is there twice", hsm.ErrVerify)
	errBringsKey = fmt.Errorf("%w: jws: the header brings a key or certificate along (jwk, jku, x5u, x5c)", hsm.ErrVerify)
	errCritical  = fmt.Errorf(`%w: jws: crit is not ["b64"]`, hsm.ErrVerify)
	errEncoded   = fmt.Errorf("%w: jws: b64 is not false", hsm.ErrVerify)
	errMissing   = fmt.Errorf("%w: jws: alg, b64, crit or kid is missing", hsm.ErrVerify)
	errText      = fmt.Errorf("%w: jws: alg or kid is no plain text", hsm.ErrVerify)
)

// header is what counts of a protected header. The texts are views of it.
type header struct {
	alg, kid  []byte
	b64, crit bool // they are there and right
}

// read reads a header. Members that it does not know are passed over if their values
// are plain, as RFC 7515 wants it; what must be understood would be in crit.
func (h *header) read(text []byte) error {
	if !utf8.Valid(text) {
		return errJSON
	}
	j := json{b: text}
	var seen members
	for open := j.is('{'); ; open = j.is(',') {
		name, plain := j.text()
		if !open || !plain || !j.is(':') {
			return errJSON
		}
		if err := seen.add(name); err != nil {
			return err
		}
		if err := h.member(&j, name); err != nil {
			return err
		}
		if j.is('}') {
			break
		}
	}
	if !j.ended() {
		return errJSON
	}
	if h.alg == nil || h.kid == nil || !h.b64 || !h.crit {
		return errMissing
	}
	return nil
}

// members is the names of a header.
type members struct {
	names [membersMax][]byte
	count int
}

// add takes a name that was not there.
func (m *members) add(name []byte) error {
	if m.count == membersMax {
		return errJSON
	}
	for _, other := range m.names[:m.count] {
		if bytes.Equal(name, other) {
			return errDuplicate
		}
	}
	m.names[m.count] = name
	m.count++
	return nil
}

// member reads the value of one member.
func (h *header) member(j *json, name []byte) (err error) {
	switch string(name) {
	case "alg":
		h.alg, err = j.value()
	case "kid":
		h.kid, err = j.value()
	case "b64":
		if h.b64 = j.word("false"); !h.b64 {
			return errEncoded
		}
	case "crit":
		h.crit = j.is('[')
		only, plain := j.text()
		if h.crit = h.crit && plain && string(only) == "b64" && j.is(']'); !h.crit {
			return errCritical
		}
	case "jwk", "jku", "x5u", "x5c":
		return errBringsKey
	default:
		if !j.skip() {
			return errJSON
		}
	}
	return err
}

// json reads JSON from left to right.
type json struct {
	b []byte
	i int
}

// space goes to the next byte that is no white space.
func (j *json) space() {
	for j.i < len(j.b) && (j.b[j.i] == ' ' || j.b[j.i] == '\t' || j.b[j.i] == '\r' || j.b[j.i] == '\n') {
		j.i++
	}
}

// ended tells whether nothing follows.
func (j *json) ended() bool {
	j.space()
	return j.i == len(j.b)
}

// is reads one sign if it is the next.
func (j *json) is(c byte) bool {
	j.space()
	if j.i < len(j.b) && j.b[j.i] == c {
		j.i++
		return true
	}
	return false
}

// word reads true, false or null if it is the next.
func (j *json) word(w string) bool {
	j.space()
	if !bytes.HasPrefix(j.b[j.i:], []byte(w)) {
		return false
	}
	j.i += len(w)
	return true
}

// text reads a string. It is plain if it is one and has no escapes.
func (j *json) text() (text []byte, plain bool) {
	if !j.is('"') {
		return nil, false
	}
	start := j.i
	for plain = true; j.i < len(j.b); j.i++ {
		switch c := j.b[j.i]; {
		case c == '"':
			j.i++
			return j.b[start : j.i-1], plain
		case c < ' ':
			return nil, false
		case c == '\\':
			plain = false
			if j.i++; !j.escaped() {
				return nil, false
			}
		}
	}
	return nil, false
}

// escaped goes to the last byte of what follows a reverse solidus.
func (j *json) escaped() bool {
	if j.i >= len(j.b) || bytes.IndexByte([]byte(`"\/bfnrtu`), j.b[j.i]) < 0 {
		return false
	}
	if j.b[j.i] != 'u' {
		return true
	}
	for range 4 {
		if j.i++; j.i >= len(j.b) || bytes.IndexByte([]byte("0123456789abcdefABCDEF"), j.b[j.i]) < 0 {
			return false
		}
	}
	return true
}

// value reads a string that must be plain.
func (j *json) value() ([]byte, error) {
	text, plain := j.text()
	if !plain {
		return nil, errText
	}
	return text, nil
}

// skip reads a value that nobody looks at: text, a whole number, true, false or null.
func (j *json) skip() bool {
	if j.word("true") || j.word("false") || j.word("null") {
		return true
	}
	if j.space(); j.i < len(j.b) && j.b[j.i] == '"' {
		text, _ := j.text()
		return text != nil
	}
	if j.i < len(j.b) && j.b[j.i] == '-' {
		j.i++
	}
	start := j.i
	for j.i < len(j.b) && j.b[j.i] >= '0' && j.b[j.i] <= '9' {
		j.i++
	}
	return j.i > start && (j.b[start] != '0' || j.i == start+1)
}
