package payshieldsim

import (
	"errors"
	"io"
	"slices"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/payshield/wire"
)

// protection keys are what key blocks are under.
func protection(modes string) role {
	return role{usages: []hsm.Usage{hsm.KeyProtection, hsm.KeyEncryption}, modes: modes, types: []string{"000"}, parity: wire.FirstKeyParity}
}

// keyTypes are those that keys of other schemes than key blocks can have.
var keyTypes = []string{"000", "001", "002", "70D", "003", "008", "009", "00A"}

// keyType takes the type of a key, which goes with its scheme.
func (c *command) keyType() string {
	t := string(c.Hex(3))
	if t != wire.BlockKeyType && !slices.Contains(keyTypes, t) {
		c.fail(wire.BadType)
	}
	return t
}

// scheme takes the scheme that a new key is to have under the LMK.
func (c *command) scheme(keyType string) byte {
	s := c.want("SUTZ", wire.BadScheme)
	if (s == wire.SchemeBlock) != (keyType == wire.BlockKeyType) {
		c.fail(wire.BadScheme)
	}
	return s
}

// lengths of keys as A0 names them.
var lengths = map[string]int{"D1": 8, "T2": 16, "T3": 24, "A1": 16, "A2": 24, "A3": 32}

// generate is A0, without making the key ready for others too.
func (c *command) generate() ([]byte, wire.Code) {
	c.Exact("0")
	p := Plain{Type: c.keyType(), Algorithm: hsm.TDES}
	p.Scheme = c.scheme(p.Type)
	c.lmkNumber()
	n := wire.KeyBits(p.Scheme) / 8
	if p.Scheme == wire.SchemeSingle {
		p.Algorithm = hsm.DES
	}
	if p.Scheme == wire.SchemeBlock {
		c.Exact("#")
		p.Usage = hsm.Usage(c.Text(2))
		length := string(c.Text(2))
		p.Mode = hsm.Mode(c.want("NBEDCGVSTXY", wire.BadMode))
		c.Exact("00")
		p.Export = hsm.Export(c.want("ENS", wire.BadExport))
		c.Exact("00")
		if n = lengths[length]; n == 0 {
			c.fail(wire.BadAlgorithm)
		} else {
			p.Algorithm = hsm.Algorithm(length[0])
		}
		if !p.Usage.Known() {
			c.fail(wire.BadUsage)
		}
	}
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	key := make([]byte, n)
	if _, err := io.ReadFull(c.server.o.Random, key); err != nil {
		return nil, wire.Internal
	}
	if p.Algorithm != hsm.AES {
		setOdd(key)
	}
	p.Bytes = hsm.NewSecret(key)
	return c.give(p, wire.OK)
}

// give answers with a key under the LMK and its check value, and wipes it.
func (c *command) give(p Plain, code wire.Code) ([]byte, wire.Code) {
	defer p.Bytes.Wipe()
	key, err := c.server.o.LMK.Protect(p, c.server.o.Random)
	switch {
	case errors.Is(err, hsm.ErrKey):
		return nil, wire.BadKeyLength
	case err != nil:
		return nil, wire.Internal
	}
	return append([]byte(key), p.checkValue(6)...), code
}

// importKey is A6, for key blocks of TR-31.
func (c *command) importKey() ([]byte, wire.Code) {
	kind := c.keyType()
	under := c.Key()
	block := c.Key()
	scheme := c.scheme(kind)
	c.lmkNumber()
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	if block[0] != wire.SchemeTR31 {
		return nil, wire.BadScheme
	}
	zmk, code := c.server.o.LMK.unwrap(under, protection("BDN"))
	if code != wire.OK {
		return nil, code
	}
	defer zmk.Bytes.Wipe()
	h, bytes, err := keyblock.Unwrap(zmk.Bytes, block[1:])
	if err != nil {
		return nil, blockCode(err)
	}
	p := Plain{Scheme: scheme, Type: kind, Usage: h.Usage, Algorithm: h.Algorithm, Mode: h.Mode, Export: h.Export, Bytes: bytes}
	if code := p.admit(); code != wire.OK {
		bytes.Wipe()
		return nil, code
	}
	if p.Algorithm != hsm.AES && setOdd(bytes.Reveal()) {
		code = wire.Failed // parity was not odd: a warning
	}
	return c.give(p, code)
}

