//go:build pkcs11

package pkcs11

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
	"switchd/hsm/rule"
	"switchd/hsm/signature"
)

// key is one version of a key. It does not change.
type key struct {
	record
	object p11.ObjectHandle // secret or private; 0 of a partner's public key
	half   p11.ObjectHandle // X9.19: the first half as a DES key
	open   p11.ObjectHandle // of a pair: the public half
	public *signature.Public
	fault  error // why it must not be used
}

// ring is the keys of a name, the newest first, as they were at a time.
type ring struct {
	keys []*key
	at   int64
}

// ring gives the keys of a name, as the token has them or had them a moment ago.
func (s *session) ring(ref hsm.KeyRef) ([]*key, error) {
	m := s.m
	now := m.o.Clock()
	m.mu.Lock()
	r, changes := m.rings[ref], m.changes
	m.mu.Unlock()
	if r != nil && now-r.at < int64(m.o.Fresh) && now >= r.at {
		return r.keys, nil
	}
	if !ref.Valid() {
		return nil, fmt.Errorf("%w: that is no name of a key", hsm.ErrKey)
	}
	keys, err := s.load(ref)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: there is no key %s", hsm.ErrKey, ref)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.rings) >= m.o.NamesMax {
		clear(m.rings) // more names than were thought of: all are asked for again
	}
	if m.changes == changes { // what was read may be of before the change
		m.rings[ref] = &ring{keys: keys, at: now}
	}
	return keys, nil
}

// forget has all names asked for again.
func (m *Module) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.rings)
	m.changes++
}

// load reads the keys of a name out of the token.
func (s *session) load(ref hsm.KeyRef) ([]*key, error) {
	objects, err := s.search(p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_LABEL, string(ref)))
	if err != nil {
		return nil, err
	}
	versions := map[uint32]*key{}
	for _, o := range objects {
		if err := s.loadObject(ref, o, versions); err != nil {
			return nil, err
		}
	}
	var keys []*key
	for _, k := range versions {
		if k.object != 0 || k.public != nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b *key) int { return cmp.Compare(b.Version, a.Version) })
	for i, k := range keys {
		if err := s.settle(k); err != nil {
			return nil, err
		}
		if i > 0 && k.State == hsm.StateActive {
			k.replacedBy(keys[i-1])
		}
	}
	return keys, nil
}

// loadObject puts an object where it belongs among the versions of its name.
func (s *session) loadObject(ref hsm.KeyRef, o p11.ObjectHandle, versions map[uint32]*key) error {
	v, err := s.values(o, p11.CKA_CLASS)
	if err != nil {
		return err
	}
	class := number(v[0])
	if class != p11.CKO_SECRET_KEY && class != p11.CKO_PRIVATE_KEY && class != p11.CKO_PUBLIC_KEY {
		return nil
	}
	if v, err = s.values(o, p11.CKA_ID); err != nil {
		return err
	}
	r, ok := parse(ref, v[0])
	if !ok {
		return nil // not one of ours, or not finished
	}
	k := versions[r.Version]
	if k == nil {
		k = &key{record: r}
		versions[r.Version] = k
	}
	switch {
	case class == p11.CKO_PUBLIC_KEY:
		k.open = o
		k.public, err = s.readPublic(o)
		if errors.Is(err, hsm.ErrKey) || errors.Is(err, hsm.ErrBlock) {
			k.fault, err = err, nil
		}
		return err
	case r.part == partHalf:
		k.half = o
		return nil
	case k.object != 0:
		k.fault = fmt.Errorf("%w: %s has two keys of version %d in the token", hsm.ErrKey, ref, r.Version)
		return nil
	}
	k.object, k.record = o, r
	return nil
}

