package payshieldsim

import (
	"bytes"
	"errors"

	"switchd/hsm"
	"switchd/hsm/dukpt"
	"switchd/hsm/payshield/wire"
	"switchd/hsm/pinblock"
	"switchd/hsm/symmetric"
)

// What keys of PINs have to be.
var (
	sourceZone     = role{usages: []hsm.Usage{hsm.PINEncryption}, modes: "BDN", types: []string{"001"}, parity: wire.FirstKeyParity}
	sourceTerminal = role{usages: []hsm.Usage{hsm.PINEncryption}, modes: "BDN", types: []string{"002", "70D"}, parity: wire.FirstKeyParity}
	sourceDevice   = role{usages: []hsm.Usage{hsm.BaseDerivation}, modes: "XN", types: []string{"009"}, parity: wire.FirstKeyParity}
	destination    = role{usages: []hsm.Usage{hsm.PINEncryption}, modes: "BEN", types: []string{"001"}, parity: wire.SecondKeyParity}
	pvvKey         = role{usages: []hsm.Usage{hsm.PINVerifyVisaPVV, hsm.PINVerification}, modes: "VCN", types: []string{"002"}, parity: wire.SecondKeyParity}
	offsetKey      = role{usages: []hsm.Usage{hsm.PINVerifyIBM3624, hsm.PINVerification}, modes: "VCN", types: []string{"002"}, parity: wire.SecondKeyParity}
)

// translateZone is CC, translateTerminal CA.
func (c *command) translateZone() ([]byte, wire.Code)     { return c.translate(sourceZone, false) }
func (c *command) translateTerminal() ([]byte, wire.Code) { return c.translate(sourceTerminal, true) }

func (c *command) translate(from role, device bool) ([]byte, wire.Code) {
	in, out := c.Key(), c.Key()
	c.Exact(wire.PINMax)
	source, code := c.source(in, from)
	defer source.Bytes.Wipe()
	return c.reencrypt(source, code, out, device)
}

// source takes the key of a PIN block out of what is under the LMK; if that cannot be,
// the rest of the command is read nevertheless, since a malformed one has a code of its
// own.
func (c *command) source(key string, r role) (Plain, wire.Code) {
	if !c.Good() {
		return Plain{}, wire.BadInput
	}
	return c.server.o.LMK.unwrap(key, r)
}

// translateDevice is G0.
func (c *command) translateDevice() ([]byte, wire.Code) {
	in, out := c.Key(), c.Key()
	bdk, code := c.source(in, sourceDevice)
	defer bdk.Bytes.Wipe()
	counter := 5
	if bdk.Algorithm == hsm.AES {
		counter = 8
	}
	for _, digit := range c.Hex(3) {
		var v [1]byte
		wire.Take([]byte{'0', digit}).Into(v[:])
		counter += int(v[0])
	}
	if counter%2 != 0 || counter > 24 {
		c.fail(wire.BadInput)
		counter = 0
	}
	ksn := make([]byte, counter/2)
	c.Into(ksn)
	var key Plain
	if code == wire.OK && c.Good() {
		var err error
		if key, err = bdk.device(ksn); err != nil {
			code = wire.BadInput
		}
	}
	defer key.Bytes.Wipe()
	return c.reencrypt(key, code, out, true)
}

// device derives the key of a device's PIN block: of the base key's algorithm, with AES
// also of its length.
func (p *Plain) device(ksn []byte) (Plain, error) {
	made := Plain{Algorithm: p.Algorithm}
	if p.Algorithm == hsm.AES {
		serial, err := dukpt.ParseAESKSN(ksn)
		if err != nil {
			return made, err
		}
		initial, err := dukpt.AESInitialKey(p.Bytes, serial.ID)
		if err != nil {
			return made, err
		}
		defer initial.Wipe()
		made.Bytes, err = dukpt.AESKey(initial, serial, dukpt.PINEncrypt, dukpt.AES128+dukpt.Kind(p.Bytes.Len()-16)/8)
		return made, err
	}
	serial, err := dukpt.ParseTDESKSN(ksn)
	if err != nil {
		return made, err
	}
	initial, err := dukpt.TDESInitialKey(p.Bytes, serial)
	if err != nil {
		return made, err
	}
	defer initial.Wipe()
	made.Bytes, err = dukpt.TDESKey(initial, serial, dukpt.TDESPin)
	return made, err
}

