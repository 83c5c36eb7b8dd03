//go:build pkcs11

package pkcs11

import (
	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
)

// create makes the objects of a key.
func (s *session) create(r *record, c *change) error {
	switch {
	case c.public != nil:
		return s.createAsymmetric(r, c)
	case c.bytes.Len() > 0:
		return s.createSecret(r, c.bytes.Reveal())
	case r.Algorithm == hsm.ECDSA || r.Algorithm == hsm.RSA:
		return s.generatePair(r, c.bits)
	}
	return s.generateSecret(r, c.bits)
}

// createSecret has the token keep a key whose bytes are here; the half of X9.19 first,
// which alone is no key.
func (s *session) createSecret(r *record, b []byte) error {
	if r.Usage == hsm.MACAlg3 {
		half := *r
		half.part, half.Export, half.KCV, half.past = partHalf, hsm.NotExportable, hsm.KCV{}, nil
		a := append(secretKey(&half, p11.CKK_DES, powers{encrypt: true}, half.mark()), p11.NewAttribute(p11.CKA_VALUE, b[:8]))
		if _, err := s.m.lib.CreateObject(s.handle, a); err != nil {
			return err
		}
	}
	kind, _ := keyType(r.Algorithm, len(b))
	_, err := s.m.lib.CreateObject(s.handle, append(secretKey(r, kind, powersOf(&r.KeyInfo), r.mark()), p11.NewAttribute(p11.CKA_VALUE, b)))
	return err
}

// generators of secret keys by their type; those of AES and HMAC are told a length.
var generators = map[uint]uint{
	p11.CKK_DES: p11.CKM_DES_KEY_GEN, p11.CKK_DES2: p11.CKM_DES2_KEY_GEN, p11.CKK_DES3: p11.CKM_DES3_KEY_GEN,
	p11.CKK_AES: p11.CKM_AES_KEY_GEN, p11.CKK_GENERIC_SECRET: p11.CKM_GENERIC_SECRET_KEY_GEN,
}

// generateSecret has the token make a key. It may first do what its check value is made
// with, and is nobody's until it does no more than its usage needs.
func (s *session) generateSecret(r *record, bits int) error {
	kind, _ := keyType(r.Algorithm, bits/8)
	a := secretKey(r, kind, powersAll(&r.KeyInfo), unfinished)
	if kind == p11.CKK_AES || kind == p11.CKK_GENERIC_SECRET {
		a = append(a, p11.NewAttribute(p11.CKA_VALUE_LEN, bits/8))
	}
	o, err := s.m.lib.GenerateKey(s.handle, []*p11.Mechanism{p11.NewMechanism(generators[kind], nil)}, a)
	if err != nil {
		return err
	}
	r.Bits = bits
	if r.KCV, err = s.checkValue(&key{record: *r, object: o}); err == nil {
		err = s.m.lib.SetAttributeValue(s.handle, o, powersOf(&r.KeyInfo).attributes())
	}
	if err == nil {
		err = s.mark(o, r)
	}
	if err != nil {
		_ = s.m.lib.DestroyObject(s.handle, o) // unfinished it is nobody's
	}
	return err
}

// mark writes the record of an object.
func (s *session) mark(o p11.ObjectHandle, r *record) error {
	return s.m.lib.SetAttributeValue(s.handle, o, []*p11.Attribute{p11.NewAttribute(p11.CKA_ID, r.text(r.mark()))})
}

// generatePair has the token make a pair.
func (s *session) generatePair(r *record, bits int) error {
	mechanism, public := uint(p11.CKM_EC_KEY_PAIR_GEN), append(publicHead(r, unfinished), p11.NewAttribute(p11.CKA_EC_PARAMS, p256))
	if r.Algorithm == hsm.RSA {
		mechanism = p11.CKM_RSA_PKCS_KEY_PAIR_GEN
		public = append(publicHead(r, unfinished), p11.NewAttribute(p11.CKA_MODULUS_BITS, bits), p11.NewAttribute(p11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}))
	}
	open, private, err := s.m.lib.GenerateKeyPair(s.handle, []*p11.Mechanism{p11.NewMechanism(mechanism, nil)}, public, privateHead(r, unfinished))
	if err != nil {
		return err
	}
	p, err := s.readPublic(open)
	if err == nil {
		r.Bits, r.KCV = p.Bits, p.KCV
		err = s.mark(open, r)
	}
	if err == nil {
		err = s.mark(private, r)
	}
	return err
}

// createAsymmetric has the token keep a partner's public key, or a pair.
func (s *session) createAsymmetric(r *record, c *change) error {
	public, err := publicKey(r, c.public, r.mark())
	if err != nil {
		return err
	}
	var private []*p11.Attribute
	if c.pair != nil {
		if private, err = privateKey(r, c.pair, r.mark()); err != nil {
			return err
		}
	}
	if _, err := s.m.lib.CreateObject(s.handle, public); err != nil || c.pair == nil {
		return err
	}
	_, err = s.m.lib.CreateObject(s.handle, private)
	return err
}
