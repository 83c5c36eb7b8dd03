package payshieldsim

import (
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"slices"
	"strings"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/mac"
	"switchd/hsm/payshield/wire"
	"switchd/hsm/symmetric"
)

// lmkBytes is the length of an LMK.
const lmkBytes = 32

// LMK is what all keys are under. Key blocks (scheme S) are those of TR-31 version D with
// another first letter; the other schemes are TDES under keys that are derived for each
// type of key, with a variant for each part. Both are of the length and look of a real
// one's, and nothing more.
type LMK struct {
	secret hsm.Secret
	derive *mac.Key
}

// NewLMK takes a key of 32 bytes over.
func NewLMK(secret hsm.Secret) (*LMK, error) {
	if secret.Len() != lmkBytes {
		return nil, fmt.Errorf("payshieldsim: an LMK has %d bytes, not %d", lmkBytes, secret.Len())
	}
	derive, err := mac.NewKey(hsm.AESCMAC, 0, secret.Reveal())
	return &LMK{secret: secret, derive: derive}, err
}

// GenerateLMK makes a new one.
func GenerateLMK(random io.Reader) (*LMK, error) {
	secret := make([]byte, lmkBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("payshieldsim: random bytes for an LMK: %w", err)
	}
	return NewLMK(hsm.NewSecret(secret))
}

// ReadLMK reads the file of an LMK: 64 hexadecimal digits on a line.
func ReadLMK(path string) (*LMK, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, 2*lmkBytes+3))
	if err != nil {
		return nil, err
	}
	defer clear(text)
	secret, err := hex.DecodeString(strings.TrimRight(string(text), "\r\n"))
	if err != nil || len(secret) != lmkBytes {
		return nil, fmt.Errorf("%s has no LMK: %d hexadecimal digits on a line", path, 2*lmkBytes)
	}
	return NewLMK(hsm.NewSecret(secret))
}

// Write makes the file of an LMK; there must be none yet.
func (l *LMK) Write(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%x\n", l.secret.Reveal())
	return errors.Join(err, f.Close())
}

// Check is the check value of the LMK: 16 hexadecimal digits.
func (l *LMK) Check() string {
	return string(wire.AppendHex(nil, l.derive.Sum(nil, []byte("check value"))[:8]))
}

// Plain is a clear key with its limits.
type Plain struct {
	// Scheme is how it is written under the LMK.
	Scheme byte
	// Type is its type, of a key that is no key block.
	Type string
	// Usage, Algorithm, Mode and Export are its limits, of a key block.
	Usage     hsm.Usage
	Algorithm hsm.Algorithm
	Mode      hsm.Mode
	Export    hsm.Export
	// Bytes is the key.
	Bytes hsm.Secret
}

// header is that of the key's block.
func (p *Plain) header(version byte) keyblock.Header {
	return keyblock.Header{Version: version, Usage: p.Usage, Algorithm: p.Algorithm, Mode: p.Mode, KeyVersion: "00", Export: p.Export}
}

// Protect gives a key under the LMK, as commands take it.
func (l *LMK) Protect(p Plain, random io.Reader) (string, error) {
	if p.Scheme == wire.SchemeBlock {
		block, err := keyblock.Wrap(l.secret, p.header('D'), p.Bytes, random)
		if err != nil {
			return "", err
		}
		return string(rune(wire.SchemeBlock)) + "1" + block[1:], nil
	}
	if wire.KeyBits(p.Scheme) == 0 || 8*p.Bytes.Len() != wire.KeyBits(p.Scheme) {
		return "", fmt.Errorf("%w: scheme %c has no keys of %d bytes", hsm.ErrKey, p.Scheme, p.Bytes.Len())
	}
	out := make([]byte, p.Bytes.Len())
	for i := range len(out) / 8 {
		pair, err := l.pair(p.Type, p.Scheme, i)
		if err != nil {
			return "", err
		}
		pair.Encrypt(out[8*i:], p.Bytes.Reveal()[8*i:8*i+8])
	}
	return string(wire.AppendHex([]byte{p.Scheme}, out)), nil
}

// partVariants tell the parts of a key apart, so that they cannot change places.
var partVariants = map[byte][]byte{wire.SchemeSingle: {0}, wire.SchemeDouble: {0xA6, 0x5A}, wire.SchemeTriple: {0x6A, 0xDE, 0x2B}}

