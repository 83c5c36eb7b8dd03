package payshield

import (
	"context"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
)

// The sizes of codes that the protocol has, by their flags.
const (
	shortCode = 4
	longCode  = 8
)

// algorithms of MACs: how M6 and M8 name them, their padding when the call names none,
// and the cipher of their keys.
var algorithms = map[hsm.MACAlgorithm]struct {
	code    byte
	padding byte
	cipher  hsm.Algorithm
	bits    int
}{
	hsm.X99:     {'1', '1', hsm.DES, 64},
	hsm.X919:    {'3', '1', hsm.TDES, 128},
	hsm.AESCMAC: {'6', '4', hsm.AES, 0},
}

// MAC asks M6. Codes have up to 8 bytes here, also those of AES.
func (m *Module) MAC(ctx context.Context, in hsm.MACInput) ([]byte, error) {
	if err := checkMAC(&in); err != nil {
		return nil, err
	}
	k, err := m.keys.maker(in.By, &right{[]hsm.Usage{in.Algorithm.Usage()}, "GCN"})
	if err != nil {
		return nil, err
	}
	command, err := m.macCommand("M6", in, k)
	if err != nil {
		return nil, err
	}
	got := m.exchange(ctx, m.lmk(command))
	if err := got.fault(nil); err != nil {
		return nil, err
	}
	code := make([]byte, macSize(in.Size))
	f := wire.Take(got.body)
	f.Into(code)
	if !f.Done() {
		return nil, malformed("M6")
	}
	return code[:in.Size], nil
}

// VerifyMAC asks M8, which compares codes of 4 or 8 bytes.
func (m *Module) VerifyMAC(ctx context.Context, in hsm.MACInput, code []byte) error {
	if err := checkMAC(&in); err != nil {
		return err
	}
	switch {
	case len(code) != in.Size:
		return fmt.Errorf("%w: a MAC of %d bytes, not %d", hsm.ErrBlock, len(code), in.Size)
	case macSize(in.Size) != in.Size:
		return fmt.Errorf("%w: this driver verifies codes of %d or %d bytes", hsm.ErrDenied, shortCode, longCode)
	}
	ks, err := m.keys.readers(in.By, &right{[]hsm.Usage{in.Algorithm.Usage()}, "VCN"})
	if err != nil {
		return err
	}
	var failed error
	for _, k := range ks {
		command, err := m.macCommand("M8", in, k)
		if err == nil {
			err = m.verdict(ctx, wire.AppendHex(command, code))
		}
		if err == nil || isFault(err) {
			return err
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}

// macSize is the size that the module is asked for: the next one that it has.
func macSize(size int) int {
	if size <= shortCode {
		return shortCode
	}
	return longCode
}

// checkMAC refuses what is no MAC, and what this driver does not make.
func checkMAC(in *hsm.MACInput) error {
	_, known := algorithms[in.Algorithm]
	switch {
	case !known:
		return fmt.Errorf("%w: this driver makes no MACs with %s", hsm.ErrDenied, in.Algorithm)
	case in.Size < shortCode || in.Size > in.Algorithm.Size():
		return fmt.Errorf("%w: a MAC of %d bytes", hsm.ErrBlock, in.Size)
	case in.Size > longCode:
		return fmt.Errorf("%w: this driver makes MACs of up to %d bytes", hsm.ErrDenied, longCode)
	case in.Padding > hsm.PadOne || in.Padding != 0 && in.Algorithm == hsm.AESCMAC:
		return fmt.Errorf("%w: padding method %d is not known for %s", hsm.ErrDenied, in.Padding, in.Algorithm)
	case len(in.Message) > 0xFFFF:
		return fmt.Errorf("%w: a message of %d bytes", hsm.ErrBlock, len(in.Message))
	}
	return nil
}

// macCommand makes the part that M6 and M8 share: the whole message at once, as bytes.
func (m *Module) macCommand(code string, in hsm.MACInput, k *entry) ([]byte, error) {
	a := algorithms[in.Algorithm]
	if k.algorithm() != a.cipher || a.bits != 0 && k.bits() != 0 && k.bits() != a.bits {
		return nil, fmt.Errorf("%w: the key is none for %s", hsm.ErrKey, in.Algorithm)
	}
	size, padding := byte('0'), a.padding
	if macSize(in.Size) == longCode {
		size = '1'
	}
	if in.Padding != 0 {
		padding = '0' + byte(in.Padding)
	}
	command := append(m.command(code), '0', '0', size, a.code, padding)
	command = append(append(command, k.keyType()...), k.Key...)
	return append(wire.AppendNumber(command, len(in.Message), 4, 16), in.Message...), nil
}
