package payshield

import (
	"context"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/payshield/wire"
	"switchd/hsm/rule"
)

// Which keys protect others on their way.
var (
	wrapKey   = right{[]hsm.Usage{hsm.KeyProtection}, "BEN"}
	unwrapKey = right{[]hsm.Usage{hsm.KeyProtection}, "BDN"}
)

// protects refuses a key of another cipher than that of a version of key blocks.
func (k *entry) protects(version byte) error {
	cipher := hsm.TDES
	if version == 'D' {
		cipher = hsm.AES
	}
	if k.algorithm() != cipher {
		return fmt.Errorf("%w: the version needs a protection key for %s", hsm.ErrKey, cipher)
	}
	return nil
}

// ImportKey asks A6 and keeps the key, under the LMK, in the table.
func (m *Module) ImportKey(ctx context.Context, i hsm.Import) (hsm.KeyInfo, error) {
	if len(i.Want) == 0 {
		return hsm.KeyInfo{}, fmt.Errorf("%w: no usage is accepted", hsm.ErrDenied)
	}
	zmks, err := m.keys.readers(i.Under, &unwrapKey)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	block, err := keyblock.Parse(i.Block)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	if err := rule.Accepts(&i, block.Version); err != nil {
		return hsm.KeyInfo{}, err
	}
	if err := block.Require(i.Want...); err != nil && m.o.VariantLMK { // whose commands name the usage
		return hsm.KeyInfo{}, err
	}
	place := placing{i.As, hsm.OriginKeyBlock, i.Replace, i.Overlap}
	release, err := m.keys.reserve(place)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	defer release()
	if err := m.acquaint(ctx, i.As); err != nil {
		return hsm.KeyInfo{}, err
	}
	k, err := m.unwrapAny(ctx, i, block.Header, zmks)
	if err == nil {
		// Only now, since before it is proven a block may say anything.
		err = block.Require(i.Want...)
	}
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	if kcv, _ := k.check(); i.KCV != (hsm.KCV{}) && !kcv.Matches(i.KCV) {
		return hsm.KeyInfo{}, fmt.Errorf("%w: the key has another check value", hsm.ErrVerify)
	}
	return m.store(k, place)
}

// acquaint asks for the check values that the table has not of a name's keys: a key that
// comes again is known by them. A key that the HSM does not take has none.
func (m *Module) acquaint(ctx context.Context, ref hsm.KeyRef) error {
	for _, k := range m.keys.ring(ref) {
		if k.KCV != "" {
			continue
		}
		kcv, err := m.checkValue(ctx, k)
		switch {
		case isFault(err):
			return err
		case err == nil:
			m.keys.learn(k, kcv)
		}
	}
	return nil
}

// store puts a key into the table, and ends the connections to HSMs of other LMKs, which
// there can be while the table does not say which is its own.
func (m *Module) store(k *entry, p placing) (hsm.KeyInfo, error) {
	active, err := m.keys.add(k, p)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	for _, l := range m.all() {
		if err := m.belongs(l); err != nil {
			l.end(err)
		}
	}
	return active.info(), nil
}

// unwrapAny asks with every protection key that may be the block's until one is.
func (m *Module) unwrapAny(ctx context.Context, i hsm.Import, h keyblock.Header, zmks []*entry) (*entry, error) {
	failed := errUnasked
	for _, zmk := range zmks {
		k, err := m.unwrap(ctx, i, h, zmk)
		if err == nil || isFault(err) {
			return k, err
		}
		if failed == errUnasked {
			failed = err
		}
	}
	return nil, failed
}

