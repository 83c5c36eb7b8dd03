package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// keyBytes is the size of every key here: AES-256 and HMAC-SHA-256.
const keyBytes = 32

// KeysMax bounds the sealing keys of one file.
const KeysMax = 64

// Key is one sealing key. IDs are on disk: never give a number to another key.
type Key struct {
	ID     uint32 // from 1
	Secret [keyBytes]byte
}

// Keys are the sealing keys of one data folder and its token key. They never
// change; nil Keys seal nothing. Safe for concurrent use.
type Keys struct {
	token [keyBytes]byte
	ring  []Key  // the last one seals
	file  string // where they come from; "" when from no file
}

// ErrOtherKeys is wrapped by errors about keys that are not those of what is to be
// read with them.
var ErrOtherKeys = errors.New("these are other keys")

// Source names the file of the keys, for messages.
func (k *Keys) Source() string {
	if k == nil || k.file == "" {
		return "the key file"
	}
	return k.file
}

// New returns keys of which the last one seals and all open.
func New(token [keyBytes]byte, ring ...Key) (*Keys, error) {
	if len(ring) == 0 || len(ring) > KeysMax {
		return nil, fmt.Errorf("seal: %d sealing keys, want 1 to %d", len(ring), KeysMax)
	}
	seen := map[uint32]bool{}
	for i := range ring {
		if ring[i].ID == 0 || seen[ring[i].ID] {
			return nil, fmt.Errorf("seal: key id %d is zero or there twice", ring[i].ID)
		}
		seen[ring[i].ID] = true
	}
	return &Keys{token: token, ring: append([]Key(nil), ring...)}, nil
}

// IDs are the ids of the sealing keys; the last one is that of the key in use.
func (k *Keys) IDs() []uint32 {
	if k == nil {
		return nil
	}
	ids := make([]uint32, len(k.ring))
	for i := range k.ring {
		ids[i] = k.ring[i].ID
	}
	return ids
}

// Token is what an account is searched by: equal for equal accounts, and nothing
// can be learned from it without the key file.
func (k *Keys) Token(account []byte) (token [16]byte) {
	if k == nil {
		sum := sha256.Sum256(account)
		copy(token[:], sum[:])
		return token
	}
	mac := hmac.New(sha256.New, k.token[:])
	mac.Write(account)
	copy(token[:], mac.Sum(nil))
	return token
}

// Format never prints a key, whatever the verb.
func (k *Keys) Format(w fmt.State, _ rune) {
	_, _ = fmt.Fprintf(w, "seal.Keys%v", k.IDs()) // an error of a formatter has no reader
}

// Format never prints the key itself.
func (k Key) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, fmt.Sprint("seal.Key ", k.ID)) }

// MarshalText never writes the key itself: what logs and JSON show of it.
func (k Key) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(k)), nil }

// derive makes the cipher of one salt under one key; ok is false for an unknown key.
func (k *Keys) derive(id uint32, salt []byte) (c cipher.AEAD, ok bool) {
	for i := range k.ring {
		if k.ring[i].ID != id {
			continue
		}
		sub, err := hkdf.Key(sha256.New, k.ring[i].Secret[:], salt, "switchd seal 1", keyBytes)
		if err != nil {
			panic("seal: " + err.Error()) // lengths are constants
		}
		block, err := aes.NewCipher(sub)
		if err != nil {
			panic("seal: " + err.Error())
		}
		c, err := cipher.NewGCM(block)
		if err != nil {
			panic("seal: " + err.Error())
		}
		return c, true
	}
	return nil, false
}
