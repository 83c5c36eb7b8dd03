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
	waiting     chan *keyOffer // offers that are to be looked at

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
	n.security.exchange = &keyExchange{
		pool: n.security.pool, log: n.log, audit: n.security.audit, offers: newKeyOffers(n.registry),
		waiting: make(chan *keyOffer, keysWaitingMax), lately: map[string]*keysLately{},
		participant: func(id string) *config.Participant {
			all := n.conf.inForce.Load().Participants
			if i := slices.IndexFunc(all, func(p config.Participant) bool { return p.ID == id }); i >= 0 {
				return &all[i]
			}
			return nil
		},
	}
	return n.security.exchange
}

// keysWaitingMax bounds the offers that wait, of all participants: each has one at a time.
const keysWaitingMax = 64

// run looks at offers, one at a time, until ctx ends. It is no worker of the pool that
// does: the audit file may be slow, or held by another process, and codes and PINs must
// not wait for it.
func (k *keyExchange) run(ctx context.Context) error {
	for {
		select {
		case o := <-k.waiting:
			taken, err := k.take(ctx, o)
			o.answer(k.settle(o, taken, err))
		case <-ctx.Done():
			return nil
		}
	}
}

// keyOffer is a key on its way to the module.
type keyOffer struct {
	participant, purpose string
	at                   int64
	in                   hsm.Import
	fault                error // why the module is not asked
	answer               func(session.KeyVerdict)

	// How far it is, guarded by keyExchange.mu.
	inside, settled bool
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
	o := &keyOffer{participant: id, purpose: offer.Purpose, at: now, answer: answer}
	switch code, first := k.admit(id, offer.Block, now); {
	case code == "":
		o.in, o.fault = importOf(p, &offer)
	case first:
		o.fault = errKeysTooMany
	default: // above the bounds: the first of them is in the log; or another is under way
		k.offers[keyResultLater].Inc()
		answer(session.KeyVerdict{Code: code})
		return
	}
	select {
	case k.waiting <- o:
	default:
		if !errors.Is(o.fault, errKeysTooMany) {
			k.over(o, false)
		}
		k.offers[keyResultLater].Inc()
		answer(session.KeyVerdict{Code: keyUnderWay})
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
func (k *keyExchange) take(ctx context.Context, o *keyOffer) (taken keyTaken, err error) {
	e := keyEvent{Account: login(), Participant: o.participant, Action: exchangeAction, Name: o.in.As, Outcome: keyStarted, Detail: o.detail()}
	before, err := hsm.KCV{}, o.fault
	if err == nil {
		before, err = k.before(o.in.As)
	}
	if err == nil {
		e.KCV = before.String()
		var begun *keyEvent
		if begun, err = k.audit.append(ctx, e, clock()); err != nil {
			return taken, &hsm.Fault{Kind: hsm.ErrDown, Cause: fmt.Errorf("it could not be written down: %w", err)}
		}
		e.Of = begun.Seq
		taken.info, err = askPool(k.pool, hsm.OpImportKey, func(ctx context.Context, m hsm.Module) (hsm.KeyInfo, error) {
			defer k.moved(o, false)
			k.moved(o, true)
			return m.ImportKey(ctx, o.in)
		})
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
	if _, fault := k.audit.append(context.WithoutCancel(ctx), e, clock()); fault != nil {
		k.log.Error("the audit file of keys does not say what became of an offer", "event", "key.audit.failed", "participant", o.participant, "key", o.in.As, "outcome", e.Outcome, "error", fault)
	}
	return taken, err
}

// before is the check value of the key that is in place. One that the module does not
// tell, such as that of a key that has expired, keeps no other from its place.
func (k *keyExchange) before(name hsm.KeyRef) (hsm.KCV, error) {
	v, err := askPool(k.pool, hsm.OpKCV, func(ctx context.Context, m hsm.Module) (hsm.KCV, error) { return m.KCV(ctx, name) })
	if _, down := errors.AsType[*hsm.Fault](err); down {
		return v, err
	}
	return v, nil
}

// askPool is hsm.Call for who waits: the pool answers every call.
func askPool[T any](p *hsm.Pool, op hsm.Op, call func(context.Context, hsm.Module) (T, error)) (value T, err error) {
	done := make(chan struct{})
	fault := hsm.Call(p, op, call, func(v T, e error) {
		value, err = v, e
		close(done)
	})
	if fault != nil {
		return value, fault
	}
	<-done
	return value, err
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
func (k *keyExchange) settle(o *keyOffer, taken keyTaken, err error) session.KeyVerdict {
	if taken.again && k.doubted(o) {
		taken.again = false // it is by the offer of which nobody knew what had become
	}
	var code string
	log := k.log.With("participant", o.participant, "key", o.in.As)
	_, down := errors.AsType[*hsm.Fault](err)
	result := keyResultRefused
	switch {
	case err == nil && taken.again:
		code, result = keyInPlace, keyResultAgain
		log.Info("key offered again, it is in place", "event", "key.again", "version", taken.info.Version, "kcv", taken.info.KCV.String())
	case err == nil:
		code, result = keyInPlace, keyResultTaken
		log.Info("key taken", "event", "key.taken", "version", taken.info.Version, "kcv", taken.info.KCV.String(), "usage", taken.info.Usage.Text(),
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
	doubt := err != nil && !hsm.NotDone(err)
	switch {
	case doubt:
		log.Warn("key may have been taken", "event", "key.doubt", "reason", err, "code", code)
	case err != nil:
		log.Warn("key refused", "event", "key.refused", "reason", err, "code", code)
	}
	k.offers[result].Inc()
	if !errors.Is(o.fault, errKeysTooMany) {
		k.over(o, result == keyResultTaken || doubt)
		k.doubt(o, doubt)
	}
	return session.KeyVerdict{Code: code, Again: taken.again}
}

// KeyChanged does nothing: who has the key in place has logged it, with the end of the
// one before.
func (*keyExchange) KeyChanged(string, int64, int64) {}

// KeyRetired notes that the key before counts no more.
func (k *keyExchange) KeyRetired(id string, _ int64) {
	k.log.Info("the key before is not taken any more", "event", "key.old.ended", "participant", id)
}

// DayCut does nothing: the switch's business days are its own.
func (*keyExchange) DayCut(string, int64) {}
