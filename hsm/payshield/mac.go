package payshield

import (
	"context"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
)

// The sizes of codes that the protocol has, also with AES: flags 0 and 1.
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
	hsm.DESCMAC: {cipher: hsm.TDES}, // which the protocol has not
}

// MAC asks M6.
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
	return readBytes(m.exchange(ctx, m.lmk(command)), in.Size)
}

// readBytes reads an answer that is so many bytes.
func readBytes(got result, n int) ([]byte, error) {
	if err := got.fault(nil); err != nil {
		return nil, err
	}
	out := make([]byte, n)
	f := wire.Take(got.body)
	f.Into(out)
	if !f.Done() {
		return nil, got.malformed("for a code")
	}
	return out, nil
}

// VerifyMAC asks M8.
func (m *Module) VerifyMAC(ctx context.Context, in hsm.MACInput, code []byte) error {
	if err := checkMAC(&in); err != nil {
		return err
	}
	if len(code) != in.Size {
		return fmt.Errorf("%w: a MAC of %d bytes, not %d", hsm.ErrBlock, len(code), in.Size)
	}
	ks, err := m.keys.readers(in.By, &right{[]hsm.Usage{in.Algorithm.Usage()}, "VCN"})
	if err != nil {
		return err
	}
	failed := errUnasked
	for _, k := range ks {
		command, err := m.macCommand("M8", in, k)
		if err == nil {
			err = m.verdict(ctx, wire.AppendHex(command, code))
		}
		if err == nil || isFault(err) {
			return err
		}
		if failed == errUnasked {
			failed = err
		}
	}
	return failed
}

// checkMAC refuses what is no MAC, and what this driver does not make.
func checkMAC(in *hsm.MACInput) error {
	switch {
	case in.Algorithm.Size() == 0:
		return fmt.Errorf("%w: MAC algorithm %d is not known", hsm.ErrDenied, in.Algorithm)
	case in.Size < shortCode || in.Size > in.Algorithm.Size():
		return fmt.Errorf("%w: a MAC of %d bytes", hsm.ErrBlock, in.Size)
	case in.Size != shortCode && in.Size != longCode:
		return fmt.Errorf("%w: the protocol has MACs of %d and %d bytes", hsm.ErrDenied, shortCode, longCode)
	case in.Padding > hsm.PadOne || in.Padding != 0 && in.Algorithm.Usage() == hsm.MACAlg5:
		return fmt.Errorf("%w: padding method %d is not known for %s", hsm.ErrDenied, in.Padding, in.Algorithm)
	case len(in.Message) > 0xFFFF:
		return fmt.Errorf("%w: a message of %d bytes", hsm.ErrBlock, len(in.Message))
	}
	return nil
}

// macCommand makes the part that M6 and M8 share: the whole message at once, as bytes.
func (m *Module) macCommand(code string, in hsm.MACInput, k *entry) ([]byte, error) {
	a := algorithms[in.Algorithm]
	switch {
	case k.algorithm() != a.cipher || a.bits != 0 && k.bits() != 0 && k.bits() != a.bits:
		return nil, fmt.Errorf("%w: the key is none for %s", hsm.ErrKey, in.Algorithm)
	case a.code == 0:
		return nil, fmt.Errorf("%w: the protocol has no %s", hsm.ErrDenied, in.Algorithm)
	}
	size, padding := byte('0'), a.padding
	if in.Size == longCode {
		size = '1'
	}
	if in.Padding != 0 {
		padding = '0' + byte(in.Padding)
	}
	command := append(m.command(code), '0', '0', size, a.code, padding)
	command = append(append(command, k.keyType()...), k.Key...)
	return append(wire.AppendNumber(command, len(in.Message), 4, 16), in.Message...), nil
}