// admit refuses a key that has no place under the LMK in its scheme.
func (p *Plain) admit() wire.Code {
	switch {
	case p.Algorithm.Rank(p.Bytes.Len()) == 0:
		return wire.BadAlgorithm
	case !p.Usage.Known():
		return wire.BadUsage
	case !p.Mode.Known():
		return wire.BadMode
	case !p.Export.Known():
		return wire.BadExport
	case p.masquerades():
		return "75"
	case p.Scheme == wire.SchemeBlock:
		return wire.OK
	case p.Algorithm == hsm.AES:
		return wire.BadAlgorithm
	case p.Type != wire.KeyType(p.Scheme, p.Usage) && (p.Usage != hsm.PINEncryption || p.Type != "002" && p.Type != "70D"):
		return wire.BadType
	}
	return wire.OK
}

// blockCode is the code for a key block that does not open.
func blockCode(err error) wire.Code {
	switch {
	case errors.Is(err, hsm.ErrVerify):
		return wire.BadBlockCheck
	case errors.Is(err, hsm.ErrBlock):
		return wire.BadBlockFormat
	case errors.Is(err, hsm.ErrDenied):
		return wire.BadWrappingKey
	}
	return wire.BadAlgorithm
}

// exportKey is A8, for key blocks of TR-31.
func (c *command) exportKey() ([]byte, wire.Code) {
	kind := c.keyType()
	under, what := c.Key(), c.Key()
	c.want(string(rune(wire.SchemeTR31)), wire.BadScheme)
	c.lmkNumber()
	changed := c.exportOptions(kind)
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	zmk, code := c.server.o.LMK.unwrap(under, protection("BEN"))
	if code != wire.OK {
		return nil, code
	}
	defer zmk.Bytes.Wipe()
	p, code := c.server.o.LMK.unwrap(what, role{types: []string{kind}, parity: wire.SecondKeyParity})
	if code != wire.OK {
		return nil, code
	}
	defer p.Bytes.Wipe()
	switch {
	case p.Type != kind:
		return nil, wire.BadType
	case kind != wire.BlockKeyType:
		p.Usage, p.Mode, p.Export = changed.Usage, changed.Mode, changed.Export
	case p.Export == hsm.NotExportable:
		return nil, wire.BadExport
	case changed.Export != 0:
		p.Export = changed.Export
	}
	version := byte('B')
	if zmk.Algorithm == hsm.AES {
		version = 'D'
	}
	block, err := keyblock.Wrap(zmk.Bytes, p.header(version), p.Bytes, c.server.o.Random)
	if err != nil {
		return nil, blockCode(err)
	}
	return append(append([]byte{wire.SchemeTR31}, block...), p.checkValue(6)...), wire.OK
}

// exportOptions takes what the block of an exported key is to say: of a key block only
// its exportability, of other keys all.
func (c *command) exportOptions(kind string) (h keyblock.Header) {
	if kind == wire.BlockKeyType {
		if c.Next('&') {
			h.Export = hsm.Export(c.want("ENS", wire.BadExport))
		}
		return h
	}
	c.Exact("&")
	h.Usage = hsm.Usage(c.Text(2))
	h.Mode = hsm.Mode(c.want("NBEDCGVSTXY", wire.BadMode))
	c.Exact("00")
	h.Export = hsm.Export(c.want("ENS", wire.BadExport))
	c.Exact("00")
	if !h.Usage.Known() {
		c.fail(wire.BadUsage)
	}
	return h
}

// checkValue is BU.
func (c *command) checkValue() ([]byte, wire.Code) {
	c.Exact("FF")
	flag := c.want("012F", wire.BadKeyType)
	key := c.Key()
	c.Exact(";")
	kind := c.keyType()
	digits := 16
	if c.Next(';') {
		c.Exact("00")
		if c.One("01") == '1' {
			digits = 6
		}
	}
	c.lmkNumber()
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	if flag != map[byte]byte{wire.SchemeSingle: '0', wire.SchemeDouble: '1', wire.SchemeTriple: '2', wire.SchemeBlock: 'F'}[key[0]] {
		return nil, wire.BadKeyType
	}
	p, code := c.server.o.LMK.unwrap(key, role{types: []string{kind}, parity: wire.FirstKeyParity})
	if code != wire.OK {
		return nil, code
	}
	defer p.Bytes.Wipe()
	if p.Type != kind {
		return nil, wire.BadType
	}
	return p.checkValue(digits), wire.OK
}
