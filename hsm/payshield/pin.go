package payshield

import (
	"context"
	"errors"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/dukpt"
	"switchd/hsm/payshield/wire"
	"switchd/hsm/pinblock"
)

// Which keys PINs need.
var (
	readPIN     = right{[]hsm.Usage{hsm.PINEncryption}, "BDN"}
	writePIN    = right{[]hsm.Usage{hsm.PINEncryption}, "BEN"}
	derivePIN   = right{[]hsm.Usage{hsm.BaseDerivation}, "XN"}
	checkPVV    = right{[]hsm.Usage{hsm.PINVerifyVisaPVV, hsm.PINVerification}, "VCN"}
	checkOffset = right{[]hsm.Usage{hsm.PINVerifyIBM3624, hsm.PINVerification}, "VCN"}
)

// errUnasked is what a call has failed with until a key was asked: nothing is right that
// nobody has looked at.
var errUnasked = fmt.Errorf("%w: no key was asked", hsm.ErrKey)

// TranslatePIN asks CC for blocks of another zone, CA for blocks of a terminal, and G0
// for those under DUKPT keys. (CI is DUKPT with single DES, and not asked.) While a key
// and the one before it both read, both are asked, and exactly one must fit.
func (m *Module) TranslatePIN(ctx context.Context, t hsm.Translation) (hsm.Secret, error) {
	if err := hsm.AllowTranslation(t.Change); err != nil {
		return hsm.Secret{}, err
	}
	out, err := m.keys.maker(t.Out, &writePIN)
	if err == nil {
		err = suits(out, t.Change.To)
	}
	if err != nil {
		return hsm.Secret{}, err
	}
	ins, err := m.inputKeys(hsm.EncryptedPIN{Under: t.In, Format: t.Change.From, KSN: t.KSN, Block: t.Block})
	if err != nil {
		return hsm.Secret{}, err
	}
	var block hsm.Secret
	failed := errUnasked
	for _, in := range ins {
		got, err := m.translate(ctx, t, in, out)
		switch {
		case isFault(err):
			block.Wipe()
			return hsm.Secret{}, err
		case err == nil && block.Len() > 0:
			block.Wipe()
			got.Wipe()
			return hsm.Secret{}, fmt.Errorf("%w: the PIN block can be read under two keys", hsm.ErrBlock)
		case err == nil:
			block = got
		case failed == errUnasked:
			failed = err
		}
	}
	if block.Len() > 0 {
		return block, nil
	}
	return hsm.Secret{}, failed
}

// isFault tells whether there was no answer, so that asking with another key would not
// help.
func isFault(err error) bool {
	var fault *hsm.Fault
	return errors.As(err, &fault)
}

// inputKeys are the keys that a block may be under. A block that cannot be one of its
// format is refused.
func (m *Module) inputKeys(p hsm.EncryptedPIN) ([]*entry, error) {
	r := &readPIN
	if len(p.KSN) > 0 {
		r = &derivePIN
	}
	ks, err := m.keys.readers(p.Under, r)
	if err != nil {
		return nil, err
	}
	fit := ks[:0:0]
	for _, k := range ks {
		if suits(k, p.Format) == nil {
			fit = append(fit, k)
		}
	}
	switch {
	case len(fit) == 0:
		return nil, suits(ks[0], p.Format)
	case p.Block.Len() != p.Format.Size():
		return nil, errPIN
	}
	return fit, nil
}

// translate asks for one translation.
func (m *Module) translate(ctx context.Context, t hsm.Translation, in, out *entry) (hsm.Secret, error) {
	command, err := m.translation(t, in, out)
	if err != nil {
		return hsm.Secret{}, err
	}
	return readBlock(m.exchange(ctx, m.lmk(command)), t.Change.To)
}

// readBlock reads the answer of a translation.
func readBlock(got result, format hsm.PINFormat) (hsm.Secret, error) {
	if err := got.fault(nil); err != nil {
		return hsm.Secret{}, err
	}
	block := make([]byte, format.Size())
	f := wire.Take(got.body)
	length := f.Number(2)
	f.Into(block)
	f.Exact(wire.FormatCode(format))
	if !f.Done() || length < 4 || length > 12 {
		return hsm.Secret{}, got.malformed("for a PIN block")
	}
	return hsm.NewSecret(block), nil
}

// translation makes the command of a translation.
func (m *Module) translation(t hsm.Translation, in, out *entry) ([]byte, error) {
	code, middle := "CC", wire.PINMax
	switch {
	case len(t.KSN) > 0:
		descriptor, err := ksnDescriptor(in.algorithm(), t.KSN)
		if err != nil {
			return nil, err
		}
		code, middle = "G0", string(wire.AppendHex([]byte(descriptor), t.KSN))
	case t.Change.Device:
		code = "CA"
	}
	command := append(append(append(m.command(code), in.Key...), out.Key...), middle...)
	command = wire.AppendHex(command, t.Block.Reveal())
	command = append(command, wire.FormatCode(t.Change.From)...)
	command = append(command, wire.FormatCode(t.Change.To)...)
	return appendAccount(command, t.Account, t.Change.From == hsm.ISO4 || t.Change.To == hsm.ISO4)
}

// ksnDescriptor says of how many digits the parts of a serial number are before its
// counter: base key, sub-key, device. Serial numbers that no device has are refused.
func ksnDescriptor(a hsm.Algorithm, ksn []byte) (string, error) {
	if a != hsm.AES {
		_, err := dukpt.ParseTDESKSN(ksn)
		return fmt.Sprintf("%X05", 2*len(ksn)-10), err
	}
	serial, err := dukpt.ParseAESKSN(ksn)
	if err == nil && serial.Counter == dukpt.UpdateCounter {
		err = fmt.Errorf("%w: this counter is for the next initial key only", hsm.ErrDenied)
	}
	return "808", err
}