// pair is the cipher for one part of the keys of a type and scheme.
func (l *LMK) pair(kind string, scheme byte, part int) (cipher.Block, error) {
	key := l.derive.Sum(nil, []byte("pair "+kind))
	defer clear(key)
	key[8] ^= partVariants[scheme][part]
	return symmetric.New(hsm.TDES, key)
}

// role is what a key has to be for a command.
type role struct {
	usages []hsm.Usage // of a key block
	modes  string
	types  []string  // of other keys
	parity wire.Code // for a key that is under something else
}

// unwrap takes a key that must be of a role out of what is under the LMK.
func (l *LMK) unwrap(key string, r role) (Plain, wire.Code) {
	if key[0] == wire.SchemeBlock {
		return l.unwrapBlock(key, r)
	}
	n := wire.KeyBits(key[0]) / 8
	if n == 0 {
		return Plain{}, wire.BadScheme
	}
	p := Plain{Scheme: key[0], Algorithm: hsm.TDES}
	if key[0] == wire.SchemeSingle {
		p.Algorithm = hsm.DES
	}
	sealed, clearKey := make([]byte, n), make([]byte, n)
	wire.Take([]byte(key[1:])).Into(sealed)
	for _, kind := range r.types {
		for i := range n / 8 {
			pair, err := l.pair(kind, key[0], i)
			if err != nil {
				return Plain{}, wire.Internal
			}
			pair.Decrypt(clearKey[8*i:], sealed[8*i:8*i+8])
		}
		if odd(clearKey) {
			p.Type, p.Bytes = kind, hsm.NewSecret(clearKey)
			return p, wire.OK
		}
	}
	clear(clearKey)
	return Plain{}, r.parity
}

func (l *LMK) unwrapBlock(key string, r role) (Plain, wire.Code) {
	if key[1] != '1' {
		return Plain{}, wire.BadBlockFormat
	}
	h, bytes, err := keyblock.Unwrap(l.secret, "D"+key[2:])
	switch {
	case errors.Is(err, hsm.ErrVerify):
		return Plain{}, wire.BadBlockCheck
	case err != nil:
		return Plain{}, wire.BadBlockFormat
	}
	p := Plain{Scheme: wire.SchemeBlock, Type: wire.BlockKeyType, Usage: h.Usage, Algorithm: h.Algorithm, Mode: h.Mode, Export: h.Export, Bytes: bytes}
	switch {
	case r.usages != nil && !slices.Contains(r.usages, h.Usage):
		bytes.Wipe()
		return Plain{}, wire.BadUsage
	case r.modes != "" && !strings.Contains(r.modes, string(rune(h.Mode))):
		bytes.Wipe()
		return Plain{}, wire.BadMode
	}
	return p, wire.OK
}

// odd tells whether all bytes have odd parity.
func odd(key []byte) bool {
	return !slices.ContainsFunc(key, func(b byte) bool { return bits.OnesCount8(b)&1 == 0 })
}

// setOdd sets the parity bits, and tells whether that changed any.
func setOdd(key []byte) (changed bool) {
	for i, b := range key {
		key[i] = b&^1 | byte(1-bits.OnesCount8(b&^1)&1)
		changed = changed || key[i] != b
	}
	return changed
}

// masquerades tells whether a TDES key is one of single DES: two parts that follow each
// other are equal. (With the first part again as the third it is one of two parts, which
// is what a key of that length may be.)
func (p *Plain) masquerades() bool {
	return p.Algorithm == hsm.TDES && symmetric.Rank(hsm.TDES, p.Bytes.Reveal()) == hsm.DES.Rank(8)
}

// checkValue is the check value of the key, of 6 or 16 digits.
func (p *Plain) checkValue(digits int) []byte {
	zero := make([]byte, 16)
	if p.Algorithm == hsm.AES {
		k, err := mac.NewKey(hsm.AESCMAC, 0, p.Bytes.Reveal())
		if err != nil {
			return nil
		}
		return wire.AppendHex(nil, k.Sum(nil, zero))[:digits]
	}
	c, err := symmetric.New(p.Algorithm, p.Bytes.Reveal())
	if err != nil {
		return nil
	}
	c.Encrypt(zero, zero[:8])
	return wire.AppendHex(nil, zero)[:digits]
}
