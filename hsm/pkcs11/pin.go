//go:build pkcs11

package pkcs11

import (
	"context"
	"encoding/hex"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/pinblock"
	"switchd/hsm/rule"
)

// TranslatePIN gives the same PIN under another key and in another format: the token
// decrypts and encrypts, and between that the PIN is in this process's memory.
func (m *Module) TranslatePIN(ctx context.Context, t hsm.Translation) (out hsm.Secret, err error) {
	err = m.with(ctx, func(s *session) error {
		if err := m.inMemory("translate PINs"); err != nil {
			return err
		}
		if err := hsm.AllowTranslation(t.Change); err != nil {
			return err
		}
		to, err := s.active(t.Out, rule.WritePIN)
		if err != nil {
			return err
		}
		var pin pinblock.PIN
		defer pin.Wipe()
		account, err := s.readPIN(&pin, &hsm.EncryptedPIN{Under: t.In, Format: t.Change.From, KSN: t.KSN, Block: t.Block, Account: t.Account})
		if err != nil {
			return err
		}
		made, under := make([]byte, t.Change.To.Size()), s.block(to)
		err = pinblock.Encrypt(made, &pin, pinblock.Binding{Format: t.Change.To, Key: under, Account: account}, m.o.Random)
		if under.err != nil {
			return under.err
		}
		out = hsm.NewSecret(made)
		return err
	})
	if err != nil {
		return hsm.Secret{}, err
	}
	return out, nil
}

// VerifyPVV compares a PIN with its Visa PIN verification value.
func (m *Module) VerifyPVV(ctx context.Context, c hsm.PVVCheck) error {
	return m.with(ctx, func(s *session) error {
		return s.verifyPIN(&c.Input, c.By, rule.CheckPVV, func(pin *pinblock.PIN, account pinblock.Account, by *block) error {
			return pinblock.VerifyPVV(c.PVV.Reveal(), pin, account, c.Index, by)
		})
	})
}

// VerifyOffset compares a PIN with its IBM 3624 offset.
func (m *Module) VerifyOffset(ctx context.Context, c hsm.OffsetCheck) error {
	return m.with(ctx, func(s *session) error {
		table, err := pinblock.ParseTable(c.Table)
		if err != nil {
			return err
		}
		validation, err := hex.AppendDecode(make([]byte, 0, 8), c.Validation.Reveal())
		defer clear(validation)
		if err != nil || len(validation) != 8 {
			return fmt.Errorf("%w: validation data has 16 digits", hsm.ErrBlock)
		}
		return s.verifyPIN(&c.Input, c.By, rule.CheckOffset, func(pin *pinblock.PIN, _ pinblock.Account, by *block) error {
			return pinblock.VerifyOffset(c.Offset.Reveal(), pin, pinblock.IBM3624{Key: by, Table: table, Validation: [8]byte(validation)})
		})
	})
}

// verifyPIN compares the PIN of a block with what a verification key makes of it.
func (s *session) verifyPIN(in *hsm.EncryptedPIN, ref hsm.KeyRef, r *rule.Right, compare func(*pinblock.PIN, pinblock.Account, *block) error) error {
	if err := s.m.inMemory("verify PINs"); err != nil {
		return err
	}
	var pin pinblock.PIN
	defer pin.Wipe()
	account, err := s.readPIN(&pin, in)
	if err != nil {
		return err
	}
	keys, err := s.readers(ref, r)
	if err != nil {
		return err
	}
	return anyOf(keys, func(k *key) error {
		by := s.block(k)
		if err := compare(&pin, account, by); by.err == nil {
			return err
		}
		return by.err
	})
}

// readPIN reads the PIN of a block, and gives what it is bound to. All keys of the name
// that may read are asked, and all that fit must read the same PIN: a block of format 1
// fits a wrong key once in some hundred times, and a wrong PIN would come out.
func (s *session) readPIN(pin *pinblock.PIN, in *hsm.EncryptedPIN) (pinblock.Account, error) {
	account, err := pinblock.ParseAccount(in.Account.Reveal())
	if err != nil {
		return account, err
	}
	if len(in.KSN) > 0 {
		return account, s.noDUKPT(in.Under)
	}
	keys, err := s.readers(in.Under, rule.ReadPIN)
	if err != nil {
		return account, err
	}
	var tried pinblock.PIN
	defer tried.Wipe()
	fit, differ := false, false
	for _, k := range keys {
		under := s.block(k)
		e := pinblock.Decrypt(&tried, in.Block.Reveal(), pinblock.Binding{Format: in.Format, Key: under, Account: account})
		switch {
		case under.err != nil:
			pin.Wipe()
			return account, under.err
		case e == nil:
			differ = differ || fit && !pin.Equal(&tried)
			*pin, fit = tried, true
		case err == nil:
			err = e
		}
	}
	if fit && !differ {
		return account, nil
	}
	pin.Wipe()
	if differ {
		err = fmt.Errorf("%w: the PIN block can be read under two keys", hsm.ErrBlock)
	}
	return account, err
}

// noDUKPT refuses keys of devices: a token cannot derive them and keep them in. A key
// that is none of theirs is refused for that.
func (s *session) noDUKPT(under hsm.KeyRef) error {
	if _, err := s.readers(under, rule.DerivePIN); err != nil {
		return err
	}
	return fmt.Errorf("%w: the token does not derive the keys of devices (DUKPT)", hsm.ErrDenied)
}