// unwrap asks for a key out of a key block under one protection key.
func (m *Module) unwrap(ctx context.Context, i hsm.Import, h keyblock.Header, zmk *entry) (*entry, error) {
	if err := zmk.protects(h.Version); err != nil {
		return nil, err
	}
	schemes, err := m.schemes(h.Algorithm, h.Usage)
	if err != nil {
		return nil, err
	}
	k := &entry{Name: i.As, Usage: h.Usage, Algorithm: string(rune(h.Algorithm)), Mode: string(rune(h.Mode)), Export: string(rune(h.Export))}
	for n, scheme := range schemes {
		command := append(append(m.command("A6"), wire.KeyType(scheme, k.Usage)...), zmk.Key...)
		command = append(append(append(command, wire.SchemeTR31), i.Block...), scheme)
		got := m.exchange(ctx, m.lmk(command))
		// The block does not say how long a TDES key is: where schemes do, it is tried.
		if (got.code == wire.BadScheme || got.code == wire.BadKeyLength) && n+1 < len(schemes) {
			continue
		}
		// Parity is of no use to anybody: the module sets it and warns.
		if err := k.take(got, wire.Failed); err != nil {
			return nil, err
		}
		break
	}
	return k, nil
}

// schemes are how a new key can be kept under the LMK.
func (m *Module) schemes(a hsm.Algorithm, u hsm.Usage) ([]byte, error) {
	switch {
	case a != hsm.DES && a != hsm.TDES && a != hsm.AES:
		return nil, fmt.Errorf("%w: this driver keeps keys for DES, TDES and AES", hsm.ErrKey)
	case !m.o.VariantLMK:
		return []byte{wire.SchemeBlock}, nil
	case wire.KeyType(wire.SchemeDouble, u) == "": // the command would have nothing in its place
		return nil, fmt.Errorf("%w: a variant LMK keeps no keys of usage %s", hsm.ErrDenied, u)
	case a == hsm.DES:
		return []byte{wire.SchemeSingle}, nil
	case a == hsm.TDES:
		return []byte{wire.SchemeDouble, wire.SchemeTriple}, nil
	}
	return nil, fmt.Errorf("%w: a variant LMK keeps no keys for %s", hsm.ErrDenied, a)
}

// take reads the answer of a command that gives a key under the LMK and its check value.
func (k *entry) take(got result, warnings ...wire.Code) error {
	if err := got.fault(warnings); err != nil {
		return err
	}
	f := wire.Take(got.body)
	k.Key, k.KCV, k.lmk = f.Key(), string(f.Hex(6)), got.from.check
	if !f.Done() || k.Key[0] == wire.SchemeTR31 {
		return got.malformed("for a key")
	}
	return nil
}

// ExportKey asks A8. The module chooses the version of the key block by the protection
// key, so another one cannot be had.
func (m *Module) ExportKey(ctx context.Context, e hsm.Exporting) (string, error) {
	if e.Version != 'B' && e.Version != 'D' {
		return "", fmt.Errorf("%w: key blocks are made of version B or D", hsm.ErrDenied)
	}
	k, err := m.keys.find(e.What)
	if err != nil {
		return "", err
	}
	if k.export() == hsm.NotExportable {
		return "", fmt.Errorf("%w: the key may not leave", hsm.ErrDenied)
	}
	zmk, err := m.keys.maker(e.Under, &wrapKey)
	if err == nil {
		err = zmk.protects(e.Version)
	}
	if err != nil {
		return "", err
	}
	command := append(append(append(m.command("A8"), k.keyType()...), zmk.Key...), k.Key...)
	command = m.lmk(append(command, wire.SchemeTR31))
	if k.Key[0] != wire.SchemeBlock { // its key does not say what its block must
		command = append(append(append(append(command, '&'), k.Usage...), k.Mode...), "00"...)
		command = append(append(command, k.Export...), "00"...)
	}
	return k.exported(m.exchange(ctx, command), e.Version)
}

