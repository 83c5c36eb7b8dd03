package soft

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"time"

	"switchd/hsm"
)

// keep puts a new key into the table. A key that is not kept is wiped.
func (m *Module) keep(ctx context.Context, k *key, replace bool, overlap time.Duration) (hsm.KeyInfo, error) {
	err := m.change(ctx, func(t table) error { return t.place(k, replace, overlap) })
	if err != nil {
		k.bytes.Wipe()
		return hsm.KeyInfo{}, err
	}
	return k.KeyInfo, nil
}

// info is what is known of a key that is made now.
func (m *Module) info(n *hsm.New, o hsm.Origin) (hsm.KeyInfo, error) {
	i := hsm.KeyInfo{
		Ref: n.As, Usage: n.Usage, Algorithm: n.Algorithm, Mode: n.Mode, Export: n.Export, Expires: n.Expires,
		Created: m.o.Clock(), Origin: o,
	}
	if i.Expires != 0 && i.Expires <= i.Created {
		return i, fmt.Errorf("%w: the key would have expired already", hsm.ErrDenied)
	}
	return i, admit(&i)
}

// Generate makes a random key or pair.
func (m *Module) Generate(ctx context.Context, n hsm.New) (hsm.KeyInfo, error) {
	i, err := m.info(&n, hsm.OriginGenerated)
	if err != nil {
		return i, err
	}
	bytes, f, err := m.random(&n)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	k, err := newKey(i, f, bytes)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return m.keep(ctx, k, n.Replace, n.Overlap)
}

// random makes the bytes of a key.
func (m *Module) random(n *hsm.New) (hsm.Secret, form, error) {
	var pair any
	var err error
	switch n.Algorithm {
	case hsm.ECDSA:
		if n.Bits != 256 {
			return hsm.Secret{}, 0, fmt.Errorf("%w: ECDSA has 256 bits (P-256)", hsm.ErrKey)
		}
		pair, err = ecdsa.GenerateKey(elliptic.P256(), m.o.Random)
	case hsm.RSA:
		if n.Bits != 2048 && n.Bits != 3072 && n.Bits != 4096 {
			return hsm.Secret{}, 0, fmt.Errorf("%w: RSA has 2048, 3072 or 4096 bits", hsm.ErrKey)
		}
		pair, err = rsa.GenerateKey(m.o.Random, n.Bits)
	default:
		if n.Bits%8 != 0 || n.Bits < 0 || n.Bits > 8*hmacBytesMax || !n.Algorithm.Fits(n.Bits/8) {
			return hsm.Secret{}, 0, fmt.Errorf("%w: %s has no key of %d bits", hsm.ErrKey, n.Algorithm, n.Bits)
		}
		key := make([]byte, n.Bits/8)
		if _, err = io.ReadFull(m.o.Random, key); err == nil {
			oddParity(n.Algorithm, key)
			return hsm.NewSecret(key), formSymmetric, nil
		}
	}
	var der []byte
	if err == nil {
		der, err = x509.MarshalPKCS8PrivateKey(pair)
	}
	if err != nil {
		return hsm.Secret{}, 0, fmt.Errorf("hsm/soft: making a key: %w", err)
	}
	return hsm.NewSecret(der), formPair, nil
}

// oddParity sets the parity bits of a DES key.
func oddParity(a hsm.Algorithm, key []byte) {
	if a != hsm.DES && a != hsm.TDES {
		return
	}
	for i, b := range key {
		key[i] = b&^1 | byte(1-bits.OnesCount8(b&^1)&1)
	}
}

// Rotate makes a random key of the same kind in the place of the active one.
func (m *Module) Rotate(ctx context.Context, r hsm.Rotation) (hsm.KeyInfo, error) {
	if err := m.enter(ctx); err != nil {
		return hsm.KeyInfo{}, err
	}
	ring := m.keys[r.Ref]
	m.mu.RUnlock()
	switch {
	case len(ring) == 0:
		return hsm.KeyInfo{}, unknown(r.Ref)
	case ring[0].form == formPublic:
		return hsm.KeyInfo{}, fmt.Errorf("%w: %s is a partner's key: import the new one", hsm.ErrDenied, r.Ref)
	}
	k := ring[0]
	return m.Generate(ctx, hsm.New{
		As: r.Ref, Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, Export: k.Export, Bits: k.Bits,
		Expires: r.Expires, Replace: true, Overlap: r.Overlap,
	})
}

// ImportComponents makes a key of what two or three people hold.
func (m *Module) ImportComponents(ctx context.Context, c hsm.Components) (hsm.KeyInfo, error) {
	i, err := m.info(&c.New, hsm.OriginComponents)
	if err != nil {
		return i, err
	}
	bytes, err := sum(&c)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	k, err := newKey(i, formSymmetric, bytes)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	if err := k.isOf(c.KCV); err != nil {
		bytes.Wipe()
		return hsm.KeyInfo{}, err
	}
	return m.keep(ctx, k, c.New.Replace, c.New.Overlap)
}

