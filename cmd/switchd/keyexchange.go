package main

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"time"

	"switchd/hsm"
	"switchd/session"
	"switchd/switch/config"
)

// keyExchange has the module take the working keys that participants bring (0800 with
// DE70 161). What the new key replaces reads for keyOverlap, which the module sees to.
type keyExchange struct {
	pool        *hsm.Pool
	log         *slog.Logger
	participant func(id string) *config.Participant // in force now; nil: there is none
}

var _ session.Hook = keyExchange{}

// keyOverlap is how long messages under the key before are taken.
const keyOverlap = 120 * time.Second

// DE39 of the answer to a key.
const (
	keyInPlace     = "00"
	keyNoPurpose   = "30" // format: no such purpose, or the participant has no key of it
	keyNotTaken    = "88" // cryptographic failure
	keyModuleFails = "96"
)

// keyUsages are what a key of each algorithm must be for.
func keyUsages(algorithm string) []hsm.Usage { return []hsm.Usage{macAlgorithms[algorithm].Usage()} }

// keyExchange is the hook of the participants' network management; nil without a
// module.
func (n *node) keyExchange() session.Hook {
	if n.security.module == nil {
		return nil
	}
	return keyExchange{pool: n.security.pool, log: n.log, participant: func(id string) *config.Participant {
		all := n.conf.inForce.Load().Participants
		if i := slices.IndexFunc(all, func(p config.Participant) bool { return p.ID == id }); i >= 0 {
			return &all[i]
		}
		return nil
	}}
}

// KeyOffered has the module take a key.
func (k keyExchange) KeyOffered(id string, _ int64, offer session.KeyOffer, answer func(code string)) {
	p := k.participant(id)
	if p == nil || p.KeyExchange == "" {
		answer(keyNoPurpose)
		return
	}
	in := hsm.Import{Under: hsm.KeyRef(p.KeyExchange), Block: offer.Block, Replace: true, Overlap: keyOverlap}
	switch offer.Purpose {
	case "ZPK":
		in.As, in.Want = hsm.KeyRef(p.PIN.Key), []hsm.Usage{hsm.PINEncryption}
	case "ZAK":
		in.As, in.Want = hsm.KeyRef(p.MAC.Key), keyUsages(p.MAC.Algorithm)
	}
	var err error
	if offer.KCV != "" {
		in.KCV, err = kcvOf(offer.KCV)
	}
	if in.As == "" || err != nil {
		k.log.Warn("key refused", "participant", id, "purpose", offer.Purpose, "reason", "no such key of the participant, or its check value is none")
		answer(keyNoPurpose)
		return
	}
	done := func(info hsm.KeyInfo, err error) {
		code := keyInPlace
		switch _, down := errors.AsType[*hsm.Fault](err); {
		case down:
			code = keyModuleFails
		case err != nil:
			code = keyNotTaken
		}
		if err != nil {
			k.log.Warn("key refused", "participant", id, "key", in.As, "reason", err)
		} else {
			k.log.Info("key taken", "participant", id, "key", in.As, "version", info.Version, "kcv", info.KCV.String(), "usage", info.Usage.Text())
		}
		answer(code)
	}
	call := func(ctx context.Context, m hsm.Module) (hsm.KeyInfo, error) { return m.ImportKey(ctx, in) }
	if err := hsm.Call(k.pool, hsm.OpImportKey, call, done); err != nil {
		done(hsm.KeyInfo{}, err)
	}
}

// kcvOf reads a check value.
func kcvOf(text string) (hsm.KCV, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return hsm.KCV{}, err
	}
	return hsm.NewKCV(b)
}

// KeyChanged notes that the new key counts.
func (k keyExchange) KeyChanged(id string, _, until int64) {
	k.log.Info("messages under the key before are taken for a while", "participant", id, "until", time.Unix(0, until).UTC())
}

// KeyRetired notes that the key before counts no more.
func (k keyExchange) KeyRetired(id string, _ int64) {
	k.log.Info("the key before is not taken any more", "participant", id)
}

// DayCut does nothing: the switch's business days are its own.
func (keyExchange) DayCut(string, int64) {}
