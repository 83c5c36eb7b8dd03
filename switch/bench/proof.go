package bench

import (
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"

	"switchd/codec/iso8583"
)

// Proof is how the messages of a participant of ISO 8583 are protected. The keys are
// made for a run and lie in its memory: a generator has no security module.
type Proof struct {
	// MAC makes the codes in DE64 and DE128, over all messages but those of network
	// management, both ways; nil: there are none. Its first 8 bytes count. It is used
	// by several goroutines at once.
	MAC interface {
		Sum(dst, message []byte) []byte
	}
	// PIN is the cipher, of 8-byte blocks, of the participant's PIN blocks in DE52
	// (ISO 9564 format 0, bound to the account by the rule padded13); nil: its payments
	// have no PIN.
	PIN cipher.Block
}

// Data elements of a Proof, and their length.
const (
	pinBlock  = 52
	codeBytes = 8
)

// validate says what is wrong with a Proof.
func (p *Proof) validate() error {
	if p.PIN != nil && p.PIN.BlockSize() != codeBytes {
		return fmt.Errorf("its PIN blocks have %d bytes, want %d", p.PIN.BlockSize(), codeBytes)
	}
	if p.MAC != nil && len(p.MAC.Sum(nil, nil)) < codeBytes {
		return errors.New("its codes are too short")
	}
	return nil
}

// covers says that messages of a type have a code.
func (p *Proof) covers(mti iso8583.MTI) bool {
	return p.MAC != nil && mti.Class() != mtiNetwork.Class()
}

// sealer makes and checks codes and PIN blocks without allocating. It belongs to one
// goroutine.
type sealer struct {
	coded bool // the message that is being written has a code
	code  [2 * codeBytes]byte
	pin   [codeBytes]byte
}

// end ends a message, with its code if it has one.
func (s *sealer) end(w *iso8583.Writer, p *Proof) ([]byte, error) {
	if !s.coded {
		return w.Finish()
	}
	covered, err := w.MACInput()
	if err != nil {
		return nil, err
	}
	return w.FinishMAC(p.MAC.Sum(s.code[:0], covered)[:codeBytes])
}

// proven says that a message that came has the right code, or needs none.
func (s *sealer) proven(p *Proof, m *iso8583.Message) bool {
	if !p.covers(m.MTI()) {
		return true
	}
	code, ok := m.MAC()
	return ok && subtle.ConstantTimeCompare(code.Code, p.MAC.Sum(s.code[:0], code.Covered)[:codeBytes]) == 1
}

// pinOf is the PIN of the customer of an account, four digits.
func pinOf(account int32) uint16 { return uint16((uint32(account)*7919 + 1234) % 10_000) }

// block is the encrypted block of a PIN: its length, its digits and letters F, with
// the account's last 12 digits but one added at the right. A block of format 0 has
// nothing random, so it is checked by making it again.
func (s *sealer) block(p *Proof, account []byte, pin uint16) []byte {
	s.pin = [codeBytes]byte{0x04, byte(pin/1000<<4 | pin/100%10), byte(pin/10%10<<4 | pin%10), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	account = account[max(len(account)-12, 0):]
	for i := range len(account) - 1 {
		digit := account[len(account)-2-i] - '0'
		s.pin[codeBytes-1-i/2] ^= digit << (4 * (i & 1))
	}
	p.PIN.Encrypt(s.pin[:], s.pin[:])
	return s.pin[:]
}
