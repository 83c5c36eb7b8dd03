//go:build pkcs11

package pkcs11

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
	"switchd/hsm/rule"
	"switchd/hsm/signature"
	"switchd/hsm/symmetric"
)

// change is how a new key comes in.
type change struct {
	bytes   hsm.Secret // of a secret key, if it comes from elsewhere or must be known here
	made    bool       // the key is random, of this module or the token
	bits    int        // of one that the token makes
	public  *signature.Public
	pair    any // a private key that comes from elsewhere
	kcv     hsm.KCV
	replace bool
	overlap time.Duration
}

// info is what is known of a key that is made now.
func (m *Module) info(n *hsm.New) *hsm.KeyInfo {
	return &hsm.KeyInfo{Ref: n.As, Usage: n.Usage, Algorithm: n.Algorithm, Mode: n.Mode, Export: n.Export, Expires: n.Expires, Created: m.o.Clock()}
}

// keep puts a new key into the token, one at a time. It counts from the moment at which
// its last object is there; what is unfinished before that nobody sees.
func (m *Module) keep(ctx context.Context, i *hsm.KeyInfo, c change) (hsm.KeyInfo, error) {
	if err := c.admit(i); err != nil {
		return hsm.KeyInfo{}, err
	}
	select {
	case m.writing <- struct{}{}:
		defer func() { <-m.writing }()
	case <-ctx.Done():
		return hsm.KeyInfo{}, &hsm.Fault{Kind: hsm.ErrTimeout, Cause: ctx.Err()}
	}
	defer m.forget()
	r := &record{}
	err := m.with(ctx, func(s *session) error {
		*r = record{KeyInfo: *i, part: wholePart(i)}
		keys, err := s.load(i.Ref)
		if err != nil {
			return err
		}
		place, err := r.take(keys, &c)
		if err != nil {
			return err
		}
		if place.Again {
			*r = keys[0].record
			return keys[0].fault
		}
		if !m.soft {
			r.past = nil // it takes no secret keys from elsewhere, and room in a record may be short
		}
		if err := s.sweep(r.Ref, r.Version); err != nil {
			return err
		}
		s.begun = true
		if err := s.create(r, &c); err != nil {
			return err
		}
		for _, n := range place.Over {
			if err := s.destroy(keys[n]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return r.KeyInfo, nil
}

// admit refuses what is no key for this module, and measures those whose bytes are
// here.
func (c *change) admit(i *hsm.KeyInfo) error {
	if c.public != nil {
		i.Algorithm, i.Bits, i.KCV = c.public.Algorithm, c.public.Bits, c.public.KCV
	}
	if err := rule.Admit(i); err != nil {
		return err
	}
	switch {
	case i.Expires != 0 && i.Expires <= i.Created:
		return fmt.Errorf("%w: the key would have expired already", hsm.ErrDenied)
	case i.Usage == hsm.BaseDerivation || i.Usage == hsm.InitialDUKPT:
		return fmt.Errorf("%w: the token does not derive the keys of devices (DUKPT)", hsm.ErrDenied)
	case c.public != nil || c.bytes.Len() == 0:
		return nil
	}
	if err := rule.AdmitBytes(i, c.bytes.Reveal()); err != nil {
		return err
	}
	if i.Usage == hsm.MACAlg3 && c.bytes.Len() != 16 {
		return fmt.Errorf("%w: X9.19 takes no key of %d bytes", hsm.ErrKey, c.bytes.Len())
	}
	i.Bits = 8 * c.bytes.Len()
	if rank := symmetric.Rank(i.Algorithm, c.bytes.Reveal()); rank < i.Algorithm.Rank(c.bytes.Len()) {
		i.Rank = rank // as its record has it
	}
	var err error
	if i.KCV, err = rule.CheckValue(i.Algorithm, c.bytes.Reveal()); err != nil {
		return err
	}
	return rule.Has(i, c.kcv)
}

// take gives the new key its place among the keys of its name, as the contract says it of
// hsm.Import. Until when the one before reads is in the record of the new one, and which
// keys are destroyed with the change: so one object that is made is the whole change.
// The token shows no bytes, so check values tell whether the name has a key already.
func (r *record) take(keys []*key, c *change) (rule.Placement, error) {
	as := r.KeyInfo
	as.Bits = max(as.Bits, c.bits)
	if c.made {
		as.Origin = hsm.OriginGenerated
	}
	a := rule.Arrival{Key: &as, At: r.Created, Replace: c.replace, Overlap: c.overlap, Linked: true}
	if len(keys) > 0 {
		a.Past = keys[0].past
	}
	place, err := rule.Place(&a, infos(keys))
	if err != nil || place.Again {
		return place, err
	}
	r.State, r.Version, r.past = hsm.StateActive, place.Version, place.Past
	if c.replace {
		r.before = r.Created + int64(c.overlap)
	}
	return place, nil
}

// infos is what is known of keys.
func infos(keys []*key) []*hsm.KeyInfo {
	var all []*hsm.KeyInfo
	for _, k := range keys {
		all = append(all, &k.KeyInfo)
	}
	return all
}

// sweep destroys what unfinished changes have left of a name, and of a version that is
// not there yet.
func (s *session) sweep(ref hsm.KeyRef, version uint32) error {
	objects, err := s.search(p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_LABEL, string(ref)))
	if err != nil {
		return err
	}
	for _, o := range objects {
		v, err := s.values(o, p11.CKA_ID)
		if err != nil {
			return err
		}
		r, ours := parse(ref, v[0])
		left := bytes.Contains(v[0], []byte("/"+unfinished+"/"))
		if ours && r.Version == version || !ours && left {
			if err := s.m.lib.DestroyObject(s.handle, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// destroy destroys all objects of a key.
func (s *session) destroy(k *key) error {
	for _, o := range []p11.ObjectHandle{k.object, k.half, k.open} {
		if o == 0 {
			continue
		}
		if err := s.m.lib.DestroyObject(s.handle, o); err != nil {
			return err
		}
	}
	return nil
}

// Generate has the token make a random key or pair. A key for X9.19 is made of random
// bytes here, since the token needs its first half once more.
func (m *Module) Generate(ctx context.Context, n hsm.New) (hsm.KeyInfo, error) {
	c := change{made: true, bits: n.Bits, replace: n.Replace, overlap: n.Overlap}
	switch _, known := keyType(n.Algorithm, n.Bits/8); {
	case n.Algorithm == hsm.ECDSA && n.Bits == 256, n.Algorithm == hsm.RSA && (n.Bits == 2048 || n.Bits == 3072 || n.Bits == 4096):
	case n.Algorithm == hsm.ECDSA || n.Algorithm == hsm.RSA || !known || n.Bits%8 != 0 || n.Bits < 64 || n.Bits > 8*rule.HMACBytesMax:
		return hsm.KeyInfo{}, fmt.Errorf("%w: %s has no key of %d bits", hsm.ErrKey, n.Algorithm, n.Bits)
	case n.Usage == hsm.MACAlg3:
		if err := m.inMemory("make keys for X9.19"); err != nil {
			return hsm.KeyInfo{}, err
		}
		b := make([]byte, n.Bits/8)
		c.bytes = hsm.NewSecret(b)
		defer c.bytes.Wipe()
		if _, err := io.ReadFull(m.o.Random, b); err != nil {
			return hsm.KeyInfo{}, fmt.Errorf("hsm/pkcs11: making a key: %w", err)
		}
		rule.OddParity(n.Algorithm, b)
	}
	return m.keep(ctx, m.info(&n), c)
}

// Rotate has the token make a random key of the same kind in the place of the active
// one.
func (m *Module) Rotate(ctx context.Context, r hsm.Rotation) (hsm.KeyInfo, error) {
	var now hsm.KeyInfo
	err := m.with(ctx, func(s *session) error {
		keys, err := s.ring(r.Ref)
		switch {
		case err != nil:
			return err
		case keys[0].object == 0:
			return fmt.Errorf("%w: %s is a partner's key: import the new one", hsm.ErrDenied, r.Ref)
		}
		now = keys[0].KeyInfo
		return nil
	})
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return m.Generate(ctx, hsm.New{
		As: r.Ref, Usage: now.Usage, Algorithm: now.Algorithm, Mode: now.Mode, Export: now.Export, Bits: now.Bits,
		Expires: r.Expires, Replace: true, Overlap: r.Overlap,
	})
}

// ImportComponents makes a key of what two or three people hold.
func (m *Module) ImportComponents(ctx context.Context, c hsm.Components) (hsm.KeyInfo, error) {
	if err := m.inMemory("take components"); err != nil {
		return hsm.KeyInfo{}, err
	}
	i := m.info(&c.New)
	if err := rule.Admit(i); err != nil {
		return hsm.KeyInfo{}, err
	}
	sum, err := rule.Sum(&c)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	defer sum.Wipe()
	return m.keep(ctx, i, change{bytes: sum, kcv: c.KCV, replace: c.New.Replace, overlap: c.New.Overlap})
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
	n.Mode, n.Export = hsm.MACVerify, hsm.Exportable
	return m.keep(ctx, m.info(&n), change{public: public, replace: n.Replace, overlap: n.Overlap})
}

// ImportPair keeps a pair (PKCS#8, DER) that was made elsewhere.
func (m *Module) ImportPair(ctx context.Context, n hsm.New, pair hsm.Secret) (hsm.KeyInfo, error) {
	if err := m.inMemory("take pairs"); err != nil {
		return hsm.KeyInfo{}, err
	}
	private, public, err := signature.Pair(pair.Reveal())
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	return m.keep(ctx, m.info(&n), change{public: public, pair: private, replace: n.Replace, overlap: n.Overlap})
}

// Public is the public half of a pair (PKIX, DER).
func (m *Module) Public(ctx context.Context, ref hsm.KeyRef) (der []byte, err error) {
	err = m.with(ctx, func(s *session) error {
		k, err := s.active(ref, rule.CheckSign)
		if err == nil {
			der = bytes.Clone(k.public.DER)
		}
		return err
	})
	return der, err
}

// List gives all keys by name, of one name the newest first.
func (m *Module) List(ctx context.Context) (all []hsm.KeyInfo, err error) {
	err = m.with(ctx, func(s *session) error {
		all = nil
		names, err := s.names()
		if err != nil {
			return err
		}
		for _, ref := range names {
			keys, err := s.load(ref)
			if err != nil {
				return err
			}
			for _, k := range keys {
				i := k.KeyInfo
				i.State = rule.StateAt(&i, m.o.Clock())
				all = append(all, i)
			}
		}
		return nil
	})
	return all, err
}

// names are those of all keys, in order.
func (s *session) names() ([]hsm.KeyRef, error) {
	objects, err := s.search(p11.NewAttribute(p11.CKA_TOKEN, true))
	if err != nil {
		return nil, err
	}
	var names []hsm.KeyRef
	for _, o := range objects {
		v, err := s.values(o, p11.CKA_LABEL)
		if err != nil {
			return nil, err
		}
		if ref := hsm.KeyRef(v[0]); ref.Valid() {
			names = append(names, ref)
		}
	}
	slices.SortFunc(names, cmp.Compare[hsm.KeyRef])
	return slices.Compact(names), nil
}

// Retire ends the use of a key at once, for reading too.
func (m *Module) Retire(ctx context.Context, v hsm.KeyVersion) error {
	return m.edit(ctx, v, func(s *session, keys []*key, at int) error {
		r := keys[at].record
		r.State = hsm.StateRetired
		return s.markAll(keys[at], &r)
	})
}

// markAll writes another record of a key, but for the half of X9.19, of which it says
// nothing.
func (s *session) markAll(k *key, r *record) error {
	for _, o := range []p11.ObjectHandle{k.object, k.open} {
		if o == 0 {
			continue
		}
		if err := s.mark(o, r); err != nil {
			return err
		}
	}
	return nil
}

// Delete destroys a key that is used no more. Each says until when the one before it
// reads, so it goes after that one's end, and the newest of a name goes last.
func (m *Module) Delete(ctx context.Context, v hsm.KeyVersion) error {
	return m.edit(ctx, v, func(s *session, keys []*key, at int) error {
		switch k := keys[at]; {
		case rule.StateAt(&k.KeyInfo, m.o.Clock()) != hsm.StateRetired:
			return fmt.Errorf("%w: %s is in use: retire it first", hsm.ErrDenied, v.Ref)
		case at == 0 && len(keys) > 1:
			return fmt.Errorf("%w: %s has older keys: delete them first", hsm.ErrDenied, v.Ref)
		case rule.HoldsEnd(infos(keys), at, m.o.Clock()):
			return fmt.Errorf("%w: version %d of %s still reads, and this one says until when: retire that one first", hsm.ErrDenied, keys[at+1].Version, v.Ref)
		case at > 0 && m.soft:
			newest := keys[0].record
			newest.past = rule.Remember(newest.past, &k.KeyInfo)
			if err := s.markAll(keys[0], &newest); err != nil {
				return err
			}
		}
		return s.destroy(keys[at])
	})
}

// edit changes one version of a key, one change at a time.
func (m *Module) edit(ctx context.Context, v hsm.KeyVersion, f func(s *session, keys []*key, at int) error) error {
	select {
	case m.writing <- struct{}{}:
		defer func() { <-m.writing }()
	case <-ctx.Done():
		return &hsm.Fault{Kind: hsm.ErrTimeout, Cause: ctx.Err()}
	}
	defer m.forget()
	return m.with(ctx, func(s *session) error {
		keys, err := s.load(v.Ref)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(keys, func(k *key) bool { return k.Version == v.Number })
		if at < 0 {
			return fmt.Errorf("%w: there is no key %s of version %d", hsm.ErrKey, v.Ref, v.Number)
		}
		return f(s, keys, at)
	})
}