// sum adds the components, each of which is what its holder says it is.
func sum(c *hsm.Components) (hsm.Secret, error) {
	if n := len(c.Parts); n < 2 || n > 3 {
		return hsm.Secret{}, fmt.Errorf("%w: a key has two or three components, not %d", hsm.ErrDenied, n)
	}
	a, size := c.New.Algorithm, c.Parts[0].Part.Len()
	if a.Rank(size) == 0 && a != hsm.HMAC || c.New.Bits != 0 && c.New.Bits != 8*size {
		return hsm.Secret{}, fmt.Errorf("%w: a component of %d bytes is none of the key", hsm.ErrKey, size)
	}
	key := make([]byte, size)
	for i, p := range c.Parts {
		if err := checkComponent(a, size, p); err != nil {
			clear(key)
			return hsm.Secret{}, fmt.Errorf("component %d: %w", i+1, err)
		}
		subtle.XORBytes(key, key, p.Part.Reveal())
	}
	oddParity(a, key) // of two components with odd parity, the sum has an even one
	if zero(key) {
		return hsm.Secret{}, fmt.Errorf("%w: the components add up to nothing", hsm.ErrDenied)
	}
	return hsm.NewSecret(key), nil
}

func checkComponent(a hsm.Algorithm, size int, p hsm.Component) error {
	b := p.Part.Reveal()
	switch {
	case len(b) != size:
		return fmt.Errorf("%w: it is not as long as the first", hsm.ErrBlock)
	case zero(b):
		return fmt.Errorf("%w: it is nothing but zeros", hsm.ErrDenied)
	case (a == hsm.DES || a == hsm.TDES) && slices.ContainsFunc(b, func(c byte) bool { return bits.OnesCount8(c)&1 == 0 }):
		return fmt.Errorf("%w: a byte has no odd parity: a digit is wrong", hsm.ErrBlock)
	}
	if p.KCV == (hsm.KCV{}) {
		return nil
	}
	v, err := checkValue(a, b)
	if err == nil && !v.Matches(p.KCV) {
		err = fmt.Errorf("%w: it has another check value", hsm.ErrVerify)
	}
	return err
}

// zero tells whether a key is nothing but zeros, parity aside.
func zero(b []byte) bool {
	or := byte(0)
	for _, c := range b {
		or |= c &^ 1
	}
	return or == 0
}

// ImportPublic keeps a partner's public key or certificate. Of a certificate only the
// key and the end of its time are kept.
func (m *Module) ImportPublic(ctx context.Context, n hsm.New, file []byte) (hsm.KeyInfo, error) {
	der := file
	if block, rest := pem.Decode(file); block != nil {
		if len(rest) > 0 {
			return hsm.KeyInfo{}, fmt.Errorf("%w: there is something after the public key or certificate", hsm.ErrBlock)
		}
		der = block.Bytes
	}
	if c, err := x509.ParseCertificate(der); err == nil {
		if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
			return hsm.KeyInfo{}, fmt.Errorf("%w: the certificate is not for signatures", hsm.ErrKey)
		}
		der = c.RawSubjectPublicKeyInfo
		if end := c.NotAfter.UnixNano(); n.Expires == 0 || end < n.Expires {
			n.Expires = end
		}
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return hsm.KeyInfo{}, fmt.Errorf("%w: that is no public key and no certificate", hsm.ErrBlock)
	}
	if n.Algorithm, _, err = kindOf(public); err != nil {
		return hsm.KeyInfo{}, err
	}
	n.Mode, n.Export = hsm.MACVerify, hsm.Exportable
	i, err := m.info(&n, hsm.OriginFile)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	k, err := newKey(i, formPublic, hsm.CopySecret(der))
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return m.keep(ctx, k, n.Replace, n.Overlap)
}

// ImportPair keeps a pair (PKCS#8, DER) that was made elsewhere.
func (m *Module) ImportPair(ctx context.Context, n hsm.New, pair hsm.Secret) (hsm.KeyInfo, error) {
	i, err := m.info(&n, hsm.OriginFile)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	k, err := newKey(i, formPair, hsm.CopySecret(pair.Reveal()))
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return m.keep(ctx, k, n.Replace, n.Overlap)
}

// Public is the public half of a pair (PKIX, DER).
func (m *Module) Public(ctx context.Context, ref hsm.KeyRef) ([]byte, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	k, err := m.active(ref, &checkSign)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKIXPublicKey(k.public)
}

// List gives all keys by name, of one name the newest first.
func (m *Module) List(ctx context.Context) ([]hsm.KeyInfo, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	now := m.o.Clock()
	var all []hsm.KeyInfo
	for _, k := range m.keys.sorted() {
		i := k.KeyInfo
		i.State = k.stateAt(now)
		all = append(all, i)
	}
	return all, nil
}

// Retire ends the use of a key at once, for reading too.
func (m *Module) Retire(ctx context.Context, v hsm.KeyVersion) error {
	return m.change(ctx, func(t table) error {
		at, k := t.find(v)
		if k == nil {
			return unknown(v.Ref)
		}
		ended := *k
		ended.State, ended.Until = hsm.StateRetired, 0
		t[v.Ref] = slices.Clone(t[v.Ref])
		t[v.Ref][at] = &ended
		return nil
	})
}

// Delete destroys a key that is used no more.
func (m *Module) Delete(ctx context.Context, v hsm.KeyVersion) error {
	now := m.o.Clock()
	return m.change(ctx, func(t table) error {
		at, k := t.find(v)
		switch {
		case k == nil:
			return unknown(v.Ref)
		case k.stateAt(now) != hsm.StateRetired:
			return fmt.Errorf("%w: %s is in use: retire it first", hsm.ErrDenied, v.Ref)
		}
		if t[v.Ref] = slices.Delete(slices.Clone(t[v.Ref]), at, at+1); len(t[v.Ref]) == 0 {
			delete(t, v.Ref)
		}
		return nil
	})
}
