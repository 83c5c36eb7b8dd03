package simbank

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/moov-io/iso8583"

	"switchd/hsm"
	"switchd/hsm/mac"
)

// MAC is how the messages of a participant of ISO 8583 are authenticated. Without a
// Key they are not.
type MAC struct {
	Key       hsm.Secret // in clear: a simulated participant has no module
	Algorithm hsm.MACAlgorithm
	Size      int // bytes of the code that count, 4 to 8, the rest is zeros; default 8
}

// coder makes and checks the codes of messages. Where a code stands is learned from
// the library, not told by the switch's codec: this is the second opinion.
type coder struct {
	key   *mac.Key
	size  int
	spec  *iso8583.MessageSpec
	width map[int]int // bytes of DE64 and DE128 on the wire
}

// codeBytes is the length of DE64 and DE128.
const codeBytes = 8

func newCoder(o MAC, spec *iso8583.MessageSpec) (*coder, error) {
	key, err := mac.NewKey(o.Algorithm, 0, o.Key.Reveal())
	if err != nil {
		return nil, fmt.Errorf("simbank: MAC: %w", err)
	}
	c := &coder{key: key, size: o.Size, spec: spec, width: map[int]int{}}
	for _, at := range []int{64, 128} {
		zeros, err := c.alone(at, make([]byte, codeBytes))
		if err != nil {
			return nil, err
		}
		ones, err := c.alone(at, bytes.Repeat([]byte{0xff}, codeBytes))
		if err != nil {
			return nil, err
		}
		same := 0
		for same < len(zeros) && zeros[same] == ones[same] {
			same++
		}
		if c.width[at] = len(zeros) - same; c.width[at] < codeBytes {
			return nil, fmt.Errorf("simbank: spec has no room for a code in DE%d", at)
		}
	}
	return c, nil
}

// alone is a message with nothing in it but a code.
func (c *coder) alone(at int, code []byte) ([]byte, error) {
	raw := iso8583.NewMessage(c.spec)
	raw.MTI("0200")
	if err := raw.BinaryField(at, code); err != nil {
		return nil, errors.New("simbank: spec has no DE64 or DE128 for a code")
	}
	body, err := raw.Pack()
	if err != nil {
		return nil, errors.New("simbank: spec cannot write a code")
	}
	return body, nil
}

// coded says that messages of a type have a code: all but network management.
func coded(mti string) bool { return len(mti) == 4 && mti[1] != '8' }

// placeOf is the element where a message has its code: the last one of its bitmaps.
func placeOf(m message) int {
	if len(m.tag) > 0 {
		return 128
	}
	for id := range m.de {
		if id > 64 {
			return 128
		}
	}
	return 64
}

// put writes the code of a message over the one at its end.
func (c *coder) put(body []byte, at int) error {
	covered := body[:len(body)-c.width[at]]
	code := c.sum(covered)
	alone, err := c.alone(at, code[:])
	if err != nil {
		return err
	}
	copy(body[len(covered):], alone[len(alone)-c.width[at]:])
	return nil
}

// sum is the code over what stands before it: as many bytes of it as count, and zeros.
func (c *coder) sum(covered []byte) (code [codeBytes]byte) {
	whole := c.key.Sum(nil, covered)
	copy(code[:c.size], whole)
	return code
}

// check holds the code of a message that came against what stands before it.
func (c *coder) check(m message, body []byte) *fault {
	at := placeOf(m)
	code, has := m.de[at]
	if !has || len(body) < c.width[at] {
		return &fault{fmt.Sprintf("DE%d", at), "no code"}
	}
	want := c.sum(body[:len(body)-c.width[at]])
	if subtle.ConstantTimeCompare(want[:], []byte(code)) != 1 {
		return &fault{fmt.Sprintf("DE%d", at), "wrong code"}
	}
	return nil
}

// recode puts the code of a message that was changed, and can be read.
func (c *codec) recode(body []byte) error {
	if c.code == nil {
		return nil
	}
	m, bad := c.decode(body)
	if bad != nil {
		return bad
	}
	return c.code.put(body, placeOf(m))
}

// spoil makes of a message with a code one that does not prove itself.
func (c *codec) spoil(body []byte, how proof) ([]byte, error) {
	m, bad := c.decode(body)
	raw := iso8583.NewMessage(c.spec)
	if bad != nil || raw.Unpack(body) != nil {
		return nil, errors.New("simbank: our own message cannot be read")
	}
	at := placeOf(m)
	if how == bare {
		raw.UnsetField(at)
		return raw.Pack()
	}
	code := []byte(m.de[at])
	if len(code) == 0 { // network management has none
		return body, nil
	}
	code[0] ^= 1
	if err := raw.BinaryField(at, code); err != nil {
		return nil, err
	}
	return raw.Pack()
}
