package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
	"switchd/session"
	"switchd/switch/config"
)

// keyExchange has the module take the working keys that participants bring (0800 with
// DE70 161), a few in a while, and writes all of it into the audit file of the keys.
// What the new key replaces reads for keyOverlap, which the module sees to.
type keyExchange struct {
	pool        *hsm.Pool
	log         *slog.Logger
	audit       *keyAudit
	participant func(id string) *config.Participant // in force now; nil: there is none
	offers      [keyResultCount]prometheus.Counter

	mu     sync.Mutex // guards lately: a participant's links are on several loops
	lately map[string]*keysLately
}

var _ session.Hook = (*keyExchange)(nil)

// keyOverlap is how long messages under the key before are taken.
const keyOverlap = 120 * time.Second

// DE39 of the answer to a key.
const (
	keyInPlace     = "00"
	keyUnderWay    = "09" // another of the participant is being looked at
	keyNoPurpose   = "30" // format: no such purpose, or the participant has no key of it
	keyTooMany     = "65" // exceeds the frequency limit: later
	keyNotTaken    = "88" // cryptographic failure
	keyModuleFails = "96"
)

// errKeyPurpose and errKeysTooMany refuse an offer before the module is asked.
var (
	errKeyPurpose  = fmt.Errorf("%w: no such key of the participant, or its check value is none", hsm.ErrDenied)
	errKeysTooMany = fmt.Errorf("%w: above %d new keys or %d offers within %s: later ones are told so", hsm.ErrDenied, newKeysMax, keyOffersMax, keyOverlap)
)

// keyUsages are what a key of each algorithm must be for.
func keyUsages(algorithm string) []hsm.Usage { return []hsm.Usage{macAlgorithms[algorithm].Usage()} }

// keyExchange is the hook of the participants' network management; nil without a
// module.
func (n *node) keyExchange() session.Hook {
	if n.security.module == nil {
		return nil
	}
	return &keyExchange{
		pool: n.security.pool, log: n.log, audit: n.security.audit, offers: newKeyOffers(n.registry), lately: map[string]*keysLately{},
		participant: func(id string) *config.Participant {
			all := n.conf.inForce.Load().Participants
			if i := slices.IndexFunc(all, func(p config.Participant) bool { return p.ID == id }); i >= 0 {
				return &all[i]
			}
			return nil
		},
	}
}

// keyOffer is a key on its way to the module.
type keyOffer struct {
	participant, purpose string
	at                   int64
	in                   hsm.Import
	fault                error // why the module is not asked
}

// keyTaken is what the module says of a key that it has taken.
type keyTaken struct {
	info  hsm.KeyInfo
	again bool // it was the active one already
}

// KeyOffered has the module take a key.
func (k *keyExchange) KeyOffered(id string, now int64, offer session.KeyOffer, answer func(session.KeyVerdict)) {
	p := k.participant(id)
	if p == nil || p.KeyExchange == "" {
		answer(session.KeyVerdict{Code: keyNoPurpose})
		return
	}
	o := keyOffer{participant: id, purpose: offer.Purpose, at: now}
	switch code, first := k.admit(id, offer.Block, now); {
	case code == "":
		o.in, o.fault = importOf(p, &offer)
	case first:
		o.fault = errKeysTooMany
	default: // it is in the log already
		k.offers[keyResultLater].Inc()
		answer(session.KeyVerdict{Code: code})
		return
	}
	done := func(taken keyTaken, err error) {
		answer(session.KeyVerdict{Code: k.settle(&o, taken, err), Again: taken.again})
	}
	call := func(ctx context.Context, m hsm.Module) (keyTaken, error) { return k.take(ctx, m, &o) }
	if err := hsm.Call(k.pool, hsm.OpImportKey, call, done); err != nil {
		done(keyTaken{}, err)
	}
}

// importOf is how a participant's key comes into the module.
func importOf(p *config.Participant, offer *session.KeyOffer) (in hsm.Import, err error) {
	in = hsm.Import{Under: hsm.KeyRef(p.KeyExchange), Block: offer.Block, Replace: true, Overlap: keyOverlap}
	switch offer.Purpose {
	case "ZPK":
		in.As, in.Want = hsm.KeyRef(p.PIN.Key), []hsm.Usage{hsm.PINEncryption}
	case "ZAK":
		in.As, in.Want = hsm.KeyRef(p.MAC.Key), keyUsages(p.MAC.Algorithm)
	}
	if offer.KCV != "" {
		in.KCV, err = kcvOf(offer.KCV)
	}
	if in.As == "" || err != nil {
		return in, errKeyPurpose
	}
	return in, nil
}

