package simbank

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/moov-io/iso8583"
	moov "github.com/moov-io/iso8583/errors"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/specs"
)

// message is a message as plain text: data elements by number, and the TLV of
// DE120 by tag. Amounts have lost their leading zeros (the codec unpads DE4).
type message struct {
	mti string
	de  map[int]string
	tag map[string]string
}

// fault says what is wrong with a message that came: which field and, in a few
// fixed words, why. It never holds a value.
type fault struct {
	field  string // "DE4", "DE120.002", "MTI"
	reason string // "n12", "missing", "format", "not canonical"
}

// Error is the text for DE44, which holds 25 characters.
func (f *fault) Error() string { return f.field + " " + f.reason }

// codec reads and writes messages with moov-io/iso8583. It is safe for
// concurrent use: a message object is not, so each call has its own.
type codec struct {
	spec *iso8583.MessageSpec
	code *coder // nil: messages have no codes

	repeatAt   int  // where the last digit of the MTI stands
	repeatByte byte // and what it is in a repeat of a 0200
}

func newCodec(spec []byte, how MAC) (*codec, error) {
	s, err := specs.ImportJSON(spec)
	if err != nil {
		return nil, fmt.Errorf("simbank: spec: %w", err)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("simbank: spec: %w", err)
	}
	c := &codec{spec: s}
	if how.Key.Len() > 0 {
		if c.code, err = newCoder(how, s); err != nil {
			return nil, err
		}
	}
	return c, c.learnRepeats()
}

// learnRepeats finds out how the dialect writes the MTI of a repeat: digits may be
// of several kinds, two in a byte, or one.
func (c *codec) learnRepeats() error {
	first, err := c.encode(message{mti: "0200"})
	if err != nil {
		return err
	}
	again, err := c.encode(message{mti: "0201"})
	if err != nil {
		return err
	}
	for i := range again {
		if again[i] != first[i] {
			c.repeatAt, c.repeatByte = i, again[i]
			return nil
		}
	}
	return errors.New("simbank: spec writes 0200 and 0201 alike")
}

// decode reads a body. With a fault the message holds what was readable, so that
// a decline can echo it.
//
// The library takes trailing bytes, lengths like "+5" and tags in any order. So
// the message is written again and must come out as the same bytes: the switch
// may only write what a second implementation would have written.
func (c *codec) decode(body []byte) (m message, bad *fault) {
	m = message{de: make(map[int]string, 20), tag: make(map[string]string, 8)}
	defer func() {
		// A TLV length that points past the end panics in v0.26.0.
		if recover() != nil {
			bad = &fault{"message", "format"}
		}
	}()
	raw := iso8583.NewMessage(c.spec)
	err := raw.Unpack(body)
	c.collect(raw, &m)
	if err != nil {
		return m, faultOf(err)
	}
	again, err := raw.Pack()
	if err != nil || !bytes.Equal(again, body) {
		return m, &fault{"message", "not canonical"}
	}
	return m, nil
}

// collect copies the fields out of the library's message.
func (c *codec) collect(raw *iso8583.Message, m *message) {
	for id, f := range raw.GetFields() {
		switch f := f.(type) {
		case *field.String:
			if id == 0 {
				m.mti = f.Value()
				continue
			}
			m.de[id] = f.Value()
		case *field.Binary:
			if value, err := f.Bytes(); err == nil {
				m.de[id] = string(value)
			}
		case *field.Composite:
			m.de[id] = ""
			if id != 120 {
				continue
			}
			for tag, sub := range f.GetSubfields() {
				if value, err := sub.Bytes(); err == nil {
					m.tag[tag] = string(value)
				}
			}
		}
	}
}

// faultOf keeps the field's name of a library error and drops the rest: its
// text and RawMessage hold content.
func faultOf(err error) *fault {
	var unpack *moov.UnpackError
	if !errors.As(err, &unpack) {
		return &fault{"message", "format"}
	}
	switch ids := unpack.FieldIDs(); ids[0] {
	case "", "1":
		return &fault{"bitmap", "format"}
	case "0":
		return &fault{"MTI", "format"}
	default:
		return &fault{"DE" + strings.TrimRight(strings.Join(ids, "."), "."), "format"}
	}
}

// encode writes a message.
func (c *codec) encode(m message) ([]byte, error) {
	raw := iso8583.NewMessage(c.spec)
	raw.MTI(m.mti)
	for id, value := range m.de {
		if err := raw.Field(id, value); err != nil {
			return nil, fmt.Errorf("simbank: encode DE%d", id)
		}
	}
	for tag, value := range m.tag {
		if err := raw.MarshalPath("120."+tag, value); err != nil {
			return nil, fmt.Errorf("simbank: encode DE120.%s", tag)
		}
	}
	at := placeOf(m)
	protect := c.code != nil && coded(m.mti)
	if protect {
		if err := raw.BinaryField(at, make([]byte, codeBytes)); err != nil {
			return nil, fmt.Errorf("simbank: encode DE%d", at)
		}
	}
	body, err := raw.Pack()
	if err != nil {
		return nil, fmt.Errorf("simbank: encode %s failed", m.mti)
	}
	if protect {
		err = c.code.put(body, at)
	}
	return body, err
}

// asRepeat makes of a request's body its repeat: the same bytes but for the last
// digit of the MTI (0200 becomes 0201) and for the code, if it has one.
func (c *codec) asRepeat(body []byte) []byte {
	again := bytes.Clone(body)
	again[c.repeatAt] = c.repeatByte
	if c.recode(again) != nil {
		return body // what we have written ourselves can be read
	}
	return again
}

// answerTo begins the answer to m: response MTI (third digit plus one, fourth
// made even) and what every answer of its class echoes.
func answerTo(m message, code string, echo ...int) message {
	a := message{mti: responseMTI(m.mti), de: make(map[int]string, len(echo)+4)}
	for _, id := range echo {
		if value, has := m.de[id]; has {
			a.de[id] = value
		}
	}
	a.de[39] = code
	return a
}

func responseMTI(mti string) string {
	b := []byte(mti)
	b[2]++
	b[3] &^= 1 // '0'..'9' are 0x30..0x39: the lowest bit is the digit's own
	return string(b)
}

// isRequest reports whether the MTI asks for an answer: a request or an advice of
// the 1987 version, the only one that is spoken here.
func isRequest(mti string) bool {
	return len(mti) == 4 && digits(mti) && mti[0] == '0' && (mti[2] == '0' || mti[2] == '2')
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// with is m with other tags, for building one message from another.
func (m message) with(tags map[string]string) message {
	m.tag = maps.Clone(tags)
	return m
}
