package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The sealed part, little-endian: key id u32 | salt [12]u8 | count u32 | AES-256-GCM
// of the secret part, with its tag. The nonce is the count, the associated data the
// public part.
const (
	saltBytes = 12
	headBytes = 4 + saltBytes + 4
	tagBytes  = 16
	nonceSize = 12
)

// Overhead is by how many bytes a record with a secret part grows.
const Overhead = headBytes + tagBytes

// ErrUnreadable is wrapped by every error about a record that cannot be opened:
// another key, or a change.
var ErrUnreadable = errors.New("sealed part cannot be read")

// Sealer seals records. It belongs to one goroutine. A nil Sealer seals nothing.
type Sealer struct {
	keys   *Keys
	cipher cipher.AEAD
	head   [headBytes]byte // of the next record
	nonce  [nonceSize]byte // here and not on a stack: through the interface it would be allocated
	count  uint32
}

// Sealer returns a new Sealer; nil Keys have a nil one.
func (k *Keys) Sealer() *Sealer {
	if k == nil {
		return nil
	}
	s := &Sealer{keys: k}
	s.renew()
	return s
}

// renew draws a salt and begins to count.
func (s *Sealer) renew() {
	id := s.keys.ring[len(s.keys.ring)-1].ID
	binary.LittleEndian.PutUint32(s.head[:], id)
	salt := s.head[4 : 4+saltBytes]
	rand.Read(salt) // never fails: it ends the process instead
	s.cipher, _ = s.keys.derive(id, salt)
	s.count = 0
}

// Seal appends the sealed form of record to dst: what lies before secretAt as it is,
// the rest sealed. record and dst must not overlap. With secretAt == len(record)
// there is nothing to seal.
func (s *Sealer) Seal(dst, record []byte, secretAt int) []byte {
	if s == nil || secretAt == len(record) {
		return append(dst, record...)
	}
	if s.count == math.MaxUint32 {
		s.renew()
	}
	s.count++
	binary.LittleEndian.PutUint32(s.head[4+saltBytes:], s.count)
	binary.LittleEndian.PutUint32(s.nonce[:], s.count)
	dst = append(append(dst, record[:secretAt]...), s.head[:]...)
	return s.cipher.Seal(dst, s.nonce[:], record[secretAt:], record[:secretAt])
}

// openersMax bounds the ciphers that an Opener keeps: there is one salt for each
// Sealer that has ever been.
const openersMax = 256

// Opener opens records. It belongs to one goroutine. A nil Opener takes records as
// they are.
type Opener struct {
	keys    *Keys
	ciphers map[[4 + saltBytes]byte]cipher.AEAD
	last    cipher.AEAD // that of lastID: records of one Sealer come in runs
	lastID  [4 + saltBytes]byte
	nonce   [nonceSize]byte
}

// Opener returns a new Opener; nil Keys have a nil one.
func (k *Keys) Opener() *Opener {
	if k == nil {
		return nil
	}
	return &Opener{keys: k, ciphers: map[[4 + saltBytes]byte]cipher.AEAD{}}
}

// Open appends the record of which sealed is the sealed form to dst. Errors wrap
// ErrUnreadable. The two must not overlap.
func (o *Opener) Open(dst, sealed []byte, secretAt int) ([]byte, error) {
	if o == nil || secretAt == len(sealed) {
		return append(dst, sealed...), nil
	}
	public, secret := sealed[:secretAt], sealed[secretAt:]
	if len(secret) < Overhead {
		return dst, fmt.Errorf("%w: it has %d bytes, less than the %d of an empty one", ErrUnreadable, len(secret), Overhead)
	}
	c, err := o.cipher(secret)
	if err != nil {
		return dst, err
	}
	copy(o.nonce[:4], secret[4+saltBytes:headBytes])
	opened, err := c.Open(append(dst, public...), o.nonce[:], secret[headBytes:], public)
	if err != nil {
		return dst, fmt.Errorf("%w: it was changed, or key %d of %s is another one than that it was sealed with", ErrUnreadable, binary.LittleEndian.Uint32(secret), o.keys.Source())
	}
	return opened, nil
}

// cipher finds or makes the cipher that a sealed part needs.
func (o *Opener) cipher(secret []byte) (cipher.AEAD, error) {
	id := [4 + saltBytes]byte(secret)
	if o.last != nil && id == o.lastID {
		return o.last, nil
	}
	c, ok := o.ciphers[id]
	if !ok {
		key := binary.LittleEndian.Uint32(secret)
		if c, ok = o.keys.derive(key, secret[4:4+saltBytes]); !ok {
			return nil, fmt.Errorf("%w: it was sealed with key %d, %s has %v", ErrUnreadable, key, o.keys.Source(), o.keys.IDs())
		}
		if len(o.ciphers) >= openersMax {
			clear(o.ciphers)
		}
		o.ciphers[id] = c
	}
	o.last, o.lastID = c, id
	return c, nil
}
