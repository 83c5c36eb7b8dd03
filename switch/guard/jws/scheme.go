package jws

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"

	"switchd/hsm"
	"switchd/switch/guard"
	"switchd/switch/guard/signer"
)

// prefixMax bounds what stands before the message, the line feed included. A header
// with all that belongs there and a signature of RSA with 4096 bits have 850.
const prefixMax = 2048

// Scheme signs and checks the messages of one participant. It does not change and is
// safe for concurrent use.
type Scheme struct {
	*signer.Parties
	header []byte // of what the switch signs, in base64url
}

// New makes a Scheme, or says all that is wrong with the options.
func New(o signer.Options) (*Scheme, error) {
	p, err := signer.New(o, hsm.ES256, hsm.PS256)
	if err != nil {
		return nil, err
	}
	return &Scheme{Parties: p, header: encodeHeader(p.With(), p.Own())}, nil
}

// encodeHeader is the protected header of all messages that a certificate's key signs.
func encodeHeader(a hsm.SignatureAlgorithm, own *signer.Certificate) []byte {
	text := fmt.Sprintf(`{"alg":"%s","b64":false,"crit":["b64"],"kid":"%s"}`, a, own.ID())
	return base64.RawURLEncoding.AppendEncode(nil, []byte(text))
}

// Open gives a Guard for one link.
func (s *Scheme) Open() guard.Guard { return s.open() }

func (s *Scheme) open() *linkGuard { return &linkGuard{scheme: s, hash: sha256.New()} }

// linkGuard is the buffers of one link.
type linkGuard struct {
	scheme    *Scheme
	hash      hash.Hash
	digest    [sha256.Size]byte
	header    [prefixMax]byte
	signature [prefixMax]byte
}

// input feeds what is signed to a hash: the header as it is written, a point, and the
// message as it is.
func input(h hash.Hash, protected, message []byte) {
	h.Reset()
	h.Write(protected)
	h.Write(point)
	h.Write(message)
}

var point = []byte{'.'}
