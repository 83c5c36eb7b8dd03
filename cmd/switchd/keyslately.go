package main

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// newKeysMax bounds the new keys of a participant within keyOverlap, its PINs and
	// codes together: two changes of each. Each stays in the module until its overlap ends.
	newKeysMax = 4
	// keyOffersMax bounds the offers that the module, or the audit file, is asked about:
	// those that are refused or repeated cost as much as new keys.
	keyOffersMax = 16
)

// keysLately is what a participant has brought within keyOverlap.
type keysLately struct {
	underWay bool    // an offer is
	offers   []int64 // when they came
	taken    []int64 // when a new key came that was taken, or may have been
	last     string  // block of the last of them, which may come again
	doubt    string  // block of the last offer, when nobody knows whether it was taken
	told     bool    // that there were too many, until none is left
}

// forget drops what is over, or was before a clock was set back.
func (l *keysLately) forget(now int64) {
	over := func(at int64) bool { return at > now || now-at >= int64(keyOverlap) }
	l.offers, l.taken = slices.DeleteFunc(l.offers, over), slices.DeleteFunc(l.taken, over)
}

// admit lets an offer through, or gives the answer to it; first is that of an offer above
// the bounds that nothing has been said about yet.
func (k *keyExchange) admit(id, block string, now int64) (code string, first bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.lately[id]
	if l == nil {
		l = &keysLately{}
		k.lately[id] = l
	}
	l.forget(now)
	switch {
	case l.underWay:
		return keyUnderWay, false
	case len(l.taken) >= newKeysMax && block != l.last, len(l.offers) >= keyOffersMax:
		first, l.told = !l.told, true
		return keyTooMany, first
	}
	l.told = l.told && len(l.offers) > 0 // a flood is one line in the audit file
	l.offers = append(l.offers, now)
	l.underWay = true
	return "", false
}

// over ends an offer, which has maybe brought a new key.
func (k *keyExchange) over(o *keyOffer, fresh bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.lately[o.participant]
	o.settled = true
	l.underWay = o.inside
	if fresh {
		l.taken, l.last = append(l.taken, o.at), o.in.Block
	}
}

// moved says whether a worker is at an offer. One that was given up is under way until
// its worker has left: it must not cost another one.
func (k *keyExchange) moved(o *keyOffer, inside bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if o.inside = inside; !inside && o.settled {
		k.lately[o.participant].underWay = false
	}
}

// doubt notes an offer of which nobody knows what became of it; doubted says whether that
// is one of this block.
func (k *keyExchange) doubt(o *keyOffer, is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.lately[o.participant]
	if l.doubt = ""; is {
		l.doubt = o.in.Block
	}
}

func (k *keyExchange) doubted(o *keyOffer) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lately[o.participant].doubt == o.in.Block
}

// What metrics say of an offer.
const (
	keyResultTaken = iota
	keyResultAgain
	keyResultRefused
	keyResultLater
	keyResultFailed
	keyResultCount
)

var keyResults = [keyResultCount]string{"taken", "again", "refused", "later", "failed"}

// newKeyOffers makes the counters of offers.
func newKeyOffers(reg prometheus.Registerer) (all [keyResultCount]prometheus.Counter) {
	offers := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchd_key_offers_total", Help: "Keys that participants have offered: taken, again (in place already), refused, later (too many, or another is under way), failed (no answer of the module, or of the audit file).",
	}, []string{"result"})
	reg.MustRegister(offers)
	for i, result := range keyResults {
		all[i] = offers.WithLabelValues(result)
	}
	return all
}
