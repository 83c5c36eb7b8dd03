package payshieldsim

import (
	"errors"

	"switchd/hsm"
	"switchd/hsm/mac"
	"switchd/hsm/payshield/wire"
)

// macCommand is what M6 and M8 have in common.
type macCommand struct {
	digits    int // of the code
	algorithm hsm.MACAlgorithm
	padding   byte
	kind, key string
	message   []byte
}

// macFields takes them. A message comes whole, as bytes or as text.
func (c *command) macFields() (m macCommand) {
	c.want("0", "02")
	c.want("02", "03")
	m.digits = 8
	if c.One("01") == '1' {
		m.digits = 16
	}
	m.algorithm = map[byte]hsm.MACAlgorithm{'1': hsm.X99, '3': hsm.X919, '6': hsm.AESCMAC}[c.want("136", wire.BadMACAlgorithm)]
	paddings := "012"
	if m.algorithm == hsm.AESCMAC {
		paddings = "4"
	}
	m.padding = c.want(paddings, wire.BadPadding)
	m.kind = string(c.Hex(3))
	if m.kind != wire.BlockKeyType && m.kind != "003" && m.kind != "008" {
		c.fail(wire.BadKeyType)
	}
	m.key = c.Key()
	n := c.HexNumber(4)
	if n > c.Left() {
		c.fail(wire.DataLength)
	}
	m.message = c.Bytes(n)
	return m
}

// ready makes the key ready; the codes are those of M6 and M8.
func (m *macCommand) ready(lmk *LMK, modes string) (*mac.Key, wire.Code) {
	if (m.key[0] == wire.SchemeBlock) != (m.kind == wire.BlockKeyType) {
		return nil, wire.BadKeyType
	}
	p, code := lmk.unwrap(m.key, role{usages: []hsm.Usage{m.algorithm.Usage()}, modes: modes, types: []string{m.kind}, parity: wire.FirstKeyParity})
	if code != wire.OK {
		return nil, code
	}
	defer p.Bytes.Wipe()
	padding := hsm.Padding(0)
	switch {
	case m.algorithm == hsm.AESCMAC && p.Algorithm != hsm.AES || m.algorithm != hsm.AESCMAC && p.Algorithm == hsm.AES:
		return nil, wire.BadAlgorithm
	case m.padding == '0' && len(m.message)%8 != 0:
		return nil, wire.BadLength
	case m.padding == '0' || m.padding == '1':
		padding = hsm.PadZeros // which pads nothing where nothing is missing
	case m.padding == '2':
		padding = hsm.PadOne
	}
	k, err := mac.NewKey(m.algorithm, padding, p.Bytes.Reveal())
	if err != nil {
		return nil, wire.BadKeyLength
	}
	return k, wire.OK
}

// makeMAC is M6.
func (c *command) makeMAC() ([]byte, wire.Code) {
	m := c.macFields()
	c.lmkNumber()
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	k, code := m.ready(c.server.o.LMK, "GCN")
	if code != wire.OK {
		return nil, code
	}
	return wire.AppendHex(nil, k.Sum(nil, m.message))[:m.digits], wire.OK
}

// verifyMAC is M8.
func (c *command) verifyMAC() ([]byte, wire.Code) {
	m := c.macFields()
	given := make([]byte, m.digits/2)
	c.Into(given)
	c.lmkNumber()
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	k, code := m.ready(c.server.o.LMK, "VCN")
	if code != wire.OK {
		return nil, code
	}
	if err := k.Verify(m.message, given); errors.Is(err, hsm.ErrVerify) {
		return nil, wire.Failed
	}
	return nil, wire.OK
}
