package session

// Hook takes what network management means beyond the link: working keys and
// business days. Without one the switch has neither: offers of keys are answered
// "not supported", a cut-over is approved and told to nobody else.
//
// Its methods are called on the loops of the participant's links, at times on
// several at once, and must not block.
type Hook interface {
	// KeyOffered takes the new key of a participant (0800/161). It has answer called
	// once, here or later on any goroutine.
	KeyOffered(participant string, now int64, offer KeyOffer, answer func(KeyVerdict))
	// KeyChanged says that the new key counts from now, and the one before until
	// the given time as well.
	KeyChanged(participant string, now, until int64)
	// KeyRetired says that the key before does not count any more.
	KeyRetired(participant string, now int64)
	// DayCut says that the participant's next business day has begun. It comes
	// once for each, but again after a restart of the switch between two tellings.
	DayCut(participant string, now int64)
}

// KeyVerdict is what becomes of an offer.
type KeyVerdict struct {
	Code  string // DE39 of the answer: "00" when the key is in place
	Again bool   // it was in place before, and its answer was lost: nothing changes by it
}

// KeyOffer is a working key on its way, all of it text that is good for everyone to
// see.
type KeyOffer struct {
	Purpose string // ZPK, of PIN blocks; ZAK, of message authentication codes
	Block   string // the key block (TR-31, ANSI X9.143)
	KCV     string // check value, hexadecimal; empty: the sender has not said
}
