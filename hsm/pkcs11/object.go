//go:build pkcs11

package pkcs11

import (
	"encoding/binary"
	"fmt"
	"strings"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
)

// objectsMax is how many objects a search goes through: of all names, of one name far
// fewer.
const objectsMax = 65536

// keyTypes of secret keys by algorithm and length in bytes; length 0 is any.
var keyTypes = map[hsm.Algorithm]map[int]uint{
	hsm.DES:  {8: p11.CKK_DES},
	hsm.TDES: {16: p11.CKK_DES2, 24: p11.CKK_DES3},
	hsm.AES:  {16: p11.CKK_AES, 24: p11.CKK_AES, 32: p11.CKK_AES},
	hsm.HMAC: {0: p11.CKK_GENERIC_SECRET},
}

func keyType(a hsm.Algorithm, size int) (uint, bool) {
	if t, ok := keyTypes[a][0]; ok {
		return t, true
	}
	t, ok := keyTypes[a][size]
	return t, ok
}

// powers are what the token lets a secret key do.
type powers struct{ encrypt, decrypt, sign bool }

// powersOf are those that a key needs for its usage and mode, and no more. Codes are
// checked by making them, so a key that only verifies signs as well, and for this module
// its mode says that it may not.
func powersOf(i *hsm.KeyInfo) powers {
	has := func(modes string) bool { return strings.IndexByte(modes, byte(i.Mode)) >= 0 }
	switch i.Usage {
	case hsm.PINEncryption:
		return powers{encrypt: has("BEN"), decrypt: has("BDN")}
	case hsm.PINVerification, hsm.PINVerifyIBM3624, hsm.PINVerifyVisaPVV, hsm.MACAlg1, hsm.MACAlg3:
		return powers{encrypt: true}
	case hsm.MACAlg5, hsm.MACHash, hsm.KeyProtection, hsm.DataEncryption:
		return powers{sign: true} // key blocks and boxes derive their keys by CMAC
	}
	return powers{}
}

// powersAll are those and what the check value of a key is made with.
func powersAll(i *hsm.KeyInfo) powers {
	p := powersOf(i)
	if i.Algorithm == hsm.DES || i.Algorithm == hsm.TDES {
		p.encrypt = true
	} else {
		p.sign = true
	}
	return p
}

// attributes are the powers as the token has them.
func (p powers) attributes() []*p11.Attribute {
	return []*p11.Attribute{
		p11.NewAttribute(p11.CKA_ENCRYPT, p.encrypt), p11.NewAttribute(p11.CKA_DECRYPT, p.decrypt),
		p11.NewAttribute(p11.CKA_SIGN, p.sign), p11.NewAttribute(p11.CKA_VERIFY, p.sign),
	}
}

// guarded are what every secret and private key has: it stays in the token, its value
// never shows, and unless it may be exported it is never wrapped.
func guarded(r *record) []*p11.Attribute {
	return []*p11.Attribute{
		p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_PRIVATE, true), p11.NewAttribute(p11.CKA_SENSITIVE, true),
		p11.NewAttribute(p11.CKA_EXTRACTABLE, r.Export != hsm.NotExportable), p11.NewAttribute(p11.CKA_UNWRAP, false),
		p11.NewAttribute(p11.CKA_DERIVE, false), p11.NewAttribute(p11.CKA_LABEL, string(r.Ref)),
	}
}

// secretKey is the template of a secret key; its value is added by whoever has it.
func secretKey(r *record, kind uint, p powers, mark string) []*p11.Attribute {
	a := append(guarded(r), p.attributes()...)
	return append(a,
		p11.NewAttribute(p11.CKA_CLASS, p11.CKO_SECRET_KEY), p11.NewAttribute(p11.CKA_KEY_TYPE, kind),
		p11.NewAttribute(p11.CKA_WRAP, false), p11.NewAttribute(p11.CKA_ID, r.text(mark)),
	)
}

// search gives the objects that are like a template, the hidden ones included.
func (s *session) search(like ...*p11.Attribute) (found []p11.ObjectHandle, err error) {
	if err := s.m.lib.FindObjectsInit(s.handle, like); err != nil {
		return nil, err
	}
	for {
		some, _, err := s.m.lib.FindObjects(s.handle, 256)
		if err != nil {
			return nil, err
		}
		if found = append(found, some...); len(some) == 0 || len(found) > objectsMax {
			break
		}
	}
	if err := s.m.lib.FindObjectsFinal(s.handle); err != nil {
		return nil, err
	}
	if err := s.entered(); err != nil { // asked after the search: the login was there all the time
		return nil, err
	}
	if len(found) > objectsMax {
		return nil, fmt.Errorf("hsm/pkcs11: the token has more than %d objects", objectsMax)
	}
	return found, nil
}

// values are attributes of an object.
func (s *session) values(o p11.ObjectHandle, kinds ...uint) ([][]byte, error) {
	var ask []*p11.Attribute
	for _, k := range kinds {
		ask = append(ask, p11.NewAttribute(k, nil))
	}
	got, err := s.m.lib.GetAttributeValue(s.handle, o, ask)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(got))
	for i, a := range got {
		out[i] = a.Value
	}
	return out, nil
}

// number reads a CK_ULONG, which is in the machine's order.
func number(b []byte) uint {
	if len(b) != 8 {
		return ^uint(0)
	}
	return uint(binary.NativeEndian.Uint64(b))
}

// truth reads a CK_BBOOL.
func truth(b []byte) bool { return len(b) == 1 && b[0] != 0 }
