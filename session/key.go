package session

// offer is whose new key is being looked at.
type offer uint8

const (
	noOffer offer = iota
	theirs        // the peer's: KeySettled is awaited
	ours          // ours: the 0810 is awaited
)

// keys is where a participant's working key stands. An offer that came to nothing
// in time counts no more, whatever has become of its link.
type keys struct {
	offer   offer
	by      *Automaton // the link that the offer is on
	at      int64      // when it was made
	overlap bool       // two keys count
	until   int64      // and so long
}

// offering says that an offer is under way, on whatever link.
func (p *Participant) offering(now int64) bool {
	return p.key.offer != noOffer && now-p.key.at < int64(p.opt.EchoTimeout)
}

// keyOffered takes a 0800 that brings a key.
func (a *Automaton) keyOffered(now int64) Answer {
	p := a.of
	switch {
	case !p.opt.Keys:
		return Answer{Code: notSupported}
	case a.state == Draining:
		return Answer{Code: notOperational}
	case p.offering(now):
		return Answer{Code: inProgress}
	}
	p.key.offer, p.key.by, p.key.at = theirs, a, now
	return Answer{Change: KeyOffered}
}

// KeySettled takes the verdict about the key that the peer has offered. The answer is
// empty when the offer has lapsed meanwhile: then the peer counts on the key before.
func (a *Automaton) KeySettled(now int64, v KeyVerdict) Answer {
	p := a.of
	if p.key.offer != theirs || p.key.by != a || !p.offering(now) {
		return Answer{}
	}
	p.key.offer, p.key.by = noOffer, nil
	if v.Code != approved || v.Again {
		return Answer{Code: v.Code}
	}
	return Answer{Code: v.Code, Change: p.keyChanged(now)}
}

// ChangeKey offers the peer a key of ours; the caller sends 0800/161 when told so.
func (a *Automaton) ChangeKey(now int64) Action {
	p := a.of
	if !p.opt.Keys || a.state != Active || p.offering(now) {
		return None
	}
	p.key.offer, p.key.by, p.key.at = ours, a, now
	return OfferKey
}

// keyAnswered takes the 0810 to our offer. A late one changes nothing: the offer
// has been reported as lapsed.
func (a *Automaton) keyAnswered(now int64, approved bool) Change {
	p := a.of
	if p.key.offer != ours || p.key.by != a || !p.offering(now) {
		return None
	}
	p.key.offer, p.key.by = noOffer, nil
	if !approved {
		return KeyRefused
	}
	return p.keyChanged(now)
}

// KeyUntil is until when the key before the present one is accepted, after a
// KeyChanged.
func (p *Participant) KeyUntil() int64 { return p.key.until }

// keyChanged makes the offered key the one that counts.
func (p *Participant) keyChanged(now int64) Change {
	p.key.overlap, p.key.until = true, now+int64(p.opt.KeyOverlap)
	return KeyChanged
}

// tick ends what has taken too long, on whichever link looks first.
func (p *Participant) tick(now int64) Action {
	switch {
	case p.key.offer != noOffer && !p.offering(now):
		p.key.offer, p.key.by = noOffer, nil
		return KeyLapsed
	case p.key.overlap && now >= p.key.until:
		p.key.overlap = false
		return RetireKey
	}
	return None
}
