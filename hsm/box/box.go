package box

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"

	"switchd/hsm"
)

const (
	format    = 1
	headBytes = 5
	nonceEnd  = headBytes + 24
	tagBytes  = 16
)

// KeyBytes is how long a key is that seals. Shorter ones are carried, and seal nothing.
const KeyBytes = 32

// CMAC appends the AES-CMAC of a message with the sealing key to dst.
type CMAC func(dst, message []byte) ([]byte, error)

// Content is what is sealed.
type Content struct {
	// Version of the key, Public what is authenticated with the data, Data the plain bytes.
	Version uint32
	Public  []byte
	Data    []byte
}

// Seal makes a box.
func Seal(c Content, key CMAC, random io.Reader) ([]byte, error) {
	out := make([]byte, nonceEnd, nonceEnd+len(c.Data)+tagBytes)
	out[0] = format
	binary.BigEndian.PutUint32(out[1:], c.Version)
	if _, err := io.ReadFull(random, out[headBytes:]); err != nil {
		return nil, fmt.Errorf("hsm: random bytes for a nonce: %w", err)
	}
	a, err := own(out[headBytes:], key)
	if err != nil {
		return nil, err
	}
	return a.Seal(out, out[headBytes+12:], c.Data, proven(out, c.Public)), nil
}

// Version is that of the key that a box was sealed with; nothing of it is proven.
func Version(box []byte) (uint32, error) {
	if len(box) < nonceEnd+tagBytes || box[0] != format {
		return 0, fmt.Errorf("%w: that was not sealed here", hsm.ErrBlock)
	}
	return binary.BigEndian.Uint32(box[1:]), nil
}

// Open gives the data of a box.
func Open(box, public []byte, key CMAC) ([]byte, error) {
	if _, err := Version(box); err != nil {
		return nil, err
	}
	nonce := box[headBytes:nonceEnd]
	a, err := own(nonce, key)
	if err != nil {
		return nil, err
	}
	data, err := a.Open(nil, nonce[12:], box[nonceEnd:], proven(box, public))
	if err != nil {
		return nil, fmt.Errorf("%w: what was sealed, or what is public with it, was changed", hsm.ErrVerify)
	}
	return data, nil
}

// proven is what is authenticated with the data: the head, whose length is fixed, and
// the public bytes.
func proven(box, public []byte) []byte {
	return append(append(make([]byte, 0, headBytes+len(public)), box[:headBytes]...), public...)
}

// own is the cipher of one box: its key is two CMACs of a counter and the first half of
// the nonce.
func own(nonce []byte, key CMAC) (cipher.AEAD, error) {
	var label [16]byte
	made := make([]byte, 0, KeyBytes)
	defer func() { clear(made[:cap(made)]) }()
	for counter := byte(1); counter <= 2; counter++ {
		label[1], label[2] = counter, 'X'
		copy(label[4:], nonce[:12])
		var err error
		if made, err = key(made, label[:]); err != nil {
			return nil, err
		}
	}
	block, err := aes.NewCipher(made)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