// pinBlock takes a block as long as those of a key's cipher.
func (c *command) pinBlock(key Plain) []byte {
	block := make([]byte, 8)
	if key.Algorithm == hsm.AES {
		block = make([]byte, 16)
	}
	c.Into(block)
	return block
}

// format takes the code of a PIN block format.
func (c *command) format() hsm.PINFormat {
	f, known := wire.FormatOf(c.Digits(2))
	if !known {
		c.fail(wire.BadPINFormat)
	}
	return f
}

// account takes 12 digits without a check digit, or all with a delimiter.
func (c *command) account(whole bool) pinblock.Account {
	var digits []byte
	if whole {
		digits = c.DigitsUntil(';', 1, wire.MaxDigits)
	} else {
		digits = append(bytes.Clone(c.Digits(12)), '0') // any check digit
	}
	a, err := pinblock.ParseAccount(digits)
	if err != nil {
		c.fail(wire.BadAccount)
	}
	return a
}

// reencrypt takes the rest of a translation and does it.
func (c *command) reencrypt(source Plain, code wire.Code, out string, device bool) ([]byte, wire.Code) {
	block := c.pinBlock(source)
	change := hsm.FormatChange{From: c.format(), To: c.format(), Device: device}
	account := c.account(change.From == hsm.ISO4 || change.To == hsm.ISO4)
	c.lmkNumber()
	if ending := c.end(); ending != wire.OK && (code == wire.OK || code == wire.BadInput) {
		return nil, ending
	}
	if code != wire.OK {
		return nil, code
	}
	target, code := c.server.o.LMK.unwrap(out, destination)
	if code != wire.OK {
		return nil, code
	}
	defer target.Bytes.Wipe()
	from, code := source.cipher(change.From, account)
	if code != wire.OK {
		return nil, code
	}
	to, code := target.cipher(change.To, account)
	if code != wire.OK {
		return nil, code
	}
	if hsm.AllowTranslation(change) != nil {
		return nil, wire.FormatDisabled
	}
	var pin pinblock.PIN
	defer pin.Wipe()
	if err := pinblock.Decrypt(&pin, block, from); err != nil {
		return nil, wire.BadPINBlock
	}
	made := make([]byte, change.To.Size())
	if err := pinblock.Encrypt(made, &pin, to, c.server.o.Random); err != nil {
		return nil, wire.Internal
	}
	var digits [12]byte
	length := pin.Digits(digits[:])
	clear(digits[:])
	answer := wire.AppendHex(wire.AppendNumber(nil, length, 2, 10), made)
	return append(answer, wire.FormatCode(change.To)...), wire.OK
}

// cipher makes a key ready for the blocks of a format.
func (p *Plain) cipher(format hsm.PINFormat, account pinblock.Account) (pinblock.Binding, wire.Code) {
	b := pinblock.Binding{Format: format, Account: account}
	if p.Algorithm != format.Algorithm() {
		return b, wire.BadAlgorithm
	}
	var err error
	if b.Key, err = symmetric.New(p.Algorithm, p.Bytes.Reveal()); err != nil {
		return b, wire.BadKeyLength
	}
	return b, wire.OK
}

// verification is what EA and EC have in common.
type verification struct {
	zpk, pvk Plain
	zpkCode  wire.Code
	pvkText  string
	block    []byte
	format   hsm.PINFormat
	account  pinblock.Account
}

// readPIN takes the PIN out of its block, and the key that it is verified with out of
// what is under the LMK. The caller wipes both.
func (v *verification) readPIN(lmk *LMK, pin *pinblock.PIN, r role) wire.Code {
	if v.zpkCode != wire.OK {
		return v.zpkCode
	}
	var code wire.Code
	if v.pvk, code = lmk.unwrap(v.pvkText, r); code != wire.OK {
		return code
	}
	if v.pvk.Algorithm != hsm.TDES {
		return wire.BadAlgorithm
	}
	b, code := v.zpk.cipher(v.format, v.account)
	if code != wire.OK {
		return code
	}
	if pinblock.Decrypt(pin, v.block, b) != nil {
		return wire.BadPINBlock
	}
	return wire.OK
}