// appendAccount appends 12 digits, the rightmost without the check digit; for format 4
// all digits and a delimiter.
func appendAccount(command []byte, account hsm.Secret, whole bool) ([]byte, error) {
	digits := account.Reveal()
	if _, err := pinblock.ParseAccount(digits); err != nil {
		return nil, err
	}
	if whole {
		return append(append(command, digits...), ';'), nil
	}
	digits = digits[:len(digits)-1]
	for range 12 - len(digits) {
		command = append(command, '0')
	}
	return append(command, digits[max(0, len(digits)-12):]...), nil
}

// suits refuses a key of another cipher than a format's, and an unknown format.
func suits(k *entry, format hsm.PINFormat) error {
	switch {
	case !format.Known():
		return fmt.Errorf("%w: %s is not known", hsm.ErrDenied, format)
	case k.algorithm() != format.Algorithm():
		return fmt.Errorf("%w: %s needs a key for %s", hsm.ErrKey, format, format.Algorithm())
	}
	return nil
}

// verification is a command that compares a PIN: what follows its two keys.
type verification struct {
	code     string
	input    hsm.EncryptedPIN
	by       hsm.KeyRef
	right    *right
	rest     []byte
	warnings []wire.Code
}

// verify asks with every pair of keys that may read until one says yes. Of what they say
// else, a wrong PIN counts most: the others are about keys that did not fit.
func (m *Module) verify(ctx context.Context, v verification) error {
	defer clear(v.rest)
	if len(v.input.KSN) > 0 {
		return fmt.Errorf("%w: this driver verifies no PINs under DUKPT keys; translate them first", hsm.ErrDenied)
	}
	zpks, err := m.inputKeys(v.input)
	if err != nil {
		return err
	}
	pvks, err := m.keys.readers(v.by, v.right)
	if err != nil {
		return err
	}
	failed := errUnasked
	for _, zpk := range zpks {
		for _, pvk := range pvks {
			command := append(append(append(m.command(v.code), zpk.Key...), pvk.Key...), v.rest...)
			err := m.verdict(ctx, command, v.warnings...)
			if err == nil || isFault(err) {
				return err
			}
			if failed == errUnasked || errors.Is(err, hsm.ErrVerify) {
				failed = err
			}
		}
	}
	return failed
}

// VerifyPVV asks EC.
func (m *Module) VerifyPVV(ctx context.Context, c hsm.PVVCheck) error {
	pvv := c.PVV.Reveal()
	if c.Index > 9 || len(pvv) != 4 || !digits(pvv) {
		return fmt.Errorf("%w: a PVV has four digits, and the number of its key is 0 to 9", hsm.ErrBlock)
	}
	rest := append(wire.AppendHex(nil, c.Input.Block.Reveal()), wire.FormatCode(c.Input.Format)...)
	rest, err := appendAccount(rest, c.Input.Account, c.Input.Format == hsm.ISO4)
	if err != nil {
		return err
	}
	rest = append(append(rest, '0'+c.Index), pvv...)
	return m.verify(ctx, verification{code: "EC", input: c.Input, by: c.By, right: &checkPVV, rest: rest})
}

// VerifyOffset asks EA.
func (m *Module) VerifyOffset(ctx context.Context, c hsm.OffsetCheck) error {
	if _, err := pinblock.ParseTable(c.Table); err != nil {
		return err
	}
	offset, validation := c.Offset.Reveal(), wire.Take(c.Validation.Reveal())
	if len(offset) < 4 || len(offset) > 12 || !digits(offset) {
		return fmt.Errorf("%w: an offset has 4 to 12 digits", hsm.ErrBlock)
	}
	if validation.Hex(16); !validation.Done() {
		return fmt.Errorf("%w: validation data has 16 hexadecimal digits", hsm.ErrBlock)
	}
	rest := wire.AppendHex([]byte(wire.PINMax), c.Input.Block.Reveal())
	rest = wire.AppendNumber(append(rest, wire.FormatCode(c.Input.Format)...), len(offset), 2, 10)
	rest, err := appendAccount(rest, c.Input.Account, c.Input.Format == hsm.ISO4)
	if err != nil {
		return err
	}
	rest = append(append(append(rest, c.Table...), 'P'), c.Validation.Reveal()...)
	rest = append(rest, offset...)
	for range 12 - len(offset) {
		rest = append(rest, 'F')
	}
	// A key of two or three parts, which is what is used today, is a warning of EA.
	return m.verify(ctx, verification{
		code: "EA", input: c.Input, by: c.By, right: &checkOffset, rest: rest, warnings: []wire.Code{wire.NotSingleLength},
	})
}

// verdict sends a command whose answer is its error code.
func (m *Module) verdict(ctx context.Context, command []byte, warnings ...wire.Code) error {
	return readVerdict(m.exchange(ctx, m.lmk(command)), warnings...)
}

// readVerdict reads the answer of a verification.
func readVerdict(got result, warnings ...wire.Code) error {
	if err := got.fault(warnings); err != nil {
		return err
	}
	if len(got.body) > 0 {
		return got.malformed("for a verification")
	}
	return nil
}

func digits(text []byte) bool {
	f := wire.Take(text)
	f.Digits(len(text))
	return f.Done()
}