// kcvOf reads a check value.
func kcvOf(text string) (hsm.KCV, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return hsm.KCV{}, err
	}
	return hsm.NewKCV(b)
}

// take has the module take a key, and has all of it in the audit file. What cannot be
// written there is not done.
func (k *keyExchange) take(ctx context.Context, m hsm.Module, o *keyOffer) (taken keyTaken, err error) {
	e := keyEvent{Account: login(), Participant: o.participant, Action: exchangeAction, Name: o.in.As, Outcome: keyStarted, Detail: o.detail()}
	before, err := hsm.KCV{}, o.fault
	if err == nil {
		before, err = m.KCV(ctx, o.in.As)
	}
	if err == nil {
		e.KCV = before.String()
		var begun *keyEvent
		if begun, err = k.audit.append(context.Background(), e, clock()); err != nil {
			return taken, &hsm.Fault{Kind: hsm.ErrDown, Cause: fmt.Errorf("it could not be written down: %w", err)}
		}
		e.Of = begun.Seq
		taken.info, err = m.ImportKey(ctx, o.in)
		taken.again = err == nil && taken.info.KCV.Matches(before)
	}
	e.Version, e.KCV, e.Outcome = taken.info.Version, taken.info.KCV.String(), keyDone
	switch {
	case taken.again:
		e.Detail += ": it is in place already, nothing was changed"
	case err != nil:
		e.Outcome, e.Detail = keyRefused, e.Detail+": "+shorten(err.Error())
		if e.Of != 0 && !hsm.NotDone(err) {
			e.Outcome = keyFailed
		}
	}
	if _, fault := k.audit.append(context.Background(), e, clock()); fault != nil {
		k.log.Error("the audit file of keys does not say what became of an offer", "participant", o.participant, "key", o.in.As, "outcome", e.Outcome, "error", fault)
	}
	return taken, err
}

// exchangeAction is what the audit file calls an offer.
const exchangeAction = "exchange"

// detail names what was offered, in words that are not the participant's.
func (o *keyOffer) detail() string {
	if o.purpose == "ZPK" || o.purpose == "ZAK" {
		return o.purpose
	}
	return "of no purpose that is known"
}

// settle counts and logs what became of an offer, and gives the answer to it.
func (k *keyExchange) settle(o *keyOffer, taken keyTaken, err error) (code string) {
	log := k.log.With("participant", o.participant, "key", o.in.As)
	_, down := errors.AsType[*hsm.Fault](err)
	result := keyResultRefused
	switch {
	case err == nil && taken.again:
		code, result = keyInPlace, keyResultAgain
		log.Info("key offered again, it is in place", "version", taken.info.Version, "kcv", taken.info.KCV.String())
	case err == nil:
		code, result = keyInPlace, keyResultTaken
		log.Info("key taken", "version", taken.info.Version, "kcv", taken.info.KCV.String(), "usage", taken.info.Usage.Text(),
			"old_until", time.Unix(0, o.at).Add(keyOverlap).UTC())
	case errors.Is(err, errKeysTooMany):
		code, result = keyTooMany, keyResultLater
	case down:
		code, result = keyModuleFails, keyResultFailed
	case errors.Is(err, errKeyPurpose):
		code = keyNoPurpose
	default:
		code = keyNotTaken
	}
	if err != nil {
		log.Warn("key refused", "reason", err, "code", code)
	}
	k.offers[result].Inc()
	if !errors.Is(o.fault, errKeysTooMany) {
		k.over(o, result == keyResultTaken || err != nil && !hsm.NotDone(err))
	}
	return code
}

// KeyChanged does nothing: who has the key in place has logged it, with the end of the
// one before.
func (*keyExchange) KeyChanged(string, int64, int64) {}

// KeyRetired notes that the key before counts no more.
func (k *keyExchange) KeyRetired(id string, _ int64) {
	k.log.Info("the key before is not taken any more", "participant", id)
}

// DayCut does nothing: the switch's business days are its own.
func (*keyExchange) DayCut(string, int64) {}
