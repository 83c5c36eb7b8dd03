package soft

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"switchd/hsm"
	"switchd/hsm/dukpt"
	"switchd/hsm/pinblock"
	"switchd/hsm/rule"
	"switchd/hsm/symmetric"
)

// TranslatePIN gives the same PIN under another key and in another format.
func (m *Module) TranslatePIN(ctx context.Context, t hsm.Translation) (hsm.Secret, error) {
	if err := m.enter(ctx); err != nil {
		return hsm.Secret{}, err
	}
	defer m.mu.RUnlock()
	if err := hsm.AllowTranslation(t.Change); err != nil {
		return hsm.Secret{}, err
	}
	to, err := m.active(t.Out, rule.WritePIN)
	if err != nil {
		return hsm.Secret{}, err
	}
	r := newReading()
	defer r.wipe()
	account, err := m.read(r, &hsm.EncryptedPIN{Under: t.In, Format: t.Change.From, KSN: t.KSN, Block: t.Block, Account: t.Account})
	if err != nil {
		return hsm.Secret{}, err
	}
	block := make([]byte, t.Change.To.Size())
	if err := pinblock.Encrypt(block, &r.pin, pinblock.Binding{Format: t.Change.To, Key: to.block, Account: account}, m.o.Random); err != nil {
		return hsm.Secret{}, err
	}
	return hsm.NewSecret(block), nil
}

// VerifyPVV compares a PIN with its Visa PIN verification value.
func (m *Module) VerifyPVV(ctx context.Context, c hsm.PVVCheck) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.RUnlock()
	r := newReading()
	defer r.wipe()
	account, err := m.read(r, &c.Input)
	if err != nil {
		return err
	}
	return m.try(c.By, rule.CheckPVV, func(k *key) error {
		return pinblock.VerifyPVV(c.PVV.Reveal(), &r.pin, account, c.Index, k.block)
	})
}

// VerifyOffset compares a PIN with its IBM 3624 offset.
func (m *Module) VerifyOffset(ctx context.Context, c hsm.OffsetCheck) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.RUnlock()
	table, err := pinblock.ParseTable(c.Table)
	if err != nil {
		return err
	}
	validation, err := hex.AppendDecode(make([]byte, 0, 8), c.Validation.Reveal())
	defer clear(validation)
	if err != nil || len(validation) != 8 {
		return fmt.Errorf("%w: validation data has 16 digits", hsm.ErrBlock)
	}
	r := newReading()
	defer r.wipe()
	if _, err := m.read(r, &c.Input); err != nil {
		return err
	}
	return m.try(c.By, rule.CheckOffset, func(k *key) error {
		return pinblock.VerifyOffset(c.Offset.Reveal(), &r.pin, pinblock.IBM3624{Key: k.block, Table: table, Validation: [8]byte(validation)})
	})
}

// reading is where the PIN of a call is, in the clear. It is on the heap, so it is wiped
// by hand, and used again.
type reading struct{ pin, tried pinblock.PIN }

// readings are wiped ones, of *reading.
var readings = sync.Pool{New: func() any { return new(reading) }}

func newReading() *reading { return readings.Get().(*reading) }

// wipe gives it back.
func (r *reading) wipe() {
	r.pin.Wipe()
	r.tried.Wipe()
	readings.Put(r)
}

// read reads the PIN of a block, and gives what it is bound to. While a key and the one
// before it both read, both are asked, and all that fit must read the same PIN: a block
// of format 1 fits a wrong key once in some hundred times, and a wrong PIN would come out.
func (m *Module) read(r *reading, in *hsm.EncryptedPIN) (pinblock.Account, error) {
	account, err := pinblock.ParseAccount(in.Account.Reveal())
	if err != nil {
		return account, err
	}
	right := rule.ReadPIN
	if len(in.KSN) > 0 {
		right = rule.DerivePIN
	}
	fit, differ := false, false
	var failed error
	err = m.try(in.Under, right, func(k *key) error {
		err := k.readPIN(&r.tried, in, account)
		if err == nil {
			differ = differ || fit && !r.pin.Equal(&r.tried)
			r.pin, fit = r.tried, true
			return errNext
		}
		if failed == nil {
			failed = err
		}
		return err
	})
	switch {
	case differ:
		r.pin.Wipe()
		return account, fmt.Errorf("%w: the PIN block can be read under two keys", hsm.ErrBlock)
	case fit:
		return account, nil
	case failed != nil:
		return account, failed
	}
	return account, err
}

// errNext has the next key tried though this one fits.
var errNext = errors.New("hsm/soft: next key")

// readPIN reads a block under this key, or under the device's key that it derives.
func (k *key) readPIN(pin *pinblock.PIN, in *hsm.EncryptedPIN, account pinblock.Account) error {
	b := pinblock.Binding{Format: in.Format, Key: k.block, Account: account}
	if len(in.KSN) > 0 {
		device, err := k.device(in)
		if err != nil {
			return err
		}
		defer device.Wipe()
		if b.Key, err = symmetric.New(k.Algorithm, device.Reveal()); err != nil {
			return err
		}
	}
	return pinblock.Decrypt(pin, in.Block.Reveal(), b)
}

// device derives the key of a device's block. Its cipher is that of the base key, and
// with AES its length too.
func (k *key) device(in *hsm.EncryptedPIN) (hsm.Secret, error) {
	if k.Algorithm == hsm.TDES {
		ksn, err := dukpt.ParseTDESKSN(in.KSN)
		if err != nil {
			return hsm.Secret{}, err
		}
		initial, err := dukpt.TDESInitialKey(k.bytes, ksn)
		if err != nil {
			return hsm.Secret{}, err
		}
		defer initial.Wipe()
		return dukpt.TDESKey(initial, ksn, dukpt.TDESPin)
	}
	ksn, err := dukpt.ParseAESKSN(in.KSN)
	if err != nil {
		return hsm.Secret{}, err
	}
	initial, err := dukpt.AESInitialKey(k.bytes, ksn.ID)
	if err != nil {
		return hsm.Secret{}, err
	}
	defer initial.Wipe()
	return dukpt.AESKey(initial, ksn, dukpt.PINEncrypt, dukpt.AES128+dukpt.Kind(k.Bits/64-2))
}
