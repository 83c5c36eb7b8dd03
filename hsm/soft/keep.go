package soft

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"switchd/hsm"
	"switchd/hsm/rule"
	"switchd/hsm/signature"
)

// keep puts a new key into the table. A key that is not kept is wiped; if it is there
// already, the answer is what is known of that.
func (m *Module) keep(ctx context.Context, k *key, replace bool, overlap time.Duration) (hsm.KeyInfo, error) {
	var held hsm.KeyInfo
	err := m.change(ctx, func(t table) error {
		err := t.place(k, replace, overlap)
		if errors.Is(err, errAgain) {
			held = t[k.Ref][0].KeyInfo
		}
		return err
	})
	if err != nil {
		k.bytes.Wipe()
		if errors.Is(err, errAgain) {
			err = nil
		}
		return held, err
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
	return i, rule.Admit(&i)
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
		if n.Bits%8 != 0 || n.Bits < 0 || n.Bits > 8*rule.HMACBytesMax || !n.Algorithm.Fits(n.Bits/8) {
			return hsm.Secret{}, 0, fmt.Errorf("%w: %s has no key of %d bits", hsm.ErrKey, n.Algorithm, n.Bits)
		}
		key := make([]byte, n.Bits/8)
		if _, err = io.ReadFull(m.o.Random, key); err == nil {
			rule.OddParity(n.Algorithm, key)
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
	bytes, err := rule.Sum(&c)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	k, err := newKey(i, formSymmetric, bytes)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	if err := rule.Has(&k.KeyInfo, c.KCV); err != nil {
		bytes.Wipe()
		return hsm.KeyInfo{}, err
	}
	return m.keep(ctx, k, c.New.Replace, c.New.Overlap)
}

// ImportPublic keeps a partner's public key or certificate. Of a certificate only the
// key and the end of its time are kept.
func (m *Module) ImportPublic(ctx context.Context, n hsm.New, file []byte) (hsm.KeyInfo, error) {
	public, end, err := signature.Read(file)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	if end != 0 && (n.Expires == 0 || end < n.Expires) {
		n.Expires = end
	}
	n.Algorithm = public.Algorithm
	n.Mode, n.Export = hsm.MACVerify, hsm.Exportable
	i, err := m.info(&n, hsm.OriginFile)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	k, err := newKey(i, formPublic, hsm.CopySecret(public.DER))
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
	k, err := m.active(ref, rule.CheckSign)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(k.public.DER), nil
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
		i.State = rule.StateAt(&k.KeyInfo, now)
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
		case rule.StateAt(&k.KeyInfo, now) != hsm.StateRetired:
			return fmt.Errorf("%w: %s is in use: retire it first", hsm.ErrDenied, v.Ref)
		}
		past := rule.Remember(t[v.Ref][0].past, &k.KeyInfo)
		ring := slices.Delete(slices.Clone(t[v.Ref]), at, at+1)
		if len(ring) == 0 {
			delete(t, v.Ref)
			return nil
		}
		ring[0] = ring[0].after(past)
		t[v.Ref] = ring
		return nil
	})
}
