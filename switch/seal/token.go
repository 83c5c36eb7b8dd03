package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
)

// Tokener makes the tokens of Keys.Token one after another, without garbage. It
// belongs to one goroutine.
type Tokener struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

// Tokener returns a new Tokener. That of nil Keys is unkeyed.
func (k *Keys) Tokener() *Tokener {
	if k == nil {
		return &Tokener{mac: sha256.New()}
	}
	return &Tokener{mac: hmac.New(sha256.New, k.token[:])}
}

// Token is Keys.Token.
func (t *Tokener) Token(account []byte) (token [16]byte) {
	t.mac.Reset()
	t.mac.Write(account)
	copy(token[:], t.mac.Sum(t.sum[:0]))
	return token
}