// exported takes the key block out of the answer to A8, if it is one of this key.
func (k *entry) exported(got result, version byte) (string, error) {
	if err := got.fault(nil); err != nil {
		return "", err
	}
	f := wire.Take(got.body)
	made := f.Key()
	f.Hex(6)
	if !f.Done() || made[0] != wire.SchemeTR31 {
		return "", got.malformed("A8")
	}
	block, err := keyblock.Parse(made[1:])
	if err != nil || sameUsage(block.Usage) != sameUsage(k.Usage) || block.Algorithm != k.algorithm() || block.Mode != k.mode() || block.Version != version {
		return "", got.malformed("A8")
	}
	return made[1:], nil
}

// KCV asks BU, and refuses a key whose check value is not the table's.
func (m *Module) KCV(ctx context.Context, key hsm.KeyRef) (hsm.KCV, error) {
	k, err := m.keys.find(key)
	if err != nil {
		return hsm.KCV{}, err
	}
	kcv, err := m.checkValue(ctx, k)
	if err != nil {
		return hsm.KCV{}, err
	}
	if kept, _ := k.check(); kept != (hsm.KCV{}) && !kept.Matches(kcv) {
		return hsm.KCV{}, fmt.Errorf("%w: the HSM says %s, and the key table %s", hsm.ErrKey, kcv, kept)
	}
	return kcv, nil
}

// checkValue asks BU for the check value of a key.
func (m *Module) checkValue(ctx context.Context, k *entry) (hsm.KCV, error) {
	length := map[byte]byte{wire.SchemeSingle: '0', wire.SchemeDouble: '1', wire.SchemeTriple: '2', wire.SchemeBlock: 'F'}[k.Key[0]]
	command := append(append(m.command("BU"), 'F', 'F', length), k.Key...)
	command = append(append(append(command, ';'), k.keyType()...), ";001"...) // six digits
	b, err := readBytes(m.exchange(ctx, m.lmk(command)), 3)
	if err != nil {
		return hsm.KCV{}, err
	}
	return hsm.NewKCV(b)
}

// Generate asks A0 for a new key and keeps it in the table. Keys here do not expire.
func (m *Module) Generate(ctx context.Context, g hsm.New) (hsm.KeyInfo, error) {
	if g.Expires != 0 {
		return hsm.KeyInfo{}, refused("let keys expire")
	}
	if !g.Usage.Known() || !g.Mode.Known() || !g.Export.Known() || g.Algorithm.Rank(g.Bits/8) == 0 || g.Bits%8 != 0 {
		return hsm.KeyInfo{}, fmt.Errorf("%w: usage, mode, export, algorithm or bits", hsm.ErrKey)
	}
	schemes, err := m.schemes(g.Algorithm, g.Usage)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	scheme := schemes[0]
	if g.Bits == 192 && len(schemes) > 1 {
		scheme = schemes[1]
	}
	place := placing{g.As, hsm.OriginGenerated, g.Replace, g.Overlap}
	release, err := m.keys.reserve(place)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	defer release()
	if err := m.acquaint(ctx, g.As); err != nil {
		return hsm.KeyInfo{}, err
	}
	command := append(append(m.command("A0"), '0'), wire.KeyType(scheme, g.Usage)...)
	command = m.lmk(append(command, scheme))
	if scheme == wire.SchemeBlock {
		command = append(append(append(command, '#'), g.Usage...), byte(g.Algorithm), '0'+lengthDigit(g), byte(g.Mode))
		command = append(command, '0', '0', byte(g.Export), '0', '0')
	}
	k := &entry{Name: g.As, Usage: g.Usage, Algorithm: string(rune(g.Algorithm)), Mode: string(rune(g.Mode)), Export: string(rune(g.Export)), Bits: g.Bits}
	if err := k.take(m.exchange(ctx, command)); err != nil {
		return hsm.KeyInfo{}, err
	}
	return m.store(k, place)
}

// lengthDigit is how A0 names the length of a key: DES and TDES by parts, AES by the sizes
// it has.
func lengthDigit(g hsm.New) byte {
	if g.Algorithm == hsm.AES {
		return byte(g.Bits/64 - 1)
	}
	return byte(g.Bits / 64)
}
