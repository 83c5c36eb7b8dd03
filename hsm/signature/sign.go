package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"

	"switchd/hsm"
)

// PairBytes is the length of a signature with P-256: r and s, 32 bytes each, as JWS and
// XML signatures have it.
const PairBytes = 64

// pss is RSASSA-PSS as JWS and RFC 6931 have it: the salt as long as the hash.
var pss = rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// Bytes is how long the key's signatures are.
func (p *Public) Bytes() int {
	if p.Algorithm == hsm.ECDSA {
		return PairBytes
	}
	return (p.Bits + 7) / 8
}

// Signed tells whether a signature of a SHA-256 was made with the key's other half. Of an
// algorithm that is not the key's none was.
func (p *Public) Signed(a hsm.SignatureAlgorithm, digest, signature []byte) bool {
	if !Fits(p.Algorithm, a) || len(signature) != p.Bytes() {
		return false
	}
	switch public := p.Key.(type) {
	case *ecdsa.PublicKey:
		var room [derBytesMax]byte
		return ecdsa.VerifyASN1(public, digest, appendDER(room[:0], signature))
	case *rsa.PublicKey:
		if a == hsm.PS256 {
			return rsa.VerifyPSS(public, crypto.SHA256, digest, signature, &pss) == nil
		}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, signature) == nil
	}
	return false
}

// Sign signs a hash with a private key that is in this process. s.By is not looked at.
func Sign(key crypto.Signer, s *hsm.Signing, random io.Reader) ([]byte, error) {
	switch key.Public().(type) {
	case *ecdsa.PublicKey:
		if s.Algorithm != hsm.ES256 {
			break
		}
		der, err := key.Sign(random, s.Digest[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return pair(der)
	case *rsa.PublicKey:
		switch s.Algorithm {
		case hsm.PS256:
			return key.Sign(random, s.Digest[:], &pss)
		case hsm.RS256:
			return key.Sign(random, s.Digest[:], crypto.SHA256)
		}
	}
	return nil, fmt.Errorf("%w: it is not one for %s", hsm.ErrKey, s.Algorithm)
}

// pair makes r and s, 32 bytes each, of the sequence that crypto/ecdsa gives.
func pair(der []byte) ([]byte, error) {
	var n struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &n); err != nil {
		return nil, err
	}
	out := make([]byte, PairBytes)
	n.R.FillBytes(out[:PairBytes/2])
	n.S.FillBytes(out[PairBytes/2:])
	return out, nil
}

// derBytesMax is the longest form of r and s in DER: two integers of 33 bytes.
const derBytesMax = 2 + 2*(2+33)

// appendDER writes r and s as the sequence of two integers that crypto/ecdsa reads.
func appendDER(dst, pair []byte) []byte {
	start := len(dst)
	dst = append(dst, 0x30, 0)
	for _, n := range [2][]byte{pair[:PairBytes/2], pair[PairBytes/2:]} {
		for len(n) > 1 && n[0] == 0 {
			n = n[1:]
		}
		if n[0] < 0x80 {
			dst = append(dst, 0x02, byte(len(n)))
		} else {
			dst = append(dst, 0x02, byte(len(n)+1), 0)
		}
		dst = append(dst, n...)
	}
	dst[start+1] = byte(len(dst) - start - 2)
	return dst
}
