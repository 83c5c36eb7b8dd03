package keyblock

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"switchd/hsm"
	"switchd/hsm/mac"
	"switchd/hsm/symmetric"
)

// version is how the blocks of a version are protected.
type version struct {
	cipher hsm.Algorithm // of the protection key
	block  int           // of that cipher, in bytes
	mac    int           // length of the MAC, in bytes
	wraps  bool          // whether we make such blocks
	derive bool          // B and D derive their keys, A and C take variants of one
}

var versions = map[byte]version{
	'A': {cipher: hsm.TDES, block: 8, mac: 4},
	'B': {cipher: hsm.TDES, block: 8, mac: 8, wraps: true, derive: true},
	'C': {cipher: hsm.TDES, block: 8, mac: 4},
	'D': {cipher: hsm.AES, block: 16, mac: 16, wraps: true, derive: true},
}

// Root is a protection key as the versions B and D need it: they derive their keys from
// CMACs with it. So it may stay in hardware; what is derived, and the key in the block,
// are in memory while a block is made or read.
type Root struct {
	// Algorithm is TDES or AES, Size the key's length in bytes.
	Algorithm hsm.Algorithm
	Size      int
	// Rank is its strength by its bytes (hsm.KeyInfo.Rank); 0 is that of its length.
	Rank int
	// CMAC appends the CMAC of a message with the key's own cipher to dst.
	CMAC func(dst, message []byte) ([]byte, error)
}

// Wrap makes a key block. The protection key must be of the version's cipher and at
// least as strong as the key. The length of the key shows, up to a block.
func Wrap(under hsm.Secret, h Header, key hsm.Secret, random io.Reader) (string, error) {
	v, err := made(h.Version)
	if err != nil {
		return "", err
	}
	if !v.cipher.Fits(under.Len()) {
		return "", badProtection(v)
	}
	r, err := v.root(under.Reveal())
	if err != nil {
		return "", err
	}
	return r.Wrap(h, key, random)
}

// Wrap is the function of that name with a protection key that stays where it is.
func (r Root) Wrap(h Header, key hsm.Secret, random io.Reader) (string, error) {
	v, err := made(h.Version)
	if err != nil {
		return "", err
	}
	if err := v.carries(r, h.Algorithm, key.Reveal()); err != nil {
		return "", err
	}
	if random == nil {
		return "", fmt.Errorf("%w: a key block needs random bytes", hsm.ErrDenied)
	}
	plain := make([]byte, (2+key.Len()+v.block-1)/v.block*v.block)
	defer clear(plain)
	binary.BigEndian.PutUint16(plain, uint16(8*key.Len()))
	if _, err := io.ReadFull(random, plain[2+copy(plain[2:], key.Reveal()):]); err != nil {
		return "", fmt.Errorf("hsm: random bytes for a key block: %w", err)
	}
	header, err := h.format(len(plain))
	if err != nil {
		return "", err
	}
	k, err := v.derivedPair(r)
	if err != nil {
		return "", err
	}
	code := k.code(header, plain)
	cipher.NewCBCEncrypter(k.seal, code).CryptBlocks(plain, plain)
	return header + strings.ToUpper(hex.EncodeToString(plain)+hex.EncodeToString(code)), nil
}

// made is a version that we make.
func made(name byte) (version, error) {
	v, known := versions[name]
	if !known || !v.wraps {
		return v, fmt.Errorf("%w: key blocks are made of version B or D", hsm.ErrDenied)
	}
	return v, nil
}

// Unwrap takes the key out of a block, and wipes what else it has decrypted. A block
// under another key, or changed anywhere, is hsm.ErrVerify.
func Unwrap(under hsm.Secret, block string) (Header, hsm.Secret, error) {
	p, err := Parse(block)
	if err != nil {
		return Header{}, hsm.Secret{}, err
	}
	v := versions[p.Version]
	if !v.cipher.Fits(under.Len()) {
		return Header{}, hsm.Secret{}, badProtection(v)
	}
	r, err := v.root(under.Reveal())
	if err != nil {
		return Header{}, hsm.Secret{}, err
	}
	var k pair
	if v.derive {
		k, err = v.derivedPair(r)
	} else {
		k, err = variantPair(under.Reveal())
	}
	if err != nil {
		return Header{}, hsm.Secret{}, err
	}
	return v.unwrap(p, k, r)
}

// Unwrap is the function of that name with a protection key that stays where it is.
// Blocks of the versions A and C need the key itself: they are hsm.ErrDenied.
func (r Root) Unwrap(p *Parsed) (Header, hsm.Secret, error) {
	v := versions[p.Version]
	switch {
	case !v.derive:
		return Header{}, hsm.Secret{}, fmt.Errorf("%w: key blocks of version A and C need variants of the protection key", hsm.ErrDenied)
	case v.cipher != r.Algorithm || !v.cipher.Fits(r.Size):
		return Header{}, hsm.Secret{}, badProtection(v)
	}
	k, err := v.derivedPair(r)
	if err != nil {
		return Header{}, hsm.Secret{}, err
	}
	return v.unwrap(p, k, r)
}