func (v *verification) wipe() {
	v.zpk.Bytes.Wipe()
	v.pvk.Bytes.Wipe()
}

// verifyPVV is EC.
func (c *command) verifyPVV() ([]byte, wire.Code) {
	zpk := c.Key()
	v := verification{pvkText: c.Key()}
	defer v.wipe()
	v.zpk, v.zpkCode = c.source(zpk, sourceZone)
	v.block, v.format = c.pinBlock(v.zpk), c.format()
	v.account = c.account(v.format == hsm.ISO4)
	index, pvv := c.Number(1), c.Digits(4)
	c.lmkNumber()
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	var pin pinblock.PIN
	defer pin.Wipe()
	if code := v.readPIN(c.server.o.LMK, &pin, pvvKey); code != wire.OK {
		return nil, code
	}
	pvk, err := symmetric.New(v.pvk.Algorithm, v.pvk.Bytes.Reveal())
	if err == nil {
		err = pinblock.VerifyPVV(pvv, &pin, v.account, uint8(index), pvk)
	}
	return nil, verdict(err)
}

// verdict is the code of a comparison.
func verdict(err error) wire.Code {
	switch {
	case err == nil:
		return wire.OK
	case errors.Is(err, hsm.ErrVerify):
		return wire.Failed
	}
	return wire.BadInput
}

// verifyOffset is EA.
func (c *command) verifyOffset() ([]byte, wire.Code) {
	zpk := c.Key()
	v := verification{pvkText: c.Key()}
	defer v.wipe()
	c.Exact(wire.PINMax)
	v.zpk, v.zpkCode = c.source(zpk, sourceZone)
	v.block, v.format = c.pinBlock(v.zpk), c.format()
	length := c.Number(2)
	digits := c.accountDigits(v.format == hsm.ISO4, &v.account)
	table, err := pinblock.ParseTable(string(c.Digits(16)))
	if err != nil {
		c.fail(wire.BadTable)
	}
	m := pinblock.IBM3624{Table: table}
	c.validation(&m, digits)
	offset := bytes.TrimRight(c.Hex(12), "F")
	c.lmkNumber()
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	var pin pinblock.PIN
	defer pin.Wipe()
	if code := v.readPIN(c.server.o.LMK, &pin, offsetKey); code != wire.OK {
		return nil, code
	}
	if m.Key, err = symmetric.New(v.pvk.Algorithm, v.pvk.Bytes.Reveal()); err != nil {
		return nil, wire.BadKeyLength
	}
	if length < 4 || length > len(offset) {
		return nil, wire.BadInput
	}
	if code := verdict(pinblock.VerifyOffset(offset, &pin, m)); code != wire.OK {
		return nil, code
	}
	return nil, wire.NotSingleLength // as the protocol has it for every TDES key
}

// accountDigits takes an account and gives its 12 rightmost digits without the check
// digit too, of which validation data may be made.
func (c *command) accountDigits(whole bool, a *pinblock.Account) []byte {
	before := c.Fields
	peek := *before
	*a = c.account(whole)
	if whole {
		digits := peek.DigitsUntil(';', 1, wire.MaxDigits)
		if len(digits) < 13 {
			return nil
		}
		return digits[len(digits)-13 : len(digits)-1]
	}
	return peek.Digits(12)
}

// validation takes validation data: P and 16 digits, or 12 characters of which N stands
// for the last five digits of the account.
func (c *command) validation(m *pinblock.IBM3624, account []byte) {
	if c.Next('P') {
		c.Into(m.Validation[:])
		return
	}
	text := c.Text(12)
	at := bytes.IndexByte(text, 'N')
	if at < 0 || len(account) != 12 {
		c.fail(wire.BadInput)
		return
	}
	whole := append(append(bytes.Clone(text[:at]), account[7:]...), text[at+1:]...)
	f := wire.Take(whole)
	if f.Into(m.Validation[:]); !f.Done() {
		c.fail(wire.BadInput)
	}
}
