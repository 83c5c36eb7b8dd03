package session

// Traffic notes that any frame arrived: the peer is alive, whatever the frame
// is, so a waiting echo counts as answered.
func (a *Automaton) Traffic(now int64) {
	a.heard = now
	a.waiting = false
	a.misses = 0
}

// Request takes a 0800 with the given DE70 and returns what to answer. A
// repeated sign-on or sign-off is approved again and changes nothing.
func (a *Automaton) Request(now int64, code int) Answer {
	if a.state == Closed {
		return Answer{Code: notOperational}
	}
	switch code {
	case CodeEcho:
		return Answer{Code: approved}
	case CodeSignOn:
		if a.state == Draining || a.state == Held && now < a.held {
			return Answer{Code: notOperational}
		}
		change := a.signOn(now)
		if change == HeldOff {
			return Answer{Code: notOperational, Change: change}
		}
		return Answer{Code: approved, Change: change}
	case CodeSignOff:
		return Answer{Code: approved, Change: a.signOff()}
	case CodeCutOver:
		return a.cutOver(now)
	case CodeKeyChange:
		return a.keyOffered(now)
	}
	return Answer{Code: notSupported}
}

// cutOver takes the end of the peer's business day, from whoever takes part in it.
func (a *Automaton) cutOver(now int64) Answer {
	switch {
	case a.state != Active && a.state != Draining:
		return Answer{Code: notOperational}
	case a.of.dayCut(now):
		return Answer{Code: approved, Change: DayCut}
	}
	return Answer{Code: approved}
}

// Response takes a 0810 with the given DE70; approved says that DE39 was 00.
// An answer to something we did not ask changes nothing.
func (a *Automaton) Response(now int64, code int, approved bool) Change {
	switch code {
	case CodeSignOn:
		if !a.asked {
			return None
		}
		a.asked, a.asks = false, 0
		if !approved {
			a.refused, a.askedAt = true, now
			return None
		}
		if a.state == Connected || a.state == Left {
			return a.signOn(now)
		}
	case CodeSignOff:
		// Also a refused sign-off ends the drain: we leave either way.
		if a.state == Draining {
			return a.signOff()
		}
	case CodeKeyChange:
		return a.keyAnswered(now, approved)
	}
	return None
}

// SignOn starts a sign-on of our own, on a link that we have dialled; the caller
// sends 0800/001 when told so, now and by Tick. One that is not answered is
// repeated, and closes the link in the end; one that is refused is tried again
// later.
func (a *Automaton) SignOn(now int64) Action {
	if a.state != Connected && a.state != Left {
		return None
	}
	a.asks = 0
	return a.ask(now)
}

// ask has a sign-on sent.
func (a *Automaton) ask(now int64) Action {
	a.asked, a.refused, a.askedAt = true, false, now
	return SignOn
}

// Drain starts to leave: no new requests from here, and a signed-on peer is
// told so. A link on which nobody is signed on has nothing to drain.
func (a *Automaton) Drain(now int64) Action {
	switch a.state {
	case Active:
		a.state = Draining
		a.sent = now
		return SignOff
	case Connected, Left, Held:
		a.state = Closed
		return Close
	}
	return None
}

// Tick looks at the time and says what is due. It may be called at any rate;
// an action is returned once, except Close, which stays.
func (a *Automaton) Tick(now int64) Action {
	switch {
	case a.state == Closed:
		return Close
	case a.state == Draining:
		if now-a.sent < int64(a.of.opt.EchoTimeout) {
			return None
		}
		a.state = Closed
		return Close
	}
	if act := a.signOnDue(now); act != None {
		return act
	}
	if act := a.echoDue(now); act != None {
		return act
	}
	return a.of.tick(now)
}

// signOnDue repeats a sign-on of ours, or makes the one that was held off.
func (a *Automaton) signOnDue(now int64) Action {
	o := &a.of.opt
	switch {
	case a.state == Held && now >= a.held:
		a.state = Connected
		a.asks = 0
	case a.asked && now-a.askedAt >= int64(o.EchoTimeout):
		a.asks++
		if a.asks >= o.MissesMax {
			a.state = Closed
			return Close
		}
	case a.refused && now-a.askedAt >= int64(o.SignOnEvery):
	default:
		return None
	}
	return a.ask(now)
}

// echoDue asks a silent peer whether it is there, and gives it up in the end.
func (a *Automaton) echoDue(now int64) Action {
	o := &a.of.opt
	switch {
	case a.waiting:
		if now-a.sent < int64(o.EchoTimeout) {
			return None
		}
		a.misses++
		if a.misses >= o.MissesMax {
			a.state = Closed
			return Close
		}
	case now-a.heard < int64(o.Idle):
		return None
	}
	a.waiting = true
	a.sent = now
	return Echo
}

// signOn makes the link active and reports the change, if it is one; or holds it
// off, if the participant has signed on too often.
func (a *Automaton) signOn(now int64) Change {
	if a.state == Active {
		return None
	}
	a.asked, a.refused = false, false
	if until := a.of.admit(now); until != 0 {
		a.state, a.held = Held, until
		return HeldOff
	}
	a.state = Active
	return SignedOn
}

// signOff takes the sign-off of either side: an active link is kept, for the
// peer may sign on again; a draining one is over.
func (a *Automaton) signOff() Change {
	a.asked, a.refused = false, false
	switch a.state {
	case Active:
		a.state = Left
	case Draining:
		a.state = Closed
	case Held:
		a.state = Left
		return None
	default:
		return None
	}
	return SignedOff
}