// unwrap takes the key out of a block with what its protection key has given.
func (v version) unwrap(p *Parsed, k pair, r Root) (Header, hsm.Secret, error) {
	plain := make([]byte, len(p.sealed))
	defer clear(plain)
	iv := p.mac
	if !v.derive {
		iv = []byte(p.text[:v.block])
	}
	cipher.NewCBCDecrypter(k.seal, iv).CryptBlocks(plain, p.sealed)
	proven := plain // what the MAC is about, after the header
	if !v.derive {
		proven = p.sealed
	}
	if subtle.ConstantTimeCompare(k.code(p.text, proven)[:v.mac], p.mac) != 1 {
		return Header{}, hsm.Secret{}, fmt.Errorf("%w: the key block is under another key, or was changed", hsm.ErrVerify)
	}
	bits := int(binary.BigEndian.Uint16(plain))
	if bits == 0 || bits%8 != 0 || bits/8 > len(plain)-2 {
		return Header{}, hsm.Secret{}, bad("the key's length does not fit")
	}
	if err := v.carries(r, p.Algorithm, plain[2:2+bits/8]); err != nil {
		return Header{}, hsm.Secret{}, err
	}
	return p.Header, hsm.CopySecret(plain[2 : 2+bits/8]), nil
}

// carries refuses a protection key that does not fit the version, a key that is none
// of its algorithm, and a key that is stronger than what protects it: by their bytes, of
// which TDES keys may have more than they are strong. Asymmetric keys and those for HMAC
// have no place in that order.
func (v version) carries(r Root, a hsm.Algorithm, key []byte) error {
	if v.cipher != r.Algorithm || !v.cipher.Fits(r.Size) {
		return badProtection(v)
	}
	if size := len(key); !a.Fits(size) || 8*size > 0xFFF8 {
		return fmt.Errorf("%w: a key of %d bytes is none of the block's algorithm", hsm.ErrKey, size)
	}
	rank := r.Rank
	if rank == 0 {
		rank = v.cipher.Rank(r.Size)
	}
	if symmetric.Rank(a, key) > rank {
		return fmt.Errorf("%w: the key is stronger than what protects it", hsm.ErrDenied)
	}
	return nil
}

func badProtection(v version) error {
	return fmt.Errorf("%w: the version needs a protection key for %s", hsm.ErrKey, v.cipher)
}

// pair is the two keys that a protection key gives.
type pair struct {
	seal  cipher.Block // encryption
	check *mac.Key     // B and D: authentication
	chain cipher.Block // A and C: authentication
}

// What derivation and variants are for.
const (
	forSealing  = 0
	forChecking = 1
)

// variants are what the versions A and C add to each byte of the protection key.
var variants = [2]byte{forSealing: 'E', forChecking: 'M'}

// root makes a Root of a protection key that fits.
func (v version) root(under []byte) (Root, error) {
	k, err := mac.NewKey(v.cmac(), 0, under)
	if err != nil {
		return Root{}, err
	}
	sum := func(dst, message []byte) ([]byte, error) { return k.Sum(dst, message), nil }
	return Root{Algorithm: v.cipher, Size: len(under), Rank: symmetric.Rank(v.cipher, under), CMAC: sum}, nil
}

// cmac is the code of the version's cipher.
func (v version) cmac() hsm.MACAlgorithm {
	if v.cipher == hsm.AES {
		return hsm.AESCMAC
	}
	return hsm.DESCMAC
}

// variantPair makes the two keys of the versions A and C.
func variantPair(under []byte) (pair, error) {
	seal, err := variant(under, variants[forSealing])
	if err != nil {
		return pair{}, err
	}
	chain, err := variant(under, variants[forChecking])
	return pair{seal: seal, chain: chain}, err
}

// derivedPair makes the two keys of the versions B and D.
func (v version) derivedPair(r Root) (pair, error) {
	sealing, err := v.derived(r, forSealing)
	if err != nil {
		return pair{}, err
	}
	defer clear(sealing)
	checking, err := v.derived(r, forChecking)
	if err != nil {
		return pair{}, err
	}
	defer clear(checking)
	var made pair
	if made.seal, err = symmetric.New(v.cipher, sealing); err != nil {
		return pair{}, err
	}
	made.check, err = mac.NewKey(v.cmac(), 0, checking)
	return made, err
}

// derived makes a key as long as the protection key out of CMACs of: a counter, what
// the key is for, a zero, the algorithm and the length in bits.
func (v version) derived(r Root, use byte) ([]byte, error) {
	size := r.Size
	algorithm := byte(size/8 - 2) // TDES of 2 keys 0, of 3 keys 1
	if v.cipher == hsm.AES {
		algorithm = byte(size / 8) // AES-128 2, AES-192 3, AES-256 4
	}
	out := make([]byte, 0, size+v.block) // in one piece, so that nothing is left where it grew
	for counter := byte(1); len(out) < size; counter++ {
		bits := 8 * size
		var err error
		if out, err = r.CMAC(out, []byte{counter, 0, use, 0, 0, algorithm, byte(bits >> 8), byte(bits)}); err != nil {
			return nil, err
		}
	}
	clear(out[size:])
	return out[:size], nil
}

// variant is the TDES cipher of a key with each byte changed.
func variant(key []byte, by byte) (cipher.Block, error) {
	changed := make([]byte, len(key))
	defer clear(changed)
	for i := range key {
		changed[i] = key[i] ^ by
	}
	return symmetric.New(hsm.TDES, changed)
}

// code is the whole MAC of a header and what follows it: the clear body for B and D,
// the encrypted one for A and C.
func (k *pair) code(header string, body []byte) []byte {
	message := append([]byte(header), body...)
	defer clear(message)
	if k.check != nil {
		return k.check.Sum(nil, message)
	}
	out := make([]byte, len(message))
	cipher.NewCBCEncrypter(k.chain, make([]byte, k.chain.BlockSize())).CryptBlocks(out, message)
	return out[len(out)-k.chain.BlockSize():]
}