// settle finds out what the token says of a key, and why it must not be used.
func (s *session) settle(k *key) error {
	if k.public != nil {
		k.Algorithm, k.Bits, k.KCV = k.public.Algorithm, k.public.Bits, k.public.KCV
	}
	if err := rule.Admit(&k.KeyInfo); err != nil && k.fault == nil {
		k.fault = err
	}
	if k.object == 0 {
		if k.Mode != hsm.MACVerify && k.fault == nil {
			k.fault = fmt.Errorf("%w: of %s the token has the public half only", hsm.ErrKey, k.Ref)
		}
		return nil
	}
	var kind uint
	for _, o := range []p11.ObjectHandle{k.half, k.object} {
		if o == 0 {
			continue
		}
		v, err := s.values(o, p11.CKA_SENSITIVE, p11.CKA_EXTRACTABLE, p11.CKA_KEY_TYPE)
		if err != nil {
			return err
		}
		if k.fault == nil {
			k.fault = k.exposed(truth(v[0]), truth(v[1]))
		}
		kind = number(v[2]) // of the whole at the end
	}
	if k.Usage == hsm.SignaturePair {
		return nil
	}
	return s.measure(k, kind)
}

// exposed refuses a key that the token does not guard as it must, or has not whole.
func (k *key) exposed(sensitive, extractable bool) error {
	switch {
	case !sensitive:
		return fmt.Errorf("%w: the token would show the key %s (CKA_SENSITIVE)", hsm.ErrKey, k.Ref)
	case extractable && k.Export == hsm.NotExportable:
		return fmt.Errorf("%w: the token would give away the key %s, which must not leave (CKA_EXTRACTABLE)", hsm.ErrKey, k.Ref)
	case k.Usage == hsm.SignaturePair && k.public == nil:
		return fmt.Errorf("%w: of %s the token has no public half", hsm.ErrKey, k.Ref)
	case k.Usage == hsm.MACAlg3 && k.half == 0:
		return fmt.Errorf("%w: of %s the token has not the half for DES", hsm.ErrKey, k.Ref)
	}
	return nil
}

// measure finds the length of a secret key, and its check value if its record has none.
func (s *session) measure(k *key, kind uint) error {
	switch kind {
	case p11.CKK_DES:
		k.Bits = 64
	case p11.CKK_DES2:
		k.Bits = 128
	case p11.CKK_DES3:
		k.Bits = 192
	default:
		v, err := s.values(k.object, p11.CKA_VALUE_LEN)
		if err != nil {
			return err
		}
		k.Bits = 8 * int(min(number(v[0]), 1<<16))
	}
	if want, ok := keyType(k.Algorithm, k.Bits/8); (!ok || want != kind) && k.fault == nil {
		k.fault = fmt.Errorf("%w: %s is no key for %s in the token", hsm.ErrKey, k.Ref, k.Algorithm)
	}
	if k.KCV != (hsm.KCV{}) || k.fault != nil {
		return nil
	}
	var err error
	k.KCV, err = s.checkValue(k)
	if is(err, unfit) { // the key does nothing that would tell it
		return nil
	}
	return err
}

// replacedBy is the state of a key after the next version has taken its place. If that
// one was deleted, nobody knows until when this one reads, so it does no more; keys for
// data at rest have no end.
func (k *key) replacedBy(next *key) {
	k.State, k.Until = hsm.StateOld, next.before
	switch {
	case k.Usage == hsm.DataEncryption:
		k.Until = 0
	case next.Version != k.Version+1 || next.before == 0:
		k.State, k.Until = hsm.StateRetired, 0
	}
}

// refuses tells why a key may not do something now, nil if it may.
func (k *key) refuses(r *rule.Right, now int64) error {
	if err := r.Refuses(&k.KeyInfo, now); err != nil {
		return err
	}
	return k.fault
}

// active is the key of a name that something is made with.
func (s *session) active(ref hsm.KeyRef, r *rule.Right) (*key, error) {
	keys, err := s.ring(ref)
	if err != nil {
		return nil, err
	}
	return keys[0], keys[0].refuses(r, s.m.o.Clock())
}

// readers are the keys of a name that may read, the active one first; one at least.
func (s *session) readers(ref hsm.KeyRef, r *rule.Right) ([]*key, error) {
	keys, err := s.ring(ref)
	if err != nil {
		return nil, err
	}
	var may []*key
	for _, k := range keys {
		if e := k.refuses(r, s.m.o.Clock()); e == nil {
			may = append(may, k)
		} else if err == nil {
			err = e
		}
	}
	if len(may) > 0 {
		err = nil
	}
	return may, err
}

// anyOf reads with one key after the other until one fits; if none does, the error is
// that of the first.
func anyOf(keys []*key, read func(*key) error) error {
	var first error
	for _, k := range keys {
		err := read(k)
		if err == nil || isToken(err) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}
