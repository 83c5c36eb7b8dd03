package simbank

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/pinblock"
	"switchd/hsm/symmetric"
)

// PINs is the zone of a participant's PIN blocks in DE52. With a Key, its own payments
// carry the PIN of their payer, and debits are declined without the right one.
type PINs struct {
	Key    hsm.Secret    // of TDES, in clear: a simulated participant has no module
	Format hsm.PINFormat // ISO-0 or ISO-3
	Rule   pinblock.AccountRule
}

// What a debit is declined with for its PIN.
var (
	wrongPIN    = Code{'5', '5'}
	noPIN       = Code{'8', '6'}
	notReadable = Code{'8', '8'}
)

// zone makes and reads PIN blocks.
type zone struct {
	key    cipher.Block
	format hsm.PINFormat
	rule   pinblock.AccountRule
}

func newZone(o PINs) (*zone, error) {
	key, err := symmetric.New(hsm.TDES, o.Key.Reveal())
	if err != nil {
		return nil, fmt.Errorf("simbank: PINs: %w", err)
	}
	return &zone{key, o.Format, o.Rule}, nil
}

// pinDigits is how long the PINs of simulated customers are.
const pinDigits = 4

// digitsOf is the PIN of the customer who has an account: any two simulated
// participants agree on it, and no two neighbours have the same.
func digitsOf(account string) (pin [pinDigits]byte) {
	sum := sha256.Sum256([]byte("PIN of " + account))
	n := binary.BigEndian.Uint32(sum[:])
	for i := range pin {
		pin[i] = '0' + byte(n%10)
		n /= 10
	}
	return pin
}

func (z *zone) binding(account string) (pinblock.Binding, error) {
	bound, err := pinblock.BankAccount([]byte(account), z.rule)
	return pinblock.Binding{Format: z.format, Key: z.key, Account: bound}, err
}

// block is the encrypted block of a customer's PIN, or of another that is wrong.
func (z *zone) block(account string, wrong bool) (string, error) {
	b, err := z.binding(account)
	if err != nil {
		return "", fmt.Errorf("simbank: no PIN block for such an account")
	}
	pin := digitsOf(account)
	if wrong {
		pin[0] = '0' + (pin[0]-'0'+1)%10
	}
	p, err := pinblock.ParsePIN(pin[:])
	if err != nil {
		return "", err
	}
	defer p.Wipe()
	out := make([]byte, z.format.Size())
	if err := pinblock.Encrypt(out, &p, b, rand.Reader); err != nil {
		return "", err
	}
	return string(out), nil
}

// judge is Approved for the block of the right PIN, or why the debit is declined.
func (z *zone) judge(account, block string) Code {
	if block == "" {
		return noPIN
	}
	b, err := z.binding(account)
	if err != nil {
		return notReadable
	}
	var p pinblock.PIN
	defer p.Wipe()
	if pinblock.Decrypt(&p, []byte(block), b) != nil {
		return notReadable
	}
	var entered [12]byte
	n := p.Digits(entered[:])
	right := digitsOf(account)
	if subtle.ConstantTimeCompare(entered[:n], right[:]) != 1 {
		return wrongPIN
	}
	return Approved
}
